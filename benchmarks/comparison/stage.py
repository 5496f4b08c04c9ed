"""Which problems, at how many points, by which estimators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..estimators import ESTIMATORS, Effort, Estimator
from ..problems import known_problem
from ..selection import SelectionError

__all__ = ["NAME", "STAGES", "Cell", "Stage", "cells"]

NAME = "comparison"


@dataclass(frozen=True, slots=True)
class Stage:
    """Sweeps for W_1 over funnel pairs, and for W_2 where it is known; effort, and seconds that a cell may take.

    Attributes
    ----------
    points : tuple of int
        Sizes of the samples, at ``dim``.
    dims : tuple of int
        Dimensions, at ``n`` points.
    steps : tuple of int
        Updates of the critics at (``dim``, ``n``), the last of which holds everywhere else.
    """

    points: tuple[int, ...]
    dims: tuple[int, ...]
    n: int
    steps: tuple[int, ...]
    limit: float
    dim: int = 8
    projections: int = 500

    @property
    def funnels(self) -> str:
        """The problem of the sweep over n, for W_1."""
        return _funnels(self.dim)

    @property
    def with_w2(self) -> dict[str, str]:
        """The problems of the sweeps over n for W_2, and what they are: Gaussian laws, and others."""
        return {f"homothety-{self.dim}d": "Gaussian laws", f"funnel-{self.dim}d": "laws that are not Gaussian"}


STAGES = {
    "smoke": Stage(points=(200, 500), dims=(2, 8), n=500, steps=(100,), limit=60.0),
    "full": Stage(points=(250, 500, 1000, 2000), dims=(2, 8, 32, 128), n=2000, steps=(500, 2000), limit=120.0),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One measurement: a problem, how many points of it, an estimator and its effort."""

    problem: str
    n: int
    estimator: str
    effort: Effort


def cells(stage: Stage, only: Sequence[str] = ()) -> list[Cell]:
    """Each once, in the order of the sweeps. ``only`` names estimators; none selects all that are on this machine.

    Raises
    ------
    SelectionError
        For a name that is none of an estimator.
    """
    if unknown := sorted(set(only) - set(ESTIMATORS)):
        raise SelectionError(f"--only names {', '.join(unknown)}, no estimator; choose from {', '.join(ESTIMATORS)}")
    places = [(stage.funnels, n) for n in stage.points] + [(_funnels(d), stage.n) for d in stage.dims]
    places += [(problem, n) for problem in stage.with_w2 for n in stage.points]
    found: dict[Cell, None] = {}
    for problem, n in places:
        for name, estimator in ESTIMATORS.items():
            if (only and name not in only) or not _fits(estimator, problem, stage):
                continue
            here = (problem, n) == (stage.funnels, stage.n)
            for steps in stage.steps if here and estimator.trains else stage.steps[-1:]:
                found[Cell(problem, n, name, Effort(steps, stage.projections))] = None
    return list(found)


def _fits(estimator: Estimator, problem: str, stage: Stage) -> bool:
    """Whether it is on this machine, and for this problem: those for W_2 go where W_2 is known, and the others not."""
    if estimator.missing or estimator.paired or not estimator.applies_to(known_problem(problem).dim):
        return False
    return (estimator.quantity == "W2") == (problem in stage.with_w2)


def _funnels(d: int) -> str:
    return f"funnels4-{d}d"
