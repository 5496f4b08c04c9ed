"""The pivots of the network simplex, compiled.

A basis is a spanning tree over n sources (nodes 0 ... n-1) and m targets (nodes n ...). Each node holds the flow of the
arc to its parent; that arc runs upward from a source and downward to a target. Potentials make the reduced cost
``c - f - g`` vanish on the tree. They are double-doubles (high, low): beside an outlier at distance 1e7 the
potentials are near 1e14, and their difference, in plain floats, would have lost the digits that decide the rest.

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
    flow: Any
    first: Any  # first child
    next: Any  # siblings
    previous: Any
    size: Any  # of the subtree
    high: Any  # potentials
    low: Any


def pivots(start: Any, target: Any, cost: Any, tree: Tree, place: int, limit: int) -> tuple[int, int, bool]:
    """Pivot at most ``limit`` times on the arcs of ``start[i] : start[i + 1]`` from each source i.

    Returns the number of pivots, the row where pricing goes on, and whether no arc is left that improves.
    """
    done = 0
    while done < limit:
        place, arc, source, high, low = _enter(start, target, cost, tree, place)
        if arc < 0:
            return done, place, True
        _exchange(tree, start.shape[0] - 1, source, start.shape[0] - 1 + target[arc], high, low)
        done += 1
    return done, place, False


@njit
def _enter(start, target, cost, tree, place):  # type: ignore[no-untyped-def]
    """The most negative reduced cost in the first block of rows that holds one."""
    n = start.shape[0] - 1
    block = max(64, int(np.sqrt(cost.shape[0])))
    best, best_low, arc, source, scanned = 0.0, 0.0, -1, -1, 0
    for _ in range(n):
        i = place
        f, f_low = tree.high[i], tree.low[i]
        threshold = f + 8 * ROUNDING * abs(f)
        for e in range(start[i], start[i + 1]):
            g = tree.high[n + target[e]]
            # The rough difference decides for nearly all arcs; the exact one is for those within its rounding. Where
            # that is close, g is c - f, so the rounding of c and f covers it.
            if cost[e] - 8 * ROUNDING * abs(cost[e]) - g - threshold < best:
                high, low = _reduced(cost[e], f, f_low, g, tree.low[n + target[e]])
                if high < best and high < -TOLERANCE * (abs(cost[e]) + abs(f) + abs(g)):
                    best, best_low, arc, source = high, low, e, i
        scanned += start[i + 1] - start[i]
        place = place + 1 if place + 1 < n else 0
        if scanned >= block:
            if arc >= 0:
                break
            scanned = 0
    return place, arc, source, best, best_low


@njit
def _reduced(c, f, f_low, g, g_low):  # type: ignore[no-untyped-def]
    """c - f - g as a double-double."""
    s, s_error = _two_sum(c, -f)
    t, t_error = _two_sum(s, -g)
    return _two_sum(t, ((s_error + t_error) - f_low) - g_low)


@njit
def _two_sum(a, b):  # type: ignore[no-untyped-def]
    s = a + b
    v = s - a
    return s, (a - (s - v)) + (b - v)


@njit
def _exchange(tree, n, source, sink, high, low):  # type: ignore[no-untyped-def]
    """Bring the arc source -> sink, of reduced cost high + low, into the tree."""
    a, b = source, sink
    while a != b:
        if tree.size[a] < tree.size[b]:
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
    moved = tree.size[leaving]
    u = tree.parent[leaving]
    while u != top:
        tree.size[u] -= moved
        u = tree.parent[u]
    inside, outside = (source, sink) if from_source else (sink, source)
    u = outside
    while u != top:
        tree.size[u] += moved
        u = tree.parent[u]
    _shift(tree, n, leaving, high if from_source else -high, low if from_source else -low)
    _turn(tree, inside, outside, leaving, amount, moved)


@njit
def _turn(tree, inside, outside, leaving, amount, moved):  # type: ignore[no-untyped-def]
    """Turn the path from ``inside`` up to ``leaving`` over, and hang it on ``outside``."""
    u, above, flow, below = inside, outside, amount, 0
    while True:
        old_parent, old_flow, old_size = tree.parent[u], tree.flow[u], tree.size[u]
        if tree.previous[u] >= 0:
            tree.next[tree.previous[u]] = tree.next[u]
        else:
            tree.first[old_parent] = tree.next[u]
        if tree.next[u] >= 0:
            tree.previous[tree.next[u]] = tree.previous[u]
        tree.parent[u], tree.flow[u], tree.size[u] = above, flow, moved - below
        tree.previous[u], tree.next[u] = -1, tree.first[above]
        if tree.first[above] >= 0:
            tree.previous[tree.first[above]] = u
        tree.first[above] = u
        if u == leaving:
            return
        u, above, flow, below = old_parent, u, old_flow, old_size


@njit
def _shift(tree, n, cut, high, low):  # type: ignore[no-untyped-def]
    """Add (high, low) to f and take it off g below ``cut``; or the opposite everywhere else, if that is less to do.

    So the majority stays where it is, and the potentials of the bulk remain small however far the outliers are.
    """
    below = tree.size[cut] <= tree.parent.shape[0] // 2
    top = cut
    if not below:
        high, low = -high, -low
        while tree.parent[top] >= 0:
            top = tree.parent[top]
    u = top
    while True:
        inside = below or u != cut
        if inside:
            sign = 1.0 if u < n else -1.0
            s, error = _two_sum(tree.high[u], sign * high)
            tree.high[u], tree.low[u] = _two_sum(s, error + (tree.low[u] + sign * low))
        if inside and tree.first[u] >= 0:
            u = tree.first[u]
            continue
        while u != top and tree.next[u] < 0:
            u = tree.parent[u]
        if u == top:
            return
        u = tree.next[u]
