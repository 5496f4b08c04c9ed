"""`DualResult.lower` and `.upper`: certified, one-sided, and true as often as they say."""

from __future__ import annotations

import math
from typing import Any, get_args

import numpy as np
import pytest
import torch
from scipy.stats import binomtest

import wdist
from wdist import dual
from wdist.dual.critics import CriticKind
from wdist.dual.sources import Sample
from wdist.dual.upper import programme

QUICK: dict[str, Any] = {"steps": 80, "batch_size": 64}


def translated(n: int, d: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Independent samples, W_1 = 1 exactly for the laws."""
    rng = np.random.default_rng(seed)
    x, y = rng.laplace(size=(2, n, d))
    x[:, 0] += 1.0
    return x, y


@pytest.mark.parametrize("unit", [2.0**-660, 2.0**660])
def test_bracket_has_the_unit_of_the_points(unit: float) -> None:
    """Also where the squares of lengths are no floats: a standard error that is lost would prove too much."""
    x, y = translated(100, 2, 3)
    plain, scaled = (dual.fit(x * u, y * u, rng=1, **QUICK) for u in (1.0, unit))
    for name in ("stderr", "lower", "upper"):
        assert getattr(scaled, name) == pytest.approx(getattr(plain, name) * unit, rel=1e-9, abs=0.0)


@pytest.mark.parametrize("unit", [2.0**-660, 1.0, 2.0**660])
def test_mcshane_measures_lengths_whose_squares_are_no_floats(unit: float) -> None:
    anchors = torch.tensor([[0.0, 0.0], [3.0, 4.0]], dtype=torch.float64)
    f = dual.mcshane(torch.zeros(2), anchors * unit, side="upper")
    assert f(torch.tensor([[6.0, 8.0], [-3.0, 4.0]], dtype=torch.float64) * unit).tolist() == [5.0 * unit, 5.0 * unit]


@pytest.mark.parametrize(
    ("constraint", "critic"),
    [
        ("one-sided", None),
        ("gp", "mlp"),
        ("clip", "mlp"),
        ("none", "groupsort"),
        ("none", "bjorck"),
        ("none", "spectral"),
    ],
)
def test_every_family_has_a_bracket_that_holds_the_truth(constraint: Any, critic: Any) -> None:
    x, y = translated(1500, 2, 0)
    result = dual.fit(x, y, constraint=constraint, critic=critic, rng=1, **QUICK)
    assert 0.65 < result.lower <= 1.0 <= result.upper < 1.35
    assert result.witness is not None
    assert dual.lipschitz_upper_bound(result.witness, (2,)) <= 1.0


def test_lower_is_the_witness_on_points_it_never_saw() -> None:
    """Its mean over fresh points, less one error of the held-out sample and give or take four."""
    x, y = translated(1000, 3, 0)
    result = dual.fit(x, y, rng=1, **QUICK)
    fresh_x, fresh_y = (torch.from_numpy(z) for z in translated(20_000, 3, 1))
    assert result.witness is not None
    with torch.no_grad():
        f, g = result.witness(fresh_x).flatten(), result.witness(fresh_y).flatten()
    mean, stderr = float(f.mean() - g.mean()), math.sqrt(float(f.var() + g.var()) / 400)  # 400 points are held out
    assert mean - (1.645 + 4) * stderr < result.lower < mean - (1.645 - 4) * stderr
    slope = torch.linalg.vector_norm(fresh_x[:-1] - fresh_x[1:], dim=1)
    assert bool(((f[:-1] - f[1:]).abs() <= slope * (1 + 1e-9)).all())


def test_bounds_move_with_the_confidence_level() -> None:
    x, y = translated(600, 2, 0)
    loose, strict = (dual.fit(x, y, rng=1, confidence_level=level, **QUICK) for level in (0.6, 0.999))
    assert strict.lower < loose.lower < loose.upper < strict.upper


def test_no_search_no_upper_bound() -> None:
    x, y = translated(200, 2, 0)
    result = dual.fit(x, y, rng=1, bounds=False, **QUICK)
    assert result.upper == math.inf
    assert result.lower_from == "critic"


@pytest.mark.parametrize("kind", get_args(CriticKind))
def test_c_transform_of_every_kind_is_at_most_the_programme(kind: CriticKind) -> None:
    """f at x and min over x of |x - y| - f(x) at y are feasible, trained or not: on these samples, to rounding."""
    x, y = translated(120, 4, 0)
    exact = float(wdist.transport(x[:80], y, p=1).distance)
    constraint: Any = "none" if kind in ("spectral", "groupsort", "bjorck") else "one-sided"
    trained = dual.fit(x, y, constraint=constraint, critic=kind, rng=0, bounds=False, steps=40, batch_size=32).critic
    costs = torch.cdist(*(torch.from_numpy(z) for z in (x[:80], y)), compute_mode="donot_use_mm_for_euclid_dist")
    for critic in (trained, dual.critic(kind, 4, rng=0, dtype=torch.float64)):
        with torch.no_grad():
            f = critic(torch.from_numpy(x[:80])).flatten()
        assert float(f.mean() + (costs - f[:, None]).amin(0).mean()) <= exact * (1 + 1e-12)


def test_potentials_of_the_programme_are_1_lipschitz_and_attain_it() -> None:
    x, y = (_sample(z) for z in translated(90, 3, 0))
    solved = programme(x, y)
    assert x.mean(solved.at_real) - y.mean(solved.at_fake) == pytest.approx(solved.distance, rel=1e-9)
    witness = dual.mcshane(solved.at_real, x.points, side="lower")
    both = torch.cat([x.points, y.points])
    with torch.no_grad():
        scores = witness(both)
    gaps = (scores[:, None] - scores).abs() - torch.cdist(both, both, compute_mode="donot_use_mm_for_euclid_dist")
    assert float(gaps.max()) <= 1e-12
    assert float(scores[:90].mean() - scores[90:].mean()) == pytest.approx(solved.distance, rel=1e-9)


def _sample(points: np.ndarray) -> Sample:
    return Sample(torch.from_numpy(points), torch.full((len(points),), 1 / len(points), dtype=torch.float64))


def test_weighted_samples_are_bracketed() -> None:
    """Exponential weights 2 e^(-2u) / e^(-u) turn x ~ Exp(1) into Exp(2): W_1 = 1/2, against 0 without weights."""
    rng = np.random.default_rng(1)
    x, y = rng.exponential(size=(2, 4000))
    result = dual.fit(wdist.Samples(x, np.exp(-x)), y, rng=1, **QUICK)
    assert 0.35 < result.lower < 0.5 < result.upper < 0.65


def test_upper_is_no_less_than_lower_for_a_law_against_itself() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 300, 2))
    result = dual.fit(x, y, rng=0, **QUICK)
    assert result.lower < 0.1 < result.upper


def test_same_seed_same_bounds() -> None:
    x, y = translated(200, 2, 0)
    a, b = (dual.fit(x, y, rng=3, **QUICK) for _ in range(2))
    assert (a.lower, a.upper, a.lower_from) == (b.lower, b.upper, b.lower_from)


@pytest.mark.slow
@pytest.mark.parametrize("d", [1, 2, 8])
def test_upper_bound_fails_as_rarely_as_it_says(d: int) -> None:
    """400 programmes of 60 points: at 80 % confidence no more than a fifth may lie below W_1 = 1."""
    held = 0
    for seed in range(400):
        x, y = (_sample(z) for z in translated(60, d, seed))
        solved = programme(x, y)
        held += solved.distance + 0.8416 * solved.stderr >= 1.0
    assert binomtest(held, 400, 0.8, alternative="less").pvalue > 0.01


@pytest.mark.slow
def test_bracket_holds_the_truth_as_often_as_it_says() -> None:
    """60 short fits at 80 %, in which both bounds hold at once in no less than 60 % of fits."""
    held = 0
    for seed in range(60):
        result = dual.fit(*translated(300, 2, seed), constraint="none", confidence_level=0.8, rng=seed, **QUICK)
        held += result.lower <= 1.0 <= result.upper
    assert binomtest(held, 60, 0.6, alternative="less").pvalue > 0.01
