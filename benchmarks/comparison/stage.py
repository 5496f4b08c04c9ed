"""Which problems, at how many points, by which estimators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..estimators import ESTIMATORS, Effort
from ..problems import known_problem

__all__ = ["NAME", "STAGES", "Cell", "Stage", "cells", "left_out"]

NAME = "comparison"


@dataclass(frozen=True, slots=True)
class Stage:
    """Two sweeps over funnel pairs, their effort, and the seconds that a cell may take.

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
    ValueError
        For a name that is none of an estimator.
    """
    if unknown := sorted(set(only) - set(ESTIMATORS)):
        raise ValueError(f"--only names {', '.join(unknown)}, no estimator; choose from {', '.join(ESTIMATORS)}")
    places = [(_problem(stage.dim), n) for n in stage.points] + [(_problem(d), stage.n) for d in stage.dims]
    found: dict[Cell, None] = {}
    for problem, n in places:
        for name, estimator in ESTIMATORS.items():
            if (only and name not in only) or estimator.missing or estimator.paired:
                continue
            if not estimator.applies_to(known_problem(problem).dim):
                continue
            here = (problem, n) == (_problem(stage.dim), stage.n)
            for steps in stage.steps if here and estimator.trains else stage.steps[-1:]:
                found[Cell(problem, n, name, Effort(steps, stage.projections))] = None
    return list(found)


def left_out() -> list[str]:
    """A line for every estimator whose package is not on this machine."""
    return [
        f"{estimator.label}: {estimator.package} is not installed here, so it is left out"
        for estimator in ESTIMATORS.values()
        if estimator.missing
    ]


def _problem(d: int) -> str:
    return f"funnels4-{d}d"
