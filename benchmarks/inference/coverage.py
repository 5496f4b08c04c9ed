"""Intervals of ``wdist.estimate`` on populations of known distance, many draws of each; a cell is kept once it is done.

A cell is a pair of populations, n points of each, and p. Its seeds are its own, so that a run that was stopped goes on
with the cells that are not in its file yet, and no cell depends on another.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import wdist

from .laws import Pair, pairs_in

__all__ = ["Cell", "Grid", "measured"]

_CHEAP = 400  # points in the draws on which the cheap bracket is measured, or one draw


@dataclass(frozen=True, slots=True)
class Grid:
    """Dimensions; numbers of points with numbers of draws."""

    dims: tuple[int, ...]
    draws: dict[int, int]


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of the draws of a cell.

    Attributes
    ----------
    pair, dim, n, p, truth : str, int, int, int, float
    draws, refused, below, above : int
        Draws, refusals, and intervals that lie below and above the truth.
    width, cheap_width : float
        Median of ``high - low``, and of the same from :func:`wdist.bounds` and what halves of a sample are apart.
    low, high : float
        Median ends.
    plug_in, plug_in_error, centred, centred_error : float
        Means, and root mean squared errors.
    seconds : float
        CPU seconds of a call.
    """

    pair: str
    dim: int
    n: int
    p: int
    truth: float
    draws: int
    refused: int
    below: int
    above: int
    width: float
    cheap_width: float
    low: float
    high: float
    plug_in: float
    plug_in_error: float
    centred: float
    centred_error: float
    seconds: float


def measured(grid: Grid, path: Path) -> Iterator[Cell]:
    """All cells of a grid: those in the file, and new ones, which are added to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    known = {_key(cell): cell for cell in (Cell(**json.loads(line)) for line in lines if line.endswith("}"))}
    for n, draws in grid.draws.items():
        for pair in (pair for dim in grid.dims for pair in pairs_in(dim)):
            for p in pair.distances:
                cell = known.get((pair.name, pair.dim, n, p, draws))
                if cell is None:
                    cell = _cell(pair, n, p, draws)
                    with path.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(asdict(cell)) + "\n")
                yield cell


def _key(cell: Cell) -> tuple[str, int, int, int, int]:
    return cell.pair, cell.dim, cell.n, cell.p, cell.draws


def _cell(pair: Pair, n: int, p: int, draws: int) -> Cell:
    truth, refused, seconds = pair.distances[p], 0, 0.0
    estimates, cheap = list[wdist.Estimate](), list[float]()
    for draw in range(draws):
        rng = np.random.default_rng([zlib.crc32(pair.name.encode()), pair.dim, n, draw])
        x, y = pair.draw(rng, n)
        begin = time.process_time()
        try:
            estimates.append(wdist.estimate(x, y, p=p, rng=rng))
        except ValueError:
            refused += 1
        seconds += time.process_time() - begin
        if draw < max(1, _CHEAP // n):
            cheap.append(_cheap_width(x, y, p))
    low, high, centred = (np.array([getattr(e, name) for e in estimates]) for name in ("low", "high", "distance"))
    plug_in = np.array([e.stats["plug_in"] for e in estimates])
    slip = 1e-9 * truth  # rounding
    return Cell(
        pair.name, pair.dim, n, p, truth, draws, refused,
        below=int(np.sum(high < truth - slip)),
        above=int(np.sum(low > truth + slip)),
        width=float(np.median(high - low)),
        cheap_width=float(np.median(cheap)),
        low=float(np.median(low)),
        high=float(np.median(high)),
        plug_in=float(plug_in.mean()),
        plug_in_error=_error(plug_in, truth),
        centred=float(centred.mean()),
        centred_error=_error(centred, truth),
        seconds=seconds / draws,
    )  # fmt: skip


def _cheap_width(x: np.ndarray, y: np.ndarray, p: int) -> float:
    """Of an interval for the populations from cheap brackets alone.

    The bracket of the samples, widened by what each sample may be from its population: no more, on average, than two
    halves of it are apart, by convexity.
    """
    lower, upper = wdist.bounds(x, y, p=p)
    apart = sum(wdist.bounds(z[::2], z[1::2], p=p)[1] for z in (x, y))
    return upper + apart - max(lower - apart, 0.0)


def _error(values: np.ndarray, truth: float) -> float:
    return float(np.sqrt(np.mean((values - truth) ** 2)))
