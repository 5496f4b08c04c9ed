"""Sums that are rounded to a known side.

The error of one floating-point addition or product is itself a floating-point number (Dekker, 1971,
doi:10.1007/BF01397083), and ``math.fsum`` rounds a sum of any length once. Together they give the exact sign of what
was rounded away, so a bound moves outward by one unit in the last place, and only where it has to. A long sum becomes
a short one first: of itself, of its errors, of theirs.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._arrays import Floats
from ..compilation import interpreting, kernel

__all__ = ["difference_error", "root_bounds", "rounded_sum", "sum_bounds", "two_product"]

_SPLITTER = 2.0**27 + 1
_SHORT = 256  # terms that math.fsum is given


def difference_error(a: Floats, b: Floats, difference: Floats) -> Floats:
    """``(a - b) - difference`` exactly, for the rounded ``difference`` of finite numbers."""
    virtual = a - difference
    return (a - (difference + virtual)) + (virtual - b)


def two_product(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``(product, error)`` whose sum is exactly a * b, for factors far from overflow and underflow."""
    product = a * b
    (a_high, a_low), (b_high, b_low) = _split(a), _split(b)
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error


def rounded_sum(terms: np.ndarray) -> tuple[float, float, float]:
    """The sum as :func:`math.fsum` rounds it, in whatever order; what it lacks; and by how much that may be off."""
    if len(terms) > _SHORT and not interpreting():
        condensed = np.empty(5)
        with np.errstate(over="ignore", invalid="ignore"):  # of the kernel as plain Python
            _condense(np.require(terms, requirements=["C", "W"]), condensed)
        *parts, size = condensed.tolist()
        slack = 2.0**-52 * len(terms) * size
        if math.isfinite(slack):
            total, above = math.fsum([*parts, -slack]), math.fsum([*parts, slack])
            if total == above:
                rest = math.fsum([*parts, -total])
                return total, rest, slack + 2.0**-52 * abs(rest)
    values = terms.tolist()
    total = math.fsum(values)
    rest = math.fsum([*values, -total]) if math.isfinite(total) else 0.0
    return total, rest, 2.0**-52 * abs(rest)


def sum_bounds(terms: np.ndarray, *corrections: np.ndarray) -> tuple[float, float]:
    """Floats that enclose the exact sum of terms and corrections; neighbours, or equal when it is a float.

    Corrections are a rounding error in size, so that a bound of the error of their plain sum is enough.
    """
    total, rest, slack = rounded_sum(terms)
    if not math.isfinite(total):
        return total, total
    parts = [total, rest]
    for correction in corrections:
        parts.append(float(np.sum(correction)))
        slack += 2.0**-52 * len(correction) * float(np.sum(np.abs(correction)))
    below, above = (math.fsum([*parts, side * slack]) for side in (-1.0, 1.0))
    if math.fsum([*parts, -slack, -below]) < 0:
        below = math.nextafter(below, -math.inf)
    if math.fsum([*parts, slack, -above]) > 0:
        above = math.nextafter(above, math.inf)
    return below, above


def root_bounds(low: float, high: float, p: float) -> tuple[float, float]:
    """Floats below ``low ** (1/p)`` and above ``high ** (1/p)``; negative numbers have roots at p = 1 only."""
    if p == 1.0:
        return low, high
    return _root(low, p, -1.0), _root(high, p, 1.0)


@kernel()
def _condense(terms: Any, parts: Any) -> None:
    """Three sums, each of the errors of the one before, the plain sum of the errors of the last, and of their sizes."""
    high = middle = low = rest = size = 0.0
    for term in terms:
        total = high + term
        part = total - high
        error, high = (high - (total - part)) + (term - part), total
        total = middle + error
        part = total - middle
        error, middle = (middle - (total - part)) + (error - part), total
        total = low + error
        part = total - low
        error, low = (low - (total - part)) + (error - part), total
        rest += error
        size += abs(error)
    parts[0], parts[1], parts[2], parts[3], parts[4] = high, middle, low, rest, size


def _split(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scaled = _SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high


def _root(x: float, p: float, side: float) -> float:
    if x <= 0.0 or math.isinf(x):
        return max(x, 0.0)
    # The rounding of 1/p is magnified by |log x|; pow adds its own.
    return float(x ** (1.0 / p) * (1.0 + side * 2.0**-52 * (3.0 + abs(math.log(x)))))
