"""Matrices whose rows and columns are sorted by likeness, and ties, where every source wants the same targets."""

from __future__ import annotations

import numpy as np
import ot
import pytest

from wdist import transport, transport_lp
from wdist.exact.averages import order_by_likeness


def _masses(rng: np.random.Generator, n: int) -> np.ndarray:
    mass: np.ndarray = rng.random(n)
    return mass / mass.sum()


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize(("n", "m", "d"), [(70, 70, 1), (64, 300, 2), (333, 150, 3)])
def test_distances_between_points_give_what_the_points_give(n: int, m: int, d: int, p: int) -> None:
    rng = np.random.default_rng(n + p)
    x, y, a, b = rng.normal(size=(n, d)), rng.normal(size=(m, d)) + 1, _masses(rng, n), _masses(rng, m)
    cost = np.linalg.norm(x[:, None] - y, axis=2) ** p
    assert order_by_likeness(cost) is not None
    r = transport_lp(cost, a, b, p=p)
    assert r.kind == "exact"
    assert r.distance == pytest.approx(transport(x, y, p=p, x_weights=a, y_weights=b).distance, rel=1e-9)
    assert r.distance**p == pytest.approx(ot.emd2(a, b, cost, numItermax=10**9), rel=1e-9)


def test_a_constant_of_every_row_and_column_moves_no_mass() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((120, 2)), rng.random((100, 2))
    u, v = rng.random(120) * 50, rng.random(100) * 50
    cost = np.sum((x[:, None] - y) ** 2, axis=2)
    shifted = cost + u[:, None] + v
    assert order_by_likeness(shifted) is not None
    assert transport_lp(shifted).distance == pytest.approx(transport_lp(cost).distance + u.mean() + v.mean(), rel=1e-12)


def test_halves_of_the_order_are_alike() -> None:
    """Two far clusters, shuffled: each half of the order is one of them."""
    rng = np.random.default_rng(1)
    label = rng.permutation(np.repeat([0, 1], 50))
    x = rng.random((100, 2)) + 20 * label[:, None]
    order = order_by_likeness(np.sum((x[:, None] - x) ** 2, axis=2))
    assert order is not None
    for side in order:
        assert np.array_equal(np.sort(side), np.arange(100))
        assert {frozenset(label[side[:50]]), frozenset(label[side[50:]])} == {frozenset({0}), frozenset({1})}


@pytest.mark.parametrize("value", [1.0, 0.0, 1e308])
def test_without_likeness_there_are_no_levels(value: float) -> None:
    cost = np.full((80, 80), value)
    assert order_by_likeness(cost) is None
    assert transport_lp(cost).distance == pytest.approx(cost[0, 0], rel=1e-15)
    assert order_by_likeness(np.random.default_rng(0).random((80, 80))) is None


@pytest.mark.parametrize("scale", [1e-300, 1e290])
def test_levels_at_the_ends_of_the_range(scale: float) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.random((90, 2)), rng.random((110, 2))
    cost = np.sum((x[:, None] - y) ** 2, axis=2)
    assert order_by_likeness(cost * scale) is not None
    assert transport_lp(cost * scale).distance == pytest.approx(transport_lp(cost).distance * scale, rel=1e-12)


@pytest.mark.parametrize("values", [2, 4, 20])
def test_ties_agree_with_pot(values: int) -> None:
    rng = np.random.default_rng(values)
    a, b = _masses(rng, 200), _masses(rng, 230)
    cost = rng.integers(0, values, (200, 230)).astype(float)
    r = transport_lp(cost, a, b)
    assert r.lower <= r.distance <= r.upper
    assert r.distance == pytest.approx(ot.emd2(a, b, cost, numItermax=10**9), rel=1e-9, abs=1e-15)
