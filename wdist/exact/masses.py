"""Masses as integers, with which flow never drifts, and flows from the weights themselves once the tree is known.

Integer masses find the optimal tree; but a weight of 1e-16 is 115 of 115.3 units. So the flows of that tree are then
computed anew, from the weights, in pairs of doubles.
"""

from __future__ import annotations

import math

import numpy as np

from ..masses import Masses
from .tree import Tree, subtree_sums

__all__ = ["flows", "integer_masses", "leftovers"]

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


def flows(tree: Tree, a: Masses, b: Masses) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The flow of every node's arc to its parent, in pairs of doubles: the mass below it; and what was left out.

    A flow below the rounding of these sums is 0. One that is negative, or goes to the root, comes from the 1e-18 by
    which an integer mass differs from the weight: it is left out, and the third array has it.
    """
    n = len(a.high)
    high = np.concatenate([a.high, -b.high, [0.0]])
    low = np.concatenate([a.low, -b.low, [0.0]])
    high, low, size = subtree_sums(tree, high, low)
    for part in (high, low):
        np.negative(part[n:], out=part[n:])
    counts = np.abs(high) > 2.0**-96 * size
    carried = counts & (high > 0.0) & (tree.parent != len(high) - 1)
    return (
        np.where(carried, high, 0.0),
        np.where(carried, low, 0.0),
        np.where(counts & ~carried, high, 0.0)[:-1],
    )


def leftovers(tree: Tree, flow: np.ndarray, out: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A plan ``(i, j, mass)`` for what the flows lack at some points and have too much of at others.

    Where a point has too much, the largest flow there is taken to be less by that, which moves the lack to the other
    end. What is lacking is then matched in order, and points are in an order in which neighbours are near.
    """
    root = len(flow) - 1
    lack = np.zeros(root + 1)
    child = np.flatnonzero(out)
    np.add.at(lack, child, out[child])
    inside = tree.parent[child] != root
    np.add.at(lack, tree.parent[child[inside]], out[child[inside]])
    lack[root] = 0.0
    carrying = np.flatnonzero(flow > 0)
    partner = np.full(root + 1, root)
    order = carrying[np.argsort(flow[carrying], kind="stable")]
    partner[order], partner[tree.parent[order]] = tree.parent[order], order  # the largest of each comes last
    for side in (slice(0, n), slice(n, root)):
        nodes = np.arange(root)[side][lack[side] < 0]
        np.add.at(lack, partner[nodes], -lack[nodes])
        lack[nodes] = 0.0
    supply, demand = (np.cumsum(np.maximum(lack[side], 0.0)) for side in (slice(0, n), slice(n, root)))
    cut = np.sort(np.concatenate([supply, demand]))
    mass = np.diff(cut, prepend=0.0)
    cut, mass = cut[mass > 0], mass[mass > 0]
    i, j = (np.minimum(np.searchsorted(ends, cut), len(ends) - 1) for ends in (supply, demand))
    return i, j, mass
