r"""Neighbouring sources searched together for the targets whose :math:`c(x_i, y_j) - v_j` lies below a given bound.

Late in a solve hardly any pair does, and a search is all way down the tree. So a few sources that lie together, those
of a cell, take one way: a node is left out when no pair of a point in their box and one in its own can come below the
largest of their bounds, and so is a target of the nodes that are left. The others are copied side by side, and each
source goes through all of them, in loops without branches that a compiler turns into vector instructions. A source
meets more targets than it would alone, and is done with them sooner.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..compilation import index, kernel
from .cells import SLACK, Cells
from .ground import Ground
from .lists import Lists, kept

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
    box = np.empty(d), np.empty(d), np.empty(d), np.empty(1 << _STEP)
    nodes = np.empty(1 << y.depth, dtype=np.int32), np.empty(1 << y.depth, dtype=np.int32)
    near = np.empty(room, dtype=np.int32), np.empty((d, room)), np.empty(room)
    hits = np.empty(room), np.empty(room, dtype=np.int32)
    given = x, y.points, v, y.depth, cell, ground, limit, box, nodes, near, hits
    for first in range(0, groups, _GROUPS):
        _search(*given, lists, groups, first, min(first + _GROUPS, groups))
    return lists


def _box_bounds(middle: Any, wide: Any, tilt: Any, cell: Any, first: int, p: float, low: Any) -> None:
    """Lower bounds of ``c(x, y) - v(y) - <tilt, x - middle>`` for x in a box, y in those of nodes from ``first`` on."""
    d, count = middle.shape[0], low.shape[0]
    alpha = cell[3, 0, first : first + count]
    if p == 2.0:
        for q in range(count):
            low[q] = -alpha[q]
        for t in range(d):
            at, w, lean = middle[t], wide[t], tilt[t]
            centre, half = cell[0, t, first : first + count], cell[1, t, first : first + count]
            slope = cell[2, t, first : first + count]
            for q in range(count):  # the minimum over both, which is convex: over x it is linear or at an end
                apart, h, s = at - centre[q], half[q], slope[q]
                there = apart + 0.5 * s + (w if s + lean > 0.0 else -w)
                there = there if there > -h else -h
                there = there if there < h else h
                here = there - apart + 0.5 * lean
                here = here if here > -w else -w
                here = here if here < w else w
                gap = apart + here - there
                blur = 2.0**-50 * (w + h)
                low[q] += gap * gap - s * there - lean * here - blur * (abs(gap) + abs(s) + abs(lean) + blur)
        return
    for q in range(count):
        near, far, lift, rise = 0.0, 0.0, 0.0, 0.0
        for t in range(d):
            apart, half = abs(middle[t] - cell[0, t, first + q]), cell[1, t, first + q]
            gap = max(apart - half - wide[t], 0.0)
            lift += abs(cell[2, t, first + q]) * half + abs(tilt[t]) * wide[t]
            near += gap * gap
            far += apart * apart
        far = math.sqrt(far)
        scale = 1.0 / far if far > 0.0 else 0.0
        for t in range(d):
            tangent = scale * (cell[0, t, first + q] - middle[t])
            rise += abs(tangent - cell[2, t, first + q]) * cell[1, t, first + q] + abs(tangent + tilt[t]) * wide[t]
        low[q] = max(math.sqrt(near) - lift, far * (1.0 - 2.0**-48) - rise) - alpha[q]


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


def _around(x: Any, begin: int, end: int, middle: Any, wide: Any) -> None:
    """The box of some sources: its centre and half widths."""
    for t in range(x.shape[1]):
        least = most = x[begin, t]
        for i in range(begin, end):
            least, most = min(least, x[i, t]), max(most, x[i, t])
        middle[t] = 0.5 * least + 0.5 * most
        wide[t] = max(most - middle[t], middle[t] - least) * (1.0 + 2.0**-50)


def _tilted(x: Any, limit: Any, begin: Any, end: Any, middle: Any, wide: Any, tilt: Any, rest: Any) -> float:
    """The slope of the limits of some sources, coordinate by coordinate; the plane above them at the middle."""
    d, share, mean = index(x.shape[1]), 1.0 / (end - begin), 0.0
    for i in range(begin, end):
        mean += share * limit[i]
    for i in range(begin, end):
        rest[i - begin] = limit[i] - mean
    for t in range(d):
        first = second = both = 0.0
        for i in range(begin, end):
            at = x[i, t] - middle[t]
            first, second, both = first + at, second + at * at, both + at * rest[i - begin]
        first *= share
        second -= first * first / share
        slope = both / second if second > 2.0**-30 * wide[t] * wide[t] else 0.0
        tilt[t] = slope if abs(slope) < np.inf else 0.0
        for i in range(begin, end):
            rest[i - begin] -= tilt[t] * (x[i, t] - middle[t] - first)
    rise = 0.0
    for t in range(d):
        rise += abs(tilt[t]) * wide[t]
    top = -np.inf
    for i in range(begin, end):
        part = limit[i]
        for t in range(d):
            part -= tilt[t] * (x[i, t] - middle[t])
        top = max(top, part + SLACK * (abs(limit[i]) + rise))
    return top


def _close(
    y: Any, v: Any, first: Any, last: Any, middle: Any, wide: Any, tilt: Any, stop: float, most: float, p: float,
    which: Any, length: int
) -> Any:  # fmt: skip
    """Targets that some point of the box may find below ``stop`` are added to ``which``; how many it holds then."""
    d = index(y.shape[1])
    if p == 2.0:
        for j in range(first, last):
            near = gain = 0.0
            for t in range(d):
                apart, w, lean = middle[t] - y[j, t], wide[t], tilt[t]
                step = min(max(0.5 * lean - apart, -w), w)  # widths have room for the rounding
                near, gain = near + (apart + step) * (apart + step), gain + lean * step
            which[length] = j
            length += near * (1.0 - SLACK) - gain <= stop + v[j] + SLACK * abs(v[j])
        return length
    for j in range(first, last):
        near = far = rise = 0.0
        for t in range(d):
            apart = abs(middle[t] - y[j, t])
            gap = max(apart - wide[t], 0.0)
            near, far = near + gap * gap, far + apart * apart
        far = math.sqrt(far)
        scale = 1.0 / far if far > 0.0 else 0.0
        for t in range(d):
            rise += abs(scale * (middle[t] - y[j, t]) - tilt[t]) * wide[t]
        room = SLACK * abs(v[j])
        bar = most + v[j] + room
        which[length] = j  # squares may underflow, both
        length += (near * (1.0 - SLACK) <= bar * abs(bar)) & (far * (1.0 - SLACK) - rise <= stop + v[j] + room)
    return length


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


@kernel(_box_bounds, _around, _tilted, _close, _differences, _sorted_in, kept)
def _search(
    x: Any, y: Any, v: Any, depth: int, cell: Any, ground: Any, limit: Any, box: Any, ways: Any, near: Any, hits: Any,
    lists: Any, groups: int, first: int, last: int,
) -> None:  # fmt: skip
    n, m, d, p = x.shape[0], y.shape[0], x.shape[1], ground[1]
    listed, value, count = lists
    k = listed.shape[1]
    (middle, wide, tilt, low), (nodes, other), (which, held, held_v), (r, below) = box, ways, near, hits
    for group in range(first, last):
        begin, end = (n * group) // groups, (n * (group + 1)) // groups
        if begin == end:
            continue
        _around(x, begin, end, middle, wide)
        stop = _tilted(x, limit, index(begin), index(end), middle, wide, tilt, r)
        most = -np.inf
        for i in range(begin, end):
            most = max(most, limit[i] + SLACK * abs(limit[i]))
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
                _box_bounds(middle, wide, tilt, cell, h, p, low[: 1 << step])
                for c in range(1 << step):
                    if low[c] < stop:
                        other[left] = h + c
                        left += 1
            nodes, other = other, nodes
        length = 0
        for q in range(left):
            c = _int64(nodes[q]) - (1 << depth)
            length = _close(y, v, index((m * c) >> depth), index((m * (c + 1)) >> depth), middle, wide, tilt, stop, most, p, which, length)
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
