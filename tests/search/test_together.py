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
from wdist.search.together import together
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
