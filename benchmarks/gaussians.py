"""``gaussian_w2`` beside POT: relative error and seconds of both on the same Gaussians, one thread.

Two tables. Speed: unrelated covariances of condition 100 in growing dimension, and 1,000 pairs at once, where POT is
called in a loop and in its own batch; the answer is known from the map that made the second covariance of the first.
Accuracy: covariances that are nearly singular, nearly equal, or both, against sixty decimal digits.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

import wdist

from .decimals import w2_of_covariances
from .process import ProcessError, stream
from .report import write_records

__all__ = ["NAME", "run"]

NAME = "gaussians"  # what --only knows it by

_DIMENSIONS = (2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
_CONDITIONS, _APART = (1e2, 1e8, 1e12, 1e14), (1.0, 1e-3, 1e-6, 1e-10)
_LIMIT = 900.0  # seconds for a process
_BUDGET = 0.5  # seconds of repetition for a cell, five runs at least

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # means and covariances


@dataclass(frozen=True, slots=True)
class Cell:
    """A solver on a problem: the median of its seconds, and its largest relative error (nan for no number)."""

    solver: str
    seconds: float
    error: float


@dataclass(frozen=True, slots=True)
class Row:
    """A problem with its cells, wdist's first; ``target`` is the ratio that those of wdist have to reach."""

    problem: str
    cells: tuple[Cell, ...]
    target: float | None = None
    tolerance: float = 1e-9


def run(suite: str, out: Path) -> bool:
    """Measure, print the tables, write ``gaussians-SUITE.json``; whether wdist's errors are within their bounds."""
    head = f"{'Gaussians':<30} {'solver':<18} {'seconds':>9} {'ratio':>7} {'error':>8}  {'target':<8}"
    print(f"gaussian_w2, one thread. ratio: POT's seconds over these. error: relative, of W2.\n\n{head}")
    print("-" * len(head))
    rows, well = list[Row](), True
    for measure in (_speed, _accuracy):
        try:
            for row in stream(measure, (suite,), _LIMIT):
                rows.append(row)
                print(_lines(row), flush=True)
                well &= row.cells[0].error <= row.tolerance
        except ProcessError as error:
            print(f"{measure.__name__.strip('_')}: {error}")
            well = False
    write_records(out / f"{NAME}-{suite}.json", [asdict(row) for row in rows])
    return well


def _lines(row: Row) -> str:
    pot, lines = next(cell for cell in row.cells if cell.solver == "POT"), list[str]()
    for cell in row.cells:
        ratio, verdict = pot.seconds / cell.seconds, ""
        if cell.solver.startswith("wdist"):
            if not cell.error <= row.tolerance:
                verdict = f"MORE THAN {row.tolerance:g}"
            elif row.target:
                verdict = f">={row.target:g}x {'met' if ratio >= row.target else 'missed'}"
        error = "no number" if math.isnan(cell.error) else f"{cell.error:.1e}"
        line = f"{row.problem:<30} {cell.solver:<18} {cell.seconds:>9.2e} {ratio:>6.2f}x {error:>9}  {verdict}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def _speed(suite: str) -> Iterator[Row]:
    """Runs in a process of its own."""
    for d in _DIMENSIONS:
        arrays, answer = _mapped(d, ())
        P, Q = wdist.Gaussian(arrays[0], arrays[2]), wdist.Gaussian(arrays[1], arrays[3])
        cells: tuple[Cell, ...] = (
            _cell("wdist", partial(wdist.gaussian_w2, P, Q), answer),
            _cell("wdist, from arrays", partial(_from_arrays, *arrays), answer),
            _cell("POT", partial(_pot, *arrays), answer),
        )
        yield Row(f"d = {d}", cells, target=1.0)
    arrays, answers = _mapped(10, (1000,))
    P, Q = wdist.Gaussian(arrays[0], arrays[2]), wdist.Gaussian(arrays[1], arrays[3])
    cells = (
        _cell("wdist", partial(wdist.gaussian_w2, P, Q), answers),
        _cell("wdist, from arrays", partial(_from_arrays, *arrays), answers),
        _cell("POT", lambda: np.array([_pot(*pair) for pair in zip(*arrays, strict=True)]), answers),
        _cell("POT, its batch", partial(_pot, *arrays, paired=True), answers),
    )
    yield Row("1,000 pairs, d = 10", cells, target=5.0)


def _accuracy(suite: str) -> Iterator[Row]:
    """Runs in a process of its own."""
    d = 8 if suite == "full" else 4
    for condition in _CONDITIONS:
        for apart in _APART:
            rng = np.random.default_rng(1)
            zero, cov1 = np.zeros(d), _covariance(rng, d, condition)
            cov2 = cov1 + apart * _covariance(rng, d, condition)
            answer = np.asarray(w2_of_covariances(cov1, cov2))
            P, Q, arrays = wdist.Gaussian(zero, cov1), wdist.Gaussian(zero, cov2), (zero, zero, cov1, cov2)
            ours = _cell("wdist", partial(wdist.gaussian_w2, P, Q), answer)
            pot = _cell("POT", partial(_pot, *arrays), answer)
            yield Row(f"cond. {condition:.0e}, {apart:.0e} apart", (ours, pot), tolerance=1e-7)


def _cell(solver: str, solve: Callable[[], object], answer: np.ndarray) -> Cell:
    with np.errstate(all="ignore"):
        try:
            found = np.asarray(solve(), dtype=float)
        except np.linalg.LinAlgError:
            found = np.full(answer.shape, math.nan)
        seconds, start = list[float](), time.perf_counter()
        while len(seconds) < 5 or time.perf_counter() - start < _BUDGET:
            began = time.perf_counter()
            solve()
            seconds.append(time.perf_counter() - began)
    return Cell(solver, float(np.median(seconds)), float(np.max(np.abs(found / answer - 1))))


def _from_arrays(m1: np.ndarray, m2: np.ndarray, cov1: np.ndarray, cov2: np.ndarray) -> object:
    """As POT takes them: with the copies, and the checks that they are covariances, which POT leaves out."""
    return wdist.gaussian_w2(wdist.Gaussian(m1, cov1), wdist.Gaussian(m2, cov2))


def _pot(m1: np.ndarray, m2: np.ndarray, cov1: np.ndarray, cov2: np.ndarray, **options: bool) -> object:
    import ot

    return ot.gaussian.bures_wasserstein_distance(m1, m2, cov1, cov2, **options)


def _mapped(d: int, batch: tuple[int, ...]) -> tuple[Arrays, np.ndarray]:
    """Gaussians of which the second is the image of the first under x -> m2 + A (x - m1), and their W2s."""
    rng = np.random.default_rng(d)
    m1, m2 = rng.normal(size=(2, *batch, d))
    cov1, A = _covariance(rng, d, 100.0, batch), _covariance(rng, d, 4.0, batch)
    cov2, step = A @ cov1 @ A, np.eye(d) - A
    square = np.sum((m1 - m2) ** 2, axis=-1) + np.trace(step @ cov1 @ step, axis1=-2, axis2=-1)
    return (m1, m2, cov1, (cov2 + cov2.mT) / 2), np.sqrt(square)


def _covariance(rng: np.random.Generator, d: int, condition: float, batch: tuple[int, ...] = ()) -> np.ndarray:
    """Random axes, eigenvalues even in logarithm from 1 down."""
    axes = np.linalg.qr(rng.normal(size=(*batch, d, d)))[0]
    cov = (axes * np.geomspace(1.0, 1.0 / condition, d)) @ axes.mT
    return (cov + cov.mT) / 2
