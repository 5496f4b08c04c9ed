r"""Coarse to fine: both sides are gathered into 32, 128, 256, 512, ... cells; the problem between them starts the next.

Going down, every cell hands its flow to its two halves, which leaves a plan without cycles, and potentials are carried
over by the c-transform :math:`v(y) = \min_x c(x, y) - u(x)` over the cells x of the level before; how far its lists
have to reach, its arcs tell (:mod:`wdist.exact.handed`). The last level is the problem itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self, TypeVar

import numpy as np

from .generation import Problem, Solved, Watch, generate
from .tree import Forest, split

__all__ = ["Layered", "coarse_to_fine", "first_of"]

_POINTS = 1.6  # points a cell of the finest level, or up to twice as many
_FEW, _FEWEST = 256, 32  # cells up to which a level has a quarter of the next one's, not half; of the coarsest, or more


class Layered(Problem, Protocol):
    """A problem whose sources, and whose targets, are in such an order that neighbours are alike."""

    def gathered(self, masses: tuple[np.ndarray, np.ndarray], cells: int) -> Self:
        """The problem between so many cells of either side: see :func:`first_of`."""

    def handed(self, coarser: Self, solved: Solved) -> tuple[np.ndarray, np.ndarray | None]:
        """Potentials of the targets from those of a coarser level, and what :func:`generate` takes as ``below``."""

    def to_cells(self, coarser: Self) -> Costs:
        """Costs between sources of this level and targets of a coarser one, to go by when cells are divided."""


Costs = Callable[[np.ndarray, np.ndarray], np.ndarray]  # of the pairs (i[k], j[k])
_Layered = TypeVar("_Layered", bound=Layered)


def first_of(n: int, cells: int) -> np.ndarray:
    """Where cells of n points begin. If there are twice as many, they are the halves of these."""
    return (n * np.arange(cells)) // cells


def coarse_to_fine(problem: _Layered, masses: tuple[np.ndarray, np.ndarray], watch: Watch) -> Solved:
    """Solve for positive int64 masses of equal sums."""
    levels = [(problem, masses)]
    for cells in _cells(len(masses[0]), len(masses[1])):
        finer, (a, b) = levels[-1]
        A, B = (np.add.reduceat(mass, first_of(len(mass), cells)) for mass in (a, b))
        levels.append((finer.gathered((a, b), cells), (A, B)))
    level, (a, b) = levels.pop()
    solved = generate(level, (a, b), None, np.zeros(len(b)), watch, rough=bool(levels))
    while levels:
        before, (level, (a, b)) = level, levels.pop()
        v, below = level.handed(before, solved)
        plan = _divided(solved.tree.forest(len(solved.u)), a, level.to_cells(before))
        plan = _divided(plan.swapped(), b, lambda j, i: level.costs(i, j)).swapped()  # noqa: B023
        solved = generate(level, (a, b), plan, v, watch, below=below, rough=bool(levels))
    return solved


def _cells(n: int, m: int) -> list[int]:
    """Numbers of cells, from fine to coarse."""
    levels = []
    cells = 1 << int(min(n, m) / _POINTS).bit_length() >> 1
    while cells >= _FEWEST:
        levels.append(cells)
        cells //= 2 if cells > _FEW else 4
    return levels


def _divided(forest: Forest, mass: np.ndarray, costs: Costs) -> Forest:
    """The forest, from cells, after these are divided into sources of these masses.

    The arcs of a cell are handed out by the difference of their costs from its first and its last source: for two
    sources that is optimal.
    """
    cells = int(forest.i.max()) + 1  # every cell has mass, so every one has an arc
    first, last = (len(mass) * forest.i) // cells, (len(mass) * (forest.i + 1)) // cells - 1
    return split(forest, mass, costs(first, forest.j) - costs(last, forest.j))
