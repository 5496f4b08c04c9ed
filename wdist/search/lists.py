"""The smallest values of a row, kept in order: what every search finds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["Lists", "kept"]


class Lists(NamedTuple):
    """For every source the ``found`` (n,) targets, ``which`` (n, k), of its smallest values, ``value``, ascending."""

    which: np.ndarray
    value: np.ndarray
    found: np.ndarray


def kept(which: Any, value: Any, i: int, found: int, r: float, j: int) -> int:
    """Row i with the value r of j sorted in, the last one dropped where it is full; how many it holds. For kernels."""
    if found < which.shape[1]:
        found += 1
    t = found - 1
    while t > 0 and value[i, t - 1] > r:
        value[i, t], which[i, t] = value[i, t - 1], which[i, t - 1]
        t -= 1
    value[i, t], which[i, t] = r, j
    return found
