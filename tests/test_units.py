"""Points in common units: the same points up to one subtraction, of a size whose squares are floats."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from wdist.units import in_common_units


@pytest.mark.parametrize("scale", [1e-300, 1.0, 3e7, 1e300, 1.7e308])
@pytest.mark.parametrize("offset", [0.0, 1.0])
def test_units_are_undone_by_the_unit(scale: float, offset: float) -> None:
    rng = np.random.default_rng(0)
    x, y = (scale * ((0.9 - offset) * rng.uniform(-1, 1, (n, 2)) + 0.5 * offset) for n in (5, 7))
    kept = x.copy(), y.copy()
    u, v, unit, rounding = in_common_units(x, y)
    assert np.array_equal(x, kept[0])
    assert np.array_equal(y, kept[1])
    assert (u.shape, v.shape) == (x.shape, y.shape)
    assert math.frexp(unit)[0] == 0.5  # a power of two
    assert 0.25 <= max(np.abs(u).max(), np.abs(v).max()) <= (1.0 if scale < 1e308 else 4.0)
    assert np.all(u[0] == 0.0)
    assert rounding == 2.0**-53
    for given, found in ((x, u), (y, v)):
        for z, w in zip(given.ravel(), found.ravel(), strict=True):
            column = x[0, np.flatnonzero(given.ravel() == z)[0] % 2]
            exact = (Fraction(z) - Fraction(column)) / Fraction(unit)
            assert abs(Fraction(w) - exact) <= Fraction(rounding) * abs(exact)


def test_where_the_first_point_is_the_origin_nothing_is_rounded() -> None:
    u, v, unit, rounding = in_common_units(np.array([[0.0, 0.0], [3.0, 0.1]]), np.array([[0.0, -7.0]]))
    assert (unit, rounding) == (8.0, 0.0)
    assert np.array_equal(u * unit, [[0.0, 0.0], [3.0, 0.1]])
    assert np.array_equal(v * unit, [[0.0, -7.0]])


def test_points_that_coincide_have_the_unit_of_their_size() -> None:
    u, v, unit, _ = in_common_units(np.full((2, 1), 5.0), np.full((3, 1), 5.0))
    assert unit == 4.0
    assert not np.any(u)
    assert not np.any(v)
    assert in_common_units(np.zeros((2, 1)), np.zeros((1, 1)))[2:] == (in_common_units(*[np.zeros((1, 1))] * 2)[2], 0.0)
