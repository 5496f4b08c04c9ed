r"""What the arcs of a level tell the next, finer one, so that its searches are short: bounds of what they look for.

An arc of the coarse level joins a cell of sources with a cell of targets that is near in reduced cost, so the points of
these two may be near as well. Over them alone, :math:`\min_X c(X, y) - u(X)`, X being the centroids of the cells of
sources with an arc to the cell of y, is nearly the minimum over all X. And about half of the targets y lie below their
mean of :math:`c(x, y) - v(y)`: about ten.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compilation import kernel
from ..search.cells import SLACK
from ..search.ground import Ground
from ..search.nearest import pair_cost, power, square
from .levels import first_of
from .pivots import Arcs

__all__ = ["limits_of_lists", "potentials_along_arcs"]


def potentials_along_arcs(arcs: Arcs, cells: np.ndarray, y: np.ndarray, u: np.ndarray, ground: Ground) -> np.ndarray:
    """For every target y the smallest ``c - u`` from the centroids with an arc to its cell.

    Parameters
    ----------
    arcs : Arcs
        Of the coarser level, at least one to every target.
    cells : numpy.ndarray, shape (cells, d)
        The centroids, which are its sources.
    y : numpy.ndarray, shape (m, d)
        Targets in the order in which :func:`wdist.exact.levels.first_of` divides them into cells.
    u : numpy.ndarray, shape (cells,)
    ground : Ground
    """
    v = np.full(len(y), np.inf)
    _lower(arcs.start, arcs.target, *_cells(arcs, len(y)), cells, y, u, ground, v)
    return v


def limits_of_lists(arcs: Arcs, x: np.ndarray, y: np.ndarray, v: np.ndarray, ground: Ground) -> np.ndarray:
    """For every source x a number below which the smallest ``c - v`` is, and a few more: the mean along the arcs.

    Parameters
    ----------
    arcs : Arcs
        Of the coarser level, at least one from every source.
    x, y : numpy.ndarray, shapes (n, d) and (m, d)
        Points in the order in which :func:`wdist.exact.levels.first_of` divides them into cells.
    v : numpy.ndarray, shape (m,)
    ground : Ground
    """
    limit = np.empty(len(x))
    _limit(arcs.start, arcs.target, *_cells(arcs, len(y)), x, y, v, ground, limit)
    return np.nextafter(limit, np.inf)


def _cells(arcs: Arcs, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Where cells of m targets begin, and the last one ends; room for the targets along the arcs of any cell."""
    cells = len(arcs.start) - 1
    most = int((arcs.start[1:] - arcs.start[:-1]).max()) * (m // cells + 1)  # an arc may be there twice, by rounding
    return np.append(first_of(m, cells), m), np.empty(most, dtype=np.int64)


def _near(c: Any, start: Any, target: Any, begin: Any, near: Any) -> Any:
    """The targets in the cells that cell c has an arc to, and how many they are."""
    size = 0
    for e in range(start[c], start[c + 1]):
        for j in range(begin[target[e]], begin[target[e] + 1]):
            near[size] = j
            size += 1
    return size


@kernel(square, power, pair_cost, _near)
def _lower(
    start: Any, target: Any, begin: Any, near: Any, cells: Any, y: Any, u: Any, ground: Any, v: Any
) -> None:  # fmt: skip
    metric, p, factor, offset = ground
    for c in range(cells.shape[0]):
        size = _near(c, start, target, begin, near)
        for q in range(size):
            j = near[q]
            cost = max(pair_cost(cells, c, y, j, metric, p) * factor - offset, 0.0)
            v[j] = min(v[j], cost - u[c])


@kernel(square, power, pair_cost, _near)
def _limit(
    start: Any, target: Any, begin: Any, near: Any, x: Any, y: Any, v: Any, ground: Any, limit: Any
) -> None:  # fmt: skip
    count, n, (metric, p, factor, offset) = start.shape[0] - 1, x.shape[0], ground
    for c in range(count):
        size = _near(c, start, target, begin, near)
        for i in range((n * c) // count, (n * (c + 1)) // count):
            total, least, cheapest = 0.0, np.inf, 0.0
            for q in range(size):
                cost = max(pair_cost(x, i, y, near[q], metric, p) * factor - offset, 0.0)
                r = cost - v[near[q]]
                total += r
                least, cheapest = (r, cost) if r < least else (least, cheapest)
            limit[i] = max(total / size, least + SLACK * cheapest)  # a search may round otherwise
