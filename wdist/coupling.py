r"""W_p between samples on the line, by the monotone coupling.

.. math:: W_p^p = \int_0^1 |F^{-1}(t) - G^{-1}(t)|^p \, dt = \sum_k \delta_k |x_{i_k} - y_{j_k}|^p

where the t at which either quantile jumps, merged and sorted, cut (0, 1] into pieces of length delta_k, and piece k
pairs the i_k-th smallest x with the j_k-th smallest y (Villani, Topics in Optimal Transportation, 2003, theorem 2.18).
At p = 1 the same number is the area between the distribution functions, the integral of |F - G|; that form holds for
p = 1 only. Many points at once go through compiled code (:mod:`wdist.radix`, :mod:`wdist.staircase`), which forms the
same pieces; tensors, and samples too few to wait for numba, through whole-array steps.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ._arrays import Array, detached, is_tensor, namespace
from .radix import SHORT, sort_rows
from .rows import batch_shape, gather, in_parts, sort_samples
from .staircase import accumulate_rows, climb_equal, climb_weighted
from .whole import FEW, SAME_JUMP, whole_distance

__all__ = [
    "MANY",
    "SAME_JUMP",
    "Coupling",
    "coupling_distance",
    "cumulative",
    "monotone_coupling",
    "running_sum",
    "w1_by_cdf",
]

MANY = 2**17  # points from which loading compiled code pays
_BLOCK = 2**20  # points of a batch that are sorted together by compiled code,
_CACHED = 2**13  # and by whole-array steps, between which they stay in the cache
_FAR = (1e-100, 1e100)  # distances whose squares are in range


class Coupling(NamedTuple):
    """A coupling in pieces: piece k, of mass ``mass[k]``, joins x[i[k]] to y[j[k]].

    Of the monotone one of sorted samples successive pieces differ by one step in i or in j: a staircase, and a basis of
    the linear programme.
    """

    i: Array
    j: Array
    mass: Array


def coupling_distance(x: Array, y: Array, a: Array | None, b: Array | None, p: float, *, spare: bool = False) -> Array:
    """W_p of samples along the last axis; None for equal weights. Arrays of float64, all of one kind.

    ``spare``: arrays of points may be overwritten.
    """
    xp = namespace(x, y)
    if not is_tensor(x):
        rows = math.prod(np.broadcast_shapes(x.shape[:-1], y.shape[:-1]))
        if max(x.size + y.size, rows * (x.shape[-1] + y.shape[-1])) >= MANY:
            return in_parts(_compiled_distance, (x, y, a, b), _BLOCK, p, spare)
    equal = a is None and b is None
    if equal and not is_tensor(x) and x.shape[-1] == y.shape[-1]:
        return _in_order(x, y, p) if spare else _in_order(np.array(x, order="C"), np.array(y, order="C"), p)
    if p == 1 and not equal:
        return w1_by_cdf(x, y, a, b)  # one sort instead of three
    if not (equal or is_tensor(x)) and max(x.shape[-1], y.shape[-1]) <= FEW:
        return in_parts(whole_distance, (x, y, a, b), _CACHED, p)
    x, a = sort_samples(x, a, xp)
    y, b = sort_samples(y, b, xp)
    n, m = x.shape[-1], y.shape[-1]
    if equal and n == m:
        z, mass = xp.abs(x - y), xp.ones_like(x[..., :1]) / n
        return _norm(z, z, mass, p, xp)
    i, j, mass = monotone_coupling(a, b, n, m, xp, x)
    z = xp.abs(gather(x, i, xp) - gather(y, j, xp))
    # A sliver has no mass, but a derivative by its mass, where the jumps of both sides are one.
    kept = mass > (0.0 if equal else SAME_JUMP)
    return _norm(z, xp.where(kept, z, xp.zeros_like(z)), xp.where(kept, mass, mass - detached(mass)), p, xp)


def _in_order(x: np.ndarray, y: np.ndarray, p: float) -> np.ndarray:
    """Of as many points a side, all of one mass; in the memory of the arrays, for new memory costs more than sorts."""
    x.sort(axis=-1)
    y.sort(axis=-1)
    z: np.ndarray = np.subtract(x, y, out=x) if x.shape == y.shape else x - y
    np.abs(z, out=z)
    largest: np.ndarray = z.max(axis=-1)
    if math.isinf(p):
        return largest
    scale: np.ndarray | float = 1.0
    if p not in (1, 2) or not np.all((largest > _FAR[0]) & (largest < _FAR[1])):
        scale = np.where(largest > 0, largest, 1.0)
        z /= scale[..., None]
    if p == 2:
        z *= z
    elif p != 1:
        z **= p
    distance: np.ndarray = scale * (z.sum(axis=-1) / z.shape[-1]) ** (1 / p)
    return distance


def _norm(z: Array, kept: Array, mass: Array, p: float, xp: Any) -> Array:
    """The p-norm of distances under masses; ``kept`` are the distances with 0 where there is no mass."""
    if math.isinf(p):
        return xp.max(kept, axis=-1)
    largest = xp.max(detached(kept), axis=-1, keepdims=True)
    scale = xp.where(largest > 0, largest, xp.ones_like(largest))
    # What has no mass only matters to derivatives; if it is far, it is cut off before its power overflows.
    ratio = xp.clip(z / scale, max=1e300 ** (1.0 / p)) if is_tensor(z) else kept / scale
    cost = xp.sum(mass * ratio**p, axis=-1)
    # The root has an infinite slope at 0, where the distance is smallest: there its subgradient 0 is taken.
    apart = largest[..., 0] > 0
    root = xp.where(apart, cost, xp.ones_like(cost)) ** (1.0 / p)
    return xp.where(apart, scale[..., 0] * root, xp.zeros_like(cost))


def monotone_coupling(a: Array | None, b: Array | None, n: int, m: int, xp: Any, like: Array) -> Coupling:
    """Merge the jumps of two sorted samples' quantiles; ``a`` and ``b`` along the last axis, None for equal weights."""
    if a is None and b is None:
        # In units of 1/(nm) the jumps are whole numbers: no two are confused, none is split by rounding.
        t = np.concatenate([m * np.arange(1, n + 1), n * np.arange(1, m + 1)])
        order = np.argsort(t, kind="stable")
        from_x = order < n
        mass = np.diff(t[order], prepend=0) / (n * m)
        i: Array = np.cumsum(from_x) - from_x
        j: Array = np.cumsum(~from_x) - ~from_x
        device = like.device
        return Coupling(*(xp.asarray(z, device=device) for z in (i.clip(max=n - 1), j.clip(max=m - 1), mass)))
    t, s = (
        xp.arange(1, k + 1, dtype=like.dtype, device=like.device) / k if w is None else cumulative(w, xp)
        for w, k in ((a, n), (b, m))
    )
    shape = np.broadcast_shapes(tuple(t.shape[:-1]), tuple(s.shape[:-1]))
    jumps = xp.concat([xp.broadcast_to(t, (*shape, n)), xp.broadcast_to(s, (*shape, m))], axis=-1)
    order = xp.argsort(detached(jumps), axis=-1, stable=False)
    from_x = order < n
    jumps = xp.take_along_axis(jumps, order, axis=-1)
    mass = xp.concat([jumps[..., :1], jumps[..., 1:] - jumps[..., :-1]], axis=-1)
    ones = xp.astype(from_x, xp.int64)
    i = xp.cumulative_sum(ones, axis=-1) - ones
    j = xp.cumulative_sum(1 - ones, axis=-1) - (1 - ones)
    return Coupling(xp.clip(i, max=n - 1), xp.clip(j, max=m - 1), mass)


def w1_by_cdf(x: Array, y: Array, a: Array | None, b: Array | None) -> Array:
    """W_1 as the area between two distribution functions; arguments as those of ``coupling_distance``."""
    xp = namespace(x, y)
    shape = np.broadcast_shapes(*(tuple(z.shape[:-1]) for z in (x, y, a, b) if z is not None))
    x, y = (xp.broadcast_to(z, (*shape, z.shape[-1])) for z in (x, y))
    a, b = (xp.ones_like(z) / z.shape[-1] if w is None else xp.broadcast_to(w, z.shape) for w, z in ((a, x), (b, y)))
    points = xp.concat([x, y], axis=-1)
    order = xp.argsort(detached(points), axis=-1, stable=False)
    points = xp.take_along_axis(points, order, axis=-1)
    steps = xp.take_along_axis(xp.concat([a, -b], axis=-1), order, axis=-1)
    apart = xp.abs(running_sum(steps, xp)[..., :-1])
    return xp.sum(apart * (points[..., 1:] - points[..., :-1]), axis=-1)


def _compiled_distance(
    x: np.ndarray, y: np.ndarray, a: np.ndarray | None, b: np.ndarray | None, p: float, spare: bool
) -> np.ndarray:
    """The same by compiled code: each row is sorted once, however often it is compared."""
    shape = batch_shape(x, y, a, b)
    distances = np.empty(math.prod(shape))
    (x, a), (y, b) = _sorted(x, a, spare), _sorted(y, b, spare)
    if a is None and b is None:
        climb_equal(_rows(x), _rows(y), _meeting((x, y), shape), p, distances)
        return distances.reshape(shape)
    t, s = (np.arange(1.0, z.shape[-1] + 1) / z.shape[-1] if w is None else w for z, w in ((x, a), (y, b)))
    for w in (a, b):
        if w is not None:
            accumulate_rows(_rows(w))
    # At p = 1 a sliver counts for no more than the rounding that made it.
    sliver = 0.0 if p == 1 else SAME_JUMP
    climb_weighted(*map(_rows, (x, y, t, s)), _meeting((x, y, t, s), shape), p, sliver, distances)
    return distances.reshape(shape)


def _sorted(x: np.ndarray, weights: np.ndarray | None, spare: bool) -> tuple[np.ndarray, np.ndarray | None]:
    """``sort_samples`` laid out by rows, in new memory unless that of x is to ``spare``."""
    if weights is None:
        x = np.array(x, order="C", copy=None if spare else True)
        x.sort(axis=-1)  # by vector instructions: twice as fast as digits, where no weights move along
        return x, None
    if x.shape[-1] < SHORT:
        x, weights = sort_samples(x, weights, namespace(x))
        return np.ascontiguousarray(x), np.ascontiguousarray(weights)
    x, weights = (z.copy() for z in np.broadcast_arrays(x, weights))
    sort_rows(_rows(x).view(np.uint64), _rows(weights))
    return x, weights


def _rows(x: np.ndarray) -> np.ndarray:
    return x.reshape(-1, x.shape[-1])


def _meeting(arrays: tuple[np.ndarray, ...], shape: tuple[int, ...]) -> np.ndarray:
    """For each place of the batch, the row of every array."""
    columns = [np.arange(math.prod(z.shape[:-1])).reshape(z.shape[:-1]) for z in arrays]
    return np.stack([np.broadcast_to(column, shape).ravel() for column in columns], axis=-1)


def cumulative(weights: Array, xp: Any) -> Array:
    """Cumulative weights that end at exactly 1."""
    total = running_sum(weights, xp)
    return total / total[..., -1:]


def running_sum(x: Array, xp: Any) -> Array:
    """The cumulative sum, in extended precision where NumPy has it."""
    if is_tensor(x):
        return xp.cumulative_sum(x, axis=-1)
    return np.cumsum(x, axis=-1, dtype=np.longdouble).astype(np.float64)
