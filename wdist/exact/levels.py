r"""Coarse to fine: the points of each side are gathered into 32, 128, 256, 512, ... cells; each level starts the next.

A level is the transport problem between the centroids of cells. Going down, every cell hands its flow to its two
halves, which leaves a plan without cycles, and potentials are carried over by the c-transform
:math:`v(y) = \min_x c(x, y) - u(x)` over the centroids of the level before. The last level is the problem itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..search.cells import Cells
from ..search.ground import Ground
from ..search.lists import Lists
from ..search.nearest import nearest, pair_costs
from .generation import Solved, Watch, generate
from .tree import Forest, split

__all__ = ["Clouds", "coarse_to_fine"]

_POINTS = 1.6  # points a cell of the finest level, or up to twice as many
_FEW, _FEWEST = 256, 32  # cells up to which a level has a quarter of the next one's, not half; of the coarsest, or more


@dataclass(frozen=True, eq=False, slots=True)
class Clouds:
    """The transport problem between two sets of points in k-d order, for :func:`generate`."""

    x: Cells
    y: Cells
    ground: Ground

    @property
    def lengths(self) -> tuple[int, int]:
        return (10, 5) if self.x.points.shape[1] <= 2 else (14, 6)

    def costs(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return pair_costs(self.x.points, self.y.points, i, j, self.ground)

    def targets(self, v: np.ndarray, k: int, below: np.ndarray | None = None) -> Lists:
        return nearest(self.x.points, self.y, v, k, self.ground, below)

    def sources(self, u: np.ndarray, k: int, j: np.ndarray) -> Lists:
        return nearest(self.y.points[j], self.x, u, k, self.ground)


def coarse_to_fine(clouds: Clouds, masses: tuple[np.ndarray, np.ndarray], watch: Watch) -> Solved:
    """Solve for positive int64 masses of equal sums."""
    (x, y), (a, b), ground = (clouds.x.points, clouds.y.points), masses, clouds.ground
    before: Clouds | None = None
    solved: Solved | None = None
    for cells in _levels(len(x), len(y)):
        if cells is None:
            level, mass = clouds, masses
        else:
            (X, A), (Y, B) = _gathered(x, a, cells), _gathered(y, b, cells)
            level, mass = Clouds(X, Y, ground), (A, B)
        plan, v = None, np.zeros(len(mass[1]))
        if before is not None and solved is not None:
            v = nearest(level.y.points, before.x, solved.u, 1, ground).value[:, 0]
            plan = solved.tree.forest(len(before.x.points))
            plan = _divided(plan, level.x.points, mass[0], before.y.points, ground)
            plan = _divided(plan.swapped(), level.y.points, mass[1], level.x.points, ground).swapped()
        solved = generate(level, mass, plan, v, watch, rough=cells is not None)
        before = level
    assert solved is not None
    return solved


def _levels(n: int, m: int) -> list[int | None]:
    """Numbers of cells, from coarse to fine; None for the points themselves."""
    levels: list[int | None] = [None]
    cells = 1 << int(min(n, m) / _POINTS).bit_length() >> 1
    while cells >= _FEWEST:
        levels.append(cells)
        cells //= 2 if cells > _FEW else 4
    return levels[::-1]


def _gathered(points: np.ndarray, mass: np.ndarray, cells: int) -> tuple[Cells, np.ndarray]:
    """Centroids and masses of the cells of a level."""
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


