"""The front door picks the exact method, and its results carry a plan, potentials and a bracket that hold."""

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.stats as st
import torch
from problems.gaussians import spd, w2_in_sixty_digits

import wdist


@pytest.fixture
def rng():
    return np.random.default_rng(8)


def test_each_combination_goes_to_its_method(rng):
    plane, gaussian = rng.normal(size=(6, 2)), wdist.Gaussian([0, 0], np.eye(2))
    assert wdist.wasserstein(gaussian, gaussian, p=2).method == "gaussian"
    assert wdist.wasserstein(plane, plane + 1, p=2).method == "exact"
    assert wdist.wasserstein([1.0, 2.0], [3.0], p=2).method == "1d"
    assert wdist.wasserstein(st.norm(), [3.0], p=2).method == "1d"
    assert wdist.wasserstein([1.0, 2.0], [3.0], p=2, method="exact").method == "exact"


@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
@pytest.mark.parametrize(("n", "m"), [(1, 3), (6, 6), (40, 33)])
@pytest.mark.parametrize("weighted", [False, True])
def test_plan_and_potentials_on_the_line_are_certified_optimal(rng, p, n, m, weighted):
    x, y = rng.normal(size=n), rng.normal(size=m)
    a, b = (rng.random(n), rng.random(m)) if weighted else (None, None)
    r = wdist.wasserstein(wdist.Samples(x, a), wdist.Samples(y, b), p=p)
    c = wdist.certify(r.plan, r.potentials, x, y, p=p, x_weights=a, y_weights=b)
    assert c.gap <= 1e-12 * c.primal
    assert c.violation <= 1e-13
    assert c.marginal_error <= 1e-15
    assert c.dual * (1 - 1e-12) <= r.cost <= c.primal * (1 + 1e-12)
    assert r.lower <= r.distance <= r.upper


def test_gaussian_bracket_holds_for_a_singular_covariance(rng):
    A, B = rng.normal(size=(5, 2)), rng.normal(size=(5, 2))
    mean = np.zeros(5)
    exact = wdist.gaussian_w2(wdist.Gaussian.from_factor(mean, A), wdist.Gaussian.from_factor(mean, B))
    r = wdist.wasserstein(wdist.Gaussian(mean, A @ A.T), wdist.Gaussian(mean, B @ B.T), p=2)
    assert r.lower <= exact <= r.upper
    assert r.gap < 1e-5


def test_tensors_carry_the_gradient_and_stay_in_the_bracket(rng):
    x = torch.tensor(rng.normal(size=(5, 2)), dtype=torch.float32, requires_grad=True)
    y = torch.tensor(rng.normal(size=(4, 2)), dtype=torch.float32)
    for r in (wdist.wasserstein(x, y, p=2), wdist.wasserstein(x[:, 0], y[:, 0], p=2)):
        assert r.distance.dtype == torch.float32
        assert r.lower <= float(r) <= r.upper
        (gradient,) = torch.autograd.grad(r.cost, x, retain_graph=True)
        assert torch.isfinite(gradient).all()


def test_cost_is_the_power_of_the_distance():
    r = wdist.wasserstein([0.0], [2.0], p=3)
    assert (r.distance, r.cost) == (2.0, 8.0)
    assert math.isnan(wdist.wasserstein([0.0], [2.0], p=math.inf).cost)


@pytest.mark.parametrize(
    ("P", "Q", "p", "message"),
    [
        (wdist.Gaussian([0, 0], np.eye(2)), np.zeros((3, 2)), 1, "draw samples"),
        (wdist.Gaussian([0, 0], np.eye(2)), wdist.Gaussian([0, 0], np.eye(2)), 1, "no closed form"),
        (np.zeros((3, 2)), np.zeros((3, 2)), math.inf, "p is inf"),
        (wdist.Gaussian(np.zeros((2, 2)), np.eye(2)), wdist.Gaussian([0, 0], np.eye(2)), 2, "batch"),
        (np.zeros((3, 2)), np.zeros(3), 2, "dimension 2 and Q in dimension 1"),
        ([[1.0, np.inf]], [[1.0, 2.0]], 2, "P has 1 entry"),
    ],
)
def test_what_has_no_method_says_what_to_do(P, Q, p, message):
    with pytest.raises(ValueError, match=message):
        wdist.wasserstein(P, Q, p=p)


def test_methods_refuse_what_they_cannot_do():
    with pytest.raises(ValueError, match="method is 'sinkhorn'"):
        wdist.wasserstein([0.0], [1.0], p=1, method="sinkhorn")
    with pytest.raises(ValueError, match="takes points"):
        wdist.wasserstein(st.norm(), [1.0], p=1, method="exact")
    with pytest.raises(ValueError, match="two Gaussians"):
        wdist.wasserstein([0.0], [1.0], p=2, method="gaussian")


@pytest.mark.parametrize("condition", [1e2, 1e8, 1e12])
@pytest.mark.parametrize("apart", [1.0, 1e-5, 1e-10])
def test_the_bracket_of_two_gaussians_is_narrow_and_holds_sixty_digits(condition, apart):
    rng = np.random.default_rng(3)
    cov = spd(rng, 5, condition)
    other = cov + apart * spd(rng, 5)
    truth = w2_in_sixty_digits(cov, other)
    r = wdist.wasserstein(wdist.Gaussian(np.zeros(5), cov), wdist.Gaussian(np.zeros(5), other), p=2)
    assert r.lower <= truth <= r.upper
    assert r.gap <= 3e-7 * truth


def test_equal_gaussians_are_at_zero_for_certain():
    P = wdist.Gaussian([1.0, 2.0], [[2.0, 1.0], [1.0, 3.0]])
    r = wdist.wasserstein(P, wdist.Gaussian(P.mean, P.cov), p=2)
    assert (r.lower, r.distance, r.upper) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("unit", [1e-200, 1.0, 1e200])
def test_gaussians_on_the_line_have_the_deviation_of_their_factor(unit):
    """Of 1e-200 the variance is 0, of 1e200 none: between two such laws the distance was 0, for certain."""
    P, Q = (wdist.Gaussian.from_factor([0.0], [[c * unit, 0.0, 0.0]]) for c in (1.0, 3.0))
    r = wdist.wasserstein(P, Q, p=1)
    assert r.distance == pytest.approx(2 * unit * math.sqrt(2 / math.pi), rel=1e-12)
    assert r.lower <= r.distance <= r.upper
    assert wdist.transport_map_1d(P, Q, p=2)(unit) == pytest.approx(3 * unit, rel=1e-15)


def test_between_shifted_laws_the_bracket_has_the_rounding_of_the_shift():
    rng = np.random.default_rng(0)
    for a, b in rng.standard_normal((100, 2)) * 10.0 ** rng.integers(-17, 18, (100, 2)):
        for P, Q in ((wdist.Gaussian(a, 2.0), wdist.Gaussian(b, 2.0)), (st.cauchy(a), st.cauchy(b))):
            r = wdist.wasserstein(P, Q, p=1)
            assert Fraction(r.lower) <= abs(Fraction(a) - Fraction(b)) <= Fraction(r.upper)
            assert r.kind == "exact"
    r = wdist.wasserstein(st.cauchy(1), st.cauchy(3), p=3)
    assert (r.lower, r.distance, r.upper) == (2.0, 2.0, 2.0)


def test_factors_beyond_the_range_of_their_squares():
    P, Q = (wdist.Gaussian.from_factor([0.0], [[c]]) for c in (1e200, 3e200))
    r = wdist.wasserstein(P, Q, p=2)
    assert r.lower <= 2e200 <= r.upper
    assert r.gap < 1e187
