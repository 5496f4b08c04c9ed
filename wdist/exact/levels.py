r"""Coarse to fine: the points of each side are gathered into 16, 32, 64, ... cells, and each level starts the next.

A level is the transport problem between the centroids of cells. Going down, every cell hands its flow to its two
halves, which leaves a plan without cycles, and potentials are carried over by the c-transform
:math:`v(y) = \min_x c(x, y) - u(x)` over the centroids of the level before. The last level is the problem itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..search.cells import Cells, kd_order
from ..search.nearest import Ground, Lists, nearest, pair_costs
from .generation import Solved, generate
from .tree import Forest, split

__all__ = ["Clouds", "coarse_to_fine"]

_FIRST = 4  # the coarsest level has 2 ** _FIRST cells a side


@dataclass(frozen=True, eq=False, slots=True)
class Clouds:
    """The transport problem between two sets of points in k-d order, for :func:`generate`."""

    x: Cells
    y: Cells
    ground: Ground

    def costs(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return pair_costs(self.x.points, self.y.points, i, j, self.ground)

    def targets(self, v: np.ndarray, k: int, below: np.ndarray | None = None) -> Lists:
        return nearest(self.x.points, self.y, v, k, self.ground, below)

    def sources(self, u: np.ndarray, k: int) -> Lists:
        return nearest(self.y.points, self.x, u, k, self.ground)


def coarse_to_fine(
    x: np.ndarray,
    y: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    ground: Ground,
    told: Callable[[int], object] | None = None,
) -> Solved:
    """Solve between points in k-d order, with positive int64 masses of equal sums."""
    total = 0
    before: Clouds | None = None
    for cells in _levels(len(x), len(y)):
        (X, A), (Y, B) = _side(x, a, cells), _side(y, b, cells)
        if before is None:
            nothing = np.zeros(1, dtype=np.int64)
            forest, v = Forest(nothing, nothing, a.sum()[None]), np.zeros(len(Y.points))
            forest = split(split(forest, A, nothing).swapped(), B, np.arange(len(X.points))).swapped()
        else:
            v = nearest(Y.points, before.x, solved.u, 1, ground).value[:, 0]
            forest = _divided(solved.tree.forest(len(before.x.points)), X.points, A, before.y.points, ground)
            forest = _divided(forest.swapped(), Y.points, B, X.points, ground).swapped()
        before = Clouds(X, Y, ground)
        solved = generate(before, forest, v, told)
        total += solved.pivots
    return solved._replace(pivots=total)


def _side(points: np.ndarray, mass: np.ndarray, cells: int | None) -> tuple[Cells, np.ndarray]:
    """Centroids and masses of the cells of a level."""
    if cells is None:
        return Cells.of(points), mass
    first = (len(points) * np.arange(cells)) // cells
    weight = mass.astype(np.float64)
    centroids = np.add.reduceat(points * weight[:, None], first) / np.add.reduceat(weight, first)[:, None]
    return Cells.of(centroids), np.add.reduceat(mass, first)


def _divided(forest: Forest, x: np.ndarray, mass: np.ndarray, y: np.ndarray, ground: Ground) -> Forest:
    """The forest after its sources are divided into the points x of the next level.

    The arcs of a cell are handed out by the difference of their costs from its first and its last point: for two points
    that is optimal.
    """
    cells = int(forest.i.max()) + 1  # every cell has mass, so every one has an arc
    first, last = (len(x) * forest.i) // cells, (len(x) * (forest.i + 1)) // cells - 1
    key = pair_costs(x, y, first, forest.j, ground) - pair_costs(x, y, last, forest.j, ground)
    return split(forest, mass, key)


def _levels(n: int, m: int) -> list[int | None]:
    """Numbers of cells; None for the points themselves."""
    levels: list[int | None] = []
    cells = 2**_FIRST
    while 2 * cells <= min(n, m):
        levels.append(cells)
        cells *= 2
    return [*levels, None]
