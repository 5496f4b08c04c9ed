"""Laws that every distance obeys, on weighted points drawn by hypothesis, and those that hold between distances.

Coordinates are whole, so that moving and scaling rounds nothing. A law is a function; ``pytest -m slow`` asks each of
a thousand examples.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems.references import highs

import wdist


class Cloud(NamedTuple):
    points: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Distance:
    """How it is asked for, in which dimensions, and to how many roundings of the clouds' size it is good."""

    of: Callable[[Cloud, Cloud, float], float]
    dims: tuple[int, int]
    rounding: float = 1e-12
    fixed_p: float | None = None
    turns: bool = True


def _samples(cloud: Cloud) -> wdist.Samples:
    return wdist.Samples(cloud.points, cloud.weights)


def _line(P: Cloud, Q: Cloud, p: float) -> float:
    return wdist.wasserstein_1d(P.points[:, 0], Q.points[:, 0], p=p, u_weights=P.weights, v_weights=Q.weights)


def _exact(P: Cloud, Q: Cloud, p: float) -> float:
    return float(wdist.transport(_samples(P), _samples(Q), p=p).distance)


def _sliced(P: Cloud, Q: Cloud, p: float) -> float:
    angle = np.arange(8) * np.pi / 8
    along = np.column_stack([np.cos(angle), np.sin(angle)])
    return float(wdist.sliced(_samples(P), _samples(Q), p=p, directions=along).distance)


def _gaussian(P: Cloud, Q: Cloud, p: float) -> float:
    return float(wdist.gaussian_w2(*(wdist.Gaussian.fit(_samples(z)) for z in (P, Q))))


def _gelbrich(P: Cloud, Q: Cloud, p: float) -> float:
    return float(wdist.gelbrich(_samples(P), _samples(Q)))


# A covariance knows a deviation to the root of its rounding, a factor to the rounding itself.
DISTANCES = {
    "on the line": Distance(_line, (1, 1)),
    "exact": Distance(_exact, (1, 4)),
    "sliced": Distance(_sliced, (2, 2), turns=False),
    "of Gaussians": Distance(_gaussian, (1, 4), 1e-6, fixed_p=2.0),
    "of moments": Distance(_gelbrich, (1, 4), 1e-6, fixed_p=2.0),
}


def draw(seed: int, dims: tuple[int, int]) -> tuple[list[Cloud], float, np.random.Generator]:
    """Three clouds of 1 to 12 points, some of which coincide, and an exponent."""
    rng = np.random.default_rng(seed)
    d, spread = int(rng.integers(dims[0], dims[1] + 1)), int(rng.choice([2, 9, 1000]))
    clouds = []
    for n in rng.integers(1, 13, size=3):
        weights = np.ones(n) if rng.random() < 0.4 else rng.integers(0, 5, n) + np.eye(1, n)[0]
        clouds.append(Cloud(rng.integers(-spread, spread + 1, (n, d)).astype(float), weights.astype(float)))
    return clouds, float(rng.choice([1.0, 1.5, 2.0, 3.0])), rng


class Case(NamedTuple):
    """A distance on three clouds."""

    kind: Distance
    P: Cloud
    Q: Cloud
    R: Cloud
    p: float
    rng: np.random.Generator

    def __call__(self, P: Cloud, Q: Cloud, p: float | None = None) -> float:
        return self.kind.of(P, Q, self.p if p is None else p)

    @property
    def slack(self) -> float:
        """What roundings may change."""
        return self.kind.rounding * max(float(np.abs(z.points).max()) for z in (self.P, self.Q, self.R)) + 1e-300

    def same(self, found: float, expected: float, size: float = 1.0) -> None:
        assert abs(found - expected) <= self.slack * size + 1e-12 * expected, (found, expected)


def moved(cloud: Cloud, by: Any, times: float = 1.0) -> Cloud:
    return Cloud(times * cloud.points + by, cloud.weights)


def symmetry(case: Case) -> None:
    case.same(case(case.Q, case.P), case(case.P, case.Q))


def identity(case: Case) -> None:
    order = case.rng.permutation(len(case.P.points))
    case.same(case(case.P, Cloud(case.P.points[order], case.P.weights[order])), 0.0)


def triangle(case: Case) -> None:
    way = case(case.P, case.R) + case(case.R, case.Q)
    assert case(case.P, case.Q) <= way * (1 + 1e-12) + 3 * case.slack


def translation(case: Case) -> None:
    shift = case.rng.integers(-(2**20), 2**20, case.P.points.shape[1])
    case.same(case(moved(case.P, shift), moved(case.Q, shift)), case(case.P, case.Q), 2.0**20)


def translation_of_one(case: Case) -> None:
    """A law is as far from its copy as that was moved."""
    shift = case.rng.integers(-1000, 1000, case.P.points.shape[1])
    found = case(case.P, moved(case.P, shift))
    if case.kind.turns:
        case.same(found, float(np.linalg.norm(shift)), 1000.0)
    else:
        assert found <= float(np.linalg.norm(shift)) * (1 + 1e-12)


def scaling(case: Case) -> None:
    expected = case(case.P, case.Q)
    for scale in (-1.0, 3.0, 2.0**40, 2.0**-40):
        found = case(moved(case.P, 0.0, scale), moved(case.Q, 0.0, scale))
        case.same(found / abs(scale), expected)


def rotation(case: Case) -> None:
    if case.kind.turns:
        turn = np.linalg.qr(case.rng.standard_normal((case.P.points.shape[1],) * 2))[0]
        found = case(*(Cloud(z.points @ turn, z.weights) for z in (case.P, case.Q)))
        # At p > 1 a distance that was 0 may have become the root of a rounding.
        case.same(found, case(case.P, case.Q), 100.0)


def mass_splitting(case: Case) -> None:
    x, a = case.P
    split = Cloud(np.concatenate([x, x]), np.concatenate([a / 4, 3 * a / 4]))
    case.same(case(split, case.Q), case(case.P, case.Q))


def permutation(case: Case) -> None:
    i, j = (case.rng.permutation(len(z.points)) for z in (case.P, case.Q))
    shuffled = (Cloud(z.points[k], z.weights[k]) for z, k in ((case.P, i), (case.Q, j)))
    case.same(case(*shuffled), case(case.P, case.Q))


def monotonicity_in_p(case: Case) -> None:
    if case.kind.fixed_p is None:
        found = [case(case.P, case.Q, p) for p in (1.0, 1.5, 2.0, 4.0)]
        assert all(low <= high * (1 + 1e-12) for low, high in itertools.pairwise(found))


LAWS = (symmetry, identity, triangle, translation, translation_of_one, scaling, rotation, mass_splitting, permutation,
        monotonicity_in_p)  # fmt: skip


def check(law: Callable[[Case], None], name: str, seed: int) -> None:
    kind = DISTANCES[name]
    (P, Q, R), p, rng = draw(seed, kind.dims)
    law(Case(kind, P, Q, R, kind.fixed_p or p, rng))


seeds = st.integers(0, 2**32 - 1)
laws = pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
names = pytest.mark.parametrize("name", DISTANCES)


@laws
@names
@settings(max_examples=10)
@given(seed=seeds)
def test_law(law: Callable[[Case], None], name: str, seed: int) -> None:
    check(law, name, seed)


@pytest.mark.slow
@laws
@names
@settings(max_examples=1000)
@given(seed=seeds)
def test_law_often(law: Callable[[Case], None], name: str, seed: int) -> None:
    check(law, name, seed)


# --- between distances ---


def w1_below_w2(P: Cloud, Q: Cloud, p: float, rng: np.random.Generator) -> None:
    assert _exact(P, Q, 1.0) <= _exact(P, Q, 2.0) * (1 + 1e-12)


def bounds_bracket(P: Cloud, Q: Cloud, p: float, rng: np.random.Generator) -> None:
    lower, upper = wdist.bounds(_samples(P), _samples(Q), p=p, rng=int(rng.integers(2**31)))
    r = wdist.transport(_samples(P), _samples(Q), p=p)
    assert lower <= r.upper
    assert r.lower <= upper


def shadows_below(P: Cloud, Q: Cloud, p: float, rng: np.random.Generator) -> None:
    r, seed = wdist.transport(_samples(P), _samples(Q), p=p), int(rng.integers(2**31))
    steepest = wdist.max_sliced(_samples(P), _samples(Q), p=p, rng=seed)
    assert steepest.lower <= r.upper
    assert wdist.sliced(_samples(P), _samples(Q), p=p, rng=seed, n_projections=16).distance <= r.upper * (1 + 1e-12)


def gelbrich_below(P: Cloud, Q: Cloud, p: float, rng: np.random.Generator) -> None:
    size = max(float(np.abs(z.points).max()) for z in (P, Q))
    assert _gelbrich(P, Q, 2.0) <= _exact(P, Q, 2.0) * (1 + 1e-12) + 1e-12 * size


def gaussians_attain_gelbrich(P: Cloud, Q: Cloud, p: float, rng: np.random.Generator) -> None:
    laws = [wdist.Gaussian.fit(_samples(z)) for z in (P, Q)]
    assert float(wdist.gelbrich(*laws)) == pytest.approx(float(wdist.gaussian_w2(*laws)), rel=1e-12, abs=1e-150)


def certificates_hold(P: Cloud, Q: Cloud, p: float, rng: np.random.Generator) -> None:
    """Of what was solved the gap is closed; any plan and any potentials bracket the cost all the same."""
    x, y = _samples(P), _samples(Q)
    r = wdist.transport(x, y, p=p)
    found = wdist.certify(r.plan, r.potentials, x, y, p=p)
    cost = math.inf if r.distance == 0 else float(r.distance) ** p
    assert found.dual <= found.primal * (1 + 1e-12)
    assert found.gap <= 1e-9 * found.primal + 1e-300
    assert found.marginal_error <= 1e-15
    potentials = [rng.normal(size=len(z.points)) * (cost if cost < math.inf else 1.0) for z in (P, Q)]
    independent = np.outer(x.mass, y.mass)
    other = wdist.certify(independent, potentials, x, y, p=p)
    assert other.dual <= r.upper**p * (1 + 1e-12)
    assert other.primal * (1 + 1e-12) >= r.lower**p


def line_is_the_linear_programme(P: Cloud, Q: Cloud, p: float, rng: np.random.Generator) -> None:
    cost = np.abs(P.points[:, :1] - Q.points[:, 0]) ** p
    expected = highs(cost, P.weights / P.weights.sum(), Q.weights / Q.weights.sum())
    found = _line(Cloud(P.points[:, :1], P.weights), Cloud(Q.points[:, :1], Q.weights), p) ** p
    assert abs(found - expected) <= 1e-9 * (cost.max() or 1.0)


BETWEEN = (w1_below_w2, bounds_bracket, shadows_below, gelbrich_below, gaussians_attain_gelbrich, certificates_hold,
           line_is_the_linear_programme)  # fmt: skip
between = pytest.mark.parametrize("law", BETWEEN, ids=lambda law: law.__name__)


def check_between(law: Callable[[Cloud, Cloud, float, np.random.Generator], None], seed: int) -> None:
    (P, Q, _), p, rng = draw(seed, (1, 4))
    law(P, Q, p, rng)


@between
@settings(max_examples=10)
@given(seed=seeds)
def test_between(law: Callable[[Cloud, Cloud, float, np.random.Generator], None], seed: int) -> None:
    check_between(law, seed)


@pytest.mark.slow
@between
@settings(max_examples=1000)
@given(seed=seeds)
def test_between_often(law: Callable[[Cloud, Cloud, float, np.random.Generator], None], seed: int) -> None:
    check_between(law, seed)
