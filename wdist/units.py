"""Points of two measures seen from a point among them, in units in which no square overflows or vanishes."""

from __future__ import annotations

import numpy as np

from ._arrays import power_of_two

__all__ = ["in_common_units"]


def in_common_units(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Both, with coordinates of at most 1 (4 near the end of the range), the length of the unit, and their rounding.

    The unit is a power of two, so that only the subtraction of the origin rounds.
    """
    points = np.concatenate([x, y])
    first = power_of_two(float(np.max(np.abs(points))))
    points /= first
    offset = points[0].copy()
    points -= offset  # far from 0 the digits are spent on the spread, not on the offset
    second = 2.0 * power_of_two(float(np.max(np.abs(points)))) if np.any(points) else 1.0
    second = min(second, 2.0**1023 / first)
    points /= second
    rounding = 2.0**-53 if np.any(offset) else 0.0
    return points[: len(x)], points[len(x) :], first * second, rounding
