"""Sources that are searched for together find what each would find alone, and what looking at all pairs finds."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from wdist import compilation
from wdist.search.cells import Cells, kd_order
from wdist.search.ground import PointCosts
from wdist.search.nearest import nearest
from wdist.search.together import _box_bounds, _close, together
from wdist.search.transform import _searched_below, transform_below


def clouds(seed: int, n: int, m: int, d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two clouds in k-d order, and a potential that is smooth but for its noise."""
    rng = np.random.default_rng(seed)
    x, y = rng.random((n, d)), rng.random((m, d))
    x, y = x[kd_order(x)], y[kd_order(y)]
    return x, y, np.sum(y * y, axis=1) / 3 + 0.01 * rng.standard_normal(m)


@pytest.mark.parametrize("p", [1.0, 2.0])
@pytest.mark.parametrize(("n", "m", "d"), [(1, 1, 2), (8, 5, 1), (9, 40, 3), (20, 560, 2), (30, 100, 6), (17, 300, 3)])
@pytest.mark.parametrize("level", [2.0, -3.0])
def test_they_find_what_lies_below(p: float, n: int, m: int, d: int, level: float) -> None:
    x, y, v = clouds(n, n, m, d)
    ground = PointCosts.between(x, y, p, "euclidean").ground()
    v -= level  # by 2, all differences are above 0
    every = cdist(x, y) ** p - v
    ordered, k = np.sort(every, axis=1), min(4, m)
    room = 10.0 ** np.random.default_rng(1).integers(-3, 1, n)
    for limit in (ordered[:, 0] - 1e-12, ordered[:, 0] + 1e-12, ordered[:, k - 1] + 1e-12 + room * 1e-2):
        found = together(x, Cells.of(y), v, k, ground, limit)
        np.testing.assert_array_equal(found.found, np.minimum(k, np.sum(every < limit[:, None], axis=1)))
        held = np.arange(k) < found.found[:, None]
        np.testing.assert_allclose(found.value[held], ordered[:, :k][held], rtol=0, atol=1e-14)
        np.testing.assert_allclose(every[np.nonzero(held)[0], found.which[held]], found.value[held], rtol=0, atol=1e-14)
        assert np.all(found.which[~held] == -1)
        assert np.all(np.isinf(found.value[~held]))
    unlimited = together(x, Cells.of(y), v, k, ground, np.full(n, np.inf))
    alone = nearest(x, Cells.of(y), v, k, ground)
    np.testing.assert_array_equal(unlimited.value, alone.value)
    np.testing.assert_array_equal(unlimited.found, alone.found)
    limit = alone.value[:, -1].copy()  # what equals it is not below it
    found = together(x, Cells.of(y), v, k, ground, limit)
    np.testing.assert_array_equal(found.found, np.sum(alone.value < limit[:, None], axis=1))


@pytest.mark.parametrize("p", [1.0, 2.0])
def test_costs_are_taken_as_the_ground_says(p: float) -> None:
    x, y, v = clouds(3, 20, 50, 2)
    ground = PointCosts.between(x, y, p, "euclidean").ground()._replace(factor=0.5, offset=0.1)
    every = np.maximum(0.5 * cdist(x, y) ** p - 0.1, 0.0) - v
    found = together(x, Cells.of(y), v, 50, ground, np.full(20, np.inf))
    np.testing.assert_allclose(found.value, np.sort(every, axis=1), rtol=0, atol=1e-14)


@pytest.mark.parametrize("p", [1.0, 2.0])
def test_a_block_that_an_outlier_widens_misses_nothing(p: float) -> None:
    x, y, v = clouds(5, 40, 300, 2)
    x[[3, 20]] = 1e7, -1e7
    every = cdist(x, y) ** p - v
    limit = np.nextafter(np.min(every, axis=1) * (1 + 1e-15) + 1e-15, np.inf)
    limit[[3, 20]] *= 1 + 1e-12
    found = together(x, Cells.of(y), v, 1, PointCosts.between(x, y, p, "euclidean").ground(), limit)
    near = np.delete(np.arange(40), [3, 20])
    assert np.all(found.found == 1)
    np.testing.assert_allclose(found.value[near, 0], every[near].min(axis=1), rtol=0, atol=2e-15)


@pytest.mark.parametrize("p", [1.0, 2.0])
def test_interpreted_and_compiled_agree(p: float, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, v = clouds(6, 20, 45, 3)
    ground = PointCosts.between(x, y, p, "euclidean").ground()
    limit = np.sort(cdist(x, y) ** p - v, axis=1)[:, 3]
    compiled = together(x, Cells.of(y), v, 5, ground, limit)
    monkeypatch.setattr(compilation, "interpreting", lambda: True)
    for one, other in zip(together(x, Cells.of(y), v, 5, ground, limit), compiled, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("p", [1.0, 2.0])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_bounds_of_boxes_hold_and_prune(p: float, d: int) -> None:
    """On a grid of either box, and of squared costs no looser than the least on it."""
    rng = np.random.default_rng(d)
    unit = np.stack(np.meshgrid(*[np.linspace(-1, 1, 9 if d < 3 else 5)] * d), axis=-1).reshape(-1, d)
    for _ in range(30):
        middle, wide = 2 * rng.random(d) - 1.0, 0.5 * rng.random(d)
        cell = np.zeros((4, d, 5))
        cell[0], cell[1], cell[2] = rng.random((d, 5)), 0.5 * rng.random((d, 5)), 2 * rng.random((d, 5)) - 1.0
        cell[3, 0] = rng.random(5)
        low = np.empty(3)
        _box_bounds(middle, wide, cell, 1, p, low)
        for q in range(3):
            centre, half, slope, alpha = cell[0, :, q + 1], cell[1, :, q + 1], cell[2, :, q + 1], cell[3, 0, q + 1]
            every = cdist(middle + wide * unit, centre + half * unit) ** p - half * unit @ slope - alpha
            assert low[q] <= every.min() + 1e-12
            if p == 2.0:
                assert low[q] >= every.min() - 0.2 * d
            else:
                apart = np.abs(middle - centre)
                outside = np.linalg.norm(np.maximum(apart - wide - half, 0.0))
                assert low[q] >= outside - np.abs(slope) @ half - alpha - 1e-12
                far = np.linalg.norm(apart)
                normal = (centre - middle) / far
                tangent = far - np.abs(normal - slope) @ half - np.abs(normal) @ wide
                assert low[q] >= tangent - alpha - 1e-12


@pytest.mark.parametrize("p", [1.0, 2.0])
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("level", [-3.0, 0.0, 3.0])
def test_targets_near_the_box_are_close(p: float, d: int, level: float) -> None:
    """Those, and no others, that a point of the box sees below the bound."""
    rng = np.random.default_rng(d)
    y, v = rng.random((200, d)), level + 0.1 * rng.random(200)
    for _ in range(20):
        middle, wide = rng.random(d), 0.2 * rng.random(d)
        low = np.linalg.norm(np.maximum(np.abs(y - middle) - wide, 0.0), axis=1) ** p - v
        which = np.full(201, -1, dtype=np.int32)
        for stop in (*np.quantile(low, [0.1, 0.5]) + 1e-12, low.min() - 1e-12, -level - 0.2):
            count = _close(y, v, 0, 200, middle, wide, float(stop), p, which, 0)
            np.testing.assert_array_equal(which[:count], np.flatnonzero(low < stop))
        assert _close(y, v, 7, 9, middle, wide, np.inf, p, which, 3) == 5
        assert which[3:5].tolist() == [7, 8]


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("d", [2, 5])
def test_a_transform_is_the_same_wherever_it_starts(p: float, d: int) -> None:
    """From the best targets, from the second best, and from any."""
    x, y, g = clouds(d, 260, 310, d)
    costs = PointCosts.between(x, y, p, "euclidean")
    alone = transform_below(costs, g)
    order = np.argsort(cdist(x, y) ** p - g, axis=1)
    cells = Cells.of(y)
    for near in (None, order[:, 0], order[:, 1], np.zeros(260, dtype=np.int64)):
        found = transform_below(costs, g, cells, near)
        np.testing.assert_allclose(found, alone, rtol=0, atol=2.0**-51 if d > 3 else 0.0)
        np.testing.assert_array_equal(found, _searched_below(costs, g, cells, near))


@pytest.mark.parametrize("near", range(8))
def test_ties_are_told_apart_wherever_it_starts(near: int) -> None:
    """Costs of 1 and a little more, but one of a little less: beside 2^20 all round to the same."""
    k = np.sort(np.append(np.arange(1, 8), -1))
    x, y, g = np.zeros((2, 2)), np.stack([1.0 + k * 2.0**-44, np.zeros(8)], axis=1), np.full(8, -(2.0**20))
    least = (Fraction(1) - Fraction(2.0**-44)) ** 2 + 2**20
    costs = PointCosts.between(x, y, 2.0, "euclidean")
    found = _searched_below(costs, g, Cells.of(y), np.full(2, near))
    assert all(Fraction(f) <= least for f in found)
