r"""A summary of a stream on the line, of bounded size, that knows how far it is from the stream in W_p.

Points are gathered into cells; of a cell its mass n, its mean m, its least point l and its greatest h are kept. Moving
every point to the mean of its cell is a plan, so, N being the mass of all,

.. math:: W_p^p(\text{stream}, \text{means}) \le \sum \frac{n}{N} \Bigl( \frac{h - m}{h - l} (m - l)^p
   + \frac{m - l}{h - l} (h - m)^p \Bigr),

for among points in [l, h] with mean m, those at the two ends are the farthest from it, by convexity. By the triangle
inequality a distance between sketches is off by at most the sum of the two errors.

Runs of k cells are merged in pairs of about equal counts, as in a merge sort (Bentley and Saxe, 1980,
doi:10.1016/0196-6774(80)90015-2), so that a point is moved into a wider cell log(N / k) times, and not at every update.
Cells are cut where the cost at p = 2 is spread evenly, at equal steps of the integral of density^(1/3), as optimal
quantisers are (Zador, 1982, doi:10.1109/TIT.1982.1056490): fine in the tails, which weigh more the larger p is.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ._arrays import as_float64, to_numpy
from .errors import InvalidMeasureError
from .settings import check_count, check_p

__all__ = ["QuantileSketch"]

_CHUNK = 2**20  # points that are sorted at once
_BUFFER = 4  # points for every cell that wait, as they are, to be gathered


class _Cells(NamedTuple):
    """Cells in the order of their means."""

    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    mass: np.ndarray


class _Run(NamedTuple):
    """Cells that stand for some of the points seen."""

    seen: int
    cells: _Cells


class QuantileSketch:
    """The empirical law of a stream on the line, in memory that does not grow with it (but for a logarithm).

    Parameters
    ----------
    k : int
        Cells in a run, at least 16: about log2(N / 4k) runs are kept of N points. The error falls like 1 / k.

    Notes
    -----
    Wherever wdist takes a measure on the line it takes a sketch: :func:`wdist.wasserstein` then returns an estimate
    whose bracket is certain, since :meth:`error` bounds what the sketch has lost. Up to 4 k points nothing is lost.
    A sketch is deterministic: the same updates give the same cells.

    Examples
    --------
    >>> import numpy as np, wdist
    >>> left, right = wdist.QuantileSketch(200), wdist.QuantileSketch(200)
    >>> for chunk in np.array_split(np.linspace(0, 1, 100_000), 10):
    ...     left.update(chunk)
    ...     right.update(chunk + 3)
    >>> r = wdist.wasserstein(left, right, p=1)
    >>> r.lower <= 3 <= r.upper, r.gap < 0.05, r.kind
    (True, True, 'estimate')
    """

    __slots__ = ("_buffer", "_runs", "_waiting", "k")

    def __init__(self, k: int = 1000):
        self.k = check_count(k, "k", 16)
        self._runs: list[_Run] = []  # of falling counts
        self._buffer: list[tuple[np.ndarray, np.ndarray | None]] = []
        self._waiting = 0  # points in the buffer

    dim = property(lambda self: 1, doc="Dimension of the space.")

    @property
    def count(self) -> int:
        """Points seen so far, those of weight 0 left out."""
        return self._waiting + sum(run.seen for run in self._runs)

    def __repr__(self) -> str:
        return f"QuantileSketch(k={self.k}, count={self.count})"

    def update(self, x: Any, weights: Any = None) -> None:
        """Add points.

        Parameters
        ----------
        x : array_like or torch.Tensor
            Finite, of any shape: a number, a chunk of a stream. Nothing is added where it is refused.
        weights : array_like or torch.Tensor, optional
            Non-negative and finite, of the shape of ``x``: masses, in the same unit at every update. None: 1 each.

        Raises
        ------
        InvalidMeasureError
            If ``x`` holds NaN or inf, or no real numbers, or ``weights`` do not fit.
        """
        points, mass = to_numpy(as_float64(x, "x")), None
        if weights is not None:
            mass = to_numpy(as_float64(weights, "weights"))
            if mass.shape != points.shape or np.any(mass < 0):
                found = f"shape {mass.shape}" if mass.shape != points.shape else f"the entry {mass.min():g}"
                raise InvalidMeasureError(
                    f"weights has {found} beside x of shape {points.shape}: give one mass, at least 0, for each point"
                )
            points, mass = points[mass > 0], mass[mass > 0]
        self._take(points.ravel(), mass)

    def _take(self, points: np.ndarray, mass: np.ndarray | None) -> None:
        for first in range(0, len(points), _CHUNK):
            part = slice(first, first + _CHUNK)
            self._buffer.append((points[part], None if mass is None else mass[part]))
            self._waiting += len(points[part])
            if self._waiting > _BUFFER * self.k:
                self._push(_Run(self._waiting, _gathered(_points(self._buffer), self.k)))
                self._buffer, self._waiting = [], 0

    def merge(self, other: QuantileSketch) -> None:
        """Add what another sketch has seen; it stays as it is.

        Raises
        ------
        TypeError
            If ``other`` is no sketch.
        """
        if not isinstance(other, QuantileSketch):
            raise TypeError(f"other is a {type(other).__name__}: merge takes a QuantileSketch, update takes points")
        runs, waiting = list(other._runs), list(other._buffer)
        for seen, cells in runs:
            self._push(_Run(seen, _gathered(cells, self.k)))
        for points, mass in waiting:
            self._take(points, mass)

    def atoms(self) -> tuple[np.ndarray, np.ndarray]:
        """Means of the cells, ascending, and their masses.

        Raises
        ------
        InvalidMeasureError
            Before the first point.
        """
        cells = self._cells()
        return cells.mean, cells.mass

    def error(self, p: float) -> float:
        """A bound of W_p between the stream and :meth:`atoms`, for p in [1, inf]; rounding included."""
        p, cells = check_p(p), self._cells()
        left, right = cells.mean - cells.low, cells.high - cells.mean
        # A mean is off by its rounding, and by that of the sum over its cell.
        slip = np.where(cells.low < cells.high, 2.0**-50 * np.maximum(abs(cells.low), abs(cells.high)), 0.0)
        slip += 2.0**-30 * (0.5 * cells.high - 0.5 * cells.low)
        if math.isinf(p):
            return float(np.max(np.maximum(left, right) + slip))
        scale = float(np.max(np.maximum(left, right)))
        if scale == 0.0:
            return 0.0
        a, b = left / scale, right / scale
        cost = (b * a**p + a * b**p) / np.where(a + b > 0, a + b, 1.0)
        share = cells.mass / cells.mass.max()
        share /= share.sum()
        largest = float(np.max(slip))  # in units of its own, or its powers vanish
        lost = scale * np.sum(share * cost) ** (1.0 / p) + largest * np.sum(share * (slip / largest) ** p) ** (1.0 / p)
        return float(lost) * (1 + 2.0**-40)

    def _push(self, run: _Run) -> None:
        """Add a run, and merge runs from the smallest on while one is not twice the next."""
        while True:
            self._runs.append(run)
            self._runs.sort(key=lambda kept: -kept.seen)
            if len(self._runs) == 1 or self._runs[-2].seen >= 2 * self._runs[-1].seen:
                return
            last, least = self._runs.pop(-2), self._runs.pop()
            run = _Run(last.seen + least.seen, _gathered(_together([last.cells, least.cells]), self.k))

    def _cells(self) -> _Cells:
        if self.count == 0:
            raise InvalidMeasureError("the sketch is empty: update it with at least one point")
        return _together([*(run.cells for run in self._runs), *([_points(self._buffer)] if self._buffer else [])])


def _points(chunks: list[tuple[np.ndarray, np.ndarray | None]]) -> _Cells:
    """Every point a cell of its own."""
    x = np.concatenate([points for points, _ in chunks])
    if all(mass is None for _, mass in chunks):
        x.sort()
        return _Cells(x, x, x, np.ones(len(x)))
    order = np.argsort(x, kind="stable")
    mass = np.concatenate([np.ones(len(points)) if mass is None else mass for points, mass in chunks])
    return _Cells(x[order], x[order], x[order], mass[order])


def _together(runs: list[_Cells]) -> _Cells:
    joined = [np.concatenate(parts) for parts in zip(*runs, strict=True)]
    order = np.argsort(joined[2], kind="stable")
    return _Cells(*(part[order] for part in joined))


def _gathered(cells: _Cells, k: int) -> _Cells:
    """Neighbouring cells put together until there are at most k."""
    if len(cells.mass) <= k:
        return cells
    first = _first_of_groups(cells, k)
    low = np.minimum.reduceat(cells.low, first)
    high = np.maximum.reduceat(cells.high, first)
    mass = np.add.reduceat(cells.mass, first)
    share = cells.mass / np.repeat(mass, np.diff(first, append=len(cells.mass)))
    # Halves, from the middle: neither a difference nor a sum of them overflows.
    middle = 0.5 * low + 0.5 * high
    offset = 0.5 * cells.mean - 0.5 * np.repeat(middle, np.diff(first, append=len(cells.mass)))
    mean = middle + 2.0 * np.add.reduceat(offset * share, first)
    return _Cells(low, high, np.clip(mean, low, high), mass)


def _first_of_groups(cells: _Cells, k: int) -> np.ndarray:
    """Where at most k groups of about equal cost begin; a gap that alone costs more than a group only parts two."""
    gap = 0.5 * cells.mean[1:] - 0.5 * cells.mean[:-1]
    largest = float(gap.max())
    step = np.cbrt(0.5 * cells.mass[1:] + 0.5 * cells.mass[:-1]) * np.cbrt(gap / largest if largest else gap) ** 2
    if np.count_nonzero(step) < k:
        return np.concatenate([[0], 1 + np.flatnonzero(step)])  # every value a group of its own
    # The size t of a group, at which sum(min(step / t, 1)) = k - 1: gaps of a step beyond t are cuts.
    ascending = np.sort(step[step > 0])
    total = np.cumsum(ascending)
    cuts = np.arange(len(ascending), 0, -1)  # if t were each of the steps
    fits = np.flatnonzero((total - ascending) / ascending + cuts <= k - 1)
    m = fits[0] if len(fits) else len(ascending)
    t = (total[m - 1] if m else 0.0) / (k - 1 - (len(ascending) - m))
    place = np.concatenate([[0.0], np.cumsum(np.minimum(step / t, 1.0))])
    return np.flatnonzero(np.diff(np.floor(place), prepend=-1.0) > 0)
