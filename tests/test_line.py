"""Laws of W_p on the line, against closed forms, POT, SciPy and the linear programme."""

import itertools
import math

import numpy as np
import ot
import pytest
import scipy.stats as st
import torch
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

import wdist
from wdist.coupling import coupling_distance, w1_by_cdf

numbers = some.floats(-100, 100, allow_subnormal=False)
samples = some.integers(1, 12).flatmap(lambda n: arrays(np.float64, n, elements=numbers))
exponents = some.sampled_from([1, 1.5, 2, 3, 7, math.inf])


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def weighted(rng, n, m):
    return rng.normal(size=n), rng.normal(size=m), rng.random(n) + 0.01, rng.random(m) + 0.01


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 6), (5, 5), (5, 7), (300, 200)])
@pytest.mark.parametrize("p", [1, 1.5, 2, 4])
def test_agrees_with_pot(rng, n, m, p):
    x, y, a, b = weighted(rng, n, m)
    a, b = a / a.sum(), b / b.sum()
    assert wdist.wasserstein_1d(x, y, p=p) == pytest.approx(ot.wasserstein_1d(x, y, p=p) ** (1 / p), rel=1e-12)
    weighted_pot = ot.wasserstein_1d(x, y, a, b, p=p) ** (1 / p)
    assert wdist.wasserstein_1d(x, y, p=p, u_weights=a, v_weights=b) == pytest.approx(weighted_pot, rel=1e-12)


def test_agrees_with_scipy_whatever_the_sums_of_weights(rng):
    x, y, a, b = weighted(rng, 40, 60)
    ours = wdist.wasserstein_1d(x, y, p=1, u_weights=7 * a, v_weights=1e-3 * b)
    assert ours == pytest.approx(st.wasserstein_distance(x, y, a, b), rel=1e-12)


@pytest.mark.parametrize("p", [1.5, 2, 3])
def test_agrees_with_the_linear_programme(rng, p):
    x, y, a, b = weighted(rng, 30, 25)
    exact = wdist.transport(x, y, p=p, x_weights=a, y_weights=b).distance
    assert wdist.wasserstein_1d(x, y, p=p, u_weights=a, v_weights=b) == pytest.approx(exact, rel=1e-11)


def test_cdf_form_and_quantile_form_agree_at_p_1(rng):
    x, y, a, b = weighted(rng, 50, 70)
    a, b = a / a.sum(), b / b.sum()
    quantile_form = coupling_distance(x, y, a, b, 1 + 1e-15)  # next to 1: the quantile form, not the CDF's
    assert float(w1_by_cdf(x, y, a, b)) == pytest.approx(float(quantile_form), rel=1e-12)
    assert float(w1_by_cdf(x, y, None, None)) == pytest.approx(st.wasserstein_distance(x, y), rel=1e-12)


@given(samples, samples, exponents)
def test_symmetry(x, y, p):
    assert wdist.wasserstein_1d(x, y, p=p) == pytest.approx(wdist.wasserstein_1d(y, x, p=p), rel=1e-12, abs=1e-300)


@given(samples, exponents)
def test_identity(x, p):
    assert wdist.wasserstein_1d(x, x[::-1], p=p) == 0.0


@given(samples, numbers, exponents)
def test_translation(x, t, p):
    assert wdist.wasserstein_1d(x, x + t, p=p) == pytest.approx(abs(t), rel=1e-12, abs=1e-13)


@given(samples, samples, samples, exponents)
def test_triangle(x, y, z, p):
    w = wdist.wasserstein_1d
    assert w(x, z, p=p) <= (w(x, y, p=p) + w(y, z, p=p)) * (1 + 1e-12) + 1e-12


@given(samples, samples)
def test_monotone_in_p(x, y):
    distances = [wdist.wasserstein_1d(x, y, p=p) for p in (1, 1.5, 2, 5, 50, math.inf)]
    assert all(low <= high * (1 + 1e-12) for low, high in itertools.pairwise(distances))


@given(samples, samples, some.sampled_from([1, 2, math.inf]), some.sampled_from([1e-150, 1e-8, 1e100]))
def test_scaling(x, y, p, s):
    w = wdist.wasserstein_1d
    assert w(s * x, s * y, p=p) == pytest.approx(s * w(x, y, p=p), rel=1e-12)


@given(samples, samples, some.sampled_from([1.5, 7, math.inf]))
def test_rounded_cumulative_weights_do_not_show_in_high_powers(x, y, p):
    # The same law by other weights: at p = 7 a sliver of 1e-16 would count 5e-3 of the distance across it.
    law = wdist.Samples(x, np.full(len(x), 0.1))
    other = wdist.Samples(np.concatenate([x, x]), np.concatenate([np.full(len(x), 0.3), np.full(len(x), 0.7)]))
    r = wdist.wasserstein(law, other, p=p)
    assert r.distance == 0.0
    assert r.lower == 0.0
    away = wdist.wasserstein(law, y, p=p)
    assert away.lower <= wdist.wasserstein_1d(x, y, p=p) <= away.upper


@given(samples, samples, exponents)
def test_splitting_a_mass_changes_nothing(x, y, p):
    twice, halves = np.repeat(x, 2), np.full(2 * len(x), 0.5)
    together = wdist.wasserstein_1d(x, y, p=p)
    assert wdist.wasserstein_1d(twice, y, p=p, u_weights=halves) == pytest.approx(together, rel=1e-12, abs=1e-12)


def test_points_without_mass_do_not_count():
    assert wdist.wasserstein_1d([0, 99], [1], p=math.inf, u_weights=[1, 0]) == 1.0
    assert wdist.wasserstein_1d([0, 99], [1], p=2, u_weights=[1, 0]) == pytest.approx(1.0, rel=1e-15)


def test_integers_and_booleans_give_the_right_number():
    assert wdist.wasserstein_1d([0, 1, 2], [1, 2, 4], p=1) == pytest.approx(4 / 3, rel=1e-15)
    assert wdist.wasserstein_1d(np.array([True, False]), np.array([2, 1]), p=1) == 1.0


def test_largest_distance_is_not_misled_by_rounded_cumulative_weights():
    # 0.1 + 0.2 is not 0.3 in floats: the sliver between them pairs 1 with 10, and must not count.
    u, v = wdist.Samples([0.0, 1.0, 10.0], [0.1, 0.2, 0.7]), wdist.Samples([0.5, 10.0], [0.3, 0.7])
    assert wdist.wasserstein_1d(u, v, p=math.inf) == 0.5


def test_bernoulli():
    for p in (1, 2, 3):
        u, v = wdist.Samples([0, 1], [0.7, 0.3]), wdist.Samples([0, 1], [0.2, 0.8])
        assert wdist.wasserstein_1d(u, v, p=p) == pytest.approx(0.5 ** (1 / p), rel=1e-13)


def test_a_batch_is_a_loop(rng):
    x, y, a = rng.normal(size=(3, 4, 6)), rng.normal(size=(4, 5)), rng.random((3, 4, 6))
    whole = wdist.wasserstein_1d(x, y, p=2, u_weights=a)
    assert whole.shape == (3, 4)
    for i, j in np.ndindex(3, 4):
        one = wdist.wasserstein_1d(x[i, j], y[j], p=2, u_weights=a[i, j])
        assert whole[i, j] == pytest.approx(one, rel=1e-13)
    moved = wdist.wasserstein_1d(np.moveaxis(x, -1, 0), np.moveaxis(x[0], -1, 0), p=1, axis=0)
    assert np.allclose(moved, wdist.wasserstein_1d(x, x[0], p=1), rtol=1e-13)


@pytest.mark.parametrize("p", [1, 2, math.inf])
def test_many_histograms_share_their_points(rng, p):
    points, masses, other = np.arange(6.0), rng.random((3, 2, 6)), rng.random(6)
    whole = wdist.wasserstein_1d(points, points, p=p, u_weights=masses, v_weights=other)
    assert whole.shape == (3, 2)
    for k in np.ndindex(3, 2):
        one = wdist.wasserstein_1d(points, points, p=p, u_weights=list(masses[k]), v_weights=other)
        assert whole[k] == pytest.approx(one, rel=1e-13)
    first = np.moveaxis(masses, -1, 0)
    assert np.array_equal(wdist.wasserstein_1d(points, points, p=p, u_weights=first, v_weights=other, axis=0), whole)
    on_circle = wdist.wasserstein_1d(points, points, p=p, u_weights=masses, v_weights=other, period=6)
    assert np.all(on_circle <= whole * (1 + 1e-12))


def test_weights_may_be_counts_or_booleans():
    counted = wdist.wasserstein_1d([0, 1], [0, 1], p=1, u_weights=[1, 3], v_weights=np.array([True, True]))
    assert counted == wdist.wasserstein_1d([0, 1, 1, 1], [0, 1], p=1) == 0.25


def test_types_and_dtypes_come_back(rng):
    x, y = rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    assert isinstance(wdist.wasserstein_1d(x[0], y[0], p=2), float)
    assert wdist.wasserstein_1d(x.astype(np.float32), y.astype(np.float32), p=2).dtype == np.float32
    tensor = wdist.wasserstein_1d(torch.tensor(x, dtype=torch.float32), y, p=2)
    assert tensor.dtype == torch.float32
    assert np.allclose(tensor.numpy(), wdist.wasserstein_1d(x, y, p=2), rtol=1e-6)


def test_float32_far_from_the_origin_keeps_its_digits():
    x = torch.arange(8, dtype=torch.float32) + 1e4
    assert float(wdist.wasserstein_1d(x, x + 1, p=2)) == 1.0


@pytest.mark.parametrize(
    ("u", "kwargs", "message"),
    [
        ([1, np.nan], {}, "u has 1 entry that is NaN"),
        ([], {}, "u is empty"),
        ([1j], {}, "u holds complex"),
        ([1, 2], {"u_weights": [1, -1]}, "u_weights has a negative entry"),
        ([1, 2], {"u_weights": [0, 0]}, "u_weights sums to 0"),
        ([1, 2], {"u_weights": [1]}, "u_weights has shape"),
        ([1, 2], {"u_weights": 1.0}, "u_weights has shape"),
        (np.zeros((3, 2)), {"u_weights": np.ones((4, 2))}, r"do not broadcast: u \(3,\), u_weights \(4,\)"),
        (wdist.Samples([1, 2]), {"u_weights": [1, 1]}, "u is already a measure"),
        (np.zeros((4, 1)), {}, "axis"),
        (wdist.Samples(np.zeros((4, 2))), {}, "not on the line"),
        (math.sin, {}, "wdist.Quantile"),
        (3.0, {}, "u is a scalar"),
    ],
)
def test_bad_input_is_refused_by_name(u, kwargs, message):
    with pytest.raises(wdist.InvalidMeasureError, match=message):
        wdist.wasserstein_1d(u, [1.0, 2.0], p=1, **kwargs)


@pytest.mark.parametrize("p", [0.5, 0, -1, math.nan])
def test_bad_exponents_are_refused(p):
    with pytest.raises(ValueError, match="p is"):
        wdist.wasserstein_1d([0.0], [1.0], p=p)
