r"""Pivots of the primal network simplex on a list of arcs, compiled.

The textbook keeps all potentials up to date, and moves a whole subtree of them at every pivot. Here they go stale: rows
of arcs are priced with the potentials of the last refresh, and the best arc of each row is queued. Its reduced cost
has changed since by what the arcs that are new to the tree, among those of the cycle it closes, have changed between
their ends; the cycle has to be walked anyway, to find the leaving arc. What is no longer below 0 is dropped. After a
batch of pivots all potentials are recomputed in one pass over the tree.

The leaving arc is the last blocking one along the cycle, in the sense of the entering arc and from the top: the tree
stays strongly feasible, and degenerate pivots cannot cycle (Ahuja, Magnanti and Orlin, *Network Flows*, 1993, section
11.6). Flows are int64, exact. Where the cycle meets is found by sizes of subtrees, which a pivot changes along the
cycle only: the end with the smaller subtree cannot be an ancestor of the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..compilation import kernel
from .tree import Tree

__all__ = ["Arcs", "optimise"]

_SLICE = 2.0**22  # steps along cycles in one call of the kernel: between calls Ctrl-C is heard
_WALK = 8.0  # steps along cycles, per node, after which potentials are refreshed
TOLERANCE = 2.0**-50  # of the terms of a reduced cost

_index: Any = np.uintp  # unsigned, so that compiled code does not ask at every step whether to count from the end


class Arcs(NamedTuple):
    """Arcs ``start[i] : start[i + 1]`` leave source i, to ``target`` (int32) at ``cost`` (float64)."""

    start: np.ndarray
    target: np.ndarray
    cost: np.ndarray


def optimise(tree: Tree, arcs: Arcs) -> Iterator[int]:
    """Pivot until no arc improves. Yields the number of pivots of each slice; potentials are fresh then."""
    n, nodes = len(arcs.start) - 1, len(tree.parent)
    room, path = np.empty(nodes, dtype=np.int32), np.empty(nodes, dtype=np.int32)
    order = np.empty((2, nodes), dtype=np.int32)  # of the last two refreshes, the root first
    order[:, 0], order[:, 1:] = nodes - 1, np.arange(nodes - 1)
    row, arc = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int64)
    # Row to price next, rows priced without finding an arc since the last pivot, rows in a queue.
    state = np.array([0, 0, min(n, max(64, n // 16))])
    while state[1] < n:
        yield _pivots(arcs.start, arcs.target, arcs.cost, tree, room, order, path, row, arc, state, _SLICE, _WALK)


def _refresh(parent: Any, size: Any, price: Any, potential: Any, room: Any, old: Any, new: Any, path: Any) -> None:
    """Potentials of all nodes, each from its parent's, and ``new``, their preorder.

    Nodes are taken in the preorder ``old`` of an earlier tree, where nearly every one still comes after its parent.
    ``room`` is the next free place among a node's descendants, -1 while the node has none itself.
    """
    root = _index(parent.shape[0] - 1)
    room[:] = -1
    new[0], room[root] = root, 1
    for k in range(1, parent.shape[0]):
        u, depth = _index(old[k]), 0
        if room[u] >= 0:
            continue
        above = _index(parent[u])
        while room[above] < 0:
            path[depth] = u
            depth += 1
            u, above = above, _index(parent[above])
        while True:
            potential[u] = potential[above] + price[u]
            place = room[above]
            new[place], room[u], room[above] = u, place + 1, place + size[u]
            if depth == 0:
                break
            depth -= 1
            u, above = _index(path[depth]), u


@kernel(_refresh)
def _pivots(
    start: Any, target: Any, cost: Any, tree: Any, room: Any, order: Any, path: Any, row: Any, arc: Any, state: Any,
    limit: float, walk: float,
) -> int:  # fmt: skip
    parent, size, flow, price, potential = tree
    n = start.shape[0] - 1
    place, clean, length = state
    old, new = order[0], order[1]
    pivots, steps = 0, 0
    fresh = np.zeros(parent.shape[0], dtype=np.int8)  # whether the arc to the parent came since the last refresh
    _refresh(parent, size, price, potential, room, old, new, path)
    old, new = new, old
    doubt = 0.0  # a reduced cost above it may be rounding, and is summed again along the cycle
    for u in range(parent.shape[0]):
        doubt = max(doubt, abs(potential[u]))
    doubt *= -64.0 * TOLERANCE
    while clean < n and steps < limit:
        queued = 0
        while queued < length and clean < n:
            f, best, chosen = potential[place], 0.0, -1
            for e in range(start[place], start[place + 1]):
                r = cost[e] - f + potential[n + target[e]]
                if r < best and r < -TOLERANCE * (abs(cost[e]) + abs(f)):
                    best, chosen = r, e
            if chosen >= 0:
                row[queued], arc[queued] = place, chosen
                queued += 1
            place = place + 1 if place + 1 < n else 0
            clean += 1
        walked, batch = 0, 0
        fresh[:] = 0
        for q in range(queued):
            e = arc[q]
            x, y = _index(row[q]), _index(n + target[e])
            # Up both sides to where the cycle closes; the reduced cost on the way.
            a, b, s = x, y, cost[e] - potential[x] + potential[y]
            while a != b and s < 0.0:
                walked += 1
                if size[a] < size[b]:
                    above = _index(parent[a])
                    if fresh[a] != 0:
                        s -= price[a] - (potential[a] - potential[above])
                    a = above
                else:
                    above = _index(parent[b])
                    if fresh[b] != 0:
                        s += price[b] - (potential[b] - potential[above])
                    b = above
            if s >= 0.0:
                continue
            if s >= doubt:
                largest, s = abs(cost[e]), cost[e]
                u = x
                while u != a:
                    s -= price[u]
                    largest = max(largest, abs(price[u]))
                    u = _index(parent[u])
                u = y
                while u != a:
                    s += price[u]
                    largest = max(largest, abs(price[u]))
                    u = _index(parent[u])
                if s >= -TOLERANCE * largest:
                    continue
            top = a
            # Flow falls on arcs up from sources on the side of x, on arcs down to targets on the side of y.
            delta, leaving, from_x = np.int64(2**62), _index(0), True
            u = x
            while u != top:
                if u < n and flow[u] < delta:
                    delta, leaving = flow[u], u
                u = _index(parent[u])
            u = y
            while u != top:
                if u >= n and flow[u] <= delta:
                    delta, leaving, from_x = flow[u], u, False
                u = _index(parent[u])
            moved = size[leaving]
            inside, outside = (x, y) if from_x else (y, x)
            if delta > 0:
                u = x
                while u != top:
                    flow[u] += -delta if u < n else delta
                    u = _index(parent[u])
                u = y
                while u != top:
                    flow[u] += delta if u < n else -delta
                    u = _index(parent[u])
            u = _index(parent[leaving])
            while u != top:
                size[u] -= moved
                u = _index(parent[u])
            u = outside
            while u != top:
                size[u] += moved
                u = _index(parent[u])
            # Turn the path from `inside` up to `leaving` over, and hang it on `outside`.
            u, above, carried, step = inside, outside, delta, cost[e] if inside < n else -cost[e]
            below, mark = np.int32(0), np.int8(1)
            while True:
                fresh[u], mark = mark, fresh[u]
                beyond, old_flow, old_size, old_price = _index(parent[u]), flow[u], size[u], price[u]
                parent[u], flow[u], price[u], size[u] = above, carried, step, moved - below
                if u == leaving:
                    break
                below, above, carried, step, u = old_size, u, old_flow, -old_price, beyond
            batch += 1
            if walked > walk * parent.shape[0] and q < queued - 1:
                place = row[q + 1]
                break
        pivots += batch
        steps += walked
        if batch > 0:
            clean = 0
            _refresh(parent, size, price, potential, room, old, new, path)
            old, new = new, old
            if walked < walk * parent.shape[0] / 4:
                length = min(n, 2 * length)
    state[0], state[1], state[2] = place, clean, length
    return pivots
