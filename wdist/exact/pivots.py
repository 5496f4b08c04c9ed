r"""Pivots of the primal network simplex on a list of arcs, compiled.

The textbook keeps all potentials up to date, and moves a whole subtree of them at every pivot. Here they go stale: rows
of arcs are priced with stale potentials, and the best arc of each row is queued. Half of what is queued no longer
improves when its turn comes, so that has to show at once: the pivots have cut the tree into pieces, and within a piece
potentials have all changed by one number (:mod:`wdist.exact.pieces`). After a queue all potentials are recomputed in
one pass over the tree, a *refresh*, and it is one piece again; or, while its pieces are few, as when hardly an arc
improves any more, only every piece is *lifted* by its number.

The leaving arc is the last blocking one along the cycle, in the sense of the entering arc and from the top: the tree
stays strongly feasible, and degenerate pivots cannot cycle (Ahuja, Magnanti and Orlin, *Network Flows*, 1993, section
11.6). Flows are int64, exact. Where the cycle meets is found by sizes of subtrees, which a pivot changes along the
cycle only: the end with the smaller subtree cannot be an ancestor of the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..compilation import index, kernel
from .pieces import cut, lift, since, turn_pieces
from .tree import Tree

__all__ = ["Arcs", "optimise"]

_SLICE = 2.0**23  # nodes passed in one call of the kernel: between calls Ctrl-C is heard
_QUEUES = 5  # in which all rows are priced,
_SHORTEST, _LONGEST = 256, 2**15  # but so many rows at once, or not more: pieces are counted in uint16
_FEW, _SHARE, _MANY = 64, 100, 2**14  # pieces that may be lifted: so many, or one for so many nodes, but not more
_LIFTS = 8  # before the next refresh: what they add up to rounds, far below what counts as doubt
_APART = 3  # places between a row and the next to be priced: neighbours want the same targets
TOLERANCE = 2.0**-50  # of the terms of a reduced cost

_MUCH: Any = np.int64(2**62)  # more than any flow


class Arcs(NamedTuple):
    """Arcs ``start[i] : start[i + 1]`` leave source i, to ``target`` (int32) at ``cost`` (float64)."""

    start: np.ndarray
    target: np.ndarray
    cost: np.ndarray


def optimise(tree: Tree, arcs: Arcs) -> Iterator[int]:
    """Pivot until no arc improves. Yields the number of pivots of each slice; potentials are fresh then."""
    n, nodes = len(arcs.start) - 1, len(tree.parent)
    walk, label = np.empty((5, nodes), dtype=np.uint32), np.empty(nodes, dtype=np.uint16)
    walk[0, 0], walk[0, 1:] = nodes - 1, np.arange(nodes - 1)  # an order of nodes, the root first
    length = min(n, _LONGEST, max(_SHORTEST, n // _QUEUES))
    row, arc = np.empty(length, dtype=np.int32), np.empty(length, dtype=np.uintp)
    few = min(max(_FEW, nodes // _SHARE), _MANY)
    most = length + few + 1
    piece, gaps = np.zeros((2, most), dtype=np.uint32), np.zeros((2, most))
    state = np.array([0, 0])  # row to price next, rows priced without finding an arc since the last pivot
    while state[1] < n:
        yield _pivots(*arcs, tree, walk, label, piece, gaps, row, arc, few, state, _SLICE)


def _refresh(
    parent: Any, size: Any, price: Any, potential: Any, begin: Any, end: Any, path: Any, old: Any, new: Any
) -> None:  # fmt: skip
    """Potentials of all nodes, each from its parent's, and ``new``, their preorder.

    Nodes are taken in the preorder ``old`` of an earlier tree, where nearly every one still comes after its parent.
    In ``new`` a node's subtree has the places from ``begin`` to ``end``; until all its nodes are placed, the end is the
    next free place, and 0 while the node has none itself. ``path`` is room.
    """
    root = index(parent.shape[0] - 1)
    end[:] = 0
    new[0], begin[root], end[root] = root, 0, 1
    for k in range(1, parent.shape[0]):
        u, depth = index(old[k]), 0
        if end[u] > 0:
            continue
        above = index(parent[u])
        while end[above] == 0:
            path[depth] = u
            depth += 1
            u, above = above, index(parent[above])
        while True:
            potential[u] = potential[above] + price[u]
            place = end[above]
            new[place], begin[u], end[u], end[above] = u, place, place + 1, place + size[u]
            if depth == 0:
                break
            depth -= 1
            u, above = index(path[depth]), u


def _queue(start: Any, target: Any, cost: Any, potential: Any, row: Any, arc: Any, place: Any, rows: Any) -> Any:
    """The best arc of every row that has one, among so many rows from ``place`` on; how many, and the next place."""
    n, queued = start.shape[0] - 1, 0
    for _ in range(rows):
        f, first, last = potential[place], index(start[place]), index(start[place + 1])
        least = best = -TOLERANCE * abs(f)
        chosen = first
        for e in range(first, last):
            r = cost[e] - f + potential[index(n + target[e])]
            if r < best:
                best, chosen = r, e
        if best < least and best >= -TOLERANCE * (abs(cost[chosen]) + abs(f)):  # it hides others that are beyond theirs
            best = least
            for e in range(first, last):
                r = cost[e] - f + potential[index(n + target[e])]
                if r < best and r < -TOLERANCE * (abs(cost[e]) + abs(f)):
                    best, chosen = r, e
        row[queued], arc[queued] = place, chosen
        queued += best < least
        place = place + _APART if place + _APART < n else (place + 1) % min(_APART, n)
    return queued, place


def _blocking(a: Any, b: Any, n: int, parent: Any, size: Any, flow: Any) -> Any:
    """Where the cycle of an arc from a to b closes, its length, the flow that fits, the end of the arc that it empties,
    and whether that is on a's side. There flow falls on arcs up from sources, on b's on arcs down to targets.
    """
    least_a, last_a, least_b, last_b, steps = _MUCH, a, _MUCH, b, 0
    while a != b:
        steps += 1
        if size[a] < size[b]:
            if a < n and flow[a] < least_a:
                least_a, last_a = flow[a], a
            a = index(parent[a])
        else:
            if b >= n and flow[b] <= least_b:
                least_b, last_b = flow[b], b
            b = index(parent[b])
    if least_b <= least_a:
        return a, steps, least_b, last_b, False
    return a, steps, least_a, last_a, True


def _improves(e: Any, x: Any, y: Any, top: Any, cost: Any, parent: Any, price: Any) -> Any:
    """Whether the reduced cost of an arc from x to y, summed along its cycle, is below 0 by more than rounding."""
    r, largest = cost[e], abs(cost[e])
    for u, sign in ((x, -1.0), (y, 1.0)):
        while u != top:
            r += sign * price[u]
            largest = max(largest, abs(price[u]))
            u = index(parent[u])
    return r < -TOLERANCE * largest


def _turn(u: Any, last: Any, above: Any, delta: Any, step: Any, tree: Any) -> None:
    """Turn the path from u up to ``last`` over, and hang it on ``above`` by an arc of this flow and price."""
    parent, size, flow, price, _ = tree
    moved, below, carried, change = size[last], np.int32(0), delta, -delta
    while True:
        beyond, old_flow, old_size, old_price = index(parent[u]), flow[u] + change, size[u], price[u]
        parent[u], flow[u], price[u], size[u] = above, carried, step, moved - below
        if u == last:
            return
        below, above, carried, step, change, u = old_size, u, old_flow, -old_price, -change, beyond


def _pass(u: Any, top: Any, moved: Any, change: Any, parent: Any, size: Any, flow: Any) -> None:
    """Sizes and flows from u up to below ``top``, where so many nodes have come and every other arc takes more."""
    while u != top:
        size[u] += moved
        flow[u] += change
        change = -change
        u = index(parent[u])


@kernel(since, cut, turn_pieces, _turn, _pass, apart=(_refresh, _queue, _blocking, _improves, lift))
def _pivots(
    start: Any, target: Any, cost: Any, tree: Any, walk: Any, label: Any, piece: Any, gaps: Any, row: Any, arc: Any,
    few: int, state: Any, limit: float,
) -> int:  # fmt: skip
    parent, size, flow, price, potential = tree
    old, new, begin, end, path = walk[0], walk[1], walk[2], walk[3], walk[4]
    top_of, hook, gap, rise = piece[0], piece[1], gaps[0], gaps[1]
    n = start.shape[0] - 1
    place, clean = state
    pivots, steps, lifts, pieces = 0, 0, 0, 1
    _refresh(parent, size, price, potential, begin, end, path, old, new)
    old, new = new, old
    label[:] = 0
    doubt = 0.0  # a reduced cost above it may be rounding, and is summed again along the cycle
    for u in range(parent.shape[0]):
        doubt = max(doubt, abs(potential[u]))
    doubt *= -64.0 * TOLERANCE
    while clean < n and steps < limit:
        rows = min(row.shape[0], n - clean)
        queued, place = _queue(start, target, cost, potential, row, arc, place, rows)
        before, clean = pivots, clean + rows
        for q in range(queued):
            e = arc[q]
            x, y = index(row[q]), index(n + target[e])
            r = since(cost[e] - potential[x] + potential[y], x, y, label, begin, hook, gap)
            if r >= 0.0:
                continue
            top, length, delta, leaving, from_x = _blocking(x, y, index(n), parent, size, flow)
            steps += length
            if r >= doubt and not _improves(e, x, y, top, cost, parent, price):
                continue
            inside, outside, step = (x, y, cost[e]) if from_x else (y, x, -cost[e])
            beyond, moved = index(parent[leaving]), np.int64(size[leaving])
            last = label[begin[leaving]]
            if last == label[begin[beyond]]:
                last = cut(last, leaving, beyond, pieces, label, top_of, hook, gap, begin, end, old)
                pieces += 1
            jump = step + potential[outside] - potential[inside]
            turn_pieces(label[begin[inside]], last, inside, outside, jump, label, top_of, hook, gap, begin, old)
            _turn(inside, leaving, outside, delta, step, tree)
            _pass(beyond, top, -moved, delta, parent, size, flow)
            _pass(outside, top, moved, -delta, parent, size, flow)
            pivots += 1
        steps += parent.shape[0]
        if pivots > before and pieces <= few and lifts < _LIFTS and steps < limit:
            lift(pieces, label, hook, gap, rise, old, potential)
            clean, lifts = 0, lifts + 1
        elif pivots > before or lifts > 0:  # what was lifted is seen to be right
            _refresh(parent, size, price, potential, begin, end, path, old, new)
            old, new = new, old
            label[:] = 0
            clean, lifts, pieces = 0, 0, 1
    state[0], state[1] = place, clean
    return pivots
