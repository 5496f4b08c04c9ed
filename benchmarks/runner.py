"""Runs every cell of a suite in a process of its own, so that its seconds and its peak memory are its own.

Imports are done before a cell starts, in the server that its process is forked from. The cell then runs the estimator
on a small sample, which loads compiled code and fills allocators, and only then starts the clock and the memory
meter. All arithmetic is on one thread.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .estimators import ESTIMATORS, Answer, Effort, Estimator
from .problems import PROBLEMS, Problem

__all__ = ["IMPORT_LIMIT", "SUITES", "Row", "Suite", "cells", "import_seconds", "run"]

IMPORT_LIMIT = 0.03  # CPU seconds that `import wdist` may take above `import numpy`
_IMPORT_TRIALS = 5
_SEED = 20261123
_WARM_UP_POINTS = 40
_WARM_UP = Effort(steps=2, projections=2)
_PRELOAD = ["numpy", "scipy.sparse", "scipy.spatial", "scipy.special", "scipy.stats", "numba", "torch", "ot"]
_THREADS = ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB_MAXIMUM")


@dataclass(frozen=True, slots=True)
class Suite:
    """Problems, sample size and effort that go together."""

    name: str
    problems: tuple[str, ...]
    n: int
    effort: Effort


_SMOKE = ("gaussians-1d", "translation-2d", "funnel-2d", "balls-3d", "homothety-8d")
SUITES = {
    suite.name: suite
    for suite in (
        Suite("smoke", _SMOKE, 1000, Effort(steps=400, projections=100)),
        Suite("full", tuple(PROBLEMS), 2000, Effort(steps=4000, projections=1000)),
    )
}


@dataclass(frozen=True, slots=True)
class Row:
    """One cell of the benchmark.

    Attributes
    ----------
    problem, dim, estimator, quantity, kind : str, int, str, str, str
        What was measured, see `Problem`, `Estimator` and `Answer`.
    value, raw, lower, upper : float or None
        The answer.
    truth : float
        W_1 of the laws; of the pairs for an estimator that takes pairs.
    error : float or None
        ``(value - truth) / truth``; None where value is another quantity than W_1.
    seconds : float
        Wall time of one call on one thread, without imports and compilation.
    peak_mib : float or None
        Peak of resident memory above what was resident before the call; None where the system does not tell.
    """

    problem: str
    dim: int
    n: int
    estimator: str
    quantity: str
    kind: str
    value: float
    raw: float | None
    truth: float
    error: float | None
    lower: float | None
    upper: float | None
    seconds: float
    peak_mib: float | None


def cells(suite: Suite, only: Sequence[str] = ()) -> list[tuple[Problem, Estimator]]:
    """The suite's pairs of problem and estimator, those that ``only`` names.

    Names of problems select among problems, names of estimators among estimators; none of a kind selects all.

    Raises
    ------
    ValueError
        For a name that is neither, or a selection without a cell.
    """
    if unknown := sorted(set(only) - {*suite.problems, *ESTIMATORS}):
        raise ValueError(
            f"--only names {', '.join(map(repr, unknown))}, unknown in the suite {suite.name!r}; choose from "
            f"problems: {', '.join(suite.problems)}; estimators: {', '.join(ESTIMATORS)}; or import"
        )
    problems = [name for name in suite.problems if name in only] or suite.problems
    estimators = [name for name in ESTIMATORS if name in only] or list(ESTIMATORS)
    pairs = [(PROBLEMS[problem], ESTIMATORS[estimator]) for problem in problems for estimator in estimators]
    if not (found := [(problem, estimator) for problem, estimator in pairs if estimator.applies_to(problem.dim)]):
        raise ValueError(
            f"--only {' '.join(only)} selects nothing: {', '.join(estimators)} applies in dimension 1 only; "
            "add a problem of dimension 1"
        )
    return found


def run(suite: Suite, pairs: Sequence[tuple[Problem, Estimator]]) -> Iterator[Row]:
    """Measure the cells one after the other, each in a fresh process."""
    os.environ.update({f"{library}_NUM_THREADS": "1" for library in _THREADS})  # children read them
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOAD)
    with ProcessPoolExecutor(max_workers=1, mp_context=context, max_tasks_per_child=1) as pool:
        for problem, estimator in pairs:
            yield pool.submit(_cell, problem.name, estimator.name, suite).result()


def import_seconds() -> float:
    """CPU seconds of ``import wdist`` above ``import numpy``, the least of a few fresh interpreters."""
    program = "import numpy, time; t = time.process_time(); import wdist; print(time.process_time() - t)"
    command = [sys.executable, "-c", program]
    trials = (subprocess.run(command, check=True, capture_output=True, text=True) for _ in range(_IMPORT_TRIALS))
    return min(float(trial.stdout) for trial in trials)


def _cell(problem_name: str, estimator_name: str, suite: Suite) -> Row:
    """Runs in a process of its own."""
    problem, estimator = PROBLEMS[problem_name], ESTIMATORS[estimator_name]
    draw = problem.paired if estimator.paired else problem.independent
    x, y = draw(suite.n, np.random.default_rng(_SEED))
    truth = float(np.linalg.norm(x - y, axis=1).mean()) if estimator.paired else problem.w1
    estimator.measure(x[:_WARM_UP_POINTS], y[:_WARM_UP_POINTS], _WARM_UP)
    answer, seconds, peak_mib = _metered(lambda: estimator.measure(x, y, suite.effort))
    return Row(
        problem=problem.name,
        dim=problem.dim,
        n=suite.n,
        estimator=estimator.name,
        quantity=estimator.quantity,
        kind=answer.kind,
        value=answer.value,
        raw=answer.raw,
        truth=truth,
        error=(answer.value - truth) / truth if estimator.aims_at_w1(problem.dim) else None,
        lower=answer.lower,
        upper=answer.upper,
        seconds=seconds,
        peak_mib=peak_mib,
    )


def _metered(call: Callable[[], Answer]) -> tuple[Answer, float, float | None]:
    _reset_peak()
    before = _peak_mib()
    start = time.perf_counter()
    answer = call()
    seconds = time.perf_counter() - start
    after = _peak_mib()
    return answer, seconds, None if before is None or after is None else after - before


def _reset_peak() -> None:
    """Make the peak what is resident now, where the system can; else it stays that of the warm-up."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _peak_mib() -> float | None:
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return _peak_mib_posix()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _peak_mib_posix() -> float | None:
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # bytes on macOS, where there is no /proc
