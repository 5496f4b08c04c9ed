"""Independent points on demand, and no more of them than the budget."""

from __future__ import annotations

import zlib

import numpy as np

from .catalogue import BUDGET
from .problem import Problem

__all__ = ["BudgetError", "Stream", "streams"]


class BudgetError(RuntimeError):
    """More points were asked for than the benchmark allows."""


class Stream:
    """A callable that maps n to n fresh points (n, d) of one side of a problem; ``drawn`` counts them."""

    def __init__(self, problem: Problem, seed: int, side: int, budget: int):
        self.problem, self.budget, self.drawn = problem, budget, 0
        self._moved = side == 0
        self._rng = np.random.default_rng([zlib.crc32(problem.name.encode()), seed, side])

    def __call__(self, n: int) -> np.ndarray:
        if self.drawn + n > self.budget:
            raise BudgetError(f"{self.drawn} + {n} points are more than the {self.budget} that a fit may draw")
        self.drawn += n
        points = self.problem.base(self._rng, n)
        return self.problem.transport(points) if self._moved else points


def streams(problem: Problem, seed: int, budget: int = BUDGET) -> tuple[Stream, Stream]:
    """The two sides of a problem, P's and Q's, from generators of their own: no row knows the other side's."""
    return Stream(problem, seed, 0, budget), Stream(problem, seed, 1, budget)
