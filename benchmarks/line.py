"""``wasserstein_1d`` beside SciPy and POT: seconds and memory of every one on the same samples, one thread.

Every solver runs in a process of its own, after a warm-up that loads compiled code. Seconds are the median of the runs,
memory the highest peak above the input. SciPy takes p = 1 and no batch: there it is called in a loop.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import wdist

from .process import MIB, ProcessError, metered, stream
from .report import write_records

__all__ = ["NAME", "run"]

NAME = "line"  # what --only knows it by

_SEED = 1
_AGREEMENT = 1e-9
_LIMIT = 900.0  # seconds for a process
_WARM_UP = 2**17  # points, enough to load compiled code

Solve = Callable[..., np.ndarray]


@dataclass(frozen=True, slots=True)
class Problem:
    """Two batches of samples, and how many times faster than the slowest peer wdist has to be."""

    rows: int
    n: int
    weighted: bool
    p: int
    target: float

    @property
    def name(self) -> str:
        """What the table says."""
        size = f"{self.n:,}" if self.rows == 1 else f"{self.rows:,} x {self.n:,}"
        return f"{size}{' weighted' if self.weighted else ''}, p = {self.p}"

    def draw(self, rows: int, n: int) -> tuple[np.ndarray, ...]:
        """Points of both sides, and their weights if they have any."""
        rng = np.random.default_rng(_SEED)
        shape = (n,) if rows == 1 else (rows, n)
        points = rng.normal(size=shape), rng.normal(0.5, 2.0, size=shape)
        if not self.weighted:
            return points
        weights = (w / w.sum(axis=-1, keepdims=True) for w in (rng.random(shape), rng.random(shape)))
        return (*points, *weights)


@dataclass(frozen=True, slots=True)
class Cell:
    """A solver on a problem; ``value`` is the mean distance over the batch."""

    solver: str
    seconds: float
    peak_mib: float | None
    value: float


def run(suite: str, out: Path) -> bool:
    """Measure, print the table, write ``line-SUITE.json``; whether all solvers gave one answer."""
    head = f"{'samples':<28} {'solver':<6} {'seconds':>9} {'MiB':>8} {'ratio':>7}  {'target':<8}"
    print(f"wasserstein_1d, one thread. ratio: seconds over wdist's.\n\n{head}\n{'-' * len(head)}", flush=True)
    records, agreed = list[dict[str, Any]](), True
    for problem in _problems(suite):
        cells, failures = list[Cell](), list[str]()
        for solver in _SOLVERS:
            if solver != "SciPy" or problem.p == 1:
                try:
                    cells += stream(_cell, (problem, solver), _LIMIT)
                except ProcessError as error:
                    failures.append(f"{solver}: {error}")
        agreed &= _print(problem, cells, failures)
        records.append({"problem": asdict(problem), "cells": [asdict(cell) for cell in cells], "failures": failures})
    write_records(out / f"{NAME}-{suite}.json", records)
    return agreed


def _problems(suite: str) -> Iterator[Problem]:
    for n in (10**6, 10**7) if suite == "full" else (10**6,):
        for weighted in (False, True):
            for p in (1, 2):
                yield Problem(1, n, weighted, p, 3.0)
    yield Problem(10_000 if suite == "full" else 1000, 1000, False, 1, 5.0)


def _print(problem: Problem, cells: list[Cell], failures: list[str]) -> bool:
    """The problem's lines; whether there are no failures and one answer."""
    ours = next((cell for cell in cells if cell.solver == "wdist"), None)
    for failure in failures:
        print(f"{problem.name:<28} {failure}")
    if ours is None:
        return False
    agreed = not failures
    for cell in cells:
        ratio = cell.seconds / ours.seconds
        verdict = ""
        # POT in a batch is a peer, but the target is a loop over SciPy.
        if cell is not ours and (problem.rows == 1 or cell.solver == "SciPy"):
            verdict = f">={problem.target:g}x {'met' if ratio >= problem.target else 'missed'}"
        if abs(cell.value / ours.value - 1) > _AGREEMENT:
            agreed, verdict = False, f"DIFFERS by {cell.value / ours.value - 1:.1e}"
        peak = "" if cell.peak_mib is None else f"{cell.peak_mib:.0f}"
        print(f"{problem.name:<28} {cell.solver:<6} {cell.seconds:>9.3g} {peak:>8} {ratio:>6.1f}x  {verdict}".rstrip())
    return agreed


def _cell(problem: Problem, name: str) -> Iterator[Cell]:
    """Runs in a process of its own."""
    solve = _SOLVERS[name]
    solve(problem.p, *problem.draw(2 if problem.rows > 1 else 1, _WARM_UP))
    samples = problem.draw(problem.rows, problem.n)
    times, peaks, answer = list[float](), list[float](), np.empty(0)
    for _ in range(5 if problem.n < 10**7 else 3):
        answer, seconds, peak = metered(partial(solve, problem.p, *samples))
        times.append(seconds)
        peaks += [] if peak is None else [peak / MIB]
    yield Cell(name, statistics.median(times), max(peaks, default=None), float(np.mean(answer)))


def _wdist(p: int, x: np.ndarray, y: np.ndarray, a: Any = None, b: Any = None) -> np.ndarray:
    return np.asarray(wdist.wasserstein_1d(x, y, p=p, u_weights=a, v_weights=b))


def _scipy(p: int, x: np.ndarray, y: np.ndarray, a: Any = None, b: Any = None) -> np.ndarray:
    from scipy.stats import wasserstein_distance

    if x.ndim == 1:
        return np.asarray(wasserstein_distance(x, y, a, b))
    return np.array([wasserstein_distance(u, v) for u, v in zip(x, y, strict=True)])


def _pot(p: int, x: np.ndarray, y: np.ndarray, a: Any = None, b: Any = None) -> np.ndarray:
    import ot

    return np.asarray(ot.wasserstein_1d(x.T, y.T, a, b, p=p)) ** (1 / p)  # POT's samples run along the first axis


_SOLVERS: dict[str, Solve] = {"wdist": _wdist, "SciPy": _scipy, "POT": _pot}
