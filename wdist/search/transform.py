r"""The c-transform :math:`g^c_i = \min_j c_{ij} - g_j` over all pairs: the largest f that is feasible beside g.

Whatever g is, :math:`(g^c, g)` is feasible, so :math:`\langle a, g^c \rangle + \langle b, g \rangle` bounds the
transport cost from below (Villani, *Optimal Transport: Old and New*, 2009, theorem 5.10). Costs are taken a rounding
error too small and the minimum is rounded down, so that this holds of the floats as well. Memory is a block of about
2^20 entries.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .ground import Costs
from .rounding import difference_error

__all__ = ["largest_violation", "row_blocks", "transform_below"]


def row_blocks(shape: tuple[int, int]) -> Iterator[slice]:
    """Slices of rows with about 2^20 entries each."""
    step = max(1, 2**20 // shape[1])
    return (slice(start, min(start + step, shape[0])) for start in range(0, shape[0], step))


def transform_below(costs: Costs, g: np.ndarray) -> np.ndarray:
    """The c-transform of g, rounded down; inf for a source without arcs."""
    return np.concatenate([_row_minimum_below(costs.rows_below(rows), g) for rows in row_blocks(costs.shape)])


def largest_violation(costs: Costs, f: np.ndarray, g: np.ndarray) -> float:
    """The largest ``f[i] + g[j] - c[i, j]``, or 0 where there is none above it."""
    worst = 0.0
    for rows in row_blocks(costs.shape):
        worst = max(worst, float(np.max(f[rows] - np.min(costs.rows(rows) - g, axis=1))))
    return worst


def _row_minimum_below(costs: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Rounding is monotone, so only the differences that round to the minimum can lie below it."""
    differences = costs - g
    minimum = differences.min(axis=1)
    i, j = np.nonzero((differences == minimum[:, None]) & np.isfinite(minimum)[:, None])
    below = np.zeros(len(minimum), dtype=bool)
    below[i[difference_error(costs[i, j], g[j], minimum[i]) < 0]] = True
    return np.where(below, np.nextafter(minimum, -np.inf), minimum)
