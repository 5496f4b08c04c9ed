"""The monotone coupling: marginals, optimality at every p, exact masses, and maps with known formulas."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import scipy.stats as st
import torch
from hypothesis import given
from hypothesis import strategies as some
from scipy import sparse

import wdist

tens = some.lists(some.tuples(some.integers(-9, 9), some.integers(1, 9)), min_size=1, max_size=9)


def staircase(u, v):
    """The coupling in rational arithmetic: mass by pair of values."""
    left, right = sorted(u), sorted(v)
    left, right = ([(x, Fraction(w, sum(w for _, w in side))) for x, w in side] for side in (left, right))
    plan, i, j = {}, 0, 0
    while i < len(left) and j < len(right):
        mass = min(left[i][1], right[j][1])
        key = left[i][0], right[j][0]
        plan[key] = plan.get(key, 0) + mass
        left[i], right[j] = (left[i][0], left[i][1] - mass), (right[j][0], right[j][1] - mass)
        i, j = i + (left[i][1] == 0), j + (right[j][1] == 0)
    return plan


@given(tens, tens)
def test_agrees_with_rational_arithmetic(u, v):
    (x, a), (y, b) = zip(*u, strict=True), zip(*v, strict=True)
    plan = wdist.transport_map_1d(x, y, p=2, u_weights=a, v_weights=b)
    found = {}
    for i, j, mass in zip(*plan.coords, plan.data, strict=True):
        found[x[i], y[j]] = found.get((x[i], y[j]), 0.0) + mass
    exact = staircase(u, v)
    assert all(found.get(pair, 0.0) == pytest.approx(float(mass), abs=2e-15) for pair, mass in exact.items())
    assert sum(mass for pair, mass in found.items() if pair not in exact) <= 2e-15 * len(x) * len(y)


def test_marginals_are_the_weights():
    rng = np.random.default_rng(4)
    x, y, a, b = rng.normal(size=3000), rng.normal(size=2000), rng.random(3000), rng.random(2000)
    plan = wdist.transport_map_1d(x, y, p=1, u_weights=a, v_weights=b)
    assert isinstance(plan, sparse.coo_array)
    assert plan.shape == (3000, 2000)
    assert plan.nnz <= 4999
    assert np.max(np.abs(plan.sum(axis=1) - a / a.sum())) < 5e-16
    assert np.max(np.abs(plan.sum(axis=0) - b / b.sum())) < 5e-16


@pytest.mark.parametrize("p", [1, 1.5, 2, 5])
def test_its_cost_is_the_distance_and_the_linear_programme_s(p):
    rng = np.random.default_rng(5)
    x, y, a = rng.normal(size=40), rng.normal(size=30), rng.random(40)
    plan = wdist.transport_map_1d(x, torch.tensor(y), p=p, u_weights=a)
    i, j = plan.coords
    cost = float(np.sum(plan.data * np.abs(x[i] - y[j]) ** p))
    assert cost ** (1 / p) == pytest.approx(wdist.wasserstein_1d(x, y, p=p, u_weights=a), rel=1e-13)
    assert cost == pytest.approx(wdist.transport(x, y, p=p, x_weights=a).cost, rel=1e-11)


def test_the_coupling_is_the_same_for_every_p():
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(2, 50))
    plans = [wdist.transport_map_1d(x, y, p=p).toarray() for p in (1, 2, math.inf)]
    assert np.array_equal(plans[0], plans[1])
    assert np.array_equal(plans[0], plans[2])


def test_gaussians_have_their_affine_map_far_into_the_tail():
    P, Q = wdist.Gaussian(1.0, 4.0), wdist.Gaussian(-2.0, 9.0)
    x = np.array([-80.0, 0.0, 1.0, 90.0])
    slope = float(wdist.gaussian_map(P, Q)[0, 0])
    assert np.allclose(wdist.transport_map_1d(P, Q, p=2)(x), -2 + slope * (x - 1), rtol=1e-15)


def test_uniform_to_exponential():
    T = wdist.transport_map_1d(st.uniform(), st.expon(), p=2)
    x = np.array([0.0, 1e-9, 0.3, 0.5, 0.9, 1 - 2.0**-40])
    assert np.allclose(T(x), -np.log1p(-x), rtol=1e-14)
    assert T(0.5) == pytest.approx(math.log(2), rel=1e-15)


def test_histogram_to_its_square():
    # F(x) = x on [0, 1], G(y) = sqrt(y): T(x) = x^2.
    T = wdist.transport_map_1d(wdist.Histogram([0, 0.25, 1], [1, 3]), wdist.CDF(np.sqrt, support=(0, 1)), p=1)
    x = np.linspace(0.01, 0.99, 9)
    assert np.allclose(T(x), x**2, rtol=1e-12)


def test_a_continuous_law_maps_onto_atoms():
    T = wdist.transport_map_1d(st.uniform(), wdist.Samples([5.0, 3.0], [0.75, 0.25]), p=2)
    assert T([0.1, 0.2, 0.3, 0.6, 0.9]).tolist() == [3.0, 3.0, 5.0, 5.0, 5.0]


def test_a_map_pushes_the_one_law_onto_the_other():
    P, Q = st.gamma(2.0), st.norm(1, 3)
    pushed = wdist.transport_map_1d(P, Q, p=2)(P.ppf((np.arange(999) + 0.5) / 999))
    assert np.allclose(Q.cdf(pushed), (np.arange(999) + 0.5) / 999, atol=1e-12)
    assert np.all(np.diff(pushed) > 0)


@pytest.mark.parametrize(
    ("u", "v", "message"),
    [
        ([1.0, 2.0], st.norm(), "u is a set of points"),
        (st.poisson(3.0), st.norm(), "u has an atom"),
        (wdist.Quantile(lambda t: t), st.norm(), "u is given by its quantiles"),
        (wdist.Gaussian(0.0, 0.0), st.norm(), "u is a single point"),
        (wdist.Gaussian([0.0, 0.0], np.eye(2)), st.norm(), "wdist.gaussian_map"),
        ([1.0, math.nan], [1.0], "u has 1 entry"),
        ([1.0], np.zeros((4, 2)), "v lives in dimension 2"),
    ],
)
def test_what_has_no_map_is_refused_by_name(u, v, message):
    with pytest.raises(ValueError, match=message):
        wdist.transport_map_1d(u, v, p=2)


@pytest.mark.parametrize("x", [-35.0, -9.0, 0.3, 9.0, 20.0, 37.0])
def test_digits_far_out_at_both_ends(x):
    """From the normal law to the exponential one: T = -log(1 - F)."""
    with mpmath.workdps(40):
        truth = -mpmath.log(mpmath.ncdf(-mpmath.mpf(x)))
    for u in (st.norm(), wdist.Gaussian(0, 1)):
        assert wdist.transport_map_1d(u, st.expon(), p=2)(x) == pytest.approx(float(truth), rel=1e-12)


def test_costs_beyond_the_range_leave_no_potentials():
    """W2 is a float there, and its square is not; no warning, and no NaN."""
    r = wdist.wasserstein([1e300], [-1e300, 2.0], p=2)
    assert r.distance == pytest.approx(1e300 * math.sqrt((4 + 1) / 2), rel=1e-15)
    assert r.potentials is None
    assert r.plan.sum() == 1.0


@pytest.mark.parametrize("p", [1, 1.5, 2, 4])
@pytest.mark.parametrize("weighted", [False, True])
def test_potentials_along_the_staircase_prove_the_plan(p, weighted):
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=12), rng.normal(size=9).round(1)
    a, b = (rng.random(12), rng.random(9)) if weighted else (None, None)
    r = wdist.wasserstein(wdist.Samples(x, a), wdist.Samples(y, b), p=p)
    found = wdist.certify(r.plan, r.potentials, x, y, p=p, x_weights=a, y_weights=b)
    assert found.violation <= 1e-14
    assert found.dual == pytest.approx(found.primal, rel=1e-13)


def test_a_map_names_what_it_cannot_move():
    move = wdist.transport_map_1d(st.norm(), st.norm(1, 3), p=2)
    with pytest.raises(wdist.InvalidMeasureError, match="x holds data of type"):
        move("one")
