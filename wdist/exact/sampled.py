r"""From a sample to all: a quarter of both sides, drawn by mass, is solved first, and its potentials start the whole.

In many dimensions, or without coordinates at all, there are no cells to gather points into. The potentials of a sample
are carried over by the c-transform :math:`v_j = \min_i c_{ij} - u_i` over the sampled sources and improved on a short
list of arcs; the first plan is greedy in the reduced costs they give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..search.blocks import smallest
from ..search.ground import Costs, PointCosts
from ..search.lists import Lists
from ..search.nearest import pair_costs
from ..search.screen import Screen
from .generation import Problem, Solved, Watch, first_arcs, generate
from .soft import soft_potentials

__all__ = ["AllPairs", "ManyDimensions", "from_potentials", "sample_to_all"]

_ENOUGH = 1000  # sources and targets from which on a sample is solved first
_SEED = 0


class Guessable(Problem, Protocol):
    """A problem whose costs are known to a few digits sooner than exactly."""

    def rough_costs(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Costs of the pairs (i[k], j[k]), good enough for a start."""


class Sampleable(Guessable, Protocol):
    """Such a problem that can be restricted."""

    def select(self, i: np.ndarray | None, j: np.ndarray | None) -> Sampleable:
        """The problem between the sources i and the targets j; None for all."""


@dataclass(frozen=True, eq=False, slots=True)
class AllPairs:
    """Any costs, searched by looking at all of them."""

    all: Costs
    lengths = (18, 8)

    def costs(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return self.all.pairs(i, j)

    def rough_costs(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return self.costs(i, j)

    def targets(self, v: np.ndarray, k: int, below: np.ndarray | None = None) -> Lists:
        return smallest(self.all, v, k, below)

    def sources(self, u: np.ndarray, k: int, j: np.ndarray) -> Lists:
        part = self.all if len(j) == self.all.shape[1] else self.all.select(None, j)
        return smallest(part.transposed(), u, k)

    def select(self, i: np.ndarray | None, j: np.ndarray | None) -> AllPairs:
        return AllPairs(self.all.select(i, j))


@dataclass(frozen=True, eq=False, slots=True)
class ManyDimensions:
    """Euclidean costs, p = 1 or 2, searched by a screen."""

    points: PointCosts
    screen: Screen
    lengths = (14, 6)

    @classmethod
    def of(cls, points: PointCosts) -> ManyDimensions:
        return cls(points, Screen.of(points.x, points.y))

    def costs(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return pair_costs(self.points.x, self.points.y, i, j, self.points.ground())

    def rough_costs(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        rough = self.screen.rough_costs(i, j, self.points.p)
        return self.costs(i, j) if rough is None else rough

    def targets(self, v: np.ndarray, k: int, below: np.ndarray | None = None) -> Lists:
        ground = self.points.ground()
        return self.screen.roughly(v, k, ground) if below is None else self.screen.below(v, k, ground, below)

    def sources(self, u: np.ndarray, k: int, j: np.ndarray) -> Lists:
        part = self.screen if len(j) == len(self.screen.y) else self.screen.take(None, j)
        return part.swapped().roughly(u, k, self.points.ground())

    def select(self, i: np.ndarray | None, j: np.ndarray | None) -> ManyDimensions:
        return ManyDimensions(self.points.select(i, j), self.screen.take(i, j))


def sample_to_all(problem: Sampleable, masses: tuple[np.ndarray, np.ndarray], watch: Watch) -> Solved:
    """Solve for positive int64 masses of equal sums."""
    a, b = masses
    v = np.zeros(len(b))
    if min(len(a), len(b)) >= _ENOUGH:
        rng = np.random.default_rng(_SEED)
        i, j = _drawn(a, rng), _drawn(b, rng)
        part = sample_to_all(problem.select(i, j), _balanced(a[i], b[j]), watch)
        v = problem.select(i, None).sources(part.u, 1, np.arange(len(b))).value[:, 0]
    return from_potentials(problem, masses, v, watch)


def from_potentials(
    problem: Guessable, masses: tuple[np.ndarray, np.ndarray], v: np.ndarray, watch: Watch, *steps: int
) -> Solved:
    """The same from potentials of the targets, which are improved on a short list of arcs first, in so many steps."""
    arcs, _, reach = first_arcs(problem, v, problem.lengths, costs=problem.rough_costs)
    a, b = (mass.astype(np.float64) for mass in masses)
    v = soft_potentials(arcs, v, a, b, float(np.median(reach)), *steps)
    return generate(problem, masses, None, v, watch)


def _drawn(mass: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A quarter of the points, by mass and without replacement (Efraimidis and Spirakis, 2006,
    doi:10.1016/j.ipl.2005.11.003), in order.
    """
    count = len(mass) // 4
    return np.sort(np.argpartition(rng.exponential(size=len(mass)) / mass, count)[:count])


def _balanced(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same masses with what one side has less of added to its largest: enough for a start."""
    missing = int(a.sum() - b.sum())
    a, b = a.copy(), b.copy()
    if missing < 0:
        a[np.argmax(a)] -= missing
    else:
        b[np.argmax(b)] += missing
    return a, b
