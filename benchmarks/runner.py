"""Runs every cell of a suite in a process of its own.

A cell first runs the estimator untimed, which loads compiled code and fills allocators, and only then starts the clock
and the memory meter: on the sample itself, since some code is loaded for many points only, a critic for a few steps.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from wdist import transport

from .critics.families import FAMILIES
from .estimators import ESTIMATORS, Effort, Estimator
from .problems import PROBLEMS, Problem, known_problem
from .process import MIB, metered, stream
from .selection import SelectionError

__all__ = ["IMPORT_LIMIT", "SUITES", "Row", "Suite", "cells", "import_seconds", "left_out", "measured"]

IMPORT_LIMIT = 0.03  # CPU seconds that `import wdist` may take above `import numpy`
_IMPORT_TRIALS = 5
_SEED = 20261123
_WARM_UP_POINTS = 400  # from about 300 a side on kernels are compiled, and from then on used for few as well
_WARM_UP_STEPS = 2


@dataclass(frozen=True, slots=True)
class Suite:
    """Problems, sample size, effort and seconds a cell that go together; estimators that it does without."""

    name: str
    problems: tuple[str, ...]
    n: int
    effort: Effort
    limit: float
    without: tuple[str, ...] = ()


_SMOKE = ("gaussians-1d", "translation-2d", "funnel-2d", "balls-3d", "homothety-8d")
_SMOKE_CRITICS = ("one-sided", "clip")  # what has a penalty, and what has none
_ASIDE = ("pot-sinkhorn", "geomloss", *(name for name in FAMILIES if name not in _SMOKE_CRITICS))
_ASIDE += ("lp-w2", "bounds-w2", "estimate-w2")  # quick, but they repeat what the same say of W_1
SUITES = {
    suite.name: suite
    for suite in (
        Suite("smoke", _SMOKE, 1000, Effort(steps=400, projections=100), limit=300.0, without=_ASIDE),
        Suite("full", tuple(PROBLEMS), 2000, Effort(steps=4000, projections=1000), limit=600.0),
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
    truth : float or None
        The quantity of the laws, of the pairs for an estimator that takes pairs; None where it is not known.
    error : float or None
        ``(value - truth) / truth``; None without a truth.
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
    truth: float | None
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
    SelectionError
        For a name that is neither, or a selection without a cell.
    """
    if unknown := sorted(set(only) - {*suite.problems, *ESTIMATORS}):
        raise SelectionError(
            f"--only names {', '.join(map(repr, unknown))}, unknown in the suite {suite.name!r}; choose from "
            f"problems: {', '.join(suite.problems)}; estimators: {', '.join(ESTIMATORS)}; or import; or name the "
            "command whose row it is, such as exact"
        )
    problems = [name for name in suite.problems if name in only] or suite.problems
    named = [name for name in ESTIMATORS if name in only]
    estimators = named or [n for n, e in ESTIMATORS.items() if n not in suite.without and not e.missing]
    pairs = [(PROBLEMS[problem], ESTIMATORS[estimator]) for problem in problems for estimator in estimators]
    if not (found := [(problem, estimator) for problem, estimator in pairs if estimator.applies_to(problem.dim)]):
        raise SelectionError(
            f"--only {' '.join(only)} selects nothing: {', '.join(estimators)} applies in dimension 1 only; "
            "add a problem of dimension 1"
        )
    return found


def left_out() -> list[str]:
    """A line for every estimator whose package is not on this machine."""
    return [
        f"{estimator.label}: {estimator.package} is not installed here, so it is left out"
        for estimator in ESTIMATORS.values()
        if estimator.missing
    ]


def measured(problem: Problem, estimator: Estimator, n: int, effort: Effort, *, seed: int = _SEED, limit: float) -> Row:
    """One cell, in a fresh process.

    Raises
    ------
    ProcessError
        If the estimator fails, or takes more than ``limit`` seconds.
    """
    (row,) = stream(_cell, (problem.name, estimator.name, n, effort, seed), limit)
    return row


def import_seconds() -> float:
    """CPU seconds of ``import wdist`` above ``import numpy``, the least of a few fresh interpreters."""
    program = "import numpy, time; t = time.process_time(); import wdist; print(time.process_time() - t)"
    command = [sys.executable, "-c", program]
    trials = (subprocess.run(command, check=True, capture_output=True, text=True) for _ in range(_IMPORT_TRIALS))
    return min(float(trial.stdout) for trial in trials)


def _cell(problem_name: str, estimator_name: str, n: int, effort: Effort, seed: int) -> Iterator[Row]:
    """Runs in a process of its own."""
    problem, estimator = known_problem(problem_name), ESTIMATORS[estimator_name]
    draw = problem.paired if estimator.paired else problem.independent
    x, y = draw(n, np.random.default_rng(seed))
    truth = float(np.linalg.norm(x - y, axis=1).mean()) if estimator.paired else estimator.truth(problem)
    transport(x[:_WARM_UP_POINTS], y[:_WARM_UP_POINTS], p=1)
    estimator.measure(x, y, replace(effort, steps=_WARM_UP_STEPS))
    answer, seconds, peak = metered(lambda: estimator.measure(x, y, effort))
    yield Row(
        problem=problem.name,
        dim=problem.dim,
        n=n,
        estimator=estimator.name,
        quantity=estimator.quantity,
        kind=answer.kind,
        value=answer.value,
        raw=answer.raw,
        truth=truth,
        error=None if truth is None else (answer.value - truth) / truth,
        lower=answer.lower,
        upper=answer.upper,
        seconds=seconds,
        peak_mib=None if peak is None else peak / MIB,
    )
