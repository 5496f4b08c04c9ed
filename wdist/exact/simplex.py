r"""The transport problem on a list of arcs, by the primal network simplex.

Masses become int64, so the flow never drifts while pivots move it about. That finds the optimal tree; its flows are
then computed anew from the weights themselves, since a weight of 1e-16 is 115 of 115.3 units. Pivots are compiled
(:mod:`.kernels`); what is done once is here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .compilation import compiled

if TYPE_CHECKING:
    from .kernels import Tree

__all__ = ["Arcs", "Basis", "solve"]

_TOTAL = 2**60
_CHUNK = 100_000  # pivots between two calls of progress

Progress = Callable[[int], object]


class Arcs(NamedTuple):
    """Arcs ``start[i] : start[i + 1]`` leave source i, to ``target`` (int32) at ``cost`` (float64)."""

    start: np.ndarray
    target: np.ndarray
    cost: np.ndarray


class Basis(NamedTuple):
    """An optimal tree: its arcs ``(i, j)`` with their flows (0 included), and the potentials.

    ``stranded`` is the mass that found no way, for want of arcs; ``pivots`` what it took.
    """

    i: np.ndarray
    j: np.ndarray
    flow: np.ndarray
    f: np.ndarray
    g: np.ndarray
    stranded: float
    pivots: int


def solve(arcs: Arcs, a: np.ndarray, b: np.ndarray, progress: Progress | None = None) -> Basis:
    """Solve for positive masses a and b.

    Parameters
    ----------
    arcs : Arcs
    a, b : numpy.ndarray, shapes (n,) and (m,)
        Positive, each of sum 1 to within rounding.
    progress : callable, optional
        Called with the number of pivots so far, from time to time.
    """
    from .kernels import pivots

    tree = _star(*integer_masses(a, b))
    kernel = compiled(pivots, *arcs, tree, 0, 0)
    count, place, optimal = 0, 0, False
    while not optimal:
        done, place, optimal = kernel(*arcs, tree, place, _CHUNK)
        count += done
        if progress is not None:
            progress(count)
    n, root = len(a), len(a) + len(b)
    child = np.flatnonzero(tree.arc[:root] >= 0)
    parent = tree.parent[child]
    i, j = np.where(child < n, child, parent), np.where(child < n, parent, child) - n
    f, g = _finite_potentials(tree, arcs, n)
    loose = tree.flow[:n][tree.arc[:n] < 0].sum()
    return Basis(i, j, _flows(tree, a, b)[child], f, g, float(loose) / float(tree.flow[root]), count)


def integer_masses(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positive int64 masses of equal sums: exact where each side is uniform, else of sum 2^60.

    The largest mass of a side takes what rounding left, at most n units of 1e-18: undone when the flows are computed
    from the weights.
    """
    n, m = len(a), len(b)
    if np.ptp(a) == 0.0 == np.ptp(b):
        common = math.gcd(n, m)
        return np.full(n, m // common, dtype=np.int64), np.full(m, n // common, dtype=np.int64)
    sides = []
    for weights in (a, b):
        units = np.maximum(np.rint(weights * float(_TOTAL)).astype(np.int64), 1)
        units[np.argmax(units)] += _TOTAL - units.sum()
        sides.append(units)
    return sides[0], sides[1]


def _star(a: np.ndarray, b: np.ndarray) -> Tree:
    """Every node on the root, by an arc of infinite cost that carries all its mass.

    What ends at rest is then never joined to the rest by far arcs, and keeps the small potentials it has by itself.
    """
    from .kernels import Tree

    root = len(a) + len(b)
    parent = np.full(root + 1, root)
    arc, first = np.full(root + 1, -1), np.full(root + 1, -1)
    depth, count = np.ones(root + 1, dtype=np.int64), np.ones(root + 1, dtype=np.int64)
    above, below = np.arange(-1, root), np.arange(1, root + 2)
    parent[root], depth[root], count[root] = -1, 0, 0
    first[root], below[root - 1] = 0, -1
    flow = np.concatenate([a, b, [a.sum()]])
    return Tree(parent, arc, flow, depth, first, below, above, count, np.zeros(root + 1), np.zeros(root + 1))


def _finite_potentials(tree: Tree, arcs: Arcs, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Potentials as numbers: infinity becomes the smallest that keeps every arc feasible.

    Where all targets can be reached from all sources, every component counts alike, and infinity drops out.
    """
    f, g = tree.high[:n], tree.high[n:-1]
    count = tree.count[:-1].astype(np.float64)
    if np.all(count[:n] == count[0]) and np.all(count[n:] == -count[0]):
        return f.copy(), g.copy()
    source = np.repeat(np.arange(n), np.diff(arcs.start))
    apart = -(count[source] + count[n + arcs.target])
    across = apart > 0
    missing = (f[source] + g[arcs.target] - arcs.cost)[across] / apart[across]
    infinity = max(float(np.max(missing, initial=0.0)), 0.0)
    return f + infinity * count[:n], g + infinity * count[n:]


def _flows(tree: Tree, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The flows on the tree from the weights: the mass below a node is what its arc carries.

    Sums are double-doubles of the weights divided by their exact total. A flow below their rounding is 0; one that is
    negative comes from the 1e-18 by which integer masses differ from the weights, and is 0 as well: the marginals
    then miss by that much, which is less than the rounding of a weight.
    """
    n = len(a)
    parent = tree.parent.tolist()
    high, low = _balance(a, b)
    order = np.argsort(-tree.depth, kind="stable").tolist()
    values, errors, sizes = high.tolist(), low.tolist(), np.abs(high).tolist()
    for u in order[:-1]:
        v = parent[u]
        s, error = _two_sum(values[v], values[u])
        values[v], errors[v] = _two_sum(s, error + (errors[v] + errors[u]))
        sizes[v] += sizes[u]
    flow = np.asarray(values) * np.where(np.arange(len(values)) < n, 1.0, -1.0)
    return np.where(flow > 2.0**-96 * np.asarray(sizes), flow, 0.0)


def _balance(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """a, -b and the root's 0 as double-doubles, a and b divided by their exact sums."""
    excess = [math.fsum([*w.tolist(), -1.0]) for w in (a, b)]
    high = np.concatenate([a, -b, [0.0]])
    low = np.concatenate([-a * (excess[0] / (1 + excess[0])), b * (excess[1] / (1 + excess[1])), [0.0]])
    return high, low


def _two_sum(x, y):  # type: ignore[no-untyped-def]
    s = x + y
    v = s - x
    return s, (x - (s - v)) + (y - v)
