"""The one door: what it lets in comes out right, and what it refuses is refused by name, with the remedy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

from wdist import Gaussian, Histogram, InvalidMeasureError, Samples
from wdist._arrays import power_of_two
from wdist.covariances import rounding_unit
from wdist.measures import as_measure, as_samples, check_p

NAN, INF = float("nan"), float("inf")
INDEFINITE = [[1.0, 2.0], [2.0, 1.0]]

BAD_POINTS = {
    "nan": ([1.0, NAN], r"points has 1 entry that is NaN or infinite, the first nan at index 1"),
    "inf": ([[1.0, 2.0], [INF, NAN]], r"points has 2 entries.* the first inf at index \(1, 0\):"),
    "nan tensor": (torch.tensor([NAN]), "points has 1 entry that is NaN"),
    "overflow": (np.array(["1e4000"], dtype=np.longdouble), "points has 1 entry that is NaN or infinite"),
    "empty": ([], "points is empty"),
    "no rows": (np.empty((0, 3)), r"points is empty \(shape \(0, 3\)\)"),
    "no columns": (np.empty((3, 0)), r"points is empty \(shape \(3, 0\)\)"),
    "scalar": (3.0, r"points has shape \(\): expected \(n,\) on the line or \(n, d\)"),
    "three axes": (np.zeros((2, 2, 2)), r"points has shape \(2, 2, 2\): expected"),
    "complex": ([1 + 1j], "points holds complex numbers: give real numbers"),
    "complex tensor": (torch.tensor([1j]), "points holds complex numbers: give real numbers"),
    "object": (np.array([1, None], dtype=object), "points holds data of type object"),
    "numbers as objects": (np.array([1, 2], dtype=object), "points holds data of type object"),
    "none": (None, "points holds data of type object"),
    "string": ("abc", "points holds data of type <U3"),
    "numbers as strings": (["1", "2"], "points holds data of type <U1"),
    "dates": (np.array(["2020-01-01"], dtype="M8[D]"), "points holds data of type datetime64"),
    "masked": (np.ma.masked_equal([1, 2, 3], 2), r"points is a masked array .*\.compressed\(\)"),
    "ragged": ([[1, 2], [3]], "points cannot be read as an array of numbers"),
    "generator": ((i for i in range(3)), "points holds data of type object"),
    "sparse tensor": (torch.eye(2).to_sparse(), r"points is a tensor of layout .*to_dense"),
}

BAD_WEIGHTS = {
    "negative": ([1.0, -1.0], "weights has a negative entry, -1 at index 1"),
    "zero sum": ([0.0, 0.0], "weights sums to 0: at least one weight must be positive"),
    "nan": ([1.0, NAN], "weights has 1 entry that is NaN or infinite, the first nan at index 1"),
    "inf": ([1.0, INF], "weights has 1 entry that is NaN or infinite, the first inf at index 1"),
    "too many": ([1.0, 1.0, 1.0], r"weights has shape \(3,\) beside 2 points: expected \(2,\)"),
    "too few": ([1.0], r"weights has shape \(1,\) beside 2 points"),
    "none": ([], r"weights has shape \(0,\) beside 2 points"),
    "a row": ([[1.0, 1.0]], r"weights has shape \(1, 2\) beside 2 points"),
    "scalar": (1.0, r"weights has shape \(\) beside 2 points"),
    "complex": ([1j, 1.0], "weights holds complex numbers"),
    "string": (["a", "b"], "weights holds data of type <U1"),
    "masked": (np.ma.masked_equal([1, 2], 2), "weights is a masked array with masked entries"),
}

BAD_GAUSSIANS = {
    "indefinite": ([0, 0], INDEFINITE, "cov is not positive semi-definite: its smallest eigenvalue is -1"),
    "indefinite in a batch": ([0, 0], [np.eye(2), INDEFINITE], "cov is not positive semi-definite"),
    "negative variance": (0.0, -1.0, "cov is not positive semi-definite: its smallest eigenvalue is -1"),
    "barely indefinite": ([0, 0], np.diag([1.0, -1e-13]), "cov is not positive semi-definite"),
    "asymmetric": ([0, 0], [[1, 0.5], [0, 1]], "cov is not symmetric: .* differ by up to 0.5"),
    "vector": ([0, 0], [1, 1], r"cov has shape \(2,\): expected square matrices"),
    "not square": ([0, 0], np.ones((2, 3)), r"cov has shape \(2, 3\): expected square matrices"),
    "other dimension": ([0, 0, 0], np.eye(2), "mean has dimension 3 .* and the covariance 2"),
    "dimension 0": (np.empty(0), np.empty((0, 0)), "mean and cov have dimension 0"),
    "batches": (np.zeros((2, 2)), np.zeros((3, 2, 2)), "batch axes of mean .* do not broadcast"),
    "nan in cov": ([0, 0], [[1, NAN], [NAN, 1]], "cov has 2 entries that are NaN"),
    "inf in mean": ([0, INF], np.eye(2), "mean has 1 entry that is NaN or infinite, the first inf at index 1"),
    "complex": ([0, 0], 1j * np.eye(2), "cov holds complex numbers"),
    "object": ([0, 0], [[1, None], [None, 1]], "cov holds data of type object"),
}

NOT_MEASURES = {
    "unfrozen law": (scipy.stats.norm, "P is norm_gen of scipy.stats.*: freeze it"),
    "unfrozen discrete law": (scipy.stats.poisson, "P is poisson_gen of scipy.stats.*: freeze it"),
    "law off the line": (scipy.stats.multivariate_normal([0, 0]), "P is multivariate_normal_frozen.*wdist.Gaussian"),
    "several laws": (scipy.stats.norm([0, 1], 1), "P is a frozen law with array parameters: give one law at a time"),
    "negative scale": (scipy.stats.norm(0, -1), "P is a frozen law with scale -1"),
    "impossible law": (scipy.stats.gamma(-1), "P is a frozen law with no finite quartiles: check its parameters"),
    "function": (lambda t: t, r"P is a function: wrap it as wdist.Quantile\(f\) or wdist.CDF\(F\)"),
    "string": ("normal", "P holds data of type <U6"),
}


@pytest.mark.parametrize(("points", "message"), BAD_POINTS.values(), ids=BAD_POINTS)
def test_bad_points_are_refused(points, message):
    with pytest.raises(InvalidMeasureError, match=message):
        Samples(points)


@pytest.mark.parametrize(("weights", "message"), BAD_WEIGHTS.values(), ids=BAD_WEIGHTS)
def test_bad_weights_are_refused(weights, message):
    with pytest.raises(InvalidMeasureError, match=message):
        Samples([1.0, 2.0], weights)


@pytest.mark.parametrize(("mean", "cov", "message"), BAD_GAUSSIANS.values(), ids=BAD_GAUSSIANS)
def test_bad_gaussians_are_refused(mean, cov, message):
    with pytest.raises(InvalidMeasureError, match=message):
        Gaussian(mean, cov)


@pytest.mark.parametrize(("x", "message"), NOT_MEASURES.values(), ids=NOT_MEASURES)
def test_what_is_no_measure_is_refused(x, message):
    with pytest.raises(InvalidMeasureError, match=message):
        as_measure(x, "P")


def test_the_message_names_the_argument_of_the_caller():
    with pytest.raises(InvalidMeasureError, match=r"^x has 1 entry that is NaN"):
        as_measure([1.0, NAN], "x")
    with pytest.raises(InvalidMeasureError, match=r"^x_weights has a negative entry"):
        as_measure([1.0, 2.0], "x", [1.0, -1.0])


@pytest.mark.parametrize("measure", [Samples([1.0]), Gaussian(0, 1), Histogram([0, 1], [1]), scipy.stats.norm(0, 1)])
def test_weights_beside_a_measure_are_refused(measure):
    with pytest.raises(InvalidMeasureError, match=r"x is already a measure .* not beside it"):
        as_measure(measure, "x", [1.0])


def test_as_samples_refuses_laws():
    with pytest.raises(InvalidMeasureError, match=r"x is a Gaussian, and this function takes points: draw samples"):
        as_samples(Gaussian(0, 1), "x")


@pytest.mark.parametrize(
    ("p", "error", "message"),
    [
        (0.5, ValueError, "p is 0.5: W_p is a distance for p >= 1 only"),
        (NAN, ValueError, "p is nan"),
        (-1, ValueError, "p is -1"),
        ("2", TypeError, "p is '2': give the exponent as a number"),
        (True, TypeError, "p is True"),
        (None, TypeError, "p is None"),
        (2j, TypeError, "p is 2j"),
    ],
)
def test_exponents_below_1_are_refused(p, error, message):
    with pytest.raises(error, match=message):
        check_p(p)


def test_an_infinite_exponent_is_refused_where_it_has_no_meaning():
    assert check_p(np.float32("inf")) == INF
    with pytest.raises(ValueError, match=r"p is inf: this function needs a finite p"):
        check_p(INF, finite=True)


POINTS = [[0, 1], [2, 3], [5, 7]]
FORMS = {
    "list": POINTS,
    "tuple": tuple(map(tuple, POINTS)),
    **{name: np.array(POINTS, dtype=name) for name in ("int8", "int64", "uint16", "float16", "float32", "longdouble")},
    "big-endian": np.array(POINTS, dtype=">f4"),
    "fortran": np.asfortranarray(np.array(POINTS, dtype=float)),
    "strided": np.repeat(np.array(POINTS, dtype=float), 2, axis=0)[::2],
    "reversed": np.array(POINTS[::-1], dtype=float)[::-1],
    "unmasked": np.ma.masked_array(POINTS),
    "int tensor": torch.tensor(POINTS),
    "half tensor": torch.tensor(POINTS, dtype=torch.float16),
    "bfloat16 tensor": torch.tensor(POINTS, dtype=torch.bfloat16),
    "transposed tensor": torch.tensor(POINTS).T.contiguous().T,
}


@pytest.mark.parametrize("points", FORMS.values(), ids=FORMS)
def test_every_kind_of_real_number_is_read_as_it_is(points):
    np.testing.assert_array_equal(np.asarray(Samples(points).points), POINTS)
    assert str(Samples(points).points.dtype).endswith("float64")


def test_booleans_are_0_and_1():
    np.testing.assert_array_equal(Samples([True, False]).points, [[1.0], [0.0]])


def test_read_only_input_is_welcome():
    points = np.arange(3.0)
    points.flags.writeable = False
    np.testing.assert_array_equal(Samples(points).points[:, 0], [0.0, 1.0, 2.0])


@pytest.mark.parametrize("kind", [np.array, torch.tensor])
def test_samples_copy_their_input(kind):
    points, weights = kind([0.0, 1.0]), kind([1.0, 3.0])
    samples = Samples(points, weights)
    points[0] = weights[0] = NAN
    np.testing.assert_array_equal(np.asarray(samples.points[:, 0]), [0.0, 1.0])
    np.testing.assert_array_equal(np.asarray(samples.mass), [0.25, 0.75])


def test_the_dtype_of_the_input_is_remembered():
    assert Samples(np.zeros(2, np.float32)).dtype == np.float32
    assert Samples(torch.zeros(2)).dtype == torch.float32
    assert Samples([0, 1]).dtype == np.float64
    assert Samples(np.array([0, 1])).dtype == np.float64


def test_a_vector_is_points_on_the_line():
    assert (Samples([1, 2, 3]).dim, len(Samples([1, 2, 3]))) == (1, 3)
    assert (Samples([[1, 2, 3]]).dim, len(Samples([[1, 2, 3]]))) == (3, 1)


def test_equal_weights_are_written_out_on_demand():
    assert Samples([1, 2]).weights is None
    np.testing.assert_array_equal(Samples([1, 2]).mass, [0.5, 0.5])


@pytest.mark.parametrize("unit", [1e-310, 1e-300, 1.0, 1e300, 3e307])
def test_weights_of_any_size_are_normalised(unit):
    weights = np.array([1.0, 2.0, 5.0]) * unit
    np.testing.assert_allclose(Samples([0, 1, 2], weights).mass, [0.125, 0.25, 0.625], rtol=1e-12)


@given(st.lists(st.floats(0.0, 1e308), min_size=1, max_size=20).filter(any))
def test_normalised_weights_sum_to_1(weights):
    mass = Samples(range(len(weights)), weights).mass
    assert np.all(mass >= 0)
    assert mass.sum() == pytest.approx(1.0, abs=1e-14)


def test_a_frozen_measure_cannot_be_changed():
    for measure, field in ((Samples([1]), "points"), (Gaussian(0, 1), "cov"), (Histogram([0, 1], [1]), "masses")):
        with pytest.raises(AttributeError):
            setattr(measure, field, None)


def test_covariances_may_be_rounded_as_their_dtype_rounds():
    cov = np.array([[1.0, 0.5], [0.5 + 1e-7, 0.25 - 1e-7]], dtype=np.float32)  # determinant below 0 by a rounding
    kept = Gaussian([0, 0], cov).cov
    np.testing.assert_array_equal(kept, kept.T)
    with pytest.raises(InvalidMeasureError, match="not symmetric"):  # these digits were claimed
        Gaussian([0, 0], cov.astype(np.float64))
    with pytest.raises(InvalidMeasureError, match="not positive semi-definite"):
        Gaussian([0, 0], np.asarray(kept))


def test_gaussian_reads_scalars_as_mean_and_variance():
    gaussian = Gaussian(2, 9)
    assert gaussian.dim == 1
    np.testing.assert_allclose(gaussian.law().quantile(scipy.stats.norm.cdf([-1.0, 0.0, 2.0])), [-1, 2, 8], atol=1e-12)


def test_fit_has_the_moments_of_the_samples():
    rng = np.random.default_rng(5)
    points, weights = rng.normal(size=(40, 3)) + 1e6, rng.random(40)  # far out: E[xx'] - mm' would lose 12 digits
    fitted = Gaussian.fit(Samples(points, weights))
    np.testing.assert_allclose(fitted.mean, np.average(points, axis=0, weights=weights), rtol=1e-14)
    np.testing.assert_allclose(fitted.cov, np.cov(points.T, aweights=weights, ddof=0), rtol=1e-8)


def test_fit_refuses_what_has_no_points():
    with pytest.raises(InvalidMeasureError, match=r"Gaussian.fit takes points"):
        Gaussian.fit(scipy.stats.norm(0, 1))


@pytest.mark.parametrize(
    ("factor", "message"),
    [
        ([1, 1], r"factor has shape \(2,\): expected"),
        (np.ones((3, 1)), "mean has dimension 2"),
        ([[NAN], [1]], "factor has 1 entry that is NaN"),
    ],
)
def test_bad_factors_are_refused(factor, message):
    with pytest.raises(InvalidMeasureError, match=message):
        Gaussian.from_factor([0, 0], factor)


def test_nearly_the_largest_double_is_a_variance():
    assert Gaussian(0, 1.5e308).cov[0, 0] == 1.5e308


def test_a_gaussian_has_axes_of_its_own_for_every_batch_axis():
    law = Gaussian(np.zeros((4, 3, 2)), np.broadcast_to(np.eye(2), (3, 2, 2)))
    assert law.batch_shape == (4, 3)
    with pytest.raises(InvalidMeasureError, match="broadcast"):
        Gaussian(np.zeros((4, 3, 2)), np.broadcast_to(np.eye(2), (4, 2, 2)))


@pytest.mark.parametrize("sd", [0.0, 0.25, 3.0])
def test_a_gaussian_on_the_line_has_its_own_quantiles(sd):
    law = Gaussian([1.5], [[sd**2]]).law()
    s = np.array([1e-300, 1e-9, 0.2, 0.5])
    assert law.quantile(s, upper=False) == pytest.approx(1.5 + sd * scipy.stats.norm.ppf(s), rel=1e-14)
    assert law.quantile(s, upper=True) == pytest.approx(1.5 + sd * scipy.stats.norm.isf(s), rel=1e-14)


def test_the_first_negative_weight_is_named():
    with pytest.raises(InvalidMeasureError, match="negative entry, -3 at index 2"):
        Samples([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, -3.0, -4.0])


@pytest.mark.parametrize("x", [1.0, 1.5, 2.0, 3.999, 1e-300, 5e300])
def test_powers_of_two_lie_below(x):
    scale = power_of_two(x)
    assert x / 2 < scale <= x
    assert np.frexp(scale)[0] == 0.5


def test_powers_of_two_keep_to_the_normal_range():
    assert [power_of_two(x) for x in (0.0, 5e-324, 1.7e308)] == [1.0, 2.0**-1021, 2.0**1022]


def test_samples_say_what_they_are():
    assert repr(Samples([1.0, 2.0])).endswith("equal weights)")
    assert repr(Samples([1.0, 2.0], [1, 3])).endswith("weighted)")


@pytest.mark.parametrize(
    ("x", "unit"),
    [
        (torch.zeros(1, dtype=torch.bfloat16), 2.0**-8),
        (torch.zeros(1, dtype=torch.float32), 2.0**-23),
        (np.zeros(1, dtype=np.float32), 2.0**-23),
        (np.zeros(1), 2.0**-52),
        (np.zeros(1, dtype=np.int32), 2.0**-52),
        ([1.0], 2.0**-52),
    ],
)
def test_numbers_know_their_rounding(x, unit):
    assert rounding_unit(x) == unit
