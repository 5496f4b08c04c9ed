"""The rows of the benchmark: a problem, a family, how many seeds, and how long a fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..problems import CRITICS, FUNNELS, SEEDS
from ..selection import SelectionError
from .families import FAMILIES

__all__ = ["CURVES", "SCORED", "Effort", "Instance", "dimension", "select"]

SCORED = "one-sided"  # the family that the targets are for: what `dual.fit` does by default
CURVES = ("funnels16-8d", "funnels16-64d")  # on which every family is given more and more steps
_SMOKE = ("funnels4-2d", "funnels16-8d")
_PROVING = (SCORED, "groupsort")  # families for which the smoke suite looks for bounds
_CURVE_STEPS = (100, 300, 1000)


@dataclass(frozen=True, slots=True)
class Effort:
    """Updates of the critic, None for as many as `wdist.dual.fit` has it; and whether bounds are looked for."""

    steps: int | None = None
    bounds: bool = True

    def arguments(self) -> dict[str, Any]:
        """What is passed to ``fit``."""
        steps = {} if self.steps is None else {"steps": self.steps}
        return steps if self.bounds else {**steps, "bounds": False}


@dataclass(frozen=True, slots=True)
class Instance:
    """A row: the fits of a family on a problem, one for every seed; ``on_curve``, a point of error against seconds."""

    problem: str
    family: str
    seeds: tuple[int, ...]
    effort: Effort
    on_curve: bool = False

    @property
    def name(self) -> str:
        return f"{self.problem} {self.family}"

    @property
    def dim(self) -> int:
        return dimension(self.problem)

    @property
    def scored(self) -> bool:
        """Whether it has targets."""
        return self.problem in FUNNELS and self.family == SCORED and self.seeds == SEEDS


def dimension(problem: str) -> int:
    """Of the problem of that name."""
    return int(problem.rstrip("d").rpartition("-")[2])


def select(suite: str, only: Sequence[str] = ()) -> list[Instance]:
    """The suite's rows, those that ``only`` names by problem, family or both; none of a kind selects all.

    Raises
    ------
    SelectionError
        For a name that is neither, or a selection without a row.
    """
    if unknown := sorted(set(only) - {*CRITICS, *FAMILIES}):
        raise SelectionError(
            f"--only dual names {', '.join(map(repr, unknown))}; choose from problems: {', '.join(CRITICS)}; "
            f"critics: {', '.join(FAMILIES)}"
        )
    problems = [name for name in CRITICS if name in only]
    families = [name for name in FAMILIES if name in only]
    rows = [
        row
        for row in _SUITES[suite]
        if (not problems or row.problem in problems) and (not families or row.family in families)
    ]
    if not rows:
        raise SelectionError(f"--only dual {' '.join(only)} selects nothing in the suite {suite!r}: try --suite full")
    return rows


def _smoke() -> Iterator[Instance]:
    for problem in _SMOKE:
        for family in FAMILIES:
            yield Instance(problem, family, SEEDS[:1], Effort(60, bounds=family in _PROVING))


def _full() -> Iterator[Instance]:
    """The scored rows first; in more than a few dimensions half of fit's own steps suffice them."""
    for problem in FUNNELS:
        yield Instance(problem, SCORED, SEEDS, Effort(None if dimension(problem) <= 8 else 1500))
    for problem in CRITICS:
        for family in FAMILIES:
            if not (problem in FUNNELS and family == SCORED):
                yield Instance(problem, family, SEEDS[:1], Effort(300))
    for problem in CURVES:
        for family in (name for name in FAMILIES if FAMILIES[name].in_units):
            for steps in _CURVE_STEPS:
                yield Instance(problem, family, SEEDS[:1], Effort(steps, bounds=False), on_curve=True)


_SUITES = {"smoke": list(_smoke()), "full": list(_full())}
