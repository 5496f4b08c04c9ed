r"""The transport problem on a list of arcs, by the primal network simplex.

Masses become int64, so the flow never drifts while pivots move it about. That finds the optimal tree;
its flows are then computed anew from the weights themselves, since a weight of 1e-16 is 115 of 115.3 units. Pivots are
compiled (:mod:`.kernels`); what is done once is here.
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
    """An optimal tree: its arcs ``(i, j)`` with their flows (0 included), the potentials, and the pivots it took."""

    i: np.ndarray
    j: np.ndarray
    flow: np.ndarray
    f: np.ndarray
    g: np.ndarray
    pivots: int


def solve(
    arcs: Arcs, a: np.ndarray, b: np.ndarray, first: Callable[..., np.ndarray], progress: Progress | None = None
) -> Basis:
    """Solve for positive masses a and b.

    Parameters
    ----------
    arcs : Arcs
    a, b : numpy.ndarray, shapes (n,) and (m,)
        Positive, each of sum 1 to within rounding.
    first : callable
        ``first(i, j)`` gives the costs of the arcs of the first tree, the staircase along the order of a and b. They
        need not be among ``arcs``: an arc that is not leaves the tree and never comes back.
    progress : callable, optional
        Called with the number of pivots so far, from time to time.
    """
    from .kernels import pivots

    tree = _staircase(*integer_masses(a, b), first)
    kernel = compiled(pivots, *arcs, tree, 0, 0)
    count, place, optimal = 0, 0, False
    while not optimal:
        _centre(tree, len(a))
        done, place, optimal = kernel(*arcs, tree, place, _CHUNK)
        count += done
        if progress is not None:
            progress(count)
    _centre(tree, len(a))
    return _basis(tree, a, b, count)


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


def _staircase(a: np.ndarray, b: np.ndarray, first: Callable[..., np.ndarray]) -> Tree:
    """The north-west corner rule, ties going to the next source: strongly feasible, since its zero flows run upward.

    Arc k is the one between the sources and targets reached after k steps along the merged cumulative masses; each step
    adds one node. Target 0 is the root.
    """
    from .kernels import Tree

    n, m = len(a), len(b)
    marks = np.concatenate([np.cumsum(a)[:-1], np.cumsum(b)[:-1]])
    order = np.argsort(marks, kind="stable")
    is_source = np.concatenate([[True], order < n - 1])
    i = np.cumsum(is_source) - 1
    j = np.arange(n + m - 1) - i
    flow = np.diff(np.concatenate([[0], marks[order], [a.sum()]]))
    node = np.where(is_source, i, n + j)
    parent = np.full(n + m, -1, dtype=np.int32)
    parent[node] = np.where(is_source, n + j, i)
    above = np.zeros(n + m, dtype=np.int64)
    above[node] = flow
    first_child, next_one, previous = np.full((3, n + m), -1, dtype=np.int32)
    size = np.ones(n + m, dtype=np.int32)
    tree = Tree(parent, above, first_child, next_one, previous, size, np.zeros(n + m), np.zeros(n + m))
    _hang(tree, node, first(i, j), n)
    return tree


def _hang(tree: Tree, order: np.ndarray, cost: np.ndarray, n: int) -> None:
    """Children, sizes and potentials of a tree whose nodes, the root left out, are listed from the top."""
    for u in order[::-1].tolist():
        parent = tree.parent[u]
        sibling = tree.first[parent]
        tree.next[u] = sibling
        if sibling >= 0:
            tree.previous[sibling] = u
        tree.first[parent] = u
        tree.size[parent] += tree.size[u]
    for u, c in zip(order.tolist(), cost.tolist(), strict=True):
        parent = tree.parent[u]
        high, error = _two_sum(c, -float(tree.high[parent]))
        tree.high[u], tree.low[u] = _two_sum(high, error - float(tree.low[parent]))


def _centre(tree: Tree, n: int) -> None:
    """Move the potentials so that the middle one of g is 0: rounding is finest where most of the points are."""
    middle = n + np.argsort(tree.high[n:])[(len(tree.high) - n) // 2]
    high, low = float(tree.high[middle]), float(tree.low[middle])
    for nodes, sign in ((slice(None, n), 1.0), (slice(n, None), -1.0)):
        s, error = _two_sum(tree.high[nodes], sign * high)
        tree.high[nodes], tree.low[nodes] = _two_sum(s, error + (tree.low[nodes] + sign * low))


def _basis(tree: Tree, a: np.ndarray, b: np.ndarray, count: int) -> Basis:
    n = len(a)
    flow = _flows(tree, a, b)
    child = np.flatnonzero(tree.parent >= 0)
    parent = tree.parent[child]
    i, j = np.where(child < n, child, parent), np.where(child < n, parent, child) - n
    return Basis(i, j, flow[child], tree.high[:n].copy(), tree.high[n:].copy(), count)


def _flows(tree: Tree, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The flows on the tree from the weights: the mass below a node is what its arc carries.

    Sums are double-doubles of the weights divided by their exact total. A flow below their rounding is 0; one that is
    negative comes from the 1e-18 by which integer masses differ from the weights, and is 0 as well: the marginals
    then miss by that much, which is less than the rounding of a weight.
    """
    n = len(a)
    parent = tree.parent.tolist()
    high, low = _balance(a, b)
    order = np.argsort(tree.size, kind="stable").tolist()
    values, errors, sizes = high.tolist(), low.tolist(), np.abs(high).tolist()
    for u in order[:-1]:
        v = parent[u]
        s, error = _two_sum(values[v], values[u])
        values[v], errors[v] = _two_sum(s, error + (errors[v] + errors[u]))
        sizes[v] += sizes[u]
    flow = np.asarray(values) * np.where(np.arange(len(values)) < n, 1.0, -1.0)
    return np.where(flow > 2.0**-96 * np.asarray(sizes), flow, 0.0)


def _balance(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """a and -b as double-doubles, each divided by its exact sum."""
    excess = [math.fsum([*w.tolist(), -1.0]) for w in (a, b)]
    high = np.concatenate([a, -b])
    low = np.concatenate([-a * (excess[0] / (1 + excess[0])), b * (excess[1] / (1 + excess[1]))])
    return high, low


def _two_sum(x, y):  # type: ignore[no-untyped-def]
    s = x + y
    v = s - x
    return s, (x - (s - v)) + (y - v)
