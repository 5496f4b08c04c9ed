r"""The k smallest :math:`c(x_i, y_j) - v_j` in many dimensions, by products of matrices in single precision.

With :math:`|x - y|^2 = |x|^2 + |y|^2 - 2 \langle x, y \rangle` one product of matrices gives all pairs, 1e-7 or so of
the norms off. That is a screen: norms are lowered by more than the error can be (Higham, *Accuracy and Stability of
Numerical Algorithms*, 2002, section 3.1), so that every pair that belongs to the list passes. What passes is computed
again from the coordinates in double precision, and a row that lets too much pass is computed in full.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import power_of_two
from ..compilation import kernel
from .ground import Ground, PointCosts, extent
from .lists import Lists, kept
from .nearest import pair_cost, pair_costs, power, square

__all__ = ["Screen", "has_screen"]

_ENTRIES = 2**20  # of a block of the product
_KEPT = 2**22  # entries of a product up to which it is kept: 16 MiB
_LEAST = 2.0**-100  # what underflow may take in single precision, with room to spare; points are of size 1
_STEP = 512  # targets that a row takes at once
_SPARE = 12  # pairs of a row that may pass beyond those asked for


def has_screen(costs: PointCosts) -> bool:
    """Whether products of matrices tell these costs."""
    return costs.metric == "euclidean" and costs.p in (1.0, 2.0)


@dataclass(frozen=True, eq=False, slots=True)
class Screen:
    """Two sets of points (n, d) and (m, d), and copies of them in single precision, centred, of size about 1.

    ``product`` (n, m) is kept where it is small.
    """

    x: np.ndarray
    y: np.ndarray
    x_single: np.ndarray
    y_single: np.ndarray
    x_norm: np.ndarray
    y_norm: np.ndarray
    unit: float
    product: np.ndarray | None

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray) -> Screen:
        """For Euclidean costs with p = 1 or 2."""
        centre = y.mean(axis=0)
        ends = (*extent(x), *extent(y))
        unit = power_of_two(float(max(np.abs(end - centre).max() for end in ends)))
        u, v = (((z - centre) / unit).astype(np.float32) for z in (x, y))
        u_norm, v_norm = (np.einsum("ij,ij->i", z, z, dtype=np.float64) for z in (u, v))
        product = u @ v.T if len(x) * len(y) <= _KEPT else None
        return cls(x, y, u, v, u_norm, v_norm, unit, product)

    def take(self, i: np.ndarray | None, j: np.ndarray | None) -> Screen:
        """Between the points x[i] and y[j]; None for all."""
        rows, columns = slice(None) if i is None else i, slice(None) if j is None else j
        product = None if self.product is None else self.product[rows]
        if product is not None and j is not None:
            product = np.take(product, j, axis=1)
        single = self.x_single[rows], self.y_single[columns], self.x_norm[rows], self.y_norm[columns]
        return Screen(self.x[rows], self.y[columns], *single, self.unit, product)

    def swapped(self) -> Screen:
        """The same with the two sides exchanged."""
        product = None if self.product is None else np.ascontiguousarray(self.product.T)
        single = self.y_single, self.x_single, self.y_norm, self.x_norm
        return Screen(self.y, self.x, *single, self.unit, product)

    def roughly(self, v: np.ndarray, k: int, ground: Ground) -> Lists:
        """About the k smallest ``c(x_i, y_j) - v[j]`` for every i, to single precision."""
        limit = np.full(len(self.x), np.inf)
        index, low = self._passing(v, k, ground, limit)
        found = (index >= 0).sum(axis=1, dtype=np.int32)
        lists = Lists(index, low.astype(np.float64) * self.unit**ground.p, found)
        self._in_full(np.flatnonzero(found < index.shape[1]), v, ground, limit, lists)
        return lists

    def below(self, v: np.ndarray, k: int, ground: Ground, limit: np.ndarray) -> Lists:
        """The k smallest ``c(x_i, y_j) - v[j]`` among those below ``limit[i]``."""
        index, low = self._passing(v, k + _SPARE, ground, limit)
        return self._exact(index, low, limit, v, k, ground)

    def two_smallest(self, v: np.ndarray, ground: Ground, near: np.ndarray | None = None) -> Lists:
        """The smallest ``c(x_i, y_j) - v[j]`` for every i, and beside it another that is no larger, or inf.

        It is faster where the smallest is often at the target ``near[i]``.
        """
        k, every = min(2, len(self.y)), np.arange(len(self.x))
        limit = np.full(len(self.x), np.inf)
        if near is not None:
            limit = np.nextafter(self._values(every, near, v, ground), np.inf)
        index, low = self._passing(v, k + _SPARE, ground, limit)
        if near is None:
            limit = np.nextafter(self._values(every, np.maximum(index[:, 0], 0), v, ground), np.inf)
        lists = self._exact(index, low, limit, v, k, ground)
        self._in_full(np.flatnonzero(lists.found == 0), v, ground, limit, lists)
        return lists

    def rough_costs(self, i: np.ndarray, j: np.ndarray, p: float) -> np.ndarray | None:
        """Costs of the pairs (i[k], j[k]) to single precision; None if there is no product to take them from."""
        if self.product is None:
            return None
        squares = self.x_norm[i] + self.y_norm[j] - 2.0 * self.product[i, j]
        costs: np.ndarray = np.maximum(self.unit**2 * squares, 0.0)
        return costs if p == 2.0 else np.sqrt(costs)

    def _passing(self, v: np.ndarray, k: int, ground: Ground, limit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The k smallest, too small by at most the error of single precision, below the limit; in units of ``unit``."""
        n, m = len(self.x), len(self.y)
        index, low = np.full((n, min(m, k)), -1, dtype=np.int32), np.full((n, min(m, k)), np.inf, dtype=np.float32)
        unit = self.unit**ground.p
        error = 2.0**-22 * (self.x.shape[1] + 16)  # conversions and sums of d products, relative to the norms
        with np.errstate(over="ignore"):  # a row that infinity has kept everything from is computed in full
            potential = (v / unit + 2.0**-20 * np.abs(v / unit) + _LEAST).astype(np.float32)
            top = (limit / unit + 2.0**-20 * np.abs(limit / unit) + _LEAST).astype(np.float32)
        column = (self.y_norm * (1 - error) - _LEAST).astype(np.float32)
        row = (self.x_norm * (1 - error) - _LEAST).astype(np.float32)
        step, room = max(1, _ENTRIES // m), np.empty(_STEP, dtype=np.float32)
        for first in range(0, n, step):
            rows = slice(first, first + step)
            product = self.x_single[rows] @ self.y_single.T if self.product is None else self.product[rows]
            product = np.ascontiguousarray(product)
            _screen(product, row, column, potential, top, int(ground.p), room, index, low, first)
        return index, low

    def _values(self, i: np.ndarray, j: np.ndarray, v: np.ndarray, ground: Ground) -> np.ndarray:
        cost = pair_costs(self.x, self.y, i, j, ground)
        values: np.ndarray = np.maximum(cost * ground.factor - ground.offset, 0.0) - v[j]
        return values

    def _exact(
        self, index: np.ndarray, low: np.ndarray, limit: np.ndarray, v: np.ndarray, k: int, ground: Ground
    ) -> Lists:
        """What passed, in double precision; a row whose screen was full may have missed something."""
        possible = (index >= 0) & (low.astype(np.float64) * self.unit**ground.p < limit[:, None])
        value = np.full(index.shape, np.inf)
        i, slot = np.nonzero(possible)
        value[i, slot] = self._values(i, index[i, slot], v, ground)
        value[value >= limit[:, None]] = np.inf
        order = np.argsort(value, axis=1, kind="stable")[:, :k]
        found = np.isfinite(value).sum(axis=1, dtype=np.int32).clip(max=k)
        lists = Lists(np.take_along_axis(index, order, axis=1), np.take_along_axis(value, order, axis=1), found)
        if index.shape[1] < len(self.y):
            self._in_full(np.flatnonzero(possible[:, -1]), v, ground, limit, lists)
        return lists

    def _in_full(self, rows: np.ndarray, v: np.ndarray, ground: Ground, limit: np.ndarray, lists: Lists) -> None:
        """Do these rows again, by looking at every target."""
        for row in rows.tolist():
            _row_in_full(self.x, self.y, row, v, ground, limit[row], *lists)


def _differences(product: Any, base: Any, column: Any, v: Any, p: int, worst: Any, value: Any) -> int:
    """``c - v`` of one source and as many targets, and how many are below ``worst``, in loops without branches."""
    hits = 0
    for q in range(len(value)):
        value[q] = base + column[q] - np.float32(2.0) * product[q]
    if p == 1:
        for q in range(len(value)):
            value[q] = math.sqrt(value[q] if value[q] > np.float32(0.0) else np.float32(0.0))
    for q in range(len(value)):
        value[q] -= v[q]
        hits += value[q] < worst
    return hits


@kernel(kept, _differences)
def _screen(
    product: Any, row: Any, column: Any, v: Any, top: Any, p: int, room: Any, index: Any, low: Any, first: int
) -> None:  # fmt: skip
    m, k = product.shape[1], index.shape[1]
    for r in range(product.shape[0]):
        i = first + r
        worst, found = top[i], 0
        for begin in range(0, m, _STEP):
            end = min(begin + _STEP, m)
            part, value = product[r, begin:end], room[: end - begin]
            if _differences(part, row[i], column[begin:end], v[begin:end], p, worst, value) > 0:
                for q in range(end - begin):
                    if value[q] < worst:
                        found = kept(index, low, i, found, value[q], begin + q)
                        worst = low[i, k - 1] if found == k else worst


@kernel(square, power, pair_cost, kept)
def _row_in_full(x: Any, y: Any, i: int, v: Any, ground: Any, below: float, index: Any, value: Any, count: Any) -> None:
    k = index.shape[1]
    metric, p, factor, offset = ground
    worst, found = below, 0
    for j in range(y.shape[0]):
        r = max(pair_cost(x, i, y, j, metric, p) * factor - offset, 0.0) - v[j]
        if r < worst:
            found = kept(index, value, i, found, r, j)
            if found == k:
                worst = value[i, k - 1]
    for t in range(found, k):
        value[i, t], index[i, t] = np.inf, -1
    count[i] = found
