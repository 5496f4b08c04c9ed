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

from ..search.nearest import Lists
from .arcs import merged, with_added
from .pivots import TOLERANCE, Arcs, optimise
from .tree import Forest, Tree, hang

__all__ = ["Problem", "Solved", "generate"]

_FORWARD, _BACKWARD, _ADDED = 12, 6, 4  # arcs per source and per target at first; per source and round


class Problem(Protocol):
    """Costs of all pairs, of which the smallest can be asked for."""

    def costs(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Costs of the pairs (i[k], j[k])."""

    def targets(self, v: np.ndarray, k: int, below: np.ndarray | None = None) -> Lists:
        """For every source the targets of the k smallest ``c - v``, of those below ``below``."""

    def sources(self, u: np.ndarray, k: int) -> Lists:
        """For every target the sources of the k smallest ``c - u``."""


class Solved(NamedTuple):
    """The tree, potentials and the number of pivots."""

    tree: Tree
    u: np.ndarray
    v: np.ndarray
    pivots: int


def generate(
    problem: Problem, forest: Forest, v: np.ndarray, told: Callable[[int], object] | None = None
) -> Solved:
    """Solve from a plan without cycles, with the help of potentials v of the targets, both as good as may be."""
    lists = problem.targets(v, min(_FORWARD, len(v)))
    u = lists.value[:, 0].copy()
    start, target = merged(lists, problem.sources(u, min(_BACKWARD, len(u))))
    arcs = Arcs(start, target, problem.costs(np.repeat(np.arange(len(u)), np.diff(start)), target))
    tree = hang(forest, problem.costs(forest.i, forest.j), u, len(v))
    total = 0
    while True:
        pivots = optimise(tree, arcs, told)
        total += pivots
        u, v = tree.potential[: len(u)].copy(), -tree.potential[len(u) : -1]
        i, j, cost = _violations(problem, u, v)
        if len(i) == 0 or (pivots == 0 and total > 0):
            return Solved(tree, u, v, total)
        start, place = with_added(arcs.start, i)
        arcs = Arcs(start, np.insert(arcs.target, place, j), np.insert(arcs.cost, place, cost))


def _violations(problem: Problem, u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    lists = problem.targets(v, min(_ADDED, len(v)), u)
    i, k = np.nonzero(np.arange(lists.index.shape[1]) < lists.count[:, None])
    j = lists.index[i, k]
    cost = problem.costs(i, j)
    violated = cost - u[i] - v[j] < -TOLERANCE * (np.abs(cost) + np.abs(u[i]))
    return i[violated], j[violated], cost[violated]
