"""Masses as integers, with which flow never drifts, and flows from the weights themselves once the tree is known.

Integer masses find the optimal tree; but a weight of 1e-16 is 115 of 115.3 units. So the flows of that tree are then
computed anew, from the weights, in pairs of doubles.
"""

from __future__ import annotations

import math

import numpy as np

from ..masses import Masses
from .tree import Tree, subtree_sums

__all__ = ["flows", "integer_masses"]

_TOTAL = 2**60


def integer_masses(a: Masses, b: Masses) -> tuple[np.ndarray, np.ndarray]:
    """Positive int64 masses of equal sums: exact where each side is uniform, else of sum 2^60.

    The largest mass of a side takes what rounding left, at most n units of 1e-18: undone when the flows are computed
    from the weights.
    """
    n, m = len(a.high), len(b.high)
    if np.ptp(a.high) == 0.0 == np.ptp(b.high):
        common = math.gcd(n, m)
        return np.full(n, m // common, dtype=np.int64), np.full(m, n // common, dtype=np.int64)
    sides = []
    for mass in (a, b):
        units = np.maximum(np.rint(mass.high * float(_TOTAL)).astype(np.int64), 1)
        units[np.argmax(units)] += _TOTAL - units.sum()
        sides.append(units)
    return sides[0], sides[1]


def flows(tree: Tree, a: Masses, b: Masses) -> tuple[np.ndarray, np.ndarray]:
    """The flow of every node's arc to its parent, in pairs of doubles: the mass below it.

    A flow below the rounding of these sums is 0; one that is negative comes from the 1e-18 by which integer masses
    differ from the weights, and is 0 as well: the marginals then miss by that much, which is less than the rounding of
    a weight.
    """
    n = len(a.high)
    high = np.concatenate([a.high, -b.high, [0.0]])
    low = np.concatenate([a.low, -b.low, [0.0]])
    high, low, size = subtree_sums(tree, high, low)
    sign = np.where(np.arange(len(high)) < n, 1.0, -1.0)
    carried = sign * high > 2.0**-96 * size
    return np.where(carried, sign * high, 0.0), np.where(carried, sign * low, 0.0)
