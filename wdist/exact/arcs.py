"""Lists of arcs by source: candidates from both sides, and what pricing adds to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compilation import kernel
from ..search.lists import Lists
from .pivots import Arcs

__all__ = ["lonely", "merged", "with_added"]


def lonely(lists: Lists, m: int, few: int) -> np.ndarray:
    """Those of m targets that fewer than so many sources have found."""
    met = np.zeros(m, dtype=np.int32)
    _meet(lists.which, lists.found, met)
    return np.flatnonzero(met < few)


def merged(forward: Lists, backward: Lists, j: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Arcs of either list, targets near sources and sources near the targets j: where a source's begin, and ends."""
    n, most = len(forward.which), forward.which.size + backward.which.size
    start, end = np.zeros(n + 1, dtype=np.int64), np.empty(n, dtype=np.int64)
    source, target = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int32)
    _merge(forward.which, forward.found, backward.which, backward.found, j, start, source, target, end)
    return start, source[: start[-1]], target[: start[-1]]


def with_added(arcs: Arcs, i: np.ndarray, j: np.ndarray, cost: np.ndarray) -> Arcs:
    """The arcs and those of the pairs (i[k], j[k]), i ascending, each at the end of its row."""
    total = len(arcs.target) + len(i)
    more = Arcs(np.empty_like(arcs.start), np.empty(total, dtype=np.int32), np.empty(total))
    _add(*arcs, i, j, cost, *more)
    return more


@kernel()
def _meet(which: Any, found: Any, met: Any) -> None:
    for i in range(which.shape[0]):
        for k in range(found[i]):
            met[which[i, k]] += 1


@kernel()
def _add(
    start: Any, target: Any, cost: Any, i: Any, j: Any, added: Any, new_start: Any, new_target: Any, new_cost: Any
) -> None:
    n, k = start.shape[0] - 1, 0
    for row in range(n):
        new_start[row] = start[row] + k
        for e in range(start[row], start[row + 1]):
            new_target[e + k], new_cost[e + k] = target[e], cost[e]
        while k < i.shape[0] and i[k] == row:
            place = start[row + 1] + k
            new_target[place], new_cost[place] = j[k], added[k]
            k += 1
    new_start[n] = start[n] + k


@kernel()
def _merge(
    index: Any, count: Any, back: Any, back_count: Any, ends: Any, start: Any, source: Any, target: Any, end: Any
) -> None:  # fmt: skip
    """Room for all of both lists is made first, then what is in both is dropped, and the rows are moved together."""
    n = index.shape[0]
    for i in range(n):
        start[i + 1] = count[i]
    for q in range(back.shape[0]):
        for k in range(back_count[q]):
            start[back[q, k] + 1] += 1
    for i in range(n):
        start[i + 1] += start[i]
        for k in range(count[i]):
            target[start[i] + k] = index[i, k]
        end[i] = start[i] + count[i]
    for q in range(back.shape[0]):
        for k in range(back_count[q]):
            i = back[q, k]
            known = False
            for e in range(start[i], start[i] + count[i]):
                known = known or target[e] == ends[q]
            if not known:
                target[end[i]] = ends[q]
                end[i] += 1
    last = 0
    for i in range(n):
        first, start[i] = start[i], last
        for e in range(first, end[i]):
            source[last], target[last] = i, target[e]
            last += 1
    start[n] = last
