r"""Ground costs :math:`c(x, y) = d(x, y)^p`, in blocks, each with a bound of its rounding error.

Distances come from differences of coordinates, never from the expanded square: points far from the origin keep their
digits. With u = 2^-53, a Euclidean distance in R^d has a relative error of at most (d + 4) u / 2 + 2 u, its p-th power
p times that and the error of ``pow``; what underflows adds an absolute amount far below any cost that matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from scipy import sparse
from scipy.spatial.distance import cdist

from .._arrays import Floats, Integers, power_of_two
from ..compilation import plain
from ..settings import check_choice

__all__ = ["METRICS", "Costs", "Ground", "MatrixCosts", "PointCosts", "check_metric", "extent"]

METRICS = ("euclidean", "cityblock", "chebyshev")
_AT_ONCE = 2**16  # coordinates of pairs, so many that they stay near the processor
_NARROW = 16  # coordinates up to which it pays to have each of them in one piece before it is reduced


class Ground(NamedTuple):
    """A ground cost as compiled code takes it: ``d ** p``, times ``factor``, less ``offset``, and not below 0.

    ``metric`` is the place of its name in `METRICS`.
    """

    metric: int
    p: float
    factor: float
    offset: float


class Costs(Protocol):
    """Costs of all pairs, of which a caller asks a block of rows, or a list of pairs."""

    @property
    def shape(self) -> tuple[int, int]: ...

    def select(self, i: np.ndarray | None, j: np.ndarray | None) -> Costs:
        """Costs between the sources i and the targets j; None for all."""

    def transposed(self) -> Costs:
        """Costs with the two sides exchanged."""

    def rows(self, rows: slice) -> np.ndarray:
        """Costs of some sources to all targets, inf where there is no arc."""

    def rows_below(self, rows: slice) -> np.ndarray:
        """The same, never above the exact costs."""

    def pairs(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Costs of the pairs (i[k], j[k])."""

    def pairs_above(self, i: np.ndarray, j: np.ndarray, costs: np.ndarray | None = None) -> np.ndarray:
        """The same, never below the exact costs; ``costs`` are those of the pairs, if they are known."""

    def most(self) -> float:
        """What no cost exceeds, in absolute value."""


def check_metric(metric: Any) -> str:
    """The name of a ground metric, checked."""
    return check_choice(metric, "metric", METRICS)


@dataclass(frozen=True, eq=False, slots=True)
class PointCosts:
    """Costs between points, whose coordinates are divided by ``scale`` first.

    ``scale`` is 1 unless the p-th powers would leave the range of floats, and else a power of two above the diameter.
    Costs are in units of ``scale ** p``.
    """

    x: Floats
    y: Floats
    p: float
    metric: str
    scale: float

    @classmethod
    def between(cls, x: np.ndarray, y: np.ndarray, p: float, metric: str) -> PointCosts:
        """Costs between float64 points of shapes (n, d) and (m, d), which compiled code takes in one layout only."""
        x, y = plain(x), plain(y)
        (x_low, x_high), (y_low, y_high) = extent(x), extent(y)
        half = np.maximum(x_high, y_high) / 2 - np.minimum(x_low, y_low) / 2
        diameter = _norm(half / (widest := float(half.max()) or 1.0), metric) * widest  # half of it, at least
        if p * abs(np.log2(diameter or 1.0)) < 200 and p * np.log2(x.shape[1] + 1.0) < 200:
            return cls(x, y, p, metric, 1.0)
        scale = 4.0 * power_of_two(diameter) if diameter < 2.0**1020 else 2.0**1022
        return cls(x / scale, y / scale, p, metric, scale)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.x), len(self.y)

    def select(self, i: np.ndarray | None, j: np.ndarray | None) -> PointCosts:
        x, y = self.x if i is None else self.x.take(i, axis=0), self.y if j is None else self.y.take(j, axis=0)
        return PointCosts(x, y, self.p, self.metric, self.scale)

    def transposed(self) -> PointCosts:
        return PointCosts(self.y, self.x, self.p, self.metric, self.scale)

    @property
    def unit(self) -> float:
        """``scale ** p``; inf or 0 where that is no float."""
        try:
            return float(self.scale**self.p)
        except OverflowError:
            return np.inf

    def rows(self, rows: slice) -> np.ndarray:
        squared = self.metric == "euclidean" and self.p == 2.0
        distances: Floats = cdist(self.x[rows], self.y, "sqeuclidean" if squared else self.metric)
        return distances if squared or self.p == 1.0 else distances**self.p

    def rows_below(self, rows: slice) -> np.ndarray:
        costs = self.rows(rows)
        costs *= 1.0 - self._relative_error
        costs -= self._least
        np.maximum(costs, 0.0, out=costs)
        return costs

    def distances(self, i: Integers, j: Integers) -> Floats:
        """Distances of the pairs, divided by ``scale``."""
        distances = np.empty(len(i))
        step = max(1, _AT_ONCE // self.x.shape[1])
        for first in range(0, len(i), step):
            some = slice(first, first + step)
            lengths = self.x.take(i[some], axis=0) - self.y.take(j[some], axis=0)
            if self.metric == "euclidean":
                np.sqrt(np.einsum("ij,ij->i", lengths, lengths), out=distances[some])
                continue
            lengths = np.abs(lengths)
            distances[some] = lengths.sum(axis=1) if self.metric == "cityblock" else lengths.max(axis=1)
        return distances

    def pairs(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return self.distances(i, j) ** self.p

    def pairs_above(self, i: np.ndarray, j: np.ndarray, costs: np.ndarray | None = None) -> np.ndarray:
        above = (self.pairs(i, j) if costs is None else costs) * (1.0 + self._relative_error) + self._least
        # Points at rest cost nothing; scaled coordinates below the normal range can hide a difference.
        rows = np.flatnonzero(above <= self._least)  # those points are among these
        if len(rows) == 0:
            return above
        x, y = self.x[i[rows]], self.y[j[rows]]
        at_rest = np.all(x == y, axis=1)
        if self.scale != 1.0:
            at_rest &= np.all(x * self.scale == y * self.scale, axis=1)
            at_rest &= np.all((np.abs(x) > 2.0**-960) | (x == 0.0), axis=1)
        above[rows[at_rest]] = 0.0
        return above

    def most(self) -> float:
        (x_low, x_high), (y_low, y_high) = extent(self.x), extent(self.y)
        sides = np.maximum(x_high, y_high) - np.minimum(x_low, y_low)
        return float(_norm(sides, self.metric) ** self.p * (1.0 + 2.0 * self._relative_error) + self._least)

    def ground(self, below: bool = False) -> Ground:
        """The same costs for compiled code; or, never above the exact ones."""
        metric = METRICS.index(self.metric)
        if not below:
            return Ground(metric, self.p, 1.0, 0.0)
        return Ground(metric, self.p, 1.0 - self._relative_error, self._least)

    @property
    def _least(self) -> float:
        """What underflow may take from a cost, at most."""
        return self.p * 2.0 ** (-520 if self.p < 2 else -1020)

    @property
    def _relative_error(self) -> float:
        return 2.0**-53 * (self.p * (self.x.shape[1] / 2 + 4) + 8)

    def derivatives(self, i: Integers, j: Integers) -> np.ndarray:
        """Derivatives of the distances by the points x[i]; 0, a subgradient, where they coincide."""
        differences = self.x[i] - self.y[j]
        if self.metric == "cityblock":
            return np.sign(differences)
        if self.metric == "chebyshev":
            widest = np.argmax(np.abs(differences), axis=1)[:, None]
            result = np.zeros_like(differences)
            np.put_along_axis(result, widest, np.sign(np.take_along_axis(differences, widest, axis=1)), axis=1)
            return result
        lengths = self.distances(i, j)[:, None]
        return differences / np.where(lengths > 0, lengths, 1.0)


def extent(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the largest of every coordinate."""
    if points.shape[1] < _NARROW:
        points = np.asfortranarray(points)
    return points.min(axis=0), points.max(axis=0)


def _norm(lengths: np.ndarray, metric: str) -> float:
    if metric == "euclidean":
        return float(np.sqrt(np.sum(lengths * lengths)))
    return float(lengths.sum() if metric == "cityblock" else lengths.max())


@dataclass(frozen=True, eq=False, slots=True)
class MatrixCosts:
    """Costs given as a matrix, taken as exact; an entry that a sparse matrix does not store is a forbidden arc."""

    matrix: Any

    @property
    def shape(self) -> tuple[int, int]:
        return (int(self.matrix.shape[0]), int(self.matrix.shape[1]))

    def select(self, i: np.ndarray | None, j: np.ndarray | None) -> MatrixCosts:
        matrix = self.matrix if i is None else self.matrix[i]
        if j is None:
            return MatrixCosts(matrix)
        return MatrixCosts(matrix[:, j] if sparse.issparse(matrix) else np.take(matrix, j, axis=1))

    def transposed(self) -> MatrixCosts:
        return MatrixCosts(self.matrix.T)

    def rows(self, rows: slice) -> np.ndarray:
        if not sparse.issparse(self.matrix):
            return np.asarray(self.matrix[rows])
        part = self.matrix[rows].tocoo()
        costs = np.full(part.shape, np.inf)
        costs[part.row, part.col] = part.data
        return costs

    def pairs(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        if not sparse.issparse(self.matrix):
            return np.asarray(self.matrix[i, j])
        matrix, m = self.matrix.tocsr(), self.shape[1]
        rows = np.repeat(np.arange(self.shape[0], dtype=np.int64), np.diff(matrix.indptr))
        keys = rows * m + matrix.indices
        order = np.argsort(keys, kind="stable")
        wanted = i.astype(np.int64) * m + j
        place = np.searchsorted(keys, wanted, sorter=order)
        found = order[np.minimum(place, len(order) - 1)] if len(order) else np.zeros(len(wanted), np.int64)
        if not len(order):
            return np.full(len(wanted), np.inf)
        return np.where(keys[found] == wanted, matrix.data[found], np.inf)

    def pairs_above(self, i: np.ndarray, j: np.ndarray, costs: np.ndarray | None = None) -> np.ndarray:
        return self.pairs(i, j) if costs is None else costs

    rows_below = rows

    def most(self) -> float:
        return float(np.max(np.abs(self.matrix.data if sparse.issparse(self.matrix) else self.matrix), initial=0.0))
