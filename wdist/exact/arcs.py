"""Lists of arcs by source: candidates from both sides, and what pricing adds to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compilation import kernel
from ..search.lists import Lists

__all__ = ["merged", "with_added"]


def merged(forward: Lists, backward: Lists, j: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``(start, target)`` of the arcs of either list: targets near the sources, and sources near the targets j."""
    n = len(forward.which)
    start, target = np.zeros(n + 1, dtype=np.int64), np.empty(forward.which.size + backward.which.size, dtype=np.int32)
    _merge(forward.which, forward.found, backward.which, backward.found, j, start, target, np.empty(n, dtype=np.int64))
    return start, target[: start[-1]]


def with_added(start: np.ndarray, i: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``start`` after an arc is added to each of the sources i, ascending, and where :func:`numpy.insert` puts it."""
    place = start[i + 1]
    more = np.zeros_like(start)
    np.cumsum(np.bincount(i, minlength=len(start) - 1), out=more[1:])
    return start + more, place


@kernel()
def _merge(index: Any, count: Any, back: Any, back_count: Any, ends: Any, start: Any, target: Any, end: Any) -> None:
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
            target[last] = target[e]
            last += 1
    start[n] = last
