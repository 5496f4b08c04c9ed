r"""The basis of the network simplex: a spanning tree, and the forest of positive flow that it grows from.

Nodes are n sources 0 ... n-1, m targets n ... n+m-1 and a root n+m. Every node keeps the flow of the arc to its
parent, which runs upward from a source and downward to a target, and the price by which its potential differs from its
parent's: +c at a source, -c at a target. Potentials are f at sources and -g at targets, so that ``c - f - g`` vanishes
on the arcs of the tree.

A plan without cycles is a forest. Each of its components hangs on the root by one of its sources, through an arc
without flow whose cost, the anchor, is free: nothing ever leaves the root, so nothing can be sent there, and the anchor
only says at which level the component's potentials start. An arc without flow that points to the root makes the tree
*strongly feasible* (Cunningham, 1976, doi:10.1007/BF01580379), which the pivots keep it, so that they cannot cycle.
What is at rest far away is not joined to the rest by a far arc, and keeps small potentials of its own.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..compilation import kernel

__all__ = ["Forest", "Tree", "hang", "split", "subtree_sums"]


class Forest(NamedTuple):
    """Arcs ``(i[k], j[k])`` with positive int64 ``flow``, without cycles."""

    i: np.ndarray
    j: np.ndarray
    flow: np.ndarray

    def swapped(self) -> Forest:
        """The same with the two sides exchanged."""
        return Forest(self.j, self.i, self.flow)


class Tree(NamedTuple):
    """Per node ``parent`` and ``size`` of the subtree (int32), ``flow`` (int64), ``price`` and ``potential``."""

    parent: np.ndarray
    size: np.ndarray
    flow: np.ndarray
    price: np.ndarray
    potential: np.ndarray

    def forest(self, n: int) -> Forest:
        """The arcs with flow."""
        child = np.flatnonzero(self.flow > 0)
        i, j = self.ends(child, n)
        return Forest(i, j, self.flow[child])

    def ends(self, child: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Source and target of the arcs from these nodes to their parents."""
        parent = self.parent[child]
        return np.where(child < n, child, parent), np.where(child < n, parent, child) - n


def hang(forest: Forest, cost: np.ndarray, anchor: np.ndarray, m: int) -> Tree:
    """The tree of a forest over ``len(anchor)`` sources and m targets; where source i hangs on the root, it starts at
    ``anchor[i]``.
    """
    n = len(anchor)
    nodes = n + m + 1
    tree = Tree(
        np.full(nodes, -1, dtype=np.int32),
        np.ones(nodes, dtype=np.int32),
        np.zeros(nodes, dtype=np.int64),
        np.zeros(nodes),
        np.zeros(nodes),
    )
    start, arc = np.zeros(nodes + 1, dtype=np.int32), np.empty(2 * len(cost), dtype=np.int32)
    _hang(*forest, cost, anchor, start, arc, np.empty(nodes - 1, dtype=np.int32), tree)
    return tree


def split(forest: Forest, mass: np.ndarray, key: np.ndarray) -> Forest:
    """The forest after every source is split into parts of these masses, ordered as the sources are.

    The outflow of a source is handed to its parts in order, its arcs in the order of ``key``, so that two neighbouring
    parts share at most one arc: a cycle cannot come of that. Cumulated over all sources this is one merge of two
    increasing sequences.
    """
    arcs = len(forest.i)
    i, j, flow = np.empty((3, arcs + len(mass)), dtype=np.int64)
    start, end = np.zeros((2, int(forest.i.max()) + 2), dtype=np.int64)
    found = _split(*forest, mass, key, start, end, np.empty(arcs, dtype=np.int64), i, j, flow)
    return Forest(i[:found], j[:found], flow[:found])


def subtree_sums(tree: Tree, high: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums of double-doubles (high, low) over the subtree of every node, and of the sizes of what was summed."""
    size = np.abs(high)
    high, low = high.copy(), low.copy()
    _subtree_sums(tree.parent, high, low, size, np.zeros(len(high), dtype=np.int32))
    return high, low, size


@kernel()
def _split(
    source: Any, sink: Any, amount: Any, mass: Any, key: Any, start: Any, end: Any, order: Any, i: Any, j: Any,
    flow: Any,
) -> int:  # fmt: skip
    """Arcs by source, counted, and by key within a source, by Shell's sort; then the merge."""
    for e in range(source.shape[0]):
        start[source[e] + 1] += 1
    for s in range(start.shape[0] - 1):
        start[s + 1] += start[s]
        end[s + 1] = start[s + 1]
    for e in range(source.shape[0]):
        order[end[source[e]]] = e
        end[source[e]] += 1
    for s in range(start.shape[0] - 1):
        gap = 1
        while 3 * gap < end[s] - start[s]:
            gap = 3 * gap + 1
        while gap > 0:
            for k in range(start[s] + gap, end[s]):
                e, t = order[k], k
                while t - gap >= start[s] and key[order[t - gap]] > key[e]:
                    order[t] = order[t - gap]
                    t -= gap
                order[t] = e
            gap //= 3
    found, part, room = 0, 0, mass[0]
    for k in range(source.shape[0]):
        e = order[k]
        left = amount[e]
        while left > 0:
            while room == 0:
                part += 1
                room = mass[part]
            moved = min(left, room)
            i[found], j[found], flow[found] = part, sink[e], moved
            found += 1
            left -= moved
            room -= moved
    return found


@kernel()
def _hang(
    i: Any, j: Any, flow: Any, cost: Any, anchor: Any, start: Any, arc: Any, order: Any, tree: Any
) -> None:  # fmt: skip
    """The arcs at node u are ``arc[start[u] : start[u + 1]]``; components are filled in the order of breadth."""
    parent, size, carried, price, _ = tree
    n, root = anchor.shape[0], parent.shape[0] - 1
    for e in range(i.shape[0]):
        start[i[e] + 2] += 1
        start[n + j[e] + 2] += 1
    for u in range(root):
        start[u + 2] += start[u + 1]
    for e in range(i.shape[0]):  # start[u + 1] is where the next arc of u goes, and where they end at last
        for u in (i[e], n + j[e]):
            arc[start[u + 1]] = e
            start[u + 1] += 1
    head = tail = 0
    for s in range(n):
        if parent[s] >= 0:
            continue
        parent[s], price[s] = root, anchor[s]
        order[tail] = s
        tail += 1
        while head < tail:
            u = order[head]
            head += 1
            for k in range(start[u], start[u + 1]):
                e = arc[k]
                w = n + j[e] if u < n else i[e]
                if parent[w] < 0:
                    parent[w], carried[w] = u, flow[e]
                    price[w] = cost[e] if w < n else -cost[e]
                    order[tail] = w
                    tail += 1
    for k in range(root - 1, -1, -1):
        size[parent[order[k]]] += size[order[k]]


@kernel()
def _subtree_sums(parent: Any, high: Any, low: Any, size: Any, waiting: Any) -> None:
    """Each node is added to its parent once all its children have been: Kahn's order, by counting children."""
    root = parent.shape[0] - 1
    for u in range(root):
        waiting[parent[u]] += 1
    for leaf in range(root):
        u = leaf
        while u != root and waiting[u] == 0:
            waiting[u] = -1  # done
            v = parent[u]
            total = high[v] + high[u]
            part = total - high[v]
            rest = (high[v] - (total - part)) + (high[u] - part) + (low[v] + low[u])
            high[v] = total + rest
            low[v] = rest - (high[v] - total)
            size[v] += size[u]
            waiting[v] -= 1
            u = v
