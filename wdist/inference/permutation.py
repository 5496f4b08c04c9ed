r"""W_p under permuted labels: the pool is sorted once, and a permutation only says on which side a point is.

.. math:: W_p^p = \sum_k \delta_k |x_{(i_k)} - y_{(j_k)}|^p

(:mod:`wdist.coupling`). The ranks i_k, j_k and the masses of the pieces depend on the two sizes alone, and the order
statistics of a side are read off the sorted pool in one pass: a resample costs O(n) for each direction, and nothing is
sorted again.
"""

from __future__ import annotations

import numpy as np

from ..compilation import kernel
from ..coupling import Coupling

__all__ = ["permuted_costs", "sorted_shadows"]


def sorted_shadows(points: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, d) on every direction (k, d), ascending: their order, int32, and their values, both (k, N)."""
    values = directions @ points.T
    order = np.argsort(values, axis=1, kind="stable")
    return order.astype(np.int32), np.take_along_axis(values, order, axis=1)


def permuted_costs(
    shadows: tuple[np.ndarray, np.ndarray], sides: np.ndarray, sizes: tuple[int, int], pieces: Coupling, p: float
) -> np.ndarray:
    """The mean over directions of W_p^p between the two sides.

    Parameters
    ----------
    shadows : tuple of numpy.ndarray
        From :func:`sorted_shadows`; of a size whose powers are in range.
    sides : numpy.ndarray of uint8, shape (resamples, N)
        1 for as many points as the first of ``sizes`` says, 0 for the others.
    sizes : tuple of int
    pieces : Coupling
        The monotone coupling of two samples of these sizes.
    p : float

    Returns
    -------
    numpy.ndarray, shape (resamples,)
    """
    costs = np.empty(len(sides))
    i, j = (np.asarray(ranks, dtype=np.int64) for ranks in (pieces.i, pieces.j))
    mass = np.asarray(pieces.mass, dtype=np.float64)
    _walk(*shadows, sides, np.empty(sizes[0] + 1), np.empty(sizes[1] + 1), i, j, mass, p, costs)
    return costs


@kernel()
def _walk(order: np.ndarray, values: np.ndarray, sides: np.ndarray, x: np.ndarray, y: np.ndarray, i: np.ndarray,
          j: np.ndarray, mass: np.ndarray, p: float, costs: np.ndarray) -> None:  # fmt: skip
    for resample in range(sides.shape[0]):
        side, mean = sides[resample], 0.0
        for direction in range(order.shape[0]):
            at, value = order[direction], values[direction]
            a = b = 0
            for k in range(order.shape[1]):  # no branch: written to both sides, and kept on the one it belongs to
                x[a] = y[b] = value[k]
                a += side[at[k]]
                b += 1 - side[at[k]]
            cost = 0.0
            if p == 1.0:
                for k in range(len(mass)):
                    cost += mass[k] * abs(x[i[k]] - y[j[k]])
            elif p == 2.0:
                for k in range(len(mass)):
                    cost += mass[k] * (x[i[k]] - y[j[k]]) ** 2
            else:
                for k in range(len(mass)):
                    cost += mass[k] * abs(x[i[k]] - y[j[k]]) ** p
            mean += cost
        costs[resample] = mean / order.shape[0]
