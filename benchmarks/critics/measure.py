"""One fit, in a process of its own: what the critic says, what it proves, where its gradient points, what it took."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..problems import BUDGET, Problem, critic_problem, streams
from ..process import stream
from .families import FAMILIES

__all__ = ["Fit", "Task", "fit"]

_LIMIT = 900.0  # wall seconds for a process
_COSINE_POINTS = 4096
_COSINE_SEED = 20261125
_WARM_UP = {"steps": 2, "batch_size": 16}
_WARM_UP_POINTS = 200


@dataclass(frozen=True, slots=True)
class Task:
    """What to fit; two equal ones are the same measurement.

    Attributes
    ----------
    problem, family : str
    seed : int
        Of the samples and of the fit.
    arguments : dict
        Of ``wdist.dual.fit``, beyond the family's.
    points : int or None
        Points a side given as arrays; None: streams of at most `BUDGET`.
    """

    problem: str
    family: str
    seed: int
    arguments: Mapping[str, Any]
    points: int | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """A measurement.

    Attributes
    ----------
    task : Task
    w1 : float
        The truth.
    value, stderr, lower, upper : float
    corrected : float or None
        As in ``wdist.dual.DualResult``.
    cosine : float
        Mean cosine of the critic's gradient with the optimal one, inside the segments along which mass moves.
    seconds : float
        CPU seconds of the fit, drawing its points included.
    drawn : int
        Points of the first side that it drew.
    """

    task: Task
    w1: float
    value: float
    stderr: float
    corrected: float | None
    lower: float
    upper: float
    cosine: float
    seconds: float
    drawn: int

    @property
    def estimate(self) -> float:
        return self.value if self.corrected is None else self.corrected

    @property
    def error(self) -> float:
        """Relative, with its sign."""
        return self.estimate / self.w1 - 1.0

    @property
    def width(self) -> float:
        """Of the certified bracket, over W_1; inf without an upper bound."""
        return (self.upper - self.lower) / self.w1

    @property
    def holds(self) -> bool:
        """Whether the bracket holds the truth."""
        return self.lower <= self.w1 <= self.upper


def fit(task: Task) -> Fit:
    """Measure in a fresh process.

    Raises
    ------
    ProcessError
        If it fails, dies, or takes too long.
    """
    (measured,) = stream(_fit, (task,), _LIMIT)
    return measured


def _fit(task: Task) -> Iterator[Fit]:
    """Runs in a process of its own."""
    from wdist import dual

    problem, family = critic_problem(task.problem), FAMILIES[task.family]
    arguments = {**family.arguments, **task.arguments}
    rng = np.random.default_rng(0)
    dual.fit(*problem.independent(_WARM_UP_POINTS, rng), **{**arguments, **_WARM_UP}, rng=0)  # loads what is compiled
    x, y = streams(problem, task.seed, BUDGET if task.points is None else task.points)
    given = (x, y) if task.points is None else (x(task.points), y(task.points))
    start = time.process_time()
    result = dual.fit(*given, **arguments, rng=task.seed)
    seconds = time.process_time() - start
    yield Fit(
        task=task,
        w1=problem.w1,
        value=float(result.value),
        stderr=float(result.stderr),
        corrected=None if result.corrected is None else float(result.corrected),
        lower=float(result.lower),
        upper=float(result.upper),
        cosine=_cosine(result.critic, problem),
        seconds=seconds,
        drawn=x.drawn,
    )


def _cosine(critic: Any, problem: Problem) -> float:
    """At random points of the optimal plan's segments, where every optimal critic has one gradient; flat counts 0."""
    import torch

    rng = np.random.default_rng(_COSINE_SEED)
    x, y = problem.paired(_COSINE_POINTS, rng)
    inside = y + rng.random((len(y), 1)) * (x - y)
    points = torch.as_tensor(inside).requires_grad_()
    (slope,) = torch.autograd.grad(critic(points).sum(), points)
    found, optimal = slope.double().numpy(), problem.gradient(inside)
    norm = np.linalg.norm(found, axis=1)
    along = (found * optimal).sum(axis=1)
    cosine = float(np.divide(along, norm, out=np.zeros_like(along), where=norm > 0.0).mean())
    assert math.isfinite(cosine)
    return cosine
