r"""The c-transform :math:`g^c_i = \min_j c_{ij} - g_j` over all pairs: the largest f that is feasible beside g.

Whatever g is, :math:`(g^c, g)` is feasible, so :math:`\langle a, g^c \rangle + \langle b, g \rangle` bounds the
transport cost from below (Villani, *Optimal Transport: Old and New*, 2009, theorem 5.10). Costs are taken a rounding
error too small and the minimum is rounded down, so that this holds of the floats as well. Memory is O(n): points are
searched, by the index that they come with, else by a tree in few dimensions and by a screen of all pairs in many;
anything else goes by in blocks of rows.
"""

from __future__ import annotations

import numpy as np

from .._arrays import Floats
from ..compilation import interpreting, plain
from .blocks import row_blocks
from .cells import Cells, kd_order
from .ground import Costs, Ground, PointCosts
from .nearest import nearest, pair_costs
from .rounding import difference_error
from .screen import Screen, has_screen

__all__ = ["TREE_DIMENSIONS", "largest_violation", "transform_below"]

TREE_DIMENSIONS = 7  # up to here a tree of boxes prunes enough, where nothing is known of the points
_FEW = 2**14  # pairs: below, all of them are looked at


def transform_below(
    costs: Costs, g: np.ndarray, index: Screen | Cells | None = None, near: np.ndarray | None = None
) -> Floats:
    """The c-transform of g, rounded down; inf for a source without arcs.

    What is known makes it faster, and no different: ``index``, a screen of the points or, if these are in k-d order,
    the cells of the targets, and for every source a target, ``near``, that may well be where its minimum is.
    """
    g = plain(g)
    if isinstance(costs, PointCosts) and _searchable(costs):
        return _searched_below(costs, g, index, near)
    return np.concatenate([_row_minimum_below(costs.rows_below(rows), g) for rows in row_blocks(costs.shape)])


def largest_violation(costs: Costs, f: np.ndarray, g: np.ndarray) -> float:
    """The largest ``f[i] + g[j] - c[i, j]``, or 0 where there is none above it."""
    if isinstance(costs, PointCosts) and _searchable(costs):
        return max(0.0, float(np.max(f - _two_smallest(costs, g, costs.ground())[1][:, 0])))
    worst = 0.0
    for rows in row_blocks(costs.shape):
        worst = max(worst, float(np.max(f[rows] - np.min(costs.rows(rows) - g, axis=1))))
    return worst


def _searchable(costs: PointCosts) -> bool:
    """Whether a search beats looking at all pairs."""
    if interpreting() or costs.shape[0] * costs.shape[1] <= _FEW:
        return False
    return costs.x.shape[1] <= TREE_DIMENSIONS or has_screen(costs)


def _two_smallest(
    costs: PointCosts,
    g: np.ndarray,
    ground: Ground,
    index: Screen | Cells | None = None,
    near: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    k = min(2, len(g))
    if isinstance(index, Screen) or (index is None and costs.x.shape[1] > TREE_DIMENSIONS):
        screen = index or Screen.of(costs.x, costs.y)
        return screen.two_smallest(g, ground, near)[:2]
    if not isinstance(index, Cells):
        order = kd_order(costs.y)
        lists = nearest(costs.x, Cells.of(costs.y[order]), g[order], k, ground)
        return order[lists.which], lists.value
    if near is None:
        return nearest(costs.x, index, g, k, ground)[:2]
    known = _cost(costs, near, ground) - g[near]
    which, value, found = nearest(costs.x, index, g, k, ground, np.nextafter(known, np.inf))
    first = found == 0  # in many dimensions the search adds in another order, and found no more than what was known
    which[first, 0], value[first, 0] = near[first], known[first]
    return which, value


def _cost(costs: PointCosts, j: np.ndarray, ground: Ground) -> np.ndarray:
    """Between every source and its target j."""
    cost = pair_costs(costs.x, costs.y, np.arange(len(j)), j, ground)
    return np.maximum(cost * ground.factor - ground.offset, 0.0)


def _searched_below(
    costs: PointCosts, g: np.ndarray, index: Screen | Cells | None = None, near: np.ndarray | None = None
) -> np.ndarray:
    """Rounding is monotone, so only differences that round to the minimum can lie below it: the first, or a tie."""
    ground = costs.ground(below=True)
    which, value = _two_smallest(costs, g, ground, index, near)
    j, minimum = which[:, 0], value[:, 0]
    below = difference_error(_cost(costs, j, ground), g[j], minimum) < 0
    if value.shape[1] > 1:
        below |= (value[:, 1] == minimum) & (minimum != 0.0)  # a difference that rounds to 0 is 0
    return np.where(below, np.nextafter(minimum, -np.inf), minimum)


def _row_minimum_below(costs: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Rounding is monotone, so only the differences that round to the minimum can lie below it."""
    differences = costs - g
    minimum: Floats = differences.min(axis=1)
    i, j = np.nonzero((differences == minimum[:, None]) & np.isfinite(minimum)[:, None])
    below = np.zeros(len(minimum), dtype=bool)
    below[i[difference_error(costs[i, j], g[j], minimum[i]) < 0]] = True
    return np.where(below, np.nextafter(minimum, -np.inf), minimum)
