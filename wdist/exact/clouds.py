"""Points in few dimensions, as a problem with levels: cells of a k-d tree, which stand at their centroids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..compilation import kernel
from ..search.cells import Cells
from ..search.ground import Ground
from ..search.lists import Lists
from ..search.nearest import nearest, pair_costs
from .generation import Solved
from .handed import limits_of_lists, potentials_along_arcs
from .levels import Costs

__all__ = ["Clouds"]


@dataclass(frozen=True, eq=False, slots=True)
class Clouds:
    """The transport problem between two sets of points in k-d order."""

    x: Cells
    y: Cells
    ground: Ground
    lengths = (10, 5)

    def costs(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return pair_costs(self.x.points, self.y.points, i, j, self.ground)

    def targets(self, v: np.ndarray, k: int, below: np.ndarray | None = None) -> Lists:
        return nearest(self.x.points, self.y, v, k, self.ground, below)

    def sources(self, u: np.ndarray, k: int, j: np.ndarray) -> Lists:
        return nearest(self.y.points.take(j, axis=0), self.x, u, k, self.ground)

    def gathered(self, masses: tuple[np.ndarray, np.ndarray], cells: int) -> Clouds:
        x, y = (_centroids(side.points, mass, cells) for side, mass in zip((self.x, self.y), masses, strict=True))
        return Clouds(Cells.of(x), Cells.of(y), self.ground)

    def handed(self, coarser: Clouds, solved: Solved) -> tuple[np.ndarray, np.ndarray]:
        known = potentials_along_arcs(solved.arcs, coarser.x.points, self.y.points, solved.u, self.ground)
        lists = nearest(self.y.points, coarser.x, solved.u, 1, self.ground, known)
        v = np.minimum(known, lists.value[:, 0])
        return v, limits_of_lists(solved.arcs, self.x.points, self.y.points, v, self.ground)

    def to_cells(self, coarser: Clouds) -> Costs:
        return Clouds(self.x, coarser.y, self.ground).costs


def _centroids(points: np.ndarray, mass: np.ndarray, cells: int) -> np.ndarray:
    centroids = np.zeros((cells, points.shape[1]))
    _weigh(points, mass, centroids)
    return centroids


@kernel()
def _weigh(points: Any, mass: Any, centroids: Any) -> None:
    """Of cells as :func:`wdist.exact.levels.first_of` divides the points."""
    n, d = points.shape
    cells = centroids.shape[0]
    for c in range(cells):
        total = 0.0
        for q in range((n * c) // cells, (n * (c + 1)) // cells):
            total += mass[q]
            for t in range(d):
                centroids[c, t] += mass[q] * points[q, t]
        for t in range(d):
            centroids[c, t] /= total
