"""A row of the page: a function of wdist held against answers that it did not compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

__all__ = ["CHECKS", "Check", "check", "largest_difference"]

SEED = 20_241

Problem = Callable[[np.random.Generator], tuple[float, float]]  # -> (wdist's answer, the known one)


class Check(NamedTuple):
    """One row of the page: a function of wdist, the case, what it is held against, and how far off it may be."""

    function: str
    case: str
    reference: str
    tolerance: float
    problem: Problem


CHECKS: list[Check] = []


def check(function: str, case: str, reference: str, tolerance: float) -> Callable[[Problem], Problem]:
    """Enter a problem into the table."""

    def enter(problem: Problem) -> Problem:
        CHECKS.append(Check(function, case, reference, tolerance, problem))
        return problem

    return enter


def largest_difference(item: Check, instances: int) -> float:
    """The largest relative difference over the instances; each row has its own, fixed, random stream."""
    rng = np.random.default_rng([SEED, *item.case.encode()])
    return max(abs(found - known) / abs(known) for found, known in (item.problem(rng) for _ in range(instances)))
