r"""W_p between two sides of one pool of points, for one choice of sides after another.

What depends on the points alone is computed once: their products in single precision, of which a choice takes rows and
columns. Sides that were drawn from one pool differ by chance only, and so their potentials are nearly 0 and nearly
independent from one choice to the next: 0 is the better start, for a short Sinkhorn on the nearest pairs, than the
potentials of the choice before or of a sample. The bracket of every choice is that of :func:`wdist.transport`, and what
it leaves open goes there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compilation import patiently
from ..masses import Masses
from ..search.ground import PointCosts
from ..search.transform import TREE_DIMENSIONS
from .generation import Watch
from .masses import integer_masses
from .outcome import TOLERANCE, judged
from .points import transport
from .sampled import ManyDimensions, from_potentials
from .small import are_few, few_costs, few_points

__all__ = ["Pool"]

_SPREAD = 3.5  # dimensions that the points fill, up to which a tree of cells is faster than a screen
_STEPS = 4  # of Sinkhorn, for each epsilon: potentials near 0 need fewer


class Pool(NamedTuple):
    """Points of equal mass and size 1; ``costs`` of all pairs, or a problem of all with all, where one pays."""

    points: np.ndarray
    p: float
    costs: np.ndarray | None
    problem: ManyDimensions | None

    @classmethod
    def of(cls, points: np.ndarray, n: int, p: float) -> Pool:
        """For sides of which one has n points."""
        if are_few(n, len(points) - n, points.shape[1]):
            return cls(points, p, few_costs(points, points, p), None)
        if p not in (1.0, 2.0) or (points.shape[1] <= TREE_DIMENSIONS and _filled(points) < _SPREAD):
            return cls(points, p, None, None)
        costs = PointCosts.between(points, points, p, "euclidean")
        return cls(points, p, None, ManyDimensions.of(costs) if costs.scale == 1.0 else None)

    def distance(self, side: np.ndarray) -> float:
        """Between the points where ``side`` is True and the others."""
        cost: float | None = None
        if self.costs is not None:
            among = self.costs[np.ix_(side, ~side)]
            cost = few_points(among, *(np.ones(k) for k in among.shape))
        elif self.problem is not None:
            cost = _screened(self.problem.select(np.flatnonzero(side), np.flatnonzero(~side)))
        if cost is None:
            return float(transport(self.points[side], self.points[~side], p=self.p).distance)
        return float(cost ** (1.0 / self.p))


def _screened(problem: ManyDimensions) -> float | None:
    """The least cost between equal masses; None where its bracket is open."""
    n, m = problem.points.shape
    a, b = Masses.of(np.ones(n)), Masses.of(np.ones(m))
    with patiently(n * m):
        solved = from_potentials(problem, integer_masses(a, b), np.zeros(m), Watch(), _STEPS)
        outcome = judged(problem.points, solved, a, b, problem.screen)
    return outcome.cost if outcome.relative_gap <= TOLERANCE else None


def _filled(points: np.ndarray) -> float:
    """How many dimensions the points spread over: that number if all variances are one, and less if they differ."""
    centred = points - points.mean(axis=0)
    squares = centred.T @ centred
    total = float(np.trace(squares))
    return 1.0 / float(np.sum((squares / total) ** 2)) if total > 0 else 0.0
