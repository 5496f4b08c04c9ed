"""Few points at once: the cost of HiGHS and POT, or none where doubles leave a doubt."""

from __future__ import annotations

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.spatial.distance import cdist

from wdist.exact.small import are_few, few_costs, few_points


@settings(max_examples=60)
@given(
    st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 40), st.sampled_from(["equal", "random", "zeros", "ties"])
)
def test_agrees_with_pot(seed, n, m, kind):
    rng = np.random.default_rng(seed)
    cost = rng.integers(0, 4, (n, m)).astype(float) + 0.1 if kind == "ties" else rng.random((n, m)) ** 3
    a, b = np.ones(n), np.ones(m)
    if kind in ("random", "zeros"):
        a, b = rng.random(n) + 1e-9, rng.random(m) + 1e-9
    if kind == "zeros":
        a[1:] *= rng.integers(0, 2, n - 1)
        b[:-1] *= rng.integers(0, 2, m - 1)
    found = few_points(cost, a, b)
    assert found is not None
    assert found == pytest.approx(ot.emd2(a / a.sum(), b / b.sum(), cost, numItermax=10**6), rel=1e-9)


@pytest.mark.parametrize("n", [3, 24, 25, 90, 250])
def test_assignments_agree_with_pot(n):
    rng = np.random.default_rng(n)
    for cost in (rng.random((n, n)), np.abs(rng.normal(size=(n, 1)) - rng.normal(size=n)) ** 3):
        assert few_points(cost, np.ones(n), np.ones(n)) == pytest.approx(ot.emd2([], [], cost), rel=1e-10)


def test_agrees_with_highs():
    rng = np.random.default_rng(0)
    cost, a, b = rng.random((9, 7)), rng.random(9), rng.random(7)
    rows, columns = np.kron(np.eye(9), np.ones(7)), np.kron(np.ones(9), np.eye(7))
    solved = linprog(cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=np.concatenate([a / a.sum(), b / b.sum()]))
    assert few_points(cost, a, b) == pytest.approx(solved.fun, rel=1e-12)


@pytest.mark.parametrize("n", [20, 60, 70])
def test_costs_too_far_apart_for_doubles_are_left_alone(n):
    rng = np.random.default_rng(0)
    cost = rng.random((n, n)) * 1e-9
    np.fill_diagonal(cost, 1e-18)
    cost[0], cost[:, 0] = 1e6, 1e6
    cost[0, 0] = 0.0
    assert few_points(cost, np.ones(n), np.ones(n)) in (None, pytest.approx((n - 1) * 1e-18 / n, rel=1e-9))
    assert few_points(np.zeros((3, 3)), np.ones(3), np.ones(3)) is None  # it may be what an underflow left
    assert few_points(np.full((2, 2), np.inf), np.ones(2), np.ones(2)) is None


@pytest.mark.parametrize("metric", ["euclidean", "cityblock", "chebyshev"])
@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
def test_costs_are_powers_of_distances(metric, p):
    rng = np.random.default_rng(4)
    x, y = rng.random((5, 3)), rng.random((4, 3))
    np.testing.assert_allclose(few_costs(x, y, p, metric), cdist(x, y, metric) ** p, rtol=1e-14)
    assert few_costs(1e-200 * x, 1e-200 * y, 3, metric).max() == 0.0  # what powers lose is left to the engine
    assert few_points(few_costs(1e-200 * x, 1e-200 * y, 3, metric), np.ones(5), np.ones(4)) is None


def test_more_dimensions_make_more_points_few():
    assert are_few(250, 250, 2)
    assert not are_few(300, 300, 2)
    assert are_few(300, 300, 20)
    assert not are_few(500, 500, 20)
