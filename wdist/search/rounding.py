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
from ..compilation import interpreting, kernel, plain

__all__ = ["difference_error", "product_bounds", "root_bounds", "rounded_sum", "two_product"]

_SPLITTER = 2.0**27 + 1
_SHORT = 256  # terms that math.fsum is given


def difference_error(a: Floats, b: Floats, difference: Floats) -> Floats:
    """``(a - b) - difference`` exactly, for the rounded ``difference`` of finite numbers."""
    virtual = a - difference
    return (a - (difference + virtual)) + (virtual - b)


def two_product(a: Any, b: Any) -> Any:
    """``(product, error)`` whose sum is exactly a * b, of numbers or arrays, far from overflow and underflow."""
    product = a * b
    (a_high, a_low), (b_high, b_low) = _split(a), _split(b)
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error


def rounded_sum(terms: np.ndarray) -> tuple[float, float, float]:
    """The sum as :func:`math.fsum` rounds it, in whatever order; what it lacks; and by how much that may be off."""
    if not _long(terms):
        return _exactly(terms)
    return _briefly(_condensed(terms, np.zeros(len(terms)), np.ones(len(terms))), len(terms)) or _exactly(terms)


def product_bounds(high: np.ndarray, low: np.ndarray, factor: np.ndarray) -> tuple[float, float]:
    """Floats that enclose the exact sum of ``(high + low) * factor``; neighbours, or equal when it is a float.

    ``low`` is a rounding error of ``high`` in size; what it is not 0 for it gives to 2^-50 of itself and 2^-98 of that.
    """
    n = len(high)
    if _long(high):
        sums = _condensed(high, low, factor)
        found = _briefly(sums, n) or _exactly(high * factor)
        small, size, slack = sums[5:]
    else:
        product, error = two_product(high, factor)
        rest = low * factor
        found = _exactly(product)
        small, size = float(np.sum(error + rest)), float(np.sum(np.abs(error) + np.abs(rest)))
        slack = float(np.sum(_blur(product, rest)[low != 0.0]))
    total, lacking, doubt = found
    if not math.isfinite(total):
        return total, total
    doubt += 2.0**-52 * (n + 1) * size + (1.0 + 2.0**-52 * n) * slack
    parts = [total, lacking, small]
    below, above = (math.fsum([*parts, side * doubt]) for side in (-1.0, 1.0))
    if math.fsum([*parts, -doubt, -below]) < 0:
        below = math.nextafter(below, -math.inf)
    if math.fsum([*parts, doubt, -above]) > 0:
        above = math.nextafter(above, math.inf)
    return below, above


def root_bounds(low: float, high: float, p: float) -> tuple[float, float]:
    """Floats below ``low ** (1/p)`` and above ``high ** (1/p)``; negative numbers have roots at p = 1 only."""
    if p == 1.0:
        return low, high
    return _root(low, p, -1.0), _root(high, p, 1.0)


def _split(a: Any) -> Any:
    """Two halves of the digits of a number, or of numbers."""
    scaled = _SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high


def _long(terms: np.ndarray) -> bool:
    """Whether a compiled sum is worth it."""
    return len(terms) > _SHORT and not interpreting()


def _exactly(terms: np.ndarray) -> tuple[float, float, float]:
    values = terms.tolist()
    total = math.fsum(values)
    rest = math.fsum([*values, -total]) if math.isfinite(total) else 0.0
    return total, rest, 2.0**-52 * abs(rest)


def _briefly(sums: list[float], n: int) -> tuple[float, float, float] | None:
    """From the sums of a sum; None where these leave open how it is rounded."""
    *parts, size = sums[:5]
    slack = 2.0**-52 * n * size
    if not math.isfinite(slack):
        return None
    total, above = math.fsum([*parts, -slack]), math.fsum([*parts, slack])
    if total != above:
        return None
    rest = math.fsum([*parts, -total])
    return total, rest, slack + 2.0**-52 * abs(rest)


def _condensed(high: np.ndarray, low: np.ndarray, factor: np.ndarray) -> list[float]:
    sums = np.empty(8)
    with np.errstate(over="ignore", invalid="ignore"):  # of the kernel as plain Python
        _condense(plain(high), plain(low), plain(factor), sums)
    return sums.tolist()


def _blur(product: Any, rest: Any) -> Any:
    """What a correction may be off by."""
    return 2.0**-50 * abs(rest) + 2.0**-98 * abs(product)


@kernel(_split, two_product, _blur)
def _condense(high: Any, low: Any, factor: Any, sums: Any) -> None:
    """Of the products of high and factor three sums, each of the errors of the one before, the plain sum of the errors
    of the last, and of their sizes; of the errors of the products and the products of low, plain sums of them, of their
    sizes, and of what they may be off by.
    """
    first = second = third = rest = size = small = small_size = slack = 0.0
    for k in range(high.shape[0]):
        term, correction = two_product(high[k], factor[k])
        more = low[k] * factor[k]
        small += correction + more
        small_size += abs(correction) + abs(more)
        if low[k] != 0.0:
            slack += _blur(term, more)
        total = first + term
        part = total - first
        error, first = (first - (total - part)) + (term - part), total
        total = second + error
        part = total - second
        error, second = (second - (total - part)) + (error - part), total
        total = third + error
        part = total - third
        error, third = (third - (total - part)) + (error - part), total
        rest += error
        size += abs(error)
    sums[0], sums[1], sums[2], sums[3], sums[4] = first, second, third, rest, size
    sums[5], sums[6], sums[7] = small, small_size, slack


def _root(x: float, p: float, side: float) -> float:
    if x <= 0.0 or math.isinf(x):
        return max(x, 0.0)
    # The rounding of 1/p is magnified by |log x|; pow adds its own.
    return float(x ** (1.0 / p) * (1.0 + side * 2.0**-52 * (3.0 + abs(math.log(x)))))
