"""The screen in single precision: long rows, where a search starts, and rough costs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from wdist.search import ground as ground_module
from wdist.search import screen as screen_module
from wdist.search.ground import METRICS, PointCosts
from wdist.search.screen import Screen
from wdist.search.transform import transform_below

KIND = {1.0: "euclidean", 2.0: "sqeuclidean"}


def clouds(seed: int, n: int, m: int, d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal((m, d)), 0.3 * rng.standard_normal(m)


@pytest.mark.parametrize("p", [1.0, 2.0])
@pytest.mark.parametrize("m", [511, 512, 513, 1300])
def test_rows_longer_than_a_step_are_searched_to_their_end(p: float, m: int) -> None:
    x, y, v = clouds(1, 40, m, 9)
    y[-1] = x[0]  # the nearest of all comes last
    v[-1] = 0.5
    screen, every = Screen.of(x, y), cdist(x, y, KIND[p]) - v
    costs = PointCosts.between(x, y, p, "euclidean")
    order = np.argsort(every, axis=1)
    limit = np.take_along_axis(every, order[:, 5:6], axis=1)[:, 0] - 1e-9
    lists = screen.below(v, 8, costs.ground(), limit)
    assert lists.found.tolist() == [5] * 40
    np.testing.assert_array_equal(lists.which[:, :5], order[:, :5])
    assert order[0, 0] == m - 1


@pytest.mark.parametrize("p", [1.0, 2.0])
def test_the_transform_is_the_same_wherever_it_starts(p: float) -> None:
    x, y, g = clouds(2, 90, 700, 12)
    x[:20], g[:20] = y[30:50], g[30:50]  # some ties
    y[:20] = y[30:50]
    costs, screen = PointCosts.between(x, y, p, "euclidean"), Screen.of(x, y)
    every = cdist(x, y, KIND[p]) - g
    order = np.argsort(every, axis=1)
    found = transform_below(costs, g, screen)
    np.testing.assert_allclose(found, every.min(axis=1), rtol=1e-13, atol=1e-13)
    for near in (order[:, 0], order[:, 1], order[:, 300], order[:, -1]):
        np.testing.assert_array_equal(transform_below(costs, g, screen, near), found)


@pytest.mark.parametrize("p", [1.0, 2.0])
@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_rough_costs_are_good_to_single_precision(p: float, size: float) -> None:
    x, y, _ = clouds(3, 60, 80, 30)
    rng = np.random.default_rng(4)
    i, j = rng.integers(0, 60, 500), rng.integers(0, 80, 500)
    x[:10] = y[:10]
    i[:10] = j[:10] = np.arange(10)
    rough = Screen.of(size * x, size * y).rough_costs(i, j, p)
    assert rough is not None
    np.testing.assert_allclose(rough / size**p, cdist(x, y, KIND[p])[i, j], rtol=1e-5, atol=(5e-5) ** (p / 2))


def test_without_a_product_there_are_no_rough_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen_module, "_KEPT", 10)
    x, y, _ = clouds(5, 6, 7, 9)
    assert Screen.of(x, y).rough_costs(np.arange(3), np.arange(3), 2.0) is None


@pytest.mark.parametrize("metric", METRICS)
def test_distances_of_pairs_come_in_parts(metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, _ = clouds(6, 30, 40, 5)
    rng = np.random.default_rng(7)
    i, j = rng.integers(0, 30, 103), rng.integers(0, 40, 103)
    costs = PointCosts.between(x, y, 2.0, metric)
    at_once = costs.distances(i, j)
    np.testing.assert_allclose(at_once, cdist(x, y, metric)[i, j], rtol=1e-14)
    for coordinates in (1, 5, 17, 515):
        monkeypatch.setattr(ground_module, "_AT_ONCE", coordinates)
        np.testing.assert_array_equal(costs.distances(i, j), at_once)
    assert costs.distances(i[:0], j[:0]).shape == (0,)


def test_known_costs_are_not_computed_again() -> None:
    x, y, _ = clouds(8, 20, 20, 4)
    costs, k = PointCosts.between(x, y, 2.0, "euclidean"), np.arange(20)
    above = costs.pairs_above(k, k)
    np.testing.assert_array_equal(costs.pairs_above(k, k, costs.pairs(k, k)), above)
    np.testing.assert_array_equal(costs.pairs_above(k, k, 2.0 * costs.pairs(k, k)) / 2.0, above)
