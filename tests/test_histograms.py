"""Histograms on the line: exact against rational arithmetic, mpmath and quadrature, and the laws of W_p."""

import math
from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

import wdist
from wdist.histograms import mean_power
from wdist.quantiles import law_distance

inf = math.inf
EXPONENTS = [1, 1.5, 2, 3, 7.3]


def random_histogram(rng, k, offset=0.0, empty=True):
    masses = rng.integers(0 if empty else 1, 9, size=k).astype(float)
    masses[0] += 1
    return wdist.Histogram(offset + np.cumsum(rng.random(k + 1) + 0.01), masses)


def bins_of(measure):
    """Exact masses and bins; a point is a bin of no width."""
    if isinstance(measure, wdist.Histogram):
        rows = zip(measure.masses, measure.edges[:-1], measure.edges[1:], strict=True)
    else:
        points = measure.points[:, 0]
        order = np.argsort(points)
        rows = zip(measure.mass[order], points[order], points[order], strict=True)
    rows = [tuple(map(Fraction, map(float, row))) for row in rows if row[0] > 0]
    total = sum(row[0] for row in rows)
    return [(mass / total, low, high) for mass, low, high in rows]


def pieces_of(P, Q):
    """(mass, difference where the piece starts, and where it ends), in rationals, by walking both laws at once."""
    left, right, found = bins_of(P)[::-1], bins_of(Q)[::-1], []
    while left and right:
        (a, x, u), (b, y, v) = left.pop(), right.pop()
        mass = min(a, b)
        x1, y1 = x + (u - x) * mass / a, y + (v - y) * mass / b
        found.append((mass, x - y, x1 - y1))
        if a > mass:
            left.append((a - mass, x1, u))
        if b > mass:
            right.append((b - mass, y1, v))
    return found


def rational_cost(P, Q, p):
    total = Fraction(0)
    for mass, d, e in pieces_of(P, Q):
        if p == 2:
            total += mass * (d * d + d * e + e * e) / 3
        elif d * e >= 0:
            total += mass * abs(d + e) / 2
        else:
            total += mass * (d * d + e * e) / (2 * abs(e - d))
    return total


def precise_distance(P, Q, p):
    with mpmath.workdps(60):
        total = mpmath.mpf(0)
        number = lambda z: mpmath.mpf(z.numerator) / z.denominator  # noqa: E731
        for mass, d, e in pieces_of(P, Q):
            d, e = number(d), number(e)
            primitive = lambda z: z * abs(z) ** mpmath.mpf(p) / (mpmath.mpf(p) + 1)  # noqa: E731
            total += number(mass) * ((primitive(e) - primitive(d)) / (e - d) if d != e else abs(d) ** p)
        return total ** (1 / mpmath.mpf(p))


def check(P, Q, p, width=1e-11):
    r, truth = wdist.wasserstein(P, Q, p=p), precise_distance(P, Q, p)
    assert r.kind == "exact"
    assert r.method == "1d"
    assert r.lower <= truth <= r.upper
    assert r.lower <= r.distance <= r.upper
    assert r.gap <= width * max(float(truth), 1e-300)
    return r


@pytest.mark.parametrize("p", EXPONENTS)
@pytest.mark.parametrize("seed", range(6))
def test_two_histograms_agree_with_mpmath(p, seed):
    rng = np.random.default_rng(seed)
    check(random_histogram(rng, 9), random_histogram(rng, 14, offset=seed - 2.0), p)


@pytest.mark.parametrize("p", EXPONENTS)
@pytest.mark.parametrize("seed", range(3))
def test_a_histogram_and_samples_agree_with_mpmath(p, seed):
    rng = np.random.default_rng(seed)
    samples = wdist.Samples(rng.normal(size=11) + 3, rng.integers(1, 5, size=11))
    check(random_histogram(rng, 12), samples, p)
    check(samples, random_histogram(rng, 12), p)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_costs_agree_with_rationals(p, seed):
    rng = np.random.default_rng(seed)
    P, Q = random_histogram(rng, 30), random_histogram(rng, 23)
    cost = rational_cost(P, Q, p)
    assert wdist.wasserstein(P, Q, p=p).cost == pytest.approx(float(cost), rel=1e-13)


@pytest.mark.parametrize("p", [1, 2, 3])
def test_the_closed_form_agrees_with_quadrature(p):
    rng = np.random.default_rng(8)
    P, Q = random_histogram(rng, 7, empty=False), random_histogram(rng, 5, empty=False)
    by_function = [wdist.Quantile(H.law().ppf).law() for H in (P, Q)]
    assert wdist.wasserstein_1d(P, Q, p=p) == pytest.approx(law_distance(*by_function, p).distance, rel=1e-7)


@pytest.mark.parametrize("p", [1, 1.5, 2, 20.5])
def test_the_mean_power_does_not_cancel(p):
    d = np.array([1.0, 1.0, 1.0, 1.0, -1.0, -1.0, 0.0, 0.0, 1e-200, -3.0])
    e = np.array([1.0, 1 + 2.0**-52, 1 + 1e-9, 2.0, 1e-12, 1 - 1e-9, 0.0, 5.0, 1e-200, -3 - 1e-7])
    for i, found in enumerate(mean_power(d, e, p)):
        with mpmath.workdps(80):
            u, v = mpmath.mpf(d[i]), mpmath.mpf(e[i])
            truth = abs(u) ** p if u == v else (v * abs(v) ** p - u * abs(u) ** p) / ((p + 1) * (v - u))
        assert found == pytest.approx(float(truth), rel=1e-14 + 1e-15 * p)


def test_nearly_equal_histograms_keep_their_digits():
    edges = np.linspace(0, 1, 11)
    masses = np.arange(1.0, 11.0)
    for shift in (1e-3, 1e-8, 1e-12):
        P, Q = wdist.Histogram(edges, masses), wdist.Histogram(edges + shift, masses)
        r, truth = wdist.wasserstein(P, Q, p=2), precise_distance(P, Q, 2)
        assert r.lower <= truth <= r.upper
        assert r.gap <= 1e-13


@pytest.mark.parametrize("scale", [1e-300, 1e-100, 1e100, 1e300])
@pytest.mark.parametrize("p", [1, 3, 40, inf])
def test_scaling(scale, p):
    rng = np.random.default_rng(2)
    P, Q = random_histogram(rng, 6), random_histogram(rng, 8)
    scaled = [wdist.Histogram(scale * H.edges, H.masses) for H in (P, Q)]
    assert wdist.wasserstein_1d(*scaled, p=p) == pytest.approx(scale * wdist.wasserstein_1d(P, Q, p=p), rel=1e-12)


@pytest.mark.parametrize("p", [1, 2.5, 9, inf])
def test_translation(p):
    H = random_histogram(np.random.default_rng(3), 40)
    r = wdist.wasserstein(H, wdist.Histogram(H.edges + 8, H.masses), p=p)
    assert r.kind == "exact"
    assert r.lower <= 8 <= r.upper
    assert r.distance == pytest.approx(8, rel=1e-14)
    assert wdist.wasserstein_1d(H, H, p=p) == 0.0


@given(st.integers(0, 10**6), st.sampled_from([1.0, 1.5, 2.0, 5.0, inf]))
def test_symmetry_and_the_triangle(seed, p):
    rng = np.random.default_rng(seed)
    P, Q, R = (random_histogram(rng, k) for k in (3, 4, 6))
    PQ, QP, QR, PR = (wdist.wasserstein(*pair, p=p) for pair in ((P, Q), (Q, P), (Q, R), (P, R)))
    assert PQ.distance == pytest.approx(QP.distance, rel=1e-13)
    assert PR.lower <= PQ.upper + QR.upper


@given(st.integers(0, 10**6))
def test_monotone_in_p(seed):
    rng = np.random.default_rng(seed)
    P, Q = random_histogram(rng, 5), random_histogram(rng, 4)
    found = [wdist.wasserstein(P, Q, p=p) for p in (1, 1.1, 2, 6, 50, inf)]
    assert all(a.lower <= b.upper for a, b in pairwise(found))


@pytest.mark.parametrize("p", [1, 2, 3.5, inf])
def test_mass_splitting(p):
    """Bins cut in two, their mass shared by width, are the same law."""
    rng = np.random.default_rng(6)
    P, Q = random_histogram(rng, 12), random_histogram(rng, 9)
    edges = np.sort(np.append(P.edges, (P.edges[:-1] + P.edges[1:]) / 2))
    halves = wdist.Histogram(edges, np.repeat(P.masses / 2, 2))
    assert wdist.wasserstein_1d(halves, Q, p=p) == pytest.approx(wdist.wasserstein_1d(P, Q, p=p), rel=1e-12)
    assert wdist.wasserstein_1d(halves, P, p=p) <= 1e-14


@pytest.mark.parametrize("p", [1, 2, 3])
def test_narrow_bins_are_points(p):
    points, weights = np.array([0.0, 1.0, 4.0]), np.array([0.5, 0.25, 0.25])
    edges = np.ravel([points, points + 1e-13], order="F")
    narrow = wdist.Histogram(edges, [0.5, 0, 0.25, 0, 0.25])
    other = [1.0, 3.0]
    truth = wdist.transport(points, other, p=p, x_weights=weights).distance
    assert wdist.wasserstein_1d(narrow, other, p=p) == pytest.approx(truth, rel=1e-12)


def test_supremum():
    r = wdist.wasserstein(wdist.Histogram([0, 1], [1]), [0.0, 2.0], p=inf)
    assert (r.kind, r.distance) == ("exact", 1.5)
    two, same = wdist.Histogram([0, 1, 2, 3], [0.1, 0, 0.2]), wdist.Histogram([0, 1, 2, 3], [1, 0, 2])
    r = wdist.wasserstein(two, same, p=inf)
    assert r.distance <= 1e-15
    assert r.lower == 0.0


def test_thousands_of_empty_and_faint_bins():
    rng = np.random.default_rng(9)
    masses = 10.0 ** rng.uniform(-30, 0, size=3000) * (rng.random(3000) > 0.3)
    P = wdist.Histogram(np.cumsum(rng.random(3001)), masses)
    Q = wdist.Histogram(np.linspace(0, 1500, 2001), 10.0 ** rng.uniform(-30, 0, size=2000))
    for p in (1, 2, 4):
        r, truth = wdist.wasserstein(P, Q, p=p), precise_distance(P, Q, p)
        assert r.lower <= truth <= r.upper
        assert r.distance == pytest.approx(float(truth), rel=1e-11)


@pytest.mark.parametrize("p", [1, 2, 17, inf])
def test_masses_below_a_rounding_are_in_the_bracket(p):
    """At an end, between bins, where both sides jump: their roots are no small numbers."""
    rng = np.random.default_rng(3)
    cases = [
        (wdist.Histogram([0, 1, 1e6], [1, 1e-17]), wdist.Histogram([0, 1], [1])),
        (wdist.Histogram([0, 1, 1e6, 1e6 + 1], [1, 1e-17, 1]), wdist.Histogram([0, 1, 1e6, 1e6 + 1], [1, 0, 1])),
        (wdist.Histogram([0, 1, 5, 6], [1, 1e-17, 1]), wdist.Samples([0, 9, 10], [1, 1e-17, 1])),
    ]
    for _ in range(60):
        edges = np.cumsum(10.0 ** -rng.integers(0, 9, (2, 7)), axis=1)
        cases.append(tuple(wdist.Histogram(x, 10.0 ** -rng.integers(0, 18, 6)) for x in edges))
    for P, Q in cases:
        r = wdist.wasserstein(P, Q, p=p)
        if p == inf:
            assert r.lower <= max(max(abs(d), abs(e)) for _, d, e in pieces_of(P, Q)) <= r.upper
        else:
            with mpmath.workdps(60):
                terms = [(mpmath.mpf(z.numerator) / z.denominator for z in piece) for piece in pieces_of(P, Q)]
                cost = mpmath.fsum(mass * mean_of_powers(d, e, p) for mass, d, e in terms)
                assert r.lower <= cost ** (mpmath.mpf(1) / p) <= r.upper


def mean_of_powers(d, e, p):
    return abs(d) ** p if d == e else (e * abs(e) ** p - d * abs(d) ** p) / ((p + 1) * (e - d))


def test_a_tensor_beside_a_histogram_keeps_its_type():
    x = torch.tensor([0.0, 2.0])
    r = wdist.wasserstein(x, wdist.Histogram([0, 1], [1]), p=1)
    assert r.kind == "exact"
    assert r.distance.dtype == torch.float32
    assert float(r) == 0.75


def test_a_uniform_law_is_a_histogram_of_one_bin():
    H = random_histogram(np.random.default_rng(4), 5)
    one = wdist.Histogram([1, 3], [1])
    quadrature = wdist.wasserstein(H, scipy.stats.uniform(1, 2), p=2)
    assert quadrature.kind == "estimate"
    assert wdist.wasserstein_1d(H, one, p=2) == pytest.approx(quadrature.distance, rel=1e-10)
