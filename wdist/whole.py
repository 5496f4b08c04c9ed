"""W_p between few weighted samples on the line, in whole numbers.

Weights are rounded to units of 2^-61. Their sums have no rounding error then, and doubled they leave a bit for the side
that a jump is of: one sort of integers merges the jumps of both sides and keeps track of where each came from, in place
of a sort of floats by index and sums in extended precision. Rounding moves a cumulative weight of n points by n / 2
units at most, for 1,024 points less than a float near 1 is good for.
"""

from __future__ import annotations

import math

import numpy as np

from ._arrays import Floats, Integers
from .rows import gather, sort_samples

__all__ = ["FEW", "SAME_JUMP", "whole_distance"]

# Cumulative weights of the two sides that agree to this are one jump. The sliver of mass between them is rounding, and
# must not enter: its p-th root would be 5e-3 of the distance across it at p = 7, and all of it at p = inf.
SAME_JUMP = 2.0**-48

FEW = 2**10  # points of a row
_ONE = 2**61  # units of a mass of 1


def whole_distance(x: np.ndarray, y: np.ndarray, a: np.ndarray | None, b: np.ndarray | None, p: float) -> Floats:
    """The same of short rows, with masses rounded to whole numbers: they add up exactly, and sort with their side."""
    n, m = x.shape[-1], y.shape[-1]
    (x, t), (y, s) = (sort_samples(z, None if w is None else _whole(w), np) for z, w in ((x, a), (y, b)))
    t, s = (_whole(np.full(z.shape[-1], 1.0 / z.shape[-1])) if w is None else w for z, w in ((x, t), (y, s)))
    jumps = np.empty((*np.broadcast_shapes(t.shape[:-1], s.shape[:-1]), n + m), np.int64)
    for side, masses in ((jumps[..., :n], t), (jumps[..., n:], s)):
        np.cumsum(np.broadcast_to(masses, side.shape), axis=-1, out=side)
        side[..., -1] = 2 * _ONE
        np.minimum(side, 2 * _ONE, out=side)
    jumps[..., n:] += 1
    jumps.sort(axis=-1)
    from_y = jumps & 1
    j = np.cumsum(from_y, axis=-1)
    j -= from_y
    i = np.minimum(np.arange(n + m) - j, n - 1)
    jumps >>= 1
    jumps[..., 1:] -= jumps[..., :-1].copy()
    z = gather(x, i, np) - gather(y, np.minimum(j, m - 1, out=j), np)
    np.abs(z, out=z)
    np.copyto(z, 0.0, where=jumps <= SAME_JUMP * _ONE)
    largest: Floats = np.max(z, axis=-1)
    if math.isinf(p):
        return largest
    scale = np.where(largest > 0, largest, 1.0)
    z /= scale[..., None]
    z **= p
    z *= jumps
    means: Floats = np.sum(z, axis=-1) / _ONE
    return scale * means ** (1.0 / p)


def _whole(weights: Floats) -> Integers:
    """Weights as even numbers, of which ``2 * _ONE`` are a mass of 1."""
    return 2 * np.rint(weights * _ONE).astype(np.int64)
