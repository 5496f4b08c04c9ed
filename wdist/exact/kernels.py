"""The pivots of the network simplex, compiled.

A basis is a spanning tree over n sources (nodes 0 ... n-1), m targets (nodes n ...) and a root (node n + m). Each
node holds the flow of the arc to its parent; that arc runs upward from a source and downward to a target. Potentials
make the reduced cost ``c - f - g`` vanish on the tree.

Two things keep them sharp. They are double-doubles (high, low): beside an outlier at distance 1e7 the potentials are
near 1e14, and their difference, in plain floats, would have lost the digits in which the rest is decided. And the arcs
to the root, which stand for mass that has no other way yet, cost infinity as a symbol: a node's potential is ``count``
infinities plus a number, and no large constant blurs the small ones.

The leaving arc is the last blocking one along the cycle, seen from its top: it keeps the tree strongly feasible, so
that degenerate pivots cannot cycle (Cunningham, 1976, doi:10.1007/BF01580379; Ahuja, Magnanti and Orlin, *Network
Flows*, 1993, section 11.6). Flows are int64, exact.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

__all__ = ["Tree", "pivots"]

ROUNDING = 2.0**-53
TOLERANCE = 2.0**-70  # of the size of the terms of a reduced cost, whose own error is near 2^-100


class Tree(NamedTuple):
    """The basis: one entry per node; -1 for none."""

    parent: Any
    arc: Any  # to the parent; -1 for an arc to the root
    flow: Any
    depth: Any
    first: Any  # first child
    next: Any  # siblings
    previous: Any
    count: Any  # potentials
    high: Any
    low: Any


def pivots(start: Any, target: Any, cost: Any, tree: Tree, place: int, limit: int) -> tuple[int, int, bool]:
    """Pivot at most ``limit`` times on the arcs of ``start[i] : start[i + 1]`` from each source i.

    Returns the number of pivots, the row where pricing goes on, and whether no arc is left that improves.
    """
    n = start.shape[0] - 1
    done = 0
    while done < limit:
        place, arc, source = _enter(start, target, cost, tree, place)
        if arc < 0:
            return done, place, True
        top = _exchange(tree, n, source, n + target[arc], arc)
        _refresh(tree, cost, top)
        done += 1
    return done, place, False


@njit
def _enter(start, target, cost, tree, place):  # type: ignore[no-untyped-def]
    """The arc of the lowest reduced cost in the first block of rows that has one below 0."""
    n = start.shape[0] - 1
    block = max(64, int(np.sqrt(cost.shape[0])))
    best_count, best, arc, source, scanned = 0, 0.0, -1, -1, 0
    for _ in range(n):
        i = place
        f = tree.high[i]
        for e in range(start[i], start[i + 1]):
            v = n + target[e]
            count = -tree.count[i] - tree.count[v]
            if count > best_count:
                continue
            c, g = cost[e], tree.high[v]
            # The rough difference decides for nearly all arcs; the exact one is for those within its rounding.
            size = abs(c) + abs(f) + abs(g)
            if count == best_count and c - f - g - 4 * ROUNDING * size >= best:
                continue
            rest, rest_low = _minus(c, 0.0, f, tree.low[i])
            reduced, _ = _minus(rest, rest_low, g, tree.low[v])
            if count < best_count or reduced < best - TOLERANCE * size:
                best_count, best, arc, source = count, reduced, e, i
        scanned += start[i + 1] - start[i]
        place = place + 1 if place + 1 < n else 0
        if scanned >= block:
            if arc >= 0:
                break
            scanned = 0
    return place, arc, source


@njit
def _exchange(tree, n, source, sink, arc):  # type: ignore[no-untyped-def]
    """Bring the arc source -> sink into the tree; returns the top of the subtree that was hung up elsewhere."""
    a, b = source, sink
    while a != b:
        if tree.depth[a] >= tree.depth[b]:
            a = tree.parent[a]
        else:
            b = tree.parent[b]
    top = a
    amount, leaving, from_source = np.int64(2**62), -1, True
    u = source
    while u != top:
        if u < n and tree.flow[u] < amount:
            amount, leaving = tree.flow[u], u
        u = tree.parent[u]
    u = sink
    while u != top:
        if u >= n and tree.flow[u] <= amount:
            amount, leaving, from_source = tree.flow[u], u, False
        u = tree.parent[u]
    if amount > 0:
        for end in (source, sink):
            u = end
            while u != top:
                # On the way down to the source, and up from the sink, the cycle runs against these arcs.
                tree.flow[u] += -amount if (u < n) == (end < n) else amount
                u = tree.parent[u]
    inside, outside = (source, sink) if from_source else (sink, source)
    _turn(tree, inside, outside, leaving, arc, amount)
    return inside


@njit
def _turn(tree, inside, outside, leaving, arc, amount):  # type: ignore[no-untyped-def]
    """Turn the path from ``inside`` up to ``leaving`` over, and hang it on ``outside``."""
    u, above, flow = inside, outside, amount
    while True:
        old = tree.parent[u], tree.arc[u], tree.flow[u]
        if tree.previous[u] >= 0:
            tree.next[tree.previous[u]] = tree.next[u]
        else:
            tree.first[old[0]] = tree.next[u]
        if tree.next[u] >= 0:
            tree.previous[tree.next[u]] = tree.previous[u]
        tree.parent[u], tree.arc[u], tree.flow[u] = above, arc, flow
        tree.previous[u], tree.next[u] = -1, tree.first[above]
        if tree.first[above] >= 0:
            tree.previous[tree.first[above]] = u
        tree.first[above] = u
        if u == leaving:
            return
        above, (u, arc, flow) = u, old


@njit
def _refresh(tree, cost, root):  # type: ignore[no-untyped-def]
    """Depths and potentials of a subtree, from its parent's: computed anew, so that no error gathers over pivots."""
    u = root
    while True:
        above = tree.parent[u]
        tree.depth[u] = tree.depth[above] + 1
        tree.count[u] = -tree.count[above]
        tree.high[u], tree.low[u] = _minus(cost[tree.arc[u]], 0.0, tree.high[above], tree.low[above])
        if tree.first[u] >= 0:
            u = tree.first[u]
            continue
        while u != root and tree.next[u] < 0:
            u = tree.parent[u]
        if u == root:
            return
        u = tree.next[u]


@njit
def _minus(a, a_low, b, b_low):  # type: ignore[no-untyped-def]
    """The difference of two double-doubles."""
    s = a - b
    v = s - a
    rest = ((a - (s - v)) - (b + v)) + (a_low - b_low)
    high = s + rest
    return high, rest - (high - s)
