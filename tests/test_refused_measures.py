"""The one door: what it refuses is refused by name, with the remedy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import torch

from wdist import Gaussian, Histogram, InvalidMeasureError, Samples
from wdist.measures import as_measure, as_samples
from wdist.settings import check_p

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
    "unsigned": (torch.tensor([2**60 + 1]).to(torch.uint64), "points holds the integer 1152921504606846977, which"),
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


def test_the_first_negative_weight_is_named():
    with pytest.raises(InvalidMeasureError, match="negative entry, -3 at index 2"):
        Samples([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, -3.0, -4.0])
