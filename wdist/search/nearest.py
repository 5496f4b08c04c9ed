r"""The k smallest :math:`c(x_i, y_j) - v_j` of every source i, over all targets, by a pruned search of a k-d tree.

A node is left out when no target in its box can come below the worst value that the list of the source still holds.
With v below an affine function of slope s on the node, that is a bound of :math:`c(x, y) - \langle s, y - c \rangle`
over the box: its exact minimum, coordinate by coordinate, where the cost is a sum over coordinates; the tangent of the
convex cost at the centre c, or the distance to the box, where it is not. Bounds are lowered by more than their
rounding, so that nothing is missed.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..compilation import index, interpreting, kernel, plain
from .cells import SLACK, Cells
from .ground import METRICS, Ground
from .lists import Lists, kept
from .together import together

__all__ = ["CHEBYSHEV", "CITYBLOCK", "EUCLIDEAN", "nearest", "pair_cost", "pair_costs", "power", "square"]

EUCLIDEAN, CITYBLOCK, CHEBYSHEV = range(len(METRICS))

_ROWS = 2**15  # queries in one call of the kernel: between calls Ctrl-C is heard
_MANY = 8  # coordinates; fewer are added in the order that :mod:`wdist.search.together` adds them in


def nearest(x: np.ndarray, y: Cells, v: np.ndarray, k: int, ground: Ground, below: np.ndarray | None = None) -> Lists:
    """The k smallest ``c(x_i, y_j) - v[j]`` for every i, and of those only what is less than ``below[i]``."""
    if below is not None and ground.metric == EUCLIDEAN and ground.p in (1.0, 2.0) and not interpreting():
        return together(x, y, v, k, ground, below)
    n = len(x)
    lists = Lists(np.empty((n, k), dtype=np.int32), np.empty((n, k)), np.empty(n, dtype=np.int32))
    limit = np.full(n, np.inf) if below is None else below
    cell, waiting = y.majorant(v), (np.empty(2 * y.depth + 4, dtype=np.int64), np.empty(2 * y.depth + 4))
    for first in range(0, n, _ROWS):
        _search(x, y.points, v, y.depth, cell, ground, limit, waiting, lists, first, min(first + _ROWS, n))
    return lists


def pair_costs(x: np.ndarray, y: np.ndarray, i: np.ndarray, j: np.ndarray, ground: Ground) -> np.ndarray:
    """Costs of the pairs (i[k], j[k])."""
    i, j, cost = i.astype(np.int64, copy=False), j.astype(np.int64, copy=False), np.empty(len(i))
    _pair_costs(x, y, plain(i), plain(j), ground.metric, ground.p, cost)
    return cost


def pair_cost(x: Any, i: int, y: Any, j: int, metric: int, p: float) -> float:
    """The cost of one pair; called by kernels."""
    d, k, total = x.shape[1], 0, 0.0
    if metric == EUCLIDEAN:
        if d >= _MANY:  # four sums at a time, for none waits for another
            a, b, c = 0.0, 0.0, 0.0
            while k + 4 <= d:
                total, a = total + square(x, i, y, j, k), a + square(x, i, y, j, k + 1)
                b, c = b + square(x, i, y, j, k + 2), c + square(x, i, y, j, k + 3)
                k += 4
            total = (total + a) + (b + c)
        while k < d:
            total += square(x, i, y, j, k)
            k += 1
        total = total if p == 2.0 else math.sqrt(total)
    elif metric == CITYBLOCK:
        for k in range(d):
            total += abs(x[i, k] - y[j, k])
    else:
        for k in range(d):
            total = max(total, abs(x[i, k] - y[j, k]))
    return total if p == 1.0 or (p == 2.0 and metric == EUCLIDEAN) else power(total, p)


def square(x: Any, i: int, y: Any, j: int, k: int) -> Any:
    """Of the difference in coordinate k; called by kernels."""
    k = index(k)
    gap = x[index(i), k] - y[index(j), k]
    return gap * gap


def power(x: float, p: float) -> float:
    """``x ** p``, without the logarithm where p is often so; called by kernels."""
    if p == 2.0:
        return x * x
    if p == 3.0:
        return x * x * x
    if p == 4.0:
        return (x * x) * (x * x)
    if p == 1.5:
        return x * math.sqrt(x)
    value: float = x**p
    return value


def _bound(x: Any, i: int, cell: Any, h: int, metric: int, p: float) -> float:
    """A lower bound of ``c(x_i, y) - v(y)`` for y in the box of node h."""
    d: int = x.shape[1]
    total: float = -cell[h, 3, 0]
    if metric == CITYBLOCK and p == 1.0:
        for k in range(d):
            half, slope, at = cell[h, 1, k], cell[h, 2, k], x[i, k] - cell[h, 0, k]
            y = -half if slope < -1.0 else (half if slope > 1.0 else min(max(at, -half), half))
            total += abs(at - y) - slope * y
        return total
    near, far, lift, widest, axis = 0.0, 0.0, 0.0, -1.0, 0
    for k in range(d):
        half, at = cell[h, 1, k], abs(x[i, k] - cell[h, 0, k])
        gap = max(at - half, 0.0)
        lift += abs(cell[h, 2, k]) * half
        if metric == EUCLIDEAN:
            near, far = near + gap * gap, far + at * at
        elif metric == CITYBLOCK:
            near, far = near + gap, far + at
        else:
            near, far = max(near, gap), max(far, at)
        if at > widest:
            widest, axis = at, k
    if metric == EUCLIDEAN:
        near, far = math.sqrt(near), math.sqrt(far)
    tangent, steep = far, 1.0
    if p != 1.0:
        near, tangent = power(near, p), power(far, p)
        steep = p * tangent / far if far > 0.0 else 0.0
    steep = steep / far if metric == EUCLIDEAN and far > 0.0 else steep
    for k in range(d):
        at = cell[h, 0, k] - x[i, k]
        if metric == EUCLIDEAN:
            rise = steep * at
        elif metric == CITYBLOCK or k == axis:
            rise = steep if at > 0.0 else -steep
        else:
            rise = 0.0
        tangent -= abs(rise - cell[h, 2, k]) * cell[h, 1, k]
    return total + max(tangent, near - lift)


@kernel(square, power, pair_cost)
def _pair_costs(x: Any, y: Any, i: Any, j: Any, metric: int, p: float, cost: Any) -> None:
    for k in range(i.shape[0]):
        cost[k] = pair_cost(x, i[k], y, j[k], metric, p)


@kernel(square, power, pair_cost, kept, _bound)
def _search(
    x: Any, y: Any, v: Any, depth: int, cell: Any, ground: Any, below: Any, waiting: Any, lists: Any, first: int,
    last: int,
) -> None:  # fmt: skip
    (which, value, count), (node, bound) = lists, waiting
    m, d, k = y.shape[0], x.shape[1], which.shape[1]
    metric, p, factor, offset = ground
    squared = metric == EUCLIDEAN and p == 2.0
    for i in range(first, last):
        worst, found, top = below[i], 0, 1
        for e in range(k):
            which[i, e], value[i, e] = -1, np.inf
        stop = worst + SLACK * abs(worst)
        node[0], bound[0] = 1, -np.inf
        while top > 0:
            top -= 1
            h = node[top]
            if bound[top] >= stop:
                continue
            if h >> depth:
                c = h - (1 << depth)
                for j in range((m * c) >> depth, (m * (c + 1)) >> depth):
                    r = max(pair_cost(x, i, y, j, metric, p) * factor - offset, 0.0) - v[j]
                    if r < worst:
                        found = kept(which, value, i, found, r, j)
                        if found == k:
                            worst = value[i, k - 1]
                            stop = worst + SLACK * abs(worst)
                continue
            left, right = 0.0, 0.0
            for c in range(2 * h, 2 * h + 2):
                if squared:
                    low_bound = -cell[c, 3, 0]
                    for t in range(d):
                        half, slope, at = cell[c, 1, t], cell[c, 2, t], x[i, t] - cell[c, 0, t]
                        best = min(max(at + 0.5 * slope, -half), half)  # where the derivative vanishes, or nearest
                        low_bound += (at - best) * (at - best) - slope * best
                else:
                    low_bound = _bound(x, i, cell, c, metric, p)
                left, right = right, low_bound
            nearer = 0 if left < right else 1
            for c in range(2):  # the farther one first, so that the nearer one is on top
                h_c, b_c = (2 * h + 1 - nearer, max(left, right)) if c == 0 else (2 * h + nearer, min(left, right))
                if b_c < stop:
                    node[top], bound[top] = h_c, b_c
                    top += 1
        count[i] = found
