"""A plan without cycles from a list of arcs: the smallest reduced costs first, as much as fits."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compilation import kernel
from .pivots import Arcs
from .tree import Forest

__all__ = ["greedy"]


def greedy(arcs: Arcs, u: np.ndarray, v: np.ndarray, a: np.ndarray, b: np.ndarray) -> Forest:
    """Every arc taken uses up a source or a target, so that none closes a cycle; what is left over is matched in order.

    Parameters
    ----------
    arcs : Arcs
    u, v : numpy.ndarray, shapes (n,) and (m,)
        Potentials: arcs are taken in the order of ``c - u - v``.
    a, b : numpy.ndarray, shapes (n,) and (m,)
        Positive int64 masses of equal sums.
    """
    source = np.repeat(np.arange(len(a), dtype=np.int32), np.diff(arcs.start))
    order = np.argsort(arcs.cost - u[source] - v[arcs.target], kind="stable")
    size = len(a) + len(b)
    i, j, flow = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    found = _greedy(source, arcs.target, order, a.copy(), b.copy(), i, j, flow)
    return Forest(i[:found], j[:found], flow[:found])


@kernel()
def _greedy(source: Any, target: Any, order: Any, a: Any, b: Any, i: Any, j: Any, flow: Any) -> int:
    found = 0
    for k in range(order.shape[0]):
        s, t = source[order[k]], target[order[k]]
        amount = min(a[s], b[t])
        if amount > 0:
            i[found], j[found], flow[found] = s, t, amount
            found += 1
            a[s] -= amount
            b[t] -= amount
    s = t = 0
    while True:
        while s < a.shape[0] and a[s] == 0:
            s += 1
        while t < b.shape[0] and b[t] == 0:
            t += 1
        if s == a.shape[0] or t == b.shape[0]:
            return found
        amount = min(a[s], b[t])
        i[found], j[found], flow[found] = s, t, amount
        found += 1
        a[s] -= amount
        b[t] -= amount
