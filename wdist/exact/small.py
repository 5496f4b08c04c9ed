r"""Transport between few points, all arcs at once: no levels, no search, and a cost instead of a whole Result.

Where thousands of small problems are solved, what surrounds the simplex takes ten times as long as the simplex. Here
the matrix of costs is its list of arcs. The potentials still tell whether the plan is optimal:
:math:`\sum a u + \sum b v` with :math:`u_i = \min_j c_{ij} - v_j` is a lower bound, up to rounding.
"""

from __future__ import annotations

import math

import numpy as np

from .._arrays import Floats
from ..masses import Masses
from ..search.transform import TREE_DIMENSIONS
from .greedy import greedy
from .masses import integer_masses
from .pivots import Arcs, optimise
from .tree import hang

__all__ = ["are_few", "few_costs", "few_points"]

_FEW = (250 * 250, 400 * 400)  # pairs of points up to which all arcs at once are faster: where k-d trees help, or not
_SOFT, _STEPS = 0.05, 15  # epsilon, of the mean cost
_NOTHING = 1e-280  # keeps far points that see no others from a division by 0
_FIRST = 6  # arcs per source that the first plan is made of
_ASSIGNED = 400  # points up to which an assignment by augmenting paths takes less time than a simplex
_TINY = 24  # points up to which nothing prepares it
_FAINT = 1e-250  # a cost below it may be what an underflow left of others
_CLOSED = 1e-13  # relative difference of plan and potentials above which the whole engine has to look


def are_few(n: int, m: int, dim: int) -> bool:
    """Whether n and m points are so few that :func:`few_points` is faster than the engine."""
    return n * m <= _FEW[dim > TREE_DIMENSIONS]


def few_costs(x: np.ndarray, y: np.ndarray, p: float, metric: str = "euclidean") -> np.ndarray:
    """``d ** p`` of all pairs of points of size 1; what powers lose is left to the engine."""
    from scipy.spatial.distance import cdist

    squared = p == 2 and metric == "euclidean"
    distances: Floats = cdist(x, y, "sqeuclidean" if squared else metric)
    with np.errstate(over="ignore", under="ignore"):
        return distances if squared else distances**p


def few_points(cost: np.ndarray, a: np.ndarray, b: np.ndarray) -> float | None:
    """The least cost of a plan; None where plain doubles leave it in doubt.

    Parameters
    ----------
    cost : numpy.ndarray, shape (n, m)
        At least 0.
    a, b : numpy.ndarray, shapes (n,) and (m,)
        Weights, normalised here.
    """
    i, j = np.flatnonzero(a), np.flatnonzero(b)
    if len(i) < len(a) or len(j) < len(b):
        cost, a, b = cost[np.ix_(i, j)], a[i], b[j]
    n, m = cost.shape
    if not float(cost.max()) < 1.0 / _FAINT or float(cost.mean()) < _FAINT:
        return None
    if n == m <= _ASSIGNED and np.ptp(a) == 0.0 == np.ptp(b) and (assigned := _assignment(cost)) is not None:
        return assigned
    masses = integer_masses(Masses.of(a), Masses.of(b))
    every = np.arange(m, dtype=np.int32)
    arcs = Arcs(np.arange(0, n * m + 1, m), np.tile(every, n), cost.ravel())
    v = _soft_potentials(cost, *(mass / mass.sum() for mass in masses))
    reduced = cost - v
    some = np.argpartition(reduced, _FIRST, axis=1)[:, :_FIRST] if m > _FIRST else np.tile(every, (n, 1))
    u = reduced.min(axis=1)
    first = Arcs(np.arange(0, some.size + 1, some.shape[1]), some.astype(np.int32).ravel(), _taken(cost, some))
    forest = greedy(first, u, v, *masses)
    tree = hang(forest, cost[forest.i, forest.j], u, m)
    for _ in optimise(tree, arcs):
        pass
    total = float(masses[0].sum())
    primal = float(np.abs(tree.price[:-1]) @ (tree.flow[:-1] / total))
    v = -tree.potential[n:-1]
    dual = float((cost - v).min(axis=1) @ (masses[0] / total) + v @ (masses[1] / total))
    return primal if abs(primal - dual) <= _CLOSED * primal and primal > _FAINT else None


def _soft_potentials(cost: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Potentials of the targets by a few steps of Sinkhorn (Cuturi, 2013, arXiv:1306.0895): a good start, no more."""
    epsilon = _SOFT * float(cost.mean())
    kernel = np.exp(cost / -epsilon)
    back, v = np.ascontiguousarray(kernel.T), np.ones(len(b))
    for _ in range(_STEPS):
        u = a / (kernel @ v + _NOTHING)
        v = b / (back @ u + _NOTHING)
    return epsilon * np.log(v + _NOTHING)


def _assignment(cost: np.ndarray) -> float | None:
    """The least mean cost of a permutation; None where paths of n rounded costs may end at another than the best."""
    from scipy.optimize import linear_sum_assignment

    n, reduced = len(cost), cost
    if n > _TINY:  # its paths are short where the smallest reduced costs are nearly the solution
        equal = np.full(n, 1.0 / n)
        reduced = cost - _soft_potentials(cost, equal, equal)
        reduced = reduced - reduced.min(axis=1, keepdims=True)
    terms = cost[linear_sum_assignment(reduced)]
    total, largest = math.fsum(terms), max(float(cost.max()), float(reduced.max()))
    sure = 2.0**-51 * n**2 * largest <= 1e-11 * total and total > _FAINT
    return total / n if sure else None


def _taken(cost: np.ndarray, which: np.ndarray) -> np.ndarray:
    return np.take_along_axis(cost, which, axis=1).ravel()
