"""Laws of W_p on the circle, against closed forms, POT and the linear programme on the matrix of arcs."""

import itertools
import math

import mpmath
import numpy as np
import ot
import pytest
import scipy.stats as st
import torch
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

import wdist

T = 6.0
numbers = some.floats(-20, 20, allow_subnormal=False)
samples = some.integers(1, 9).flatmap(lambda n: arrays(np.float64, n, elements=numbers))
exponents = some.sampled_from([1, 1.5, 2, 3, 7, math.inf])


def circle(u, v, p, period=T, **weights):
    return wdist.wasserstein_1d(u, v, p=p, period=period, **weights)


def arcs(x, y, period=T):
    d = np.abs(x[:, None] - y) % period
    return np.minimum(d, period - d)


@pytest.fixture
def rng():
    return np.random.default_rng(21)


def weighted(rng, n, m):
    return rng.random(n) * T, rng.normal(size=m) * 9, rng.random(n) + 0.01, rng.random(m) + 0.01


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 6), (5, 5), (5, 7), (60, 60), (80, 51)])
@pytest.mark.parametrize("p", [1, 1.3, 2, 3, 7])
def test_agrees_with_the_linear_programme(rng, n, m, p):
    x, y, a, b = weighted(rng, n, m)
    for u, v in ((None, None), (a, None), (a, b)):
        exact = wdist.transport_lp(arcs(x, y) ** p, u, v, p=p).distance
        assert circle(x, y, p, u_weights=u, v_weights=v) == pytest.approx(exact, rel=1e-11)


@given(samples, samples, some.sampled_from([1, 2, 7]), some.integers(0, 2**32))
def test_agrees_with_the_linear_programme_on_ties_and_points_without_mass(x, y, p, seed):
    x, y = np.round(x), np.round(y)
    a, b = (np.append(np.random.default_rng(seed).integers(0, 4, len(z) - 1), 1.0) for z in (x, y))
    exact = wdist.transport_lp(arcs(x, y) ** p, a, b, p=p)
    assert circle(x, y, p, u_weights=a, v_weights=b) ** p == pytest.approx(exact.cost, rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("n", [1, 2, 5, 6])
def test_the_bottleneck_is_the_least_over_all_matchings(rng, n):
    x, y = rng.random(n) * T, rng.random(n) * T
    d = arcs(x, y)
    least = min(max(d[i, k] for i, k in enumerate(order)) for order in itertools.permutations(range(n)))
    assert circle(x, y, math.inf) == pytest.approx(least, rel=1e-14)


def test_the_bottleneck_of_weighted_samples_lets_all_mass_pass_and_no_less(rng):
    x, y, a, b = weighted(rng, 25, 30)
    r = circle(x, y, math.inf, u_weights=a, v_weights=b)
    for reach, passes in ((r * (1 + 1e-12), True), (r * (1 - 1e-12), False)):
        beyond = (arcs(x, y) > reach).astype(float)
        stuck = wdist.transport_lp(beyond, a, b).cost  # the mass that must go farther
        assert (stuck <= 1e-14) == passes


@pytest.mark.parametrize("p", [1, 2])
def test_agrees_with_pot(rng, p):
    x, y, a, b = rng.random(70), rng.random(50), rng.random(70), rng.random(50)
    a, b = a / a.sum(), b / b.sum()
    theirs = ot.wasserstein_circle(x[:, None], y[:, None], a, b, p=p)[0] ** (1 / p)
    assert circle(x, y, p, period=1.0, u_weights=a, v_weights=b) == pytest.approx(theirs, rel=1e-6)  # POT bisects


@pytest.mark.parametrize("p", [1, 1.5, 2, 7, math.inf])
def test_antipodal_points(p):
    assert circle([1.0], [4.0], p) == pytest.approx(3.0, rel=1e-15)
    assert circle([0.0, 3.0], [1.5, 4.5], p) == pytest.approx(1.5, rel=1e-15)


@pytest.mark.parametrize("p", [1, 2, 3, math.inf])
def test_the_short_way_round(p):
    assert circle([0.25], [5.75], p) == pytest.approx(0.5, rel=1e-15)
    assert circle([23.0, 1.0], [0.0, 2.0], p, period=24) == pytest.approx(1.0, rel=1e-15)


@pytest.mark.parametrize("p", [2, 3, 1.5])
def test_a_regular_polygon_and_one_point(p):
    # n equal masses at the angles k/n from a point: the sum of the arcs to the power p, in 30 digits.
    n = 12
    x = np.arange(n) * (T / n)
    with mpmath.workdps(30):
        arc = [mpmath.mpf(min(k, n - k)) * 6 / n for k in range(n)]
        exact = (sum(d ** mpmath.mpf(p) for d in arc) / n) ** (1 / mpmath.mpf(p))
    assert circle(x, [0.0], p) == pytest.approx(float(exact), rel=1e-14)


@given(samples, samples, exponents)
def test_symmetry(x, y, p):
    assert circle(x, y, p) == pytest.approx(circle(y, x, p), rel=1e-10, abs=1e-12)


@given(samples, exponents)
def test_identity(x, p):
    assert circle(x, x[::-1], p) == 0.0


@given(samples, samples, samples, exponents)
def test_triangle(x, y, z, p):
    assert circle(x, z, p) <= (circle(x, y, p) + circle(y, z, p)) * (1 + 1e-10) + 1e-10


@given(samples, samples)
def test_monotone_in_p(x, y):
    distances = [circle(x, y, p) for p in (1, 1.5, 2, 5, 50, 1000, math.inf)]
    assert all(low <= high * (1 + 1e-10) + 1e-12 for low, high in itertools.pairwise(distances))


@given(samples, samples, numbers, exponents)
def test_a_rotation_of_both_changes_nothing(x, y, turn, p):
    assert circle(x + turn, y + turn, p) == pytest.approx(circle(x, y, p), rel=1e-10, abs=1e-12)


@given(samples, some.floats(0, 0.4), exponents)
def test_a_rotation_costs_no_more_than_its_angle(x, turn, p):
    assert circle(x, x + turn, p) <= turn * (1 + 1e-10) + 1e-12


@given(numbers, numbers, some.floats(-3, 3), exponents)
def test_translation_of_one_half_circle(x, spread, turn, p):
    points = x + np.array([0.0, 0.3, 0.7]) * (spread % 1.0)  # within one unit: nothing is gained the other way
    turn = math.copysign(min(abs(turn), 0.5), turn)
    assert circle(points, points + turn, p) == pytest.approx(abs(turn), rel=1e-10, abs=1e-12)


@given(samples, samples, exponents, some.sampled_from([1e-100, 1e-3, 1e60]))
def test_scaling(x, y, p, s):
    assert circle(s * x, s * y, p, period=s * T) == pytest.approx(s * circle(x, y, p), rel=1e-9, abs=s * 1e-12)


@given(samples, samples, exponents)
def test_splitting_a_mass_changes_nothing(x, y, p):
    together = circle(x, y, p)
    halves = np.concatenate([np.full(len(x), 0.3), np.full(len(x), 0.7)])
    assert circle(np.tile(x, 2), y, p, u_weights=halves) == pytest.approx(together, rel=1e-9, abs=1e-12)


@given(samples, samples, exponents)
def test_never_farther_than_on_the_line(x, y, p):
    assert circle(x, y, p) <= wdist.wasserstein_1d(x, y, p=p) * (1 + 1e-10) + 1e-12


def test_a_wide_circle_is_a_line(rng):
    x, y = rng.random(20), rng.random(30)
    for p in (1, 2, math.inf):
        assert circle(x, y, p, period=1e3) == pytest.approx(wdist.wasserstein_1d(x, y, p=p), rel=1e-12)


@pytest.mark.parametrize("p", [1, 2, math.inf])
def test_a_batch_is_a_loop(rng, p):
    x, y, a = rng.random((3, 4, 6)) * T, rng.random((4, 5)) * T, rng.random((3, 1, 6))
    whole = circle(x, y, p, u_weights=a)
    assert whole.shape == (3, 4)
    for i, j in np.ndindex(3, 4):
        assert whole[i, j] == pytest.approx(circle(x[i, j], y[j], p, u_weights=a[i, 0]), rel=1e-12)


@pytest.mark.parametrize("p", [1, 1.5, 2, 4, math.inf])
@pytest.mark.parametrize(("n", "m"), [(4, 4), (4, 6)])
def test_gradient_by_points_and_weights(p, n, m):
    g = torch.Generator().manual_seed(5)
    inputs = [torch.rand(k, generator=g, dtype=torch.float64).mul(s).requires_grad_() for k, s in
              ((n, T), (m, T), (n, 1), (m, 1))]  # fmt: skip

    def distance(x, y, a, b):
        return circle(x, y, p, u_weights=a**2 + 0.1, v_weights=b**2 + 0.1)

    assert torch.autograd.gradcheck(distance, inputs)
    assert torch.autograd.gradcheck(lambda x, y: circle(x, y, p), inputs[:2])


def test_types_and_dtypes_come_back(rng):
    x, y = rng.random((2, 5)).astype(np.float32), rng.random((2, 5)).astype(np.float32)
    assert circle(x, y, 2).dtype == np.float32
    tensor = circle(torch.tensor(x), y, 2)
    assert tensor.dtype == torch.float32
    assert np.allclose(tensor.numpy(), circle(x, y, 2), rtol=1e-6)
    assert isinstance(circle(x[0], y[0], 1), float)


def test_many_points_agree_at_p_1_with_the_line_after_the_best_cut(rng):
    # Nothing crosses the point opposite to both clouds.
    x, y = rng.normal(size=80_000) * 0.1, 0.3 + rng.normal(size=70_000) * 0.1
    for p in (1, 2):
        assert circle(x, y, p) == pytest.approx(wdist.wasserstein_1d(x, y, p=p), rel=1e-11)


@pytest.mark.parametrize("period", [0, -1.0, math.nan, math.inf])
def test_bad_periods_are_refused(period):
    with pytest.raises(ValueError, match="period is"):
        circle([0.0], [1.0], 1, period=period)
    with pytest.raises(TypeError, match="period is 'day'"):
        circle([0.0], [1.0], 1, period="day")


@pytest.mark.parametrize("law", [st.norm(), wdist.Histogram([0, 1], [1]), wdist.Gaussian(0, 1)])
def test_continuous_laws_are_refused_on_the_circle(law):
    with pytest.raises(wdist.InvalidMeasureError, match=r"^v is a .* on a circle only samples"):
        circle([0.0], law, 2)
