"""Laws on the line: quantiles from both ends, against SciPy's where it has them and closed forms elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from wdist import CDF, Histogram, InvalidMeasureError, Quantile, wasserstein
from wdist.frozen import frozen_law

T = np.array([1e-12, 1e-6, 0.01, 0.25, 0.499, 0.5])
CONTINUOUS = {
    "norm": scipy.stats.norm(1, 2),
    "expon": scipy.stats.expon(scale=3),
    "gamma": scipy.stats.gamma(2.5, loc=-1),
    "cauchy": scipy.stats.cauchy(5, 0.1),
    "t": scipy.stats.t(df=3, loc=2),
    "uniform": scipy.stats.uniform(-1, 4),
}
DISCRETE = {
    "poisson": scipy.stats.poisson(3.5),
    "binom": scipy.stats.binom(10, 0.3, loc=2),
    "bernoulli": scipy.stats.bernoulli(0.25),
    "geom": scipy.stats.geom(0.2),
    "randint": scipy.stats.randint(-3, 4),
}


def law_of(x):
    measure = frozen_law(x, "x")
    return measure.law() if hasattr(measure, "law") else measure


@pytest.mark.parametrize("law", CONTINUOUS.values(), ids=CONTINUOUS)
def test_frozen_laws_have_scipys_quantiles_from_both_ends(law):
    np.testing.assert_allclose(law_of(law).quantile(T), law.ppf(T), rtol=1e-12)
    np.testing.assert_allclose(law_of(law).quantile(T, upper=True), law.isf(T), rtol=1e-12)


def test_the_upper_end_reaches_past_1_minus_eps():
    s = np.array([1e-30, 1e-300])  # 1 - s is 1 in double precision
    np.testing.assert_allclose(law_of(scipy.stats.expon()).quantile(s, upper=True), -np.log(s), rtol=1e-12)


@pytest.mark.parametrize("law", DISCRETE.values(), ids=DISCRETE)
def test_discrete_laws_have_scipys_quantiles_from_both_ends(law):
    t = np.random.default_rng(0).random(200) / 2  # almost surely no jump
    np.testing.assert_array_equal(law_of(law).quantile(t), law.ppf(t))
    np.testing.assert_array_equal(law_of(law).quantile(t, upper=True), law.isf(t))


def test_a_discrete_upper_tail_is_summed_from_its_end():
    law = scipy.stats.poisson(3.5)
    atoms = np.arange(30, 60)
    beyond = law.sf(atoms)  # P(X > k), down to 1e-46
    np.testing.assert_array_equal(law_of(law).quantile(beyond * 1.001, upper=True), atoms)
    np.testing.assert_array_equal(law_of(law).quantile(beyond * 0.999, upper=True), atoms + 1)


def test_the_breaks_of_a_discrete_law_are_its_jumps():
    law = law_of(scipy.stats.binom(2, 0.5))
    np.testing.assert_allclose(law.breaks, [0.25], rtol=1e-12)
    np.testing.assert_allclose(law.upper_breaks, [0.25], rtol=1e-12)


@pytest.mark.parametrize(("points", "masses"), [([0, 0.3, 1], [0.3, 0.3, 0.4]), ([-5, 10**6], [0.999, 0.001])])
def test_a_discrete_law_given_by_its_points_is_those_points(points, masses):
    """They need not be integers, nor near each other."""
    law = scipy.stats.rv_discrete(values=(points, masses))(2)
    r = wasserstein(law, [-3.0], p=1)
    assert r.distance == pytest.approx(np.dot(points, masses) + 5, rel=1e-14)
    assert r.kind == "exact"


class Gap(scipy.stats.rv_discrete):
    """Half of the mass is at 0, and half far away."""

    def _argcheck(self, far):
        return far != 0

    def _pmf(self, k, far):
        return np.where((k == 0) | (k == far), 0.5, 0.0)

    def _cdf(self, k, far):
        return np.where(k < np.minimum(far, 0), 0.0, np.where(k < np.maximum(far, 0), 0.5, 1.0))


@pytest.mark.parametrize("far", [-5000, 5000, 10**7])
def test_mass_beyond_a_gap_is_not_lost(far):
    r = wasserstein(Gap(a=min(far, 0), b=max(far, 0))(far), [0.0], p=1)
    assert r.lower <= abs(far) / 2 <= r.upper
    if abs(far) < 10**5:  # within a table
        assert r.distance == pytest.approx(abs(far) / 2, rel=1e-12)


@pytest.mark.skipif(not hasattr(scipy.stats, "Normal"), reason="of SciPy 1.15")
def test_laws_of_make_distribution_are_read():
    law = scipy.stats.Normal(mu=1.0, sigma=2.0)
    np.testing.assert_allclose(law_of(law).quantile(T), scipy.stats.norm(1, 2).ppf(T), rtol=1e-10)


# --- Histogram ---


def test_histogram_spreads_masses_evenly_inside_bins():
    law = law_of(Histogram([0, 1, 3], [1, 3]))
    np.testing.assert_allclose(law.quantile(np.array([0.125, 0.25, 0.5])), [0.5, 1.0, 1 + 2 / 3], rtol=1e-14)
    np.testing.assert_allclose(law.quantile(np.array([0.0, 0.375]), upper=True), [3.0, 2.0], rtol=1e-14)


def test_histogram_agrees_with_scipys():
    counts, edges = np.array([3, 0, 5, 2]), np.array([-1.0, 0.0, 0.5, 2.0, 4.0])
    t = np.random.default_rng(1).random(100)
    expected = scipy.stats.rv_histogram((counts, edges), density=False).ppf(t)
    np.testing.assert_allclose(law_of(Histogram(edges, counts)).quantile(t), expected, rtol=1e-12)


def test_histogram_jumps_over_an_empty_bin():
    law = law_of(Histogram([0, 1, 2, 3], [1, 0, 1]))
    assert law.quantile(np.array(0.5)) == 1.0  # the smallest x with F(x) >= 1/2
    assert law.quantile(np.array(0.5 + 1e-12)) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("edges", "masses", "message"),
    [
        ([0, 1], [1, 1], r"edges has shape \(2,\) and masses \(2,\): k bins need k \+ 1 edges"),
        ([], [], r"edges has shape \(0,\)"),
        ([[0, 1]], [1], r"edges has shape \(1, 2\)"),
        ([0, 0, 1], [1, 1], "edges is not strictly increasing: sort the edges"),
        ([0, np.nan, 1], [1, 1], "edges has 1 entry that is NaN"),
        ([0, 1, 2], [1, -1], "masses has a negative entry, -1 at index 1"),
        ([0, 1, 2], [0, 0], "masses sums to 0"),
        ([0, 1, 2], [1, np.inf], "masses has 1 entry that is NaN or infinite"),
        ([0, 1, 2], [1j, 1], "masses holds complex numbers"),
    ],
)
def test_bad_histograms_are_refused(edges, masses, message):
    with pytest.raises(InvalidMeasureError, match=message):
        Histogram(edges, masses)


# --- Quantile and CDF ---


def test_quantile_is_the_function_given():
    law = law_of(Quantile(lambda t: -np.log1p(-t)))
    np.testing.assert_allclose(law.quantile(T), scipy.stats.expon.ppf(T), rtol=1e-12)
    np.testing.assert_allclose(law.quantile(T[1:], upper=True), scipy.stats.expon.isf(T[1:]), rtol=1e-9)


def test_quantile_of_one_number_at_a_time_works_too():
    law = law_of(Quantile(lambda t: 1.0 if t > 0.3 else 0.0))
    np.testing.assert_array_equal(law.quantile(np.array([0.2, 0.3, 0.4])), [0.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda t: -t, r"f decreases somewhere on \(0, 1\): a quantile function never does"),
        (lambda t: t * np.nan, "f is not a finite real number everywhere"),
        (lambda t: t * 1j, "f is not a finite real number everywhere"),
        (3.0, "f is float: give a function of one argument"),
    ],
)
def test_bad_quantiles_are_refused(f, message):
    with pytest.raises(InvalidMeasureError, match=message):
        Quantile(f)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6, 1e200])
def test_cdf_is_inverted_at_any_scale(scale):
    law = law_of(CDF(lambda x: scipy.stats.expon.cdf(x / scale)))
    np.testing.assert_allclose(law.quantile(T[1:]), scale * scipy.stats.expon.ppf(T[1:]), rtol=1e-9)


def test_cdf_with_atoms_and_a_flat_part():
    # Mass 1/4 at -1, 1/4 spread over (0, 1), nothing on (1, 2), 1/2 at 2.
    law = law_of(CDF(lambda x: 0.25 * (x >= -1) + 0.25 * np.clip(x, 0, 1) + 0.5 * (x >= 2)))
    t = np.array([0.1, 0.25, 0.375, 0.5, 0.51, 0.99])
    np.testing.assert_allclose(law.quantile(t), [-1, -1, 0.5, 1, 2, 2], rtol=1e-15)
    assert law.quantile(np.array(0.25), upper=True) == 2


def test_cdf_keeps_to_its_support():
    law = law_of(CDF(lambda x: x**2, support=(0, 1)))
    np.testing.assert_allclose(law.quantile(np.array([0.01, 0.25])), [0.1, 0.5], rtol=1e-14)


@pytest.mark.parametrize(
    ("F", "support", "message"),
    [
        (lambda x: 0.5 - np.arctan(x) / np.pi, (-np.inf, np.inf), "somewhere decreasing: a distribution function"),
        (lambda x: 0.5 * (x > 0), (-1, 1), "F runs from 0 to 0.5 over the support"),
        (lambda x: x, (1, 0), r"support is \(1, 0\): expected \(low, high\) with low < high"),
        (lambda x: x, (np.nan, 1), r"support is \(nan, 1\)"),
        (lambda x: x, (0,), r"support is \(0,\): expected two numbers"),
        (lambda x: x, (0, 1, 2), "expected two numbers"),
        (lambda x: x, None, "support is None: expected two numbers"),
        (lambda x: x * np.nan, (0, 1), "F is not a finite real number everywhere"),
        (3, (0, 1), "F is int: give a function of one argument"),
    ],
)
def test_bad_cdfs_are_refused(F, support, message):
    with pytest.raises(InvalidMeasureError, match=message):
        CDF(F, support)


def test_functions_of_one_axis_are_enough():
    """What the documentation asks for: an array of levels, or of points, is never a matrix."""
    law = CDF(lambda x: [min(max(float(z), 0.0), 1.0) for z in x], support=(0, 1))
    assert wasserstein(law, [0.5], p=1).distance == pytest.approx(0.25, rel=1e-9)
    assert wasserstein(Quantile(lambda t: [2.0 * float(z) for z in t]), [0.0], p=1).distance == pytest.approx(1.0)
