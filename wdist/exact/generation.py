r"""Column generation: the transport problem of all pairs, solved on a short list of arcs that grows where it must.

An optimal plan has at most n + m - 1 arcs, and good potentials know nearly all of them: the arcs of the smallest
:math:`c_{ij} - v_j` of every source, and of the smallest :math:`c_{ij} - u_i` of every target. The simplex is run on
those; then all pairs are priced with its potentials, what violates :math:`u_i + v_j \le c_{ij}` joins the list, and the
simplex goes on from the same tree. When nothing violates, the plan is optimal among all pairs (Gottschlich and
Schuhmacher, 2014, doi:10.1371/journal.pone.0110214, use short lists in this way).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from ..search.lists import Lists
from .arcs import lonely, merged, with_added
from .greedy import greedy
from .pivots import TOLERANCE, Arcs, optimise
from .tree import Forest, Tree, hang

__all__ = ["Problem", "Solved", "Watch", "first_arcs", "generate", "resume"]

_ROUGH = (8, 4)  # arcs per source and per target at first, where a rough answer will do
_TOLERATED = 0.05  # violations per source, where a rough answer will do,
_CLOSE = 1e-3  # and a relative gap above which it would mislead the next solve, whatever is asked of the last
_KNOWN = 4  # arcs that are enough for a target
_ADDED = 4  # arcs per source and round
_HARDLY = 3  # arcs of a round after which another one is not worth its search, where a certificate follows


class Problem(Protocol):
    """Costs of all pairs, of which the smallest can be asked for.

    ``lengths`` are the arcs per source, and per target that few sources found, of the first list.
    """

    @property
    def lengths(self) -> tuple[int, int]: ...

    def costs(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Costs of the pairs (i[k], j[k])."""

    def targets(self, v: np.ndarray, k: int, below: np.ndarray | None = None) -> Lists:
        """For every source the targets of the k smallest ``c - v``, of those below ``below``."""

    def sources(self, u: np.ndarray, k: int, j: np.ndarray) -> Lists:
        """For each of the targets j the sources of the k smallest ``c - u``."""


class Solved(NamedTuple):
    """A tree, its potentials, and the arcs that it was found among."""

    tree: Tree
    u: np.ndarray
    v: np.ndarray
    arcs: Arcs


class Watch:
    """Counts pivots, tells of them, and knows how close is close enough.

    Parameters
    ----------
    told : callable, optional
        Called with the number of pivots so far, from time to time.
    rtol : float
        The relative difference between the cost of a plan and the value of potentials at which a solve may stop.
    hasty : bool
        Whether a last search may be left to a certificate, which looks at all pairs and shows if an arc was missing.
    """

    def __init__(self, told: Callable[[int], object] | None = None, rtol: float = 0.0, hasty: bool = False) -> None:
        self.told, self.rtol, self.hasty, self.pivots = told, rtol, hasty, 0

    def count(self, pivots: int) -> None:
        """Count some more pivots."""
        self.pivots += pivots
        if self.told is not None:
            self.told(self.pivots)

    def satisfied(
        self, tree: Tree, u: np.ndarray, v: np.ndarray, masses: tuple[np.ndarray, np.ndarray], rough: bool
    ) -> bool:
        """Whether the tree's plan and the potentials v, whose c-transform is u, are close enough."""
        if self.rtol == 0.0:
            return False
        primal, rtol = float(np.abs(tree.price) @ tree.flow), min(self.rtol, _CLOSE) if rough else self.rtol
        return primal - float(u @ masses[0] + v @ masses[1]) <= rtol * primal


def generate(
    problem: Problem,
    masses: tuple[np.ndarray, np.ndarray],
    plan: Forest | None,
    v: np.ndarray,
    watch: Watch,
    below: np.ndarray | None = None,
    rough: bool = False,
) -> Solved:
    """Solve from a plan without cycles and potentials v of the targets, both as good as may be.

    Parameters
    ----------
    problem : Problem
    masses : tuple of numpy.ndarray, shapes (n,) and (m,)
        Positive int64 masses of equal sums.
    plan : Forest or None
        None: one that is greedy in the reduced costs.
    v : numpy.ndarray, shape (m,)
    watch : Watch
    below : numpy.ndarray, shape (n,), optional
        Above the smallest ``c - v`` of every source: arcs of the first list lie below it.
    rough : bool
        Stop when few pairs violate, from a shorter first list: enough for a start of something else.
    """
    arcs, u, _ = first_arcs(problem, v, _ROUGH if rough else problem.lengths, below)
    forest = greedy(arcs, u, v, *masses) if plan is None else plan
    tree = hang(forest, problem.costs(forest.i, forest.j), u, len(v))
    if watch.satisfied(tree, u, v, masses, rough):
        return Solved(tree, u, v, arcs)
    return _grown(problem, masses, tree, arcs, watch, rough)


def resume(problem: Problem, masses: tuple[np.ndarray, np.ndarray], solved: Solved, watch: Watch) -> Solved:
    """Go on from the plan and the arcs of a solve; components of the plan start again, at potentials of 0."""
    forest = solved.tree.forest(len(solved.u))
    tree = hang(forest, problem.costs(forest.i, forest.j), np.zeros(len(solved.u)), len(solved.v))
    return _grown(problem, masses, tree, solved.arcs, watch)


def _grown(
    problem: Problem,
    masses: tuple[np.ndarray, np.ndarray],
    tree: Tree,
    arcs: Arcs,
    watch: Watch,
    rough: bool = False,
) -> Solved:
    """Pivots and searches in turn, until no arc is missing."""
    n, i = len(masses[0]), None
    while True:
        progress = 0
        for pivots in optimise(tree, arcs):
            progress += pivots
            watch.count(pivots)
        u, v = tree.potential[:n].copy(), -tree.potential[n:-1]
        if i is not None and (progress == 0 or (watch.hasty and len(i) <= _HARDLY)):
            return Solved(tree, u, v, arcs)
        i, j, cost, least = _violations(problem, u, v)
        if len(i):
            arcs = with_added(arcs, i, j, cost)
        if len(i) <= (_TOLERATED * n if rough else 0) or watch.satisfied(tree, least, v, masses, rough):
            return Solved(tree, u, v, arcs)


def first_arcs(
    problem: Problem,
    v: np.ndarray,
    lengths: tuple[int, int],
    below: np.ndarray | None = None,
    costs: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> tuple[Arcs, np.ndarray, np.ndarray]:
    """Arcs to the nearest targets under v, and from the nearest sources where a target has few; the c-transform of v;
    and how far beyond that the lists reach. Costs are the problem's, or what ``costs`` says of pairs.
    """
    lists = problem.targets(v, min(lengths[0], len(v)), below)
    u = lists.value[:, 0].copy()
    j = lonely(lists, len(v), _KNOWN)
    start, source, target = merged(lists, problem.sources(u, min(lengths[1], len(u)), j), j)
    arcs = Arcs(start, target, (costs or problem.costs)(source, target))
    return arcs, u, lists.value[:, -1] - u


def _violations(
    problem: Problem, u: np.ndarray, v: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pairs whose cost is below u + v, their costs; and the c-transform of v where it is below u, u elsewhere."""
    lists = problem.targets(v, min(_ADDED, len(v)), u)
    least = np.minimum(u, lists.value[:, 0])
    i, k = (lists.value < np.inf).nonzero()
    if len(i) == 0:
        return i, k, np.empty(0), least
    j = lists.which[i, k]
    cost = problem.costs(i, j)
    violated = cost - u[i] - v[j] < -TOLERANCE * (np.abs(cost) + np.abs(u[i]))
    return i[violated], j[violated], cost[violated], least
