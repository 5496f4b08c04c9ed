r"""What a level hands to the next, finer one along its arcs: potentials of the targets, and how far lists have to reach.

An arc of the coarse level joins a cell of sources with a cell of targets that is near in reduced cost, so the points of
these two may be near as well. Over them alone, :math:`v(y) = \min_X c(X, y) - u(X)` is nearly the c-transform of the
coarse potentials u, X being the centroids of the cells of sources with an arc to the cell of y; and the mean of
:math:`c(x, y) - v(y)` is a value that about half of them lie below, which makes a search for the smallest short.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compilation import kernel
from ..search.cells import SLACK
from ..search.ground import Ground
from ..search.nearest import EUCLIDEAN, pair_cost, power
from .pivots import Arcs

__all__ = ["handed_down"]

_index: Any = np.uintp  # unsigned, as in the pivots


def handed_down(
    arcs: Arcs, u: np.ndarray, cells: np.ndarray, x: np.ndarray, y: np.ndarray, ground: Ground
) -> tuple[np.ndarray, np.ndarray]:
    """Potentials v of the targets y, and for every source x a limit, below which ``c - v`` is smallest.

    Parameters
    ----------
    arcs : Arcs
        Of the coarser level, with at least one from every source and to every target.
    u : numpy.ndarray, shape (cells,)
        Potentials of its sources.
    cells : numpy.ndarray, shape (cells, d)
        Where these stand.
    x, y : numpy.ndarray, shapes (n, d) and (m, d)
        Points in the order in which :func:`wdist.exact.levels.first_of` divides them into cells.
    ground : Ground
    """
    v, limit = np.empty(len(y)), np.empty(len(x))
    _hand_down(arcs.start, arcs.target, u, cells, x, y, ground, v, limit)
    return v, limit


def _near(c: Any, start: Any, target: Any, m: Any, cells: Any, near: Any) -> Any:
    """The targets in the cells that cell c has an arc to, and how many they are."""
    size = 0
    for e in range(start[c], start[c + 1]):
        for j in range((m * target[e]) // cells, (m * (target[e] + 1)) // cells):
            near[size] = j
            size += 1
    return size


def _costs(x: Any, i: Any, y: Any, near: Any, ground: Any, cost: Any) -> None:
    """Between point i and as many of the near ones as ``cost`` has room for."""
    metric, p, factor, offset = ground
    if metric == EUCLIDEAN and p == 2.0:
        for q in range(cost.shape[0]):
            r, j = 0.0, _index(near[q])
            for t in range(x.shape[1]):
                r += (x[i, t] - y[j, t]) * (x[i, t] - y[j, t])
            cost[q] = max(r * factor - offset, 0.0)
    else:
        for q in range(cost.shape[0]):
            cost[q] = max(pair_cost(x, i, y, _index(near[q]), metric, p) * factor - offset, 0.0)


@kernel(power, pair_cost, _near, _costs)
def _hand_down(
    start: Any, target: Any, u: Any, cells: Any, x: Any, y: Any, ground: Any, v: Any, limit: Any
) -> None:  # fmt: skip
    n, m, count = x.shape[0], y.shape[0], cells.shape[0]
    near, room = np.empty(m, dtype=np.int64), np.empty(m)
    v[:] = np.inf
    for c in range(count):
        cost = room[: _near(c, start, target, m, count, near)]
        _costs(cells, c, y, near, ground, cost)
        for q in range(cost.shape[0]):
            j = _index(near[q])
            v[j] = min(v[j], cost[q] - u[c])
    for c in range(count):
        cost = room[: _near(c, start, target, m, count, near)]
        for i in range((n * c) // count, (n * (c + 1)) // count):
            _costs(x, i, y, near, ground, cost)
            total, least, cheapest = 0.0, np.inf, 0.0
            for q in range(cost.shape[0]):
                r = cost[q] - v[_index(near[q])]
                total += r
                least, cheapest = (r, cost[q]) if r < least else (least, cheapest)
            limit[i] = max(total / cost.shape[0], least + SLACK * cheapest)  # the search may round otherwise
