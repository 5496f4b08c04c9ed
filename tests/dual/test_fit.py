"""`fit`: its numbers on problems with known W_1, what each of them claims, and what it refuses.

Functions that draw fresh points give the population's answer with little sampling noise (8,192 held-out
points a side), so that the tolerances below are about the critic.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import gamma
from torch import nn

import wdist
from wdist import dual

Draw = Callable[[np.random.Generator, int], np.ndarray]


def stream(draw: Draw, seed: int) -> Callable[[int], np.ndarray]:
    rng = np.random.default_rng(seed)
    return lambda n: draw(rng, n)


def gaussian(d: int, shift: float = 0.0, scale: float = 1.0) -> Draw:
    return lambda rng, n: shift / d**0.5 + scale * rng.normal(size=(n, d))


def circle(radius: float) -> Draw:
    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        angle = rng.uniform(0, 2 * np.pi, size=n)
        return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)

    return draw


def homothety_w1(d: int, scale: float) -> float:
    """W_1 of N(0, I) and its image under x -> scale x: |scale - 1| E|X|."""
    return float(abs(scale - 1) * 2**0.5 * gamma((d + 1) / 2) / gamma(d / 2))


QUICK: dict[str, Any] = {"steps": 60, "batch_size": 32, "patience": 60, "bounds": False}
SMALL: dict[str, Any] = {"batch_size": 64, "bounds": False, "lr": 5e-3}


def samples(n: int = 200, d: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, d)) + 1, rng.normal(size=(n, d))


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


def test_arrays_tensors_and_samples_agree() -> None:
    x, y = samples()
    reference = dual.fit(x, y, rng=0, **QUICK)
    tensors = dual.fit(torch.from_numpy(x), torch.from_numpy(y).requires_grad_(), rng=0, **QUICK)
    measures = dual.fit(wdist.Samples(x), wdist.Samples(torch.from_numpy(y)), rng=0, **QUICK)
    assert reference.value == tensors.value == measures.value


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_returned_critic_takes_the_dtype_of_the_input(dtype: torch.dtype) -> None:
    x, y = (torch.from_numpy(z).to(dtype) for z in samples())
    critic = dual.fit(x, y, rng=0, **QUICK).critic
    assert not critic.training
    assert critic(x).dtype == dtype


def test_points_on_the_line_may_be_one_dimensional() -> None:
    x, y = samples(d=1)
    assert dual.fit(x[:, 0], y[:, 0], rng=0, **QUICK).value == dual.fit(x, y, rng=0, **QUICK).value


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
    assert sample.variance_of_mean(values) == pytest.approx(float(values.var()) / 80, rel=1e-12)


def test_identical_points_have_distance_zero() -> None:
    x = np.full((50, 2), 7.0)
    result = dual.fit(x, x, rng=0, **QUICK)
    assert result.value == 0.0
    assert result.lower == 0.0


def test_two_points_masses() -> None:
    result = dual.fit(np.zeros((50, 3)), np.full((50, 3), 2.0), steps=200, rng=0, **SMALL)
    assert result.corrected == pytest.approx(12**0.5, rel=0.02)
    assert result.stderr == pytest.approx(0.0, abs=1e-12)


def test_given_critic_is_copied_not_trained() -> None:
    x, y = samples()
    critic = dual.critic("mlp", 2, width=8, rng=0)
    before = {name: value.clone() for name, value in critic.state_dict().items()}
    result = dual.fit(x, y, critic=critic, rng=0, **QUICK)
    assert all(torch.equal(before[name], value) for name, value in critic.state_dict().items())
    assert any(isinstance(m, nn.Linear) and m.out_features == 8 for m in result.critic.modules())


@pytest.mark.parametrize("kind", ["spectral", "groupsort"])
def test_none_takes_every_certified_kind(kind: Any) -> None:
    x, y = samples()
    for critic in (kind, dual.critic(kind, 2, rng=0)):
        result = dual.fit(x, y, constraint="none", critic=critic, rng=0, **QUICK)
        assert result.lipschitz <= 1 + 1e-4


class Unknown(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 1)
        with torch.no_grad():
            self.layer.weight.fill_(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)


def test_without_a_certificate_there_is_no_bound() -> None:
    x, y = samples()
    result = dual.fit(x, y, critic=Unknown(), rng=0, **QUICK)
    assert (result.lower, result.lower_from, result.witness) == (0.0, "nothing", None)
    assert result.lipschitz == math.inf
    assert result.value > 0


@pytest.mark.parametrize("critic", ["mlp", Unknown(), nn.Sequential(nn.Linear(2, 1), nn.LeakyReLU(2.0))])
def test_none_refuses_a_critic_that_is_not_certified(critic: Any) -> None:
    if isinstance(critic, nn.Sequential):
        with torch.no_grad():
            critic[0].weight.copy_(torch.tensor([[0.6, 0.8]]))  # times the activation's 2: constant 2
    x, y = samples()
    with pytest.raises(ValueError, match="critic has certified Lipschitz constant"):
        dual.fit(x, y, constraint="none", critic=critic, rng=0, **QUICK)


def test_history_and_quantiles() -> None:
    x, y = samples()
    rows: list[dict[str, float]] = []
    result = dual.fit(x, y, rng=0, progress=rows.append, **QUICK)
    assert set(result.history) == {"step", "train", "validation", "penalty", "slope", "score"}
    assert result.history["step"][-1] == 60
    assert result.history == {name: [row[name] for row in rows] for name in rows[0]}
    assert list(result.slope_quantiles.values()) == sorted(result.slope_quantiles.values())


def test_progress_bar_reaches_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    x, y = samples()
    dual.fit(x, y, rng=0, progress=True, **QUICK)
    assert "60/60" in capsys.readouterr().err


def test_result_is_frozen() -> None:
    x, y = samples()
    result = dual.fit(x, y, rng=0, **QUICK)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.value = 0.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.full((50, 2), np.nan), "x has 100 entries"),
        (np.full((50, 2), np.inf), "x has"),
        (np.empty((0, 2)), "x is empty"),
        (np.ones((50, 2), dtype=complex), "x holds complex"),
        (np.full((50, 2), None), "x holds data of type object"),
        (np.ones((50, 3)), "x lives in dimension 3 and y in dimension 2"),
        (np.ones((19, 2)), "x has 19 points"),
        (np.ones((5, 5, 5)), r"x has shape \(5, 5, 5\)"),
        (wdist.Samples(np.ones((50, 2)), np.eye(50)[0]), "x_weights"),
        (wdist.Gaussian(np.zeros(2), np.eye(2)), "x is a Gaussian"),
        (lambda n: np.ones((n - 1, 2)), "x.* returned"),
        (lambda n: np.full((n, 2), np.nan), "x has"),
        (lambda n: "points", "x"),
    ],
)
def test_what_is_no_sample_is_named(x: Any, message: str) -> None:
    _, y = samples()
    with pytest.raises(wdist.InvalidMeasureError, match=message):
        dual.fit(x, y, rng=0, **QUICK)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"constraint": "two-sided"}, "constraint is 'two-sided'"),
        ({"penalty": 0.0}, "penalty is 0"),
        ({"penalty": math.nan}, "penalty is nan"),
        ({"clip": -1.0}, "clip is -1"),
        ({"lr": math.inf}, "lr is inf"),
        ({"steps": 0}, "steps is 0"),
        ({"batch_size": 2.5}, "batch_size is 2.5"),
        ({"patience": 0}, "patience is 0"),
        ({"confidence_level": 1.0}, "confidence_level is 1"),
        ({"critic": "resnet"}, "kind is 'resnet'"),
        ({"critic": nn.Flatten()}, "no parameters to train"),
    ],
)
def test_settings_out_of_range_are_named(options: dict[str, Any], message: str) -> None:
    x, y = samples()
    with pytest.raises(ValueError, match=message):
        dual.fit(x, y, rng=0, **{**QUICK, **options})


def test_divergence_raises() -> None:
    x, y = samples()
    with pytest.raises(wdist.NotConvergedError, match="lower lr"):
        dual.fit(x, y, lr=1e30, rng=0, **QUICK)


@pytest.mark.parametrize(
    ("critic", "message"),
    [
        (nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)), r"BatchNorm1d \('1'\).*LayerNorm"),
        (nn.Linear(3, 1), r"does not take points of shape \(n, 2\)"),
        (nn.Linear(2, 3), r"returned shape \(2, 3\) for 2 points"),
        (nn.Sequential(nn.Linear(2, 1), nn.Flatten(0), nn.Linear(2, 1)), r"returned shape \(1,\) for 2 points"),
    ],
)
def test_critics_that_do_not_score_points_are_named(critic: nn.Module, message: str) -> None:
    x, y = samples()
    with pytest.raises(ValueError, match=message):
        dual.fit(x, y, critic=critic, rng=0, **QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("constraint", ["gp", "one-sided"])
def test_defaults_on_2000_points(name: str, constraint: Any) -> None:
    draw_x, draw_y, exact = PROBLEMS[name]
    result = dual.fit(stream(draw_x, 1)(2000), stream(draw_y, 2)(2000), constraint=constraint, rng=3)
    assert result.corrected is not None
    assert abs(result.corrected - exact) <= 0.04 * exact + 3 * result.stderr
