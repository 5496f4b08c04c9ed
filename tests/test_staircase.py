"""Sorting by digits and the compiled walk: against NumPy's sort, rational arithmetic, and the whole-array formulas."""

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.stats as st
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays
from problems.batches import check_parts

import wdist
from wdist import coupling
from wdist.coupling import MANY, SAME_JUMP, coupling_distance
from wdist.radix import sort_rows
from wdist.staircase import _add, accumulate_rows, climb_equal, climb_weighted

floats = arrays(np.float64, some.integers(1, 40), elements=some.floats(allow_nan=False))
exponents = [1.0, 2.0, 1.5, 7.0, math.inf]


@pytest.fixture
def rng():
    return np.random.default_rng(22)


@pytest.fixture
def compiled(monkeypatch):
    """Send all samples through compiled code."""
    monkeypatch.setattr(coupling, "MANY", 0)
    monkeypatch.setattr(coupling, "SHORT", 3)


@pytest.mark.parametrize("sort", [sort_rows, sort_rows.function], ids=["compiled", "plain"])
@given(x=floats)
@settings(max_examples=25)
def test_sorts_what_numpy_sorts(sort, x):
    rows = np.stack([x, x[::-1]])
    ranks = np.tile(np.arange(len(x), dtype=float), (2, 1))
    with np.errstate(over="raise"):
        sort(rows.view(np.uint64), ranks)
    # Zeros of both signs are equal to NumPy; here -0 comes first.
    assert np.array_equal(rows, np.tile(np.sort(x), (2, 1)))
    assert np.array_equal(x[ranks[0].astype(int)], rows[0])
    assert np.array_equal(x[::-1][ranks[1].astype(int)], rows[1])


@pytest.mark.parametrize("digits", range(1, 7))
def test_sorts_numbers_that_share_some_digits(digits, rng):
    """An odd number of passes ends in the spare array, an even one in the row."""
    x = 1.0 + 2.0**-52 * rng.integers(0, 256, (200, digits)) @ 256.0 ** np.arange(digits)
    rows, ranks = x[None].copy(), np.arange(200.0)[None]
    sort_rows(rows.view(np.uint64), ranks)
    assert np.array_equal(rows[0], np.sort(x))
    assert np.array_equal(ranks[0], np.argsort(x, kind="stable"))


def test_ties_keep_their_order(rng):
    x = rng.integers(-5, 5, 3000).astype(float)
    rows, ranks = x[None].copy(), np.arange(3000.0)[None]
    sort_rows(rows.view(np.uint64), ranks)
    assert np.array_equal(ranks[0], np.argsort(x, kind="stable"))


@pytest.mark.parametrize("p", exponents)
@pytest.mark.parametrize("which", ["", "a", "b", "ab"])
@pytest.mark.parametrize(("n", "m"), [(70, 70), (70, 41), (1, 9), (2, 2)])
def test_agrees_with_whole_arrays(rng, monkeypatch, p, which, n, m):
    x, y = rng.normal(size=(3, n)), rng.normal(size=(4, 1, m)).round(1)
    a = rng.random((3, n)) if "a" in which else None
    b = np.append(rng.integers(0, 3, m - 1), 1.0) if "b" in which else None
    a, b = (None if w is None else w / w.sum(axis=-1, keepdims=True) for w in (a, b))
    whole = coupling_distance(x, y, a, b, p)
    monkeypatch.setattr(coupling, "MANY", 0)
    for short in (0, 512):
        monkeypatch.setattr(coupling, "SHORT", short)
        assert np.allclose(coupling_distance(x, y, a, b, p), whole, rtol=1e-13, atol=0)


@pytest.mark.parametrize("p", exponents)
def test_the_plain_functions_are_the_compiled_ones(rng, p):
    x, y = np.sort(rng.normal(size=(2, 9))), np.sort(rng.normal(size=(1, 7)))
    t, s = rng.random((2, 9)), rng.random((1, 7))
    plain, compiled = t.copy(), t.copy()
    accumulate_rows.function(plain)
    accumulate_rows(compiled)
    accumulate_rows(s)
    assert np.array_equal(plain, compiled)
    found = np.empty((4, 2))
    rows = np.array([[0, 0, 0, 0], [1, 0, 1, 0]])
    for k, kind in enumerate((lambda f: f, lambda f: f.function)):
        kind(climb_equal)(x, y, rows[:, :2].copy(), p, found[k])
        kind(climb_weighted)(x, y, plain, s, rows, p, SAME_JUMP, found[2 + k])
    assert np.allclose(found[0], found[1], rtol=1e-15)
    assert np.allclose(found[2], found[3], rtol=1e-15)


def test_sums_of_many_terms_are_exact_to_the_last_digits(rng, compiled):
    # Whole numbers and dyadic weights: the exact answer is rational, and no sum may lose it among 2^15 terms.
    n = 2**15
    x, y = rng.integers(-(10**9), 10**9, n).astype(float), rng.integers(-(10**9), 10**9, n // 2).astype(float)
    u, v = np.sort(x), np.repeat(np.sort(y), 2)
    exact = sum((Fraction(int(i)) - Fraction(int(j))) ** 2 for i, j in zip(u, v, strict=True)) / n
    assert wdist.wasserstein_1d(x, y, p=2) ** 2 == pytest.approx(float(exact), rel=2e-15)
    weights = np.full(n, 3.0), np.full(n // 2, 0.1)
    found = wdist.wasserstein_1d(x, y, p=2, u_weights=weights[0], v_weights=weights[1])
    assert found**2 == pytest.approx(float(exact), rel=2e-15)


@pytest.mark.parametrize("p", [1, 2, 7, math.inf])
def test_translation_of_many_points(rng, p):
    x = rng.integers(-1000, 1000, MANY) / 1024  # so that x + 0.5 is exact
    a = rng.random(MANY)
    assert wdist.wasserstein_1d(x, x[::-1] + 0.5, p=p) == pytest.approx(0.5, rel=1e-15)
    found = wdist.wasserstein_1d(x, x[::-1] + 0.5, p=p, u_weights=a, v_weights=7 * a[::-1])
    # Tied points come with their weights in another order, which rounds otherwise; no piece longer than that counts.
    assert found == pytest.approx(0.5, rel=1e-11)


@pytest.mark.parametrize("p", [2, 7, math.inf])
def test_splitting_the_masses_of_many_points_changes_nothing(rng, p):
    x, a = rng.normal(size=MANY), rng.random(MANY)
    twice, halves = np.tile(x, 2), np.concatenate([0.25 * a, 0.75 * a])
    assert wdist.wasserstein_1d(twice, x, p=p, u_weights=halves, v_weights=a) == 0.0


def test_many_points_agree_with_scipy(rng):
    x, y, a, b = rng.normal(size=MANY), rng.normal(size=MANY // 2), rng.random(MANY), rng.random(MANY // 2)
    found = wdist.wasserstein_1d(x, y, p=1, u_weights=a, v_weights=b)
    assert found == pytest.approx(st.wasserstein_distance(x, y, a, b), rel=1e-12)
    assert wdist.wasserstein_1d(x, y, p=1) == pytest.approx(st.wasserstein_distance(x, y), rel=1e-12)


@pytest.mark.parametrize("p", [2, 7, math.inf])
@pytest.mark.parametrize("s", [1e-200, 1e150])
def test_scaling(rng, compiled, p, s):
    x, y, a = rng.normal(size=50), rng.normal(size=60), rng.random(50)
    near = wdist.wasserstein_1d(x, y, p=p, u_weights=a)
    assert wdist.wasserstein_1d(s * x, s * y, p=p, u_weights=a) == pytest.approx(s * near, rel=1e-12)


def test_the_input_is_left_as_it_was(rng, compiled):
    x, y, a = rng.normal(size=600), rng.normal(size=600), rng.random(600)
    kept = x.copy(), y.copy(), a.copy()
    measure = wdist.Samples(x, a)
    points, weights = measure.points.copy(), measure.weights.copy()
    wdist.wasserstein_1d(x, y, p=2, u_weights=a)
    wdist.wasserstein_1d(measure, y, p=2)
    assert all(np.array_equal(z, k) for z, k in zip((x, y, a), kept, strict=True))
    assert np.array_equal(measure.points, points)
    assert np.array_equal(measure.weights, weights)


@pytest.mark.parametrize("p", [1, 2])
def test_a_batch_taken_in_parts_is_the_whole(monkeypatch, compiled, p):
    check_parts(monkeypatch, "_BLOCK", 256, p)


def test_bad_weights_of_many_points_are_refused_with_their_place():
    weights = np.ones(MANY)
    weights[77] = -1
    with pytest.raises(wdist.InvalidMeasureError, match=r"u_weights has a negative entry, -1 at index 77:"):
        wdist.wasserstein_1d(np.zeros(MANY), [1.0], p=1, u_weights=weights)


def test_a_compensated_sum_loses_nothing_whichever_term_is_larger():
    for terms in ([1.0, 1e100, 1.0, -1e100], [2.0**-60, 1.0, 2.0**-60, 2.0**60, 2.0**-60]):
        total = lost = 0.0
        for term in terms:
            total, lost = _add(total, lost, term)
        assert total + lost == math.fsum(terms)


def test_cumulative_weights_are_compensated():
    weights = np.array([[1.0] + [2.0**-53] * 1000])
    exact = np.cumsum([Fraction(1)] + [Fraction(1, 2**53)] * 1000)
    accumulate_rows.function(weights)
    assert weights[0, -1] == 1.0
    assert all(abs(Fraction(w) - z / exact[-1]) <= Fraction(1, 2**52) for w, z in zip(weights[0], exact, strict=True))
