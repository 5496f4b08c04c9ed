"""The one door: what it lets in comes out right."""

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

NAN = float("nan")
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


def test_gaussians_of_two_batch_axes() -> None:
    P = Gaussian(np.zeros((2, 3, 4)), np.broadcast_to(np.eye(4), (2, 3, 4, 4)))
    assert (P.batch_shape, P.dim) == ((2, 3), 4)
    with pytest.raises(InvalidMeasureError, match="mean"):
        Gaussian(np.zeros((2, 3, 3)), np.broadcast_to(np.eye(4), (2, 3, 4, 4)))
