"""Ground costs: the error bounds hold against 50 digits, and matrices give what they store."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy import sparse

from wdist.search.ground import METRICS, MatrixCosts, PointCosts
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
