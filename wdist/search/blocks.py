r"""The k smallest :math:`c_{ij} - v_j` of every source i by looking at all pairs, a block of rows at a time.

For any cost matrix, and for points in so many dimensions that a tree prunes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..compilation import kernel, plain
from .ground import Costs
from .lists import Lists, kept

__all__ = ["row_blocks", "smallest"]


def row_blocks(shape: tuple[int, int]) -> Iterator[slice]:
    """Slices of rows with about 2^20 entries each."""
    step = max(1, 2**20 // shape[1])
    return (slice(start, min(start + step, shape[0])) for start in range(0, shape[0], step))


def smallest(costs: Costs, v: np.ndarray, k: int, below: np.ndarray | None = None) -> Lists:
    """The k smallest ``c_ij - v_j`` for every i, and of those only what is less than ``below[i]``; none at inf."""
    n = costs.shape[0]
    limit = np.full(n, np.inf) if below is None else below
    found = Lists(np.full((n, k), -1, dtype=np.int32), np.full((n, k), np.inf), np.zeros(n, dtype=np.int32))
    for rows in row_blocks(costs.shape):
        _smallest(plain(costs.rows(rows)), v, limit, *found, rows.start)
    return found


@kernel(kept)
def _smallest(cost: Any, v: Any, below: Any, index: Any, value: Any, count: Any, first: int) -> None:
    m, k = cost.shape[1], index.shape[1]
    for row in range(cost.shape[0]):
        i = first + row
        worst, found = below[i], 0
        start = (i * 40503) % m  # of what costs the same, every row takes something else
        for begin, end in ((start, m), (0, start)):
            for j in range(begin, end):
                r = cost[row, j] - v[j]
                if r < worst:
                    found = kept(index, value, i, found, r, j)
                    if found == k:
                        worst = value[i, k - 1]
        count[i] = found
