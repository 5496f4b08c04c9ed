"""Ground costs: the error bounds hold against 50 digits, and matrices give what they store."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist

from wdist.search.ground import METRICS, MatrixCosts, PointCosts, check_metric
from wdist.search.transform import transform_below


def exact(x: np.ndarray, y: np.ndarray, p: float, metric: str) -> mpmath.mpf:
    lengths = [abs(mpmath.mpf(float(u)) - mpmath.mpf(float(v))) for u, v in zip(x, y, strict=True)]
    if metric == "euclidean":
        return mpmath.sqrt(sum(t * t for t in lengths)) ** p
    return (sum(lengths) if metric == "cityblock" else max(lengths)) ** p


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 3.0, 20.0])
@pytest.mark.parametrize("size", [1.0, 1e-30, 1e30])
def test_bounds_enclose_the_cost(metric: str, p: float, size: float) -> None:
    rng = np.random.default_rng(0)
    x, y = size * rng.standard_normal((8, 5)), size * rng.standard_normal((8, 5))
    y[0] = x[0]
    y[1] = x[1] + 1e-12 * size
    costs = PointCosts.between(x, y, p, metric)
    k = np.arange(8)
    low, high = costs.rows_below(slice(None)), costs.pairs_above(k, k)
    with mpmath.workdps(50):
        for i in range(8):
            assert mpmath.mpf(high[i]) >= exact(costs.x[i], costs.y[i], p, metric)
            for j in range(8):
                assert mpmath.mpf(low[i, j]) <= exact(costs.x[i], costs.y[j], p, metric)
    assert high[0] == 0.0
    np.testing.assert_allclose(np.diag(low)[2:], high[2:], rtol=1e-13)


def test_matrix_pairs_dense_and_sparse() -> None:
    matrix = sparse.csr_array(([3.0, 0.0, 5.0], ([0, 1, 1], [1, 0, 2])), shape=(2, 3))
    costs = MatrixCosts(matrix)
    np.testing.assert_array_equal(costs.rows(slice(0, 2)), [[np.inf, 3, np.inf], [0, np.inf, 5]])
    np.testing.assert_array_equal(costs.pairs(np.array([0, 1, 0, 1]), np.array([1, 0, 0, 2])), [3, 0, np.inf, 5])
    empty = MatrixCosts(sparse.csr_array((2, 3)))
    np.testing.assert_array_equal(empty.pairs(np.array([1]), np.array([1])), [np.inf])


def test_transform_is_the_minimum_and_inf_without_arcs() -> None:
    costs = MatrixCosts(sparse.csr_array(([3.0, 4.0], ([0, 0], [0, 1])), shape=(2, 2)))
    np.testing.assert_array_equal(transform_below(costs, np.array([1.0, 3.0])), [1.0, np.inf])


# --- costs of points, and of matrices, are the same costs ---


def both(metric: str, p: float, size: float = 1.0) -> tuple[PointCosts, np.ndarray]:
    rng = np.random.default_rng(1)
    x, y = size * rng.standard_normal((6, 3)), size * rng.standard_normal((5, 3))
    return PointCosts.between(x, y, p, metric), size * cdist(x / size, y / size, metric)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 3.0])
def test_rows_pairs_parts_and_the_other_way_round(metric: str, p: float) -> None:
    costs, distances = both(metric, p)
    i, j = np.array([5, 0, 2, 2]), np.array([1, 4, 1, 0])
    for given in (costs, MatrixCosts(distances**p), MatrixCosts(sparse.csr_array(distances**p))):
        assert given.shape == (6, 5)
        np.testing.assert_allclose(given.rows(slice(1, 4)), distances[1:4] ** p, rtol=1e-14)
        np.testing.assert_allclose(given.pairs(i, j), distances[i, j] ** p, rtol=1e-14)
        np.testing.assert_allclose(given.transposed().rows(slice(None)), distances.T**p, rtol=1e-14)
        for rows, columns in ((i, None), (None, j), (i, j), (None, None)):
            part = distances[slice(None) if rows is None else rows][:, slice(None) if columns is None else columns]
            np.testing.assert_allclose(given.select(rows, columns).rows(slice(None)), part**p, rtol=1e-14)
    np.testing.assert_allclose(costs.distances(i, j), distances[i, j], rtol=1e-14)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("p", [1.0, 2.0, 2.5])
def test_no_cost_exceeds_the_most(metric: str, p: float) -> None:
    """Which is that between opposite corners of the box: attained by them."""
    costs, distances = both(metric, p)
    assert np.max(distances) ** p <= costs.most()
    low, high = np.min([costs.x.min(0), costs.y.min(0)], axis=0), np.max([costs.x.max(0), costs.y.max(0)], axis=0)
    corners = PointCosts.between(low[None], high[None], p, metric)
    assert corners.pairs_above(np.zeros(1, int), np.zeros(1, int))[0] <= corners.most()
    assert costs.most() == pytest.approx(corners.rows(slice(None))[0, 0], rel=1e-13)
    signed = np.array([[1.0, -5.0], [0.0, 3.0]])
    for matrix in (signed, sparse.csr_array(signed)):
        assert MatrixCosts(matrix).most() == 5.0
    assert MatrixCosts(sparse.csr_array((2, 3))).most() == 0.0


@pytest.mark.parametrize("metric", METRICS)
def test_derivatives_are_those_of_the_distance(metric: str) -> None:
    costs, _ = both(metric, 2.0)
    i, j, step = np.array([0, 3, 5]), np.array([4, 4, 2]), 1e-6
    expected = np.zeros((3, 3))
    for k in range(3):
        moved = (PointCosts(costs.x + s * step * np.eye(3)[k], costs.y, 2.0, metric, 1.0) for s in (1, -1))
        above, below = (c.distances(i, j) for c in moved)
        expected[:, k] = (above - below) / (2 * step)
    np.testing.assert_allclose(costs.derivatives(i, j), expected, atol=1e-8)
    same = PointCosts.between(costs.x, costs.x, 2.0, metric)
    np.testing.assert_array_equal(same.derivatives(i, i), np.zeros((3, 3)))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("p", "size"), [(1.0, 1e300), (3.0, 1e-150), (20.0, 1e20), (2.0, 1e-300), (1.0, 1e10)])
def test_units_bring_powers_into_the_range_of_floats(metric: str, p: float, size: float) -> None:
    costs, distances = both(metric, p, size)
    assert np.log2(costs.scale) % 1.0 == 0.0
    found = costs.rows(slice(None))
    assert np.all((found > 1e-200) & (found < 1e200))
    np.testing.assert_allclose(costs.scale * found ** (1 / p), distances, rtol=1e-13)
    if costs.scale != 1.0:
        assert distances.max() <= costs.scale
    assert costs.unit == pytest.approx(costs.scale**p if p * np.log2(costs.scale) < 1024 else np.inf)


def test_of_points_at_the_end_of_the_range_the_difference_may_be_no_float() -> None:
    costs = PointCosts.between(np.array([[1.7e308]]), np.array([[-1.7e308]]), 1.0, "euclidean")
    assert Fraction(costs.rows(slice(None))[0, 0]) * Fraction(costs.scale) == 2 * Fraction(1.7e308)


def test_an_unknown_metric_is_named() -> None:
    with pytest.raises(ValueError, match="metric is 'cosine': choose one of euclidean, cityblock, chebyshev"):
        check_metric("cosine")
    assert check_metric("chebyshev") == "chebyshev"
