r"""Neighbouring sources searched together for the targets whose :math:`c(x_i, y_j) - v_j` lies below a given bound.

Late in a solve hardly any pair does, and a search is all way down the tree. So a few sources that lie together, those
of a cell, take one way: a node is left out when no pair of a point in their box and one in its own can come below a
plane above their bounds (:mod:`wdist.search.reach`), and so is a target of the nodes that are left. The others are
copied side by side, and each source goes through all of them, in loops without branches that a compiler turns into
vector instructions. A source meets more targets than it would alone, and is done with them sooner.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..compilation import index, kernel
from .cells import Cells
from .ground import Ground
from .lists import Lists, kept
from .reach import around, box_bounds, plane_above, within

__all__ = ["together"]

_WIDTH = 20  # sources that are searched for together, at most
_STEP = 4  # levels of the tree that are taken at once
_ROOM = 512  # targets that are gone through at once, and those of a leaf more
_GROUPS = 2**11  # of sources in one call of the kernel: between calls Ctrl-C is heard

_int64: Any = np.int64


def together(x: np.ndarray, y: Cells, v: np.ndarray, k: int, ground: Ground, limit: np.ndarray) -> Lists:
    """The k smallest ``c(x_i, y_j) - v[j]`` among those below ``limit[i]``, for Euclidean costs at p = 1 and 2.

    Sources in k-d order are searched for by cells, and others in the order that they come in.
    """
    n = len(x)
    lists = Lists(np.empty((n, k), dtype=np.int32), np.empty((n, k)), np.empty(n, dtype=np.int32))
    cell = np.ascontiguousarray(y.majorant(v, _STEP).transpose(1, 2, 0))
    groups = 1 << ((n - 1) // _WIDTH).bit_length()
    d, room = x.shape[1], _ROOM + (len(v) >> y.depth) + 1
    box, nodes = np.empty((3, d)), np.empty((2, 1 << y.depth), dtype=np.int32)
    near, held = np.empty((2, room), dtype=np.int32), np.empty((d + 3, room))
    given = x, y.points, v, y.depth, cell, ground, limit, box, nodes, near, held
    for first in range(0, groups, _GROUPS):
        _search(*given, lists, groups, first, min(first + _GROUPS, groups))
    return lists


def _differences(x: Any, i: int, y: Any, v: Any, ground: Any, limit: float, r: Any, count: int) -> int:
    """``c - v`` of one source and the first ``count`` targets of y (d, ...), and how many are below the limit."""
    _, p, factor, offset = ground
    hits = 0
    at, column = x[i, 0], y[0, :count]
    for q in range(count):
        r[q] = (at - column[q]) * (at - column[q])
    for t in range(1, x.shape[1]):
        at, column = x[i, t], y[t, :count]
        for q in range(count):
            r[q] += (at - column[q]) * (at - column[q])
    if p == 1.0:
        for q in range(count):
            r[q] = math.sqrt(r[q])
    for q in range(count):
        cost = r[q] * factor - offset
        r[q] = (cost if cost > 0.0 else 0.0) - v[q]
        hits += r[q] < limit
    return hits


def _sorted_in(r: Any, length: int, which: Any, i: int, limit: float, below: Any, lists: Any) -> None:
    """The targets of source i that lie below its limit: listed without a branch first, for there are few."""
    index, value, count = lists
    k, hits = index.shape[1], 0
    for e in range(length):
        below[hits] = e
        hits += r[e] < limit
    for h in range(hits):
        e = below[h]
        if count[i] < k or r[e] < value[i, k - 1]:
            count[i] = kept(index, value, i, count[i], r[e], which[e])


@kernel(around, plane_above, box_bounds, within, _differences, _sorted_in, kept)
def _search(
    x: Any, y: Any, v: Any, depth: int, cell: Any, ground: Any, limit: Any, box: Any, ways: Any, near: Any, held: Any,
    lists: Any, groups: int, first: int, last: int,
) -> None:  # fmt: skip
    n, m, d, p = x.shape[0], y.shape[0], x.shape[1], ground[1]
    listed, value, count = lists
    k = listed.shape[1]
    middle, wide, tilt = box[0], box[1], box[2]
    nodes, other, which, below = ways[0], ways[1], near[0], near[1]
    held_v, r, low = held[d], held[d + 1], held[d + 2]
    for group in range(first, last):
        begin, end = (n * group) // groups, (n * (group + 1)) // groups
        if begin == end:
            continue
        around(x, begin, end, middle, wide)
        height = plane_above(x, index(begin), index(end), limit, middle, wide, tilt, r)
        for i in range(begin, end):
            count[i] = 0
            for e in range(k):
                listed[i, e], value[i, e] = -1, np.inf
        nodes[0], left, level = 1, 1, 0
        while level < depth:
            step = (depth - level - 1) % _STEP + 1
            level += step
            known, left = left, 0
            for q in range(known):
                h = _int64(nodes[q]) << step
                box_bounds(middle, wide, tilt, cell, h, p, low[: 1 << step])
                for c in range(1 << step):
                    if low[c] < height:
                        other[left] = h + c
                        left += 1
            nodes, other = other, nodes
        length = 0
        for q in range(left):
            c = _int64(nodes[q]) - (1 << depth)
            low_end, high_end = index((m * c) >> depth), index((m * (c + 1)) >> depth)
            length = within(y, v, low_end, high_end, middle, wide, tilt, height, p, which, length)
            if length < _ROOM and q < left - 1:
                continue
            for e in range(length):
                held_v[e] = v[which[e]]
                for t in range(d):
                    held[t, e] = y[which[e], t]
            for i in range(begin, end):
                if _differences(x, i, held, held_v, ground, limit[i], r, length) > 0:
                    _sorted_in(r, length, which, i, limit[i], below, lists)
            length = 0
