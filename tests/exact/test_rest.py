"""Equal measures lie at distance 0, and nothing else does: judged in rational numbers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from problems.mixture import draw
from test_metric_laws import halves, on_a_grid, zero_to_itself

import wdist
from wdist.exact.rest import at_rest

RNG = np.random.default_rng(20)
POINTS = RNG.integers(-3, 4, size=(60, 2)) / 8.0  # some of them twice
WEIGHTS = RNG.integers(0, 10, size=60) / 7.0


def shuffled(*arrays: np.ndarray) -> list[np.ndarray]:
    order = np.random.default_rng(3).permutation(len(arrays[0]))
    return [array[order] for array in arrays]


def merged(x: np.ndarray, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One point a place. Sevenths round, so that sums may: weights are made integers first."""
    places, where = np.unique(x, axis=0, return_inverse=True)
    return places, np.bincount(where.ravel(), weights=np.rint(7.0 * a))


def masses(x: np.ndarray, a: np.ndarray) -> dict[bytes, Fraction]:
    total, at = sum(map(Fraction, a.tolist())), dict[bytes, Fraction]()
    for point, w in zip(x + 0.0, a.tolist(), strict=True):
        if w:
            at[point.tobytes()] = at.get(point.tobytes(), Fraction(0)) + Fraction(w) / total
    return at


def assert_moves_nothing(x: np.ndarray, a: np.ndarray, y: np.ndarray, b: np.ndarray) -> None:
    plan = at_rest(x, a, y, b)
    assert plan is not None
    i, j, mass = plan
    assert np.array_equal(x[i], y[j])
    assert np.all(mass > 0)
    assert len(mass) <= len(x) + len(y) - 1
    for k, w in ((i, a), (j, b)):
        np.testing.assert_allclose(np.bincount(k, weights=mass, minlength=len(w)), w / w.sum(), rtol=1e-15, atol=1e-17)
    r = wdist.transport(x, y, p=3, x_weights=a, y_weights=b)
    assert (r.lower, r.distance, r.upper, r.kind) == (0, 0, 0, "exact")
    judged = wdist.certify(r.plan, r.potentials, x, y, p=3, x_weights=a, y_weights=b)
    assert judged.gap == 0.0


WHOLE = np.rint(7.0 * WEIGHTS)


@pytest.mark.parametrize(
    ("x", "a", "y", "b"),
    [
        pytest.param(POINTS, WEIGHTS, *shuffled(POINTS, WEIGHTS), id="another order"),
        pytest.param(POINTS, WHOLE, *shuffled(POINTS, 3 * WHOLE), id="another total"),
        pytest.param(POINTS, WHOLE, *merged(POINTS, WEIGHTS), id="merged"),
        pytest.param(POINTS, WHOLE, *shuffled(np.r_[POINTS, POINTS], np.r_[WHOLE, 6 * WHOLE]), id="split"),
        pytest.param(POINTS, WHOLE * 1e300, POINTS - 0.0, WHOLE * 1e300 / 8, id="near the end of the range"),
        pytest.param(np.zeros((3, 1)), np.ones(3), -np.zeros((2, 1)), np.ones(2), id="one place, zeros of two signs"),
    ],
)
def test_the_same_measure(x: np.ndarray, a: np.ndarray, y: np.ndarray, b: np.ndarray) -> None:
    assert masses(x, a) == masses(y + 0.0, b)
    assert_moves_nothing(x, a, y, b)


def test_the_last_bit_of_a_weight_or_a_coordinate_makes_another_measure() -> None:
    y, b = shuffled(POINTS, WHOLE)
    inside = int(np.flatnonzero((b > 0) & (np.abs(y).max(axis=1) < 0.3))[0])
    heavier, moved = b.copy(), y.copy()
    heavier[inside] = np.nextafter(b[inside], np.inf)
    moved[inside, 0] = np.nextafter(y[inside, 0], 1.0)
    assert at_rest(POINTS, WHOLE, y, heavier) is None
    assert at_rest(POINTS, WHOLE, moved, b) is None
    r = wdist.transport(POINTS, moved, p=1, x_weights=WHOLE, y_weights=b)
    assert 0.0 < r.lower <= b[inside] / b.sum() * abs(moved[inside, 0] - y[inside, 0]) * (1 + 1e-9)


@pytest.mark.parametrize("seed", [90, 252, 1065, 1190, 1321])
def test_zero_beside_large_costs_and_tiny_masses(seed: int) -> None:
    zero_to_itself(on_a_grid(draw(seed, 20, 80)))


@pytest.mark.parametrize("seed", [171, 2521])
def test_zero_of_halves_whose_neighbours_are_close(seed: int) -> None:
    halves(on_a_grid(draw(seed, 20, 80)))
