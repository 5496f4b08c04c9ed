r"""Good couplings without a solver: halves go to halves, and pairs that gain by it exchange partners.

Both clouds are cut at once, at the medians of the coordinate in which they are widest; lower parts belong together, and
upper parts, and each is cut again. The order of the cells makes a staircase coupling that respects every cut, in
O(n log n), for any masses. Of points of equal mass, pairs (x, y), (x', y') that are neighbours in some order then
exchange partners where that is cheaper. Whatever comes out is a coupling: what it costs bounds W_p^p from above.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import namespace
from ..certificate import primal_above
from ..compilation import kernel
from ..coupling import Coupling, monotone_coupling
from ..directions import spread
from ..search.ground import PointCosts
from ..search.nearest import EUCLIDEAN, pair_cost, power, square
from ..search.rounding import root_bounds

__all__ = ["coupling_above", "cut_coupling", "improved"]

_REACH = 12  # neighbours in an order with which a pair may exchange partners
_ORDERS = 4, 32  # directions along which pairs are put in order, at least and at most
_WORK = 2**18  # pairs that are put in order, in all, beyond the least


def cut_coupling(x: np.ndarray, y: np.ndarray, a: np.ndarray | None, b: np.ndarray | None) -> Coupling:
    """A coupling of points (n, d) and (m, d) of masses a and b (None: equal) by common cuts at their medians."""
    masses = [np.full(len(z), 1.0 / len(z)) if w is None else w for z, w in ((x, a), (y, b))]
    i, j = np.arange(len(x)), np.arange(len(y))
    _cut(np.ascontiguousarray(x), np.ascontiguousarray(y), *masses, i, j)
    a, b = (None if w is None else w[order] for w, order in ((a, i), (b, j)))
    pieces = monotone_coupling(a, b, len(x), len(y), namespace(x), x)
    kept = pieces.mass > 0.0
    return Coupling(i[pieces.i[kept]], j[pieces.j[kept]], pieces.mass[kept])


def improved(costs: PointCosts, pairs: Coupling, rng: np.random.Generator) -> Coupling:
    """A cheaper coupling, by exchanges between pairs that are neighbours along some direction."""
    x, y, count = costs.x, costs.y, len(pairs.mass)
    spare = 0 if np.all(pairs.mass == pairs.mass[0]) else 2 * count  # of unequal masses a part is exchanged
    i, j, mass = (np.concatenate([z, np.zeros(spare, z.dtype)]) for z in pairs)
    room = np.empty(len(i))
    thetas = spread(rng, int(min(max(_WORK // count, _ORDERS[0]), _ORDERS[1])), x.shape[1])[0]
    for theta in thetas:
        order = np.argsort((x[i[:count]] + y[j[:count]]) @ theta)
        i[:count], j[:count], mass[:count] = i[order], j[order], mass[order]
        count = int(_exchange(x, y, i, j, mass, room, count, costs.p, _REACH))
    return Coupling(i[:count], j[:count], mass[:count])


def coupling_above(costs: PointCosts, pairs: Coupling, rounded: bool) -> float:
    """The p-th root of a coupling's cost, rounded up; ``rounded``: the masses are, so that their marginals are off."""
    above = primal_above(costs, pairs)
    # A mass is a difference of two cumulated ones, less what was exchanged of it: what rounding lost of all of them may
    # have to go as far as any goes. Equal masses are quotients of whole numbers.
    above += 2.0**-50 * ((len(pairs.mass) + _ORDERS[1] * _REACH) * costs.most() if rounded else above)
    return costs.scale * root_bounds(0.0, above, costs.p)[1]


def _middle(points: Any, mass: Any, order: Any, first: int, last: int, axis: int) -> int:
    """Sort a cell along an axis, and say where half of its mass is reached."""
    keys = np.empty(last - first)
    for q in range(first, last):
        keys[q - first] = points[order[q], axis]
    order[first:last] = order[first:last][np.argsort(keys)]
    total = 0.0
    for q in range(first, last):
        total += mass[order[q]]
    half, middle = 0.0, first
    while middle < last and half + 0.5 * mass[order[middle]] <= 0.5 * total:
        half += mass[order[middle]]
        middle += 1
    return middle


@kernel(_middle, owns=True)
def _cut(x: Any, y: Any, a: Any, b: Any, i: Any, j: Any) -> None:
    d = x.shape[1]
    cells = np.empty((256, 4), np.int64)
    cells[0, 0], cells[0, 1], cells[0, 2], cells[0, 3] = 0, len(i), 0, len(j)
    top = 1
    while top > 0:
        top -= 1
        first, last, start, stop = cells[top, 0], cells[top, 1], cells[top, 2], cells[top, 3]
        if last - first < 2 or stop - start < 2:
            continue
        widest, axis = 0.0, -1
        for k in range(d):
            low = high = x[i[first], k]
            for q in range(first, last):
                low, high = min(low, x[i[q], k]), max(high, x[i[q], k])
            for q in range(start, stop):
                low, high = min(low, y[j[q], k]), max(high, y[j[q], k])
            if high - low > widest:
                widest, axis = high - low, k
        if axis < 0:
            continue
        middle = _middle(x, a, i, first, last, axis)
        centre = _middle(y, b, j, start, stop, axis)
        middle, centre = min(max(middle, first + 1), last - 1), min(max(centre, start + 1), stop - 1)
        for part in range(2):
            cells[top, 0], cells[top, 1] = (first, middle) if part == 0 else (middle, last)
            cells[top, 2], cells[top, 3] = (start, centre) if part == 0 else (centre, stop)
            top += 1


@kernel(square, power, pair_cost)
def _exchange(x: Any, y: Any, i: Any, j: Any, mass: Any, cost: Any, count: int, p: float, reach: int) -> int:
    """Exchange partners between the first ``count`` pairs; the number of pairs after masses were divided for it."""
    n = count
    for k in range(n):
        cost[k] = pair_cost(x, i[k], y, j[k], EUCLIDEAN, p)
    for k in range(n):
        for t in range(k + 1, min(k + 1 + reach, n)):
            one, other = pair_cost(x, i[k], y, j[t], EUCLIDEAN, p), pair_cost(x, i[t], y, j[k], EUCLIDEAN, p)
            if one + other >= cost[k] + cost[t]:
                continue
            if mass[k] != mass[t]:
                if count == len(i):
                    continue
                larger, part = (k, mass[t]) if mass[k] > mass[t] else (t, mass[k])
                i[count], j[count], mass[count] = i[larger], j[larger], mass[larger] - part
                mass[larger] = part
                count += 1
            j[k], j[t] = j[t], j[k]
            cost[k], cost[t] = one, other
    return count
