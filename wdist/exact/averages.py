r"""A bare matrix of costs, as a problem with levels: rows and columns sorted by likeness, and averages over blocks.

Which rows are alike, the matrix itself says. The entries of a row in a few sampled columns are coordinates of it, less
their mean, which transport does not feel: what is added to a whole row moves no mass. For squared Euclidean distances
what is left is linear in the point, :math:`-2 \langle x, y_j - \bar y \rangle`, so that its principal components are
those of the points; for other distances in few dimensions, a few components still hold nearly all. Where they do not,
as for random costs, there are no levels to be had.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compilation import kernel
from ..search.cells import kd_order
from ..search.ground import MatrixCosts
from .generation import Solved
from .levels import Costs, first_of
from .sampled import AllPairs

__all__ = ["Averages", "order_by_likeness"]

_SEED, _SAMPLE = 0, 64  # columns that are looked at
_COMPONENTS, _EXPLAINED = 4, 0.9  # components that must hold this share of the variance
_FEWEST = 64  # rows and columns from which on there are levels
_LARGE = 2.0**1000  # entries whose sums might overflow


class Averages(AllPairs):
    """Costs between rows and columns sorted by likeness."""

    __slots__ = ()
    lengths = (12, 6)
    all: MatrixCosts

    def gathered(self, masses: tuple[np.ndarray, np.ndarray], cells: int) -> Averages:
        return self._averages(cells, cells)

    def handed(self, coarser: Averages, solved: Solved) -> tuple[np.ndarray, None]:
        between = self._averages(coarser.all.shape[0], self.all.shape[1])
        return between.sources(solved.u, 1, np.arange(self.all.shape[1])).value[:, 0], None

    def to_cells(self, coarser: Averages) -> Costs:
        (_, m), (_, cells) = self.all.shape, coarser.all.shape

        def costs(i: np.ndarray, j: np.ndarray) -> np.ndarray:
            first, last = (m * j) // cells, (m * (j + 1)) // cells - 1
            return 0.5 * self.costs(i, first) + 0.5 * self.costs(i, last)

        return costs

    def _averages(self, rows: int, columns: int) -> Averages:
        """Between so many cells of sources and of targets."""
        n, m = self.all.shape
        averages = np.zeros((rows, columns))
        row, column = np.append(first_of(n, rows), n), np.append(first_of(m, columns), m)
        _average(self.all.matrix, row, column, np.empty(m), averages)
        return Averages(MatrixCosts(averages))


def order_by_likeness(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Permutations of rows and columns in which neighbours are alike; None if a few components do not tell."""
    if min(matrix.shape) < _FEWEST or max(matrix.max(), -matrix.min()) > _LARGE:
        return None
    i = _ordered(matrix)
    j = None if i is None else _ordered(matrix.T)
    return None if i is None or j is None else (i, j)


def _ordered(matrix: np.ndarray) -> np.ndarray | None:
    columns = np.random.default_rng(_SEED).permutation(matrix.shape[1])[:_SAMPLE]
    entries = matrix[:, columns]
    entries = entries - entries.mean(axis=1, keepdims=True)
    entries -= entries.mean(axis=0)
    largest = np.max(np.abs(entries))
    if largest == 0.0:
        return None
    entries /= largest
    values, vectors = np.linalg.eigh(entries.T @ entries)
    if values[-_COMPONENTS:].sum() < _EXPLAINED * values.sum():
        return None
    return kd_order(entries @ vectors[:, -_COMPONENTS:])


@kernel()
def _average(matrix: Any, row: Any, column: Any, totals: Any, averages: Any) -> None:
    """Averages over the blocks of rows ``row[i] : row[i + 1]`` and columns ``column[j] : column[j + 1]``."""
    for i in range(averages.shape[0]):
        totals[:] = 0.0
        for s in range(row[i], row[i + 1]):
            totals += matrix[s]
        for j in range(averages.shape[1]):
            for t in range(column[j], column[j + 1]):
                averages[i, j] += totals[t]
            averages[i, j] /= (row[i + 1] - row[i]) * (column[j + 1] - column[j])
