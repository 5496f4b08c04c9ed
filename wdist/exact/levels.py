r"""Coarse to fine: the points of each side are gathered into 16, 32, 64, ... cells, and each level starts the next.

A level is the transport problem between the centroids of cells. Going down, every cell hands its flow to its two
halves, which leaves a plan without cycles, and potentials are carried over by the c-transform
:math:`v(y) = \min_x c(x, y) - u(x)` over the centroids of the level before. The last level is the problem itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..search.cells import Cells, kd_order
from ..search.nearest import Ground, Lists, nearest, pair_costs
from .generation import Solved, generate
from .tree import Forest, split

__all__ = ["Clouds", "coarse_to_fine"]

_FIRST = 4  # the coarsest level has 2 ** _FIRST cells a side


class Side(NamedTuple):
    """Points in k-d order and their integer masses."""

    cells: Cells
    mass: np.ndarray


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
    n, m = len(x), len(y)
    forest, v = Forest(np.zeros(1, np.int64), np.zeros(1, np.int64), np.array([a.sum()])), None
    coarse: Cells | None = None
    u = np.zeros(1)
    firsts = [np.zeros(1, np.int64)] * 2
    total = 0
    for cells in _levels(n, m):
        sides = []
        for points, mass in ((x, a), (y, b)):
            first = np.arange(len(points)) if cells is None else (len(points) * np.arange(cells)) // cells
            sides.append((Cells.of(_gathered(points, mass, first)) , np.add.reduceat(mass, first) if cells else mass))
        (X, A), (Y, B) = sides
        v = np.zeros(len(Y.points)) if coarse is None else nearest(Y.points, coarse, u, 1, ground).value[:, 0]
        forest = split(split(forest, A).swapped(), B).swapped()
        solved = generate(Clouds(X, Y, ground), forest, v, told)
        total += solved.pivots
        coarse, u, forest = X, solved.u, solved.tree.forest(len(X.points))
    return solved._replace(pivots=total)


def _levels(n: int, m: int) -> list[int | None]:
    """Numbers of cells; None for the points themselves."""
    levels: list[int | None] = []
    cells = 2**_FIRST
    while 2 * cells <= min(n, m):
        levels.append(cells)
        cells *= 2
    return [*levels, None]


def _gathered(points: np.ndarray, mass: np.ndarray, first: np.ndarray) -> np.ndarray:
    if len(first) == len(points):
        return points
    weight = mass.astype(np.float64)
    return np.add.reduceat(points * weight[:, None], first) / np.add.reduceat(weight, first)[:, None]
