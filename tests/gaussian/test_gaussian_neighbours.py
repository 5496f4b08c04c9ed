"""Gaussians on the line whose variances are neighbours: their deviations differ by less than a rounding, and differ."""

import math
from decimal import Decimal, localcontext

import pytest

import wdist


def true_distance(variances, p):
    """W_p of centred Gaussians, |s - t| (E |Z|^p)^(1/p), with the roots to fifty digits."""
    with localcontext() as context:
        context.prec = 50
        s, t = (Decimal(variance).sqrt() for variance in variances)
        return float(abs(s - t)) * {1: math.sqrt(2 / math.pi), 2: 1.0, 4: 3**0.25, math.inf: math.inf}[p]


@pytest.mark.parametrize("p", [1, 2, 4, math.inf])
@pytest.mark.parametrize("ulps", [1, 2, 3, 2**10, 2**30])
@pytest.mark.parametrize("variance", [0.7, 1.0, 2.0, 1e-300, 1e300])
def test_bracket_holds_the_distance_of_neighbours(variance, ulps, p):
    other = variance + ulps * math.ulp(variance)
    truth = true_distance((variance, other), p)
    r = wdist.wasserstein(wdist.Gaussian(0, variance), wdist.Gaussian(0, other), p=p, method="1d")
    assert r.lower <= r.distance <= r.upper
    assert r.lower * (1 - 1e-15) <= truth <= r.upper * (1 + 1e-15)
    assert r.distance == pytest.approx(truth, rel=1e-11, abs=0)


def test_deviation_by_a_factor_is_that_by_a_variance():
    by_factor, by_variance = wdist.Gaussian.from_factor(0, [[1.0, 1.0]]), wdist.Gaussian(0, 2.0)
    assert wdist.wasserstein_1d(by_factor, by_variance, p=1) == 0.0
    far = wdist.Gaussian.from_factor(0, [[1.0, 1.0, 2.0**-27]])  # variance 2 + 2^-54, which is no float
    truth = 2**-54 / math.sqrt(4 * math.pi)
    assert wdist.wasserstein_1d(far, by_variance, p=1) == pytest.approx(truth, rel=1e-11, abs=0)
