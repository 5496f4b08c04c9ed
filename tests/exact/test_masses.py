"""Masses as pairs of doubles and as integers, against fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from wdist.exact.masses import integer_masses
from wdist.masses import Masses


@pytest.mark.parametrize("scale", [1.0, 2.0**1000, 2.0**-1000, 3.0, 1e-300])
@pytest.mark.parametrize("seed", range(4))
def test_masses_are_quotients_to_twice_the_digits(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.random(9) * 10.0 ** rng.integers(-8, 1, 9)
    weights[2] = 0.0
    found, total = Masses.of(scale * weights), sum(map(Fraction, scale * weights))
    for w, high, low in zip(scale * weights, found.high, found.low, strict=True):
        exact = Fraction(w) / total
        assert abs(Fraction(high) + Fraction(low) - exact) <= exact / 2**100
        assert abs(exact - Fraction(high)) <= exact / 2**52  # the quotient of a sum that is rounded, and rounded


def test_a_power_of_two_changes_no_bit_and_the_sum_may_be_no_float() -> None:
    weights = np.random.default_rng(4).random(8) + 0.5
    for scale in (2.0**1023, 2.0**-1000):
        for one, other in zip(Masses.of(weights), Masses.of(scale * weights), strict=True):
            np.testing.assert_array_equal(one, other)


def test_masses_of_some_points() -> None:
    masses, index = Masses.of(np.array([1.0, 2.0, 6.0])), np.array([2, 0])
    np.testing.assert_array_equal(masses.take(index).high, masses.high[index])
    np.testing.assert_array_equal(masses.take(index).low, masses.low[index])


@pytest.mark.parametrize(("n", "m"), [(6, 4), (1, 7), (5, 5), (9, 3)])
def test_equal_masses_are_whole_parts_of_the_least_common_multiple(n: int, m: int) -> None:
    a, b = integer_masses(Masses.of(np.full(n, 0.3)), Masses.of(np.full(m, 11.0)))
    assert a.sum() == b.sum() == np.lcm(n, m)
    assert np.ptp(a) == np.ptp(b) == 0


@pytest.mark.parametrize("seed", range(3))
def test_integer_masses_have_one_sum_and_are_positive(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = [10.0 ** rng.uniform(-30, 0, n) for n in (7, 12)]
    for w, units in zip(weights, integer_masses(*map(Masses.of, weights)), strict=True):
        assert units.dtype == np.int64
        assert units.sum() == 2**60
        assert units.min() >= 1
        np.testing.assert_allclose(units, np.maximum(w / w.sum() * 2.0**60, 1.0), atol=1.0, rtol=1e-15 * len(w))
