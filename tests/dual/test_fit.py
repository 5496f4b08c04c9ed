"""`fit`: its numbers on problems with known W_1, and what each of them claims.

Functions that draw fresh points give the population's answer with little sampling noise (8,192 held-out
points a side), so that the tolerances below are about the critic.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from problems.dual_fits import QUICK, SMALL, Draw, circle, gaussian, homothety_w1, samples, stream
from torch import nn

import wdist
from wdist import dual

PROBLEMS: dict[str, tuple[Draw, Draw, float]] = {
    "translation-1": (gaussian(1, 1.0), gaussian(1), 1.0),
    "translation-2": (gaussian(2, 2.0), gaussian(2), 2.0),
    "translation-8": (gaussian(8, 2.0), gaussian(8), 2.0),
    "homothety-1": (gaussian(1), gaussian(1, scale=2.5), homothety_w1(1, 2.5)),
    "homothety-2": (gaussian(2), gaussian(2, scale=2.0), homothety_w1(2, 2.0)),
    "homothety-8": (gaussian(8), gaussian(8, scale=2.0), homothety_w1(8, 2.0)),
    "circles": (circle(1.0), circle(2.0), 1.0),
}


@pytest.mark.parametrize(
    ("name", "constraint"), [*((name, "one-sided") for name in PROBLEMS), ("translation-1", "gp"), ("circles", "gp")]
)
def test_corrected_value_is_near_the_known_w1(name: str, constraint: Any) -> None:
    draw_x, draw_y, exact = PROBLEMS[name]
    result = dual.fit(stream(draw_x, 1), stream(draw_y, 2), constraint=constraint, steps=300, rng=3, **SMALL)
    assert result.corrected is not None
    # 4 % for the critic (300 steps, a tenth of the default) and three standard errors of the held-out sample.
    assert abs(result.corrected - exact) <= 0.04 * exact + 3 * result.stderr
    assert result.value > result.corrected


@pytest.mark.parametrize("name", ["translation-1", "homothety-2", "circles"])
def test_certified_bound_of_an_orthogonal_critic_is_below_and_near(name: str) -> None:
    draw_x, draw_y, exact = PROBLEMS[name]
    result = dual.fit(stream(draw_x, 1), stream(draw_y, 2), constraint="none", steps=400, rng=3, **SMALL)
    assert result.corrected is None
    assert result.lower_from == "critic"
    assert 1.0 <= result.lipschitz <= 1.0 + 1e-4
    assert 0.85 * exact <= result.lower <= exact
    assert result.upper == math.inf  # bounds=False


def test_lower_bound_holds_for_a_law_against_itself() -> None:
    """W_1 = 0: one bound in twenty is above 0, and then by little (the standard error is about 0.1)."""
    for seed in range(6):
        x, y = np.random.default_rng(seed).normal(size=(2, 400, 2))
        assert dual.fit(x, y, constraint="none", steps=40, rng=seed).lower <= 0.03


def test_clipped_value_is_no_estimate_and_its_certified_bound_is_valid() -> None:
    """With c = 0.01 the raw value is no hundredth of W_1; over the certified constant it is a lower bound."""
    draw_x, draw_y, exact = PROBLEMS["translation-2"]
    result = dual.fit(stream(draw_x, 1), stream(draw_y, 2), constraint="clip", critic="mlp", steps=300, rng=3, **SMALL)
    assert result.corrected is None
    assert result.value < 0.01 * exact
    assert all(float(p.detach().abs().max()) <= 0.01 for p in result.critic.parameters())
    assert 0.1 * exact < result.lower <= exact


def test_value_and_bound_follow_from_the_parts_reported() -> None:
    x, y = samples(400)
    result = dual.fit(x, y, constraint="gp", penalty=3.0, confidence_level=0.9, rng=0, **QUICK)
    coefficient = 3.0 * result.scale
    assert result.corrected == pytest.approx(
        coefficient * (math.sqrt(1 + 2 * result.value / coefficient) - 1), rel=1e-12
    )
    assert result.lower_from == "critic"
    # 1.2816 is the normal distribution's 90 % point.
    expected = (result.value - 1.2815515655446004 * result.stderr) / result.lipschitz
    assert result.lower == pytest.approx(expected, rel=1e-12)
    assert dual.lipschitz_upper_bound(result.critic) == result.lipschitz


def test_value_is_the_objective_of_the_returned_critic_on_points_it_never_saw() -> None:
    """The means over 20,000 fresh points agree with the held-out ones within their errors."""
    draw_x, draw_y, _ = PROBLEMS["homothety-2"]
    result = dual.fit(stream(draw_x, 1), stream(draw_y, 2), rng=0, **QUICK)
    x, y = (torch.from_numpy(stream(draw, 9)(20_000)) for draw in (draw_x, draw_y))
    fresh = float(dual.objective(result.critic, x, y).detach())
    assert abs(fresh - result.value) < 3 * 1.2 * result.stderr


def test_swapping_the_sides_changes_the_sign_of_the_critic_not_of_the_value() -> None:
    draw_x, draw_y, exact = PROBLEMS["translation-2"]
    for a, b in ((draw_x, draw_y), (draw_y, draw_x)):
        result = dual.fit(stream(a, 1), stream(b, 2), steps=300, rng=0, **SMALL)
        assert result.value == pytest.approx(exact * 1.05, rel=0.1)


def test_a_failed_critic_reports_its_negative_value() -> None:
    """One tiny step from an upside-down critic: no absolute value, no bound, no correction upwards."""
    upside_down = nn.Linear(2, 1)
    with torch.no_grad():
        upside_down.weight.fill_(-1.0)
    x, y = samples()
    result = dual.fit(x, y, critic=upside_down, steps=1, lr=1e-6, bounds=False, rng=0)
    assert result.value < -1.0
    assert result.corrected == result.value
    assert result.lower == 0.0


@pytest.mark.parametrize(("factor", "offset"), [(1e-6, 0.0), (1e7, -3e9)])
def test_scale_and_shift_equivariance(factor: float, offset: float) -> None:
    x, y = samples()
    base = dual.fit(x, y, rng=0, **QUICK)
    moved = dual.fit(factor * x + offset, factor * y + offset, rng=0, **QUICK)
    for name in ("value", "stderr", "corrected", "lower", "scale"):
        # 2 %: training in float32 amplifies the rounding of the standardised points.
        assert getattr(moved, name) == pytest.approx(factor * getattr(base, name), rel=0.02)


def test_one_scale_for_all_coordinates() -> None:
    """Divided coordinate by coordinate the answer would be that of another metric: 2.83 for 100."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 2000, 2)) * [50.0, 0.5]
    x[:, 0] += 100
    result = dual.fit(x, y, steps=300, rng=0, **SMALL)
    assert result.corrected == pytest.approx(100, abs=3 * result.stderr + 4)


@pytest.mark.parametrize("constraint", ["gp", "one-sided", "clip", "none"])
def test_same_seed_same_result_and_no_global_generator(constraint: Any) -> None:
    x, y = samples()
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    a, b = (dual.fit(x, y, constraint=constraint, rng=4, **QUICK) for _ in range(2))
    other = dual.fit(x, y, constraint=constraint, rng=5, **QUICK)
    assert (a.value, a.lower, a.history) == (b.value, b.lower, b.history)
    assert a.value != other.value
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002


def test_weights_count_in_training_and_in_the_held_out_means() -> None:
    """Half the points of x, far off, weigh nothing: W_1 is that of the rest, a translation by 2."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 3000, 2))
    x[:, 0] += 2
    x[::2] += 50
    weights = np.tile([0.0, 1.0], 1500)
    result = dual.fit(wdist.Samples(x, weights), y, steps=300, rng=0, **SMALL)
    assert result.corrected == pytest.approx(2.0, abs=0.08 + 3 * result.stderr)


def test_equal_weights_written_out_change_nothing() -> None:
    x, y = samples()
    plain = dual.fit(x, y, rng=0, **QUICK)
    weighted = dual.fit(wdist.Samples(x, np.full(200, 3.0)), y, rng=0, **QUICK)
    assert weighted.value == pytest.approx(plain.value, rel=1e-3)
    assert weighted.stderr == pytest.approx(plain.stderr, rel=1e-3)


def test_standard_error_is_that_of_two_means() -> None:
    """A frozen-in linear critic on 80 held-out points a side: the textbook formula, with n - 1."""
    from wdist.dual.sources import Sample

    values = torch.from_numpy(np.random.default_rng(0).normal(size=80))
    sample = Sample(values[:, None], torch.full((80,), 1 / 80, dtype=torch.float64))
    assert sample.stderr_of_mean(values) == pytest.approx(math.sqrt(float(values.var()) / 80), rel=1e-12)


def test_identical_points_have_distance_zero() -> None:
    x = np.full((50, 2), 7.0)
    result = dual.fit(x, x, rng=0, **QUICK)
    assert result.value == 0.0
    assert result.lower == 0.0


def test_two_points_masses() -> None:
    result = dual.fit(np.zeros((50, 3)), np.full((50, 3), 2.0), steps=200, rng=0, **SMALL)
    assert result.corrected == pytest.approx(12**0.5, rel=0.02)
    assert result.stderr == pytest.approx(0.0, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("constraint", ["gp", "one-sided"])
def test_defaults_on_2000_points(name: str, constraint: Any) -> None:
    draw_x, draw_y, exact = PROBLEMS[name]
    result = dual.fit(stream(draw_x, 1)(2000), stream(draw_y, 2)(2000), constraint=constraint, rng=3)
    assert result.corrected is not None
    assert abs(result.corrected - exact) <= 0.04 * exact + 3 * result.stderr
