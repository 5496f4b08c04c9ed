"""Laws of transport_map_1d and of QuantileSketch, each named."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import scipy.stats as st

import wdist

X = np.array([-2.0, -0.3, 0.1, 1.7])


def test_translation_of_a_map():
    T, moved = (wdist.transport_map_1d(st.gamma(3), st.norm(shift), p=2) for shift in (0.0, 5.0))
    np.testing.assert_allclose(moved(X + 3), T(X + 3) + 5, rtol=1e-12)


def test_scaling_of_a_map():
    T = wdist.transport_map_1d(st.norm(), st.expon(), p=2)
    wide = wdist.transport_map_1d(st.norm(0, 10), st.expon(scale=3), p=2)
    np.testing.assert_allclose(wide(10 * X), 3 * T(X), rtol=1e-12)


def test_symmetry_of_maps_there_and_back():
    P, Q = st.logistic(), st.gumbel_r()
    there, back = wdist.transport_map_1d(P, Q, p=2), wdist.transport_map_1d(Q, P, p=2)
    np.testing.assert_allclose(back(there(X)), X, rtol=1e-11)


def test_triangle_maps_on_the_line_compose():
    P, Q, R = st.norm(), st.expon(), st.weibull_min(2)
    direct = wdist.transport_map_1d(P, R, p=2)(X)
    detour = wdist.transport_map_1d(Q, R, p=2)(wdist.transport_map_1d(P, Q, p=2)(X))
    np.testing.assert_allclose(detour, direct, rtol=1e-11)


def test_p_monotonicity_the_map_is_the_same_for_every_p():
    maps = [wdist.transport_map_1d(st.norm(), st.expon(), p=p)(X) for p in (1, 2, 7, math.inf)]
    for other in maps[1:]:
        np.testing.assert_array_equal(other, maps[0])


def test_mass_splitting_splits_rows_of_the_plan():
    whole = wdist.transport_map_1d([1.0, 2.0], [0.0, 3.0, 9.0], p=2, u_weights=[3, 1]).toarray()
    parts = wdist.transport_map_1d([1.0, 1.0, 2.0], [0.0, 3.0, 9.0], p=2, u_weights=[1, 2, 1]).toarray()
    np.testing.assert_allclose(np.stack([parts[0] + parts[1], parts[2]]), whole, atol=1e-15)


def test_a_plan_agrees_with_transport():
    rng = np.random.default_rng(1)
    x, y, a = rng.normal(size=20), rng.normal(size=15), rng.random(20)
    plan = wdist.transport_map_1d(x, y, p=2, u_weights=a)
    cost = float(np.sum(plan.data * (x[plan.row] - y[plan.col]) ** 2))
    assert cost == pytest.approx(wdist.transport(x, y, p=2, x_weights=a).cost, rel=1e-12)


@pytest.mark.parametrize("x", [-9.0, -1.0, 0.4, 12.0])
def test_a_map_agrees_with_mpmath(x):
    with mpmath.workdps(40):
        exact = 2 * mpmath.sqrt(-mpmath.log(mpmath.ncdf(-mpmath.mpf(x))))  # F = 1 - exp(-(y/2)^2)
    T = wdist.transport_map_1d(st.norm(), st.weibull_min(2, scale=2), p=2)
    assert T(x) == pytest.approx(float(exact), rel=1e-11)


@pytest.fixture
def sketches():
    rng = np.random.default_rng(6)
    streams = rng.normal(size=20_000), rng.exponential(size=20_000), rng.random(20_000)
    found = []
    for stream in streams:
        sketch = wdist.QuantileSketch(200)
        sketch.update(stream)
        found.append(sketch)
    return found, streams


@pytest.mark.parametrize("p", [1, 2, 3])
def test_symmetry_and_triangle_of_sketches(sketches, p):
    (P, Q, R), _ = sketches
    d = lambda A, B: wdist.wasserstein_1d(A, B, p=p)  # noqa: E731
    assert d(P, Q) == pytest.approx(d(Q, P), rel=1e-12)
    assert d(P, R) <= (d(P, Q) + d(Q, R)) * (1 + 1e-12)


def test_p_monotonicity_of_sketches_and_of_their_errors(sketches):
    (P, Q, _), _ = sketches
    distances = [wdist.wasserstein_1d(P, Q, p=p) for p in (1, 2, 4, math.inf)]
    errors = [P.error(p) for p in (1, 2, 4, math.inf)]
    assert distances == sorted(distances)
    assert errors == sorted(errors)


@pytest.mark.parametrize("p", [1, 2])
def test_the_bracket_of_sketches_agrees_with_transport_of_the_streams(sketches, p):
    (P, Q, _), (x, y, _) = sketches
    r = wdist.wasserstein(P, Q, p=p)
    # Sorted samples of equal size are matched in order, which is the linear programme's answer on the line.
    exact = np.mean(np.abs(np.sort(x) - np.sort(y)) ** p) ** (1 / p)
    assert r.lower <= exact <= r.upper
    few = [np.quantile(z, (np.arange(40) + 0.5) / 40) for z in (x, y)]
    small = [wdist.QuantileSketch(16) for _ in few]
    for sketch, points in zip(small, few, strict=True):
        sketch.update(points)
    assert wdist.wasserstein_1d(*small, p=p) == pytest.approx(wdist.transport(*few, p=p).distance, rel=1e-12)
