"""Which way points go: what leaves of a tree tell of their dimension, what is chosen, and that both ways end alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment, linprog
from scipy.sparse import eye_array, kron, vstack
from scipy.spatial.distance import cdist

import wdist
from wdist.exact import points
from wdist.exact.ways import cell_orders, leaf_dimension
from wdist.search.cells import Cells, kd_order
from wdist.search.ground import PointCosts
from wdist.search.screen import Screen
from wdist.search.transform import transform_below


def cloud(kind: str, n: int, d: int, seed: int) -> np.ndarray:
    """Curves and surfaces in up to 10 dimensions."""
    rng = np.random.default_rng(seed)
    if kind == "cube":
        return rng.random((n, d))
    if kind == "normal":
        return rng.standard_normal((n, d))
    if kind == "outlier":
        return np.r_[rng.standard_normal((n - 1, d)), np.full((1, d), 1e7)]
    if kind == "clusters":
        corners = np.random.default_rng(d).choice([-5.0, 5.0], (20, d))
        return corners[rng.integers(20, size=n)] + 0.1 * rng.standard_normal((n, d))
    phases = {"curve": [[1, 2, 3, 4, 5]], "torus": [[1, 0, 1, 1, 2], [0, 1, 1, -1, 0]]}[kind]
    turns = 2.0 * np.pi * rng.random((n, len(phases))) @ np.array(phases)
    return np.c_[np.cos(turns), np.sin(turns)][:, :d]  # uncorrelated, of equal variances


def in_order(kind: str, n: int, d: int, seed: int) -> np.ndarray:
    some = cloud(kind, n, d, seed)
    return some[kd_order(some)]


def chosen(kind: str, d: int, p: float, metric: str = "euclidean") -> bool:
    """Whether trees are."""
    costs = PointCosts.between(cloud(kind, 1200, d, 1), cloud(kind, 1300, d, 2), p, metric)
    orders = cell_orders(costs)
    if orders is not None:
        np.testing.assert_array_equal(orders[0], kd_order(costs.x))
        np.testing.assert_array_equal(orders[1], kd_order(costs.y))
    return orders is not None


def forced(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trees = way == "trees"
    monkeypatch.setattr(points, "cell_orders", lambda c: (kd_order(c.x), kd_order(c.y)) if trees else None)


@pytest.mark.parametrize("d", range(1, 9))
def test_leaves_in_a_cube_tell_its_dimension(d: int) -> None:
    assert leaf_dimension(in_order("cube", 3000, d, d)) == pytest.approx(d, rel=0.15)


@pytest.mark.parametrize("d", [6, 10])
@pytest.mark.parametrize(("kind", "least", "most"), [("curve", 0.9, 1.8), ("torus", 1.8, 3.5), ("clusters", 0.0, 3.5)])
def test_what_fills_every_direction_may_have_a_low_dimension(kind: str, least: float, most: float, d: int) -> None:
    """By the spectrum of its covariance it has a high one."""
    some = in_order(kind, 4000, d, 3)
    variances = np.linalg.eigvalsh(np.cov(some.T))
    assert variances.sum() ** 2 / np.sum(variances**2) > 0.5 * d
    assert least < leaf_dimension(some) < most


def test_leaf_dimensions_of_hard_inputs() -> None:
    normal = in_order("normal", 2000, 6, 4)
    assert leaf_dimension(1e-3 * normal + 7.0) == pytest.approx(leaf_dimension(normal), rel=1e-9)
    outlier = cloud("normal", 2000, 6, 4)
    outlier[17] += 100.0
    assert leaf_dimension(outlier[kd_order(outlier)]) == pytest.approx(leaf_dimension(normal), rel=0.1)
    assert leaf_dimension(in_order("outlier", 2000, 6, 4)) < 2.0
    assert leaf_dimension(np.ones((500, 5))) == 0.0
    assert leaf_dimension(normal[:1]) == 0.0
    assert 0.0 < leaf_dimension(normal[:5]) <= 6.0


@pytest.mark.parametrize("p", [1.0, 2.0])
def test_the_way_goes_by_the_dimension_that_points_fill(p: float) -> None:
    for d in (2, 5, 7):
        assert chosen("cube", d, p)
        assert chosen("normal", d, p)
    for d in (8, 10):
        assert not chosen("cube", d, p)
        assert not chosen("normal", d, p)
        assert chosen("curve", d, p)
        assert chosen("torus", d, p)
        assert chosen("clusters", d, p)
        assert chosen("outlier", d, p)
    assert not chosen("clusters", 60, p)  # trees of so many coordinates cost more than they find


@pytest.mark.parametrize(("metric", "p"), [("cityblock", 1.0), ("chebyshev", 2.0), ("euclidean", 3.0)])
def test_costs_without_a_screen_go_by_the_number_of_coordinates(metric: str, p: float) -> None:
    for kind in ("normal", "torus"):
        assert chosen(kind, 7, p, metric)
        assert not chosen(kind, 8, p, metric)


@pytest.mark.parametrize("p", [1.0, 2.0])
@pytest.mark.parametrize(("kind", "d"), [("normal", 4), ("normal", 7), ("torus", 7), ("normal", 10), ("clusters", 10)])
def test_both_ways_end_at_the_assignment(kind: str, d: int, p: float, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = cloud(kind, 300, d, 5), cloud(kind, 300, d, 6) + 0.2
    cost = cdist(x, y) ** p
    optimum = float(cost[linear_sum_assignment(cost)].mean())
    for way in ("trees", "sample"):
        forced(way, monkeypatch)
        result = wdist.transport(x, y, p=p)
        assert result.kind == "exact"
        assert result.distance**p == pytest.approx(optimum, rel=1e-11)
        assert wdist.certify(result.plan, result.potentials, x, y, p=p).gap < 1e-9 * optimum


@pytest.mark.parametrize("d", [6, 9])
def test_both_ways_end_at_the_optimum_of_weights(d: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of which some are 0."""
    rng = np.random.default_rng(d)
    x, y, a, b = cloud("normal", 60, d, 7), cloud("cube", 50, d, 8), rng.random(60), rng.random(50)
    a[:5], b[-3:] = 0.0, 0.0
    a, b = a / a.sum(), b / b.sum()
    marginals = vstack([kron(eye_array(60), np.ones((1, 50))), kron(np.ones((1, 60)), eye_array(50))])
    optimum = linprog((cdist(x, y) ** 2).ravel(), A_eq=marginals, b_eq=np.r_[a, b], method="highs").fun
    for way in ("trees", "sample"):
        forced(way, monkeypatch)
        result = wdist.transport(x, y, p=2, x_weights=a, y_weights=b)
        assert result.distance**2 == pytest.approx(optimum, rel=1e-9)


@pytest.mark.parametrize(("way", "index"), [("trees", Cells), ("sample", Screen)])
@pytest.mark.parametrize("d", [5, 10])
def test_the_certificate_searches_as_the_solver_did(
    way: str, index: type, d: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    judged = points.judged
    monkeypatch.setattr(points, "judged", lambda *given: seen.append(given[-1]) or judged(*given))
    forced(way, monkeypatch)
    wdist.transport(cloud("normal", 40, d, 1), cloud("normal", 40, d, 2), p=2)
    assert [type(some) for some in seen] == [index]


@pytest.mark.parametrize("p", [1.0, 2.0])
@pytest.mark.parametrize("d", [5, 10])
def test_a_transform_is_the_same_by_either_index(d: int, p: float) -> None:
    x, y = cloud("normal", 300, d, 1), in_order("normal", 280, d, 2)
    g = np.random.default_rng(3).random(280)
    costs = PointCosts.between(x, y, p, "euclidean")
    least = (cdist(x, y) ** p - g).min(axis=1)
    for index in (None, Cells.of(y), Screen.of(x, y)):
        found = transform_below(costs, g, index)
        assert np.all(found <= least + 1e-13)
        np.testing.assert_allclose(found, least, rtol=0, atol=1e-12)
