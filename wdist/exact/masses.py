"""Masses as integers, with which flow never drifts, and flows from the weights themselves once the tree is known.

Integer masses find the optimal tree; but a weight of 1e-16 is 115 of 115.3 units. So the flows of that tree are then
computed anew, from the weights, in pairs of doubles.
"""

from __future__ import annotations

import math

import numpy as np

from .tree import Tree, subtree_sums

__all__ = ["flows", "integer_masses"]

_TOTAL = 2**60


def integer_masses(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positive int64 masses of equal sums: exact where each side is uniform, else of sum 2^60.

    The largest mass of a side takes what rounding left, at most n units of 1e-18: undone when the flows are computed
    from the weights.
    """
    n, m = len(a), len(b)
    if np.ptp(a) == 0.0 == np.ptp(b):
        common = math.gcd(n, m)
        return np.full(n, m // common, dtype=np.int64), np.full(m, n // common, dtype=np.int64)
    sides = []
    for weights in (a, b):
        units = np.maximum(np.rint(weights * float(_TOTAL)).astype(np.int64), 1)
        units[np.argmax(units)] += _TOTAL - units.sum()
        sides.append(units)
    return sides[0], sides[1]


def flows(tree: Tree, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The flow of every node's arc to its parent: the mass below it, as double-doubles of weights of exact sum 1.

    A flow below their rounding is 0; one that is negative comes from the 1e-18 by which integer masses differ from the
    weights, and is 0 as well: the marginals then miss by that much, which is less than the rounding of a weight.
    """
    excess = [math.fsum([*w.tolist(), -1.0]) for w in (a, b)]
    high = np.concatenate([a, -b, [0.0]])
    low = np.concatenate([-a * (excess[0] / (1 + excess[0])), b * (excess[1] / (1 + excess[1])), [0.0]])
    high, _, size = subtree_sums(tree, high, low)
    flow = np.where(np.arange(len(high)) < len(a), high, -high)
    return np.where(flow > 2.0**-96 * size, flow, 0.0)
