r"""The monotone coupling of sorted samples in one walk, which stores none of its pieces.

.. math:: W_p^p = \sum_k \delta_k |x_{i_k} - y_{j_k}|^p

(:mod:`wdist.coupling`). Two indices climb the two cumulative weights together, twice: once for the largest distance
across a piece, which is W_p at p = inf, and once for the sum of powers relative to it, so that none overflows and not
all vanish. Sums are compensated (Neumaier, 1974, doi:10.1002/zamm.19740540106): their error does not grow with n.
"""

from __future__ import annotations

import numpy as np

from .compilation import kernel

__all__ = ["accumulate_rows", "climb_equal", "climb_weighted"]


def _add(total: float, lost: float, term: float) -> tuple[float, float]:
    """A compensated sum, and what has been lost of it so far."""
    new = total + term
    if abs(total) >= abs(term):
        return new, lost + ((total - new) + term)
    return new, lost + ((term - new) + total)


def _power(z: float, p: float) -> float:
    if p == 1.0:
        return z
    if p == 2.0:
        return z * z
    power: float = z**p
    return power


def _root(cost: float, scale: float, p: float) -> float:
    if p == 1.0:
        return scale * cost
    root: float = np.sqrt(cost) if p == 2.0 else cost ** (1.0 / p)
    return scale * root


@kernel(_add)
def accumulate_rows(weights: np.ndarray) -> None:
    """Replace each row of weights by its cumulative sums over its total: the last is 1."""
    rows, n = weights.shape
    for row in range(rows):
        w = weights[row]
        total = lost = 0.0
        for i in range(n):
            total, lost = _add(total, lost, w[i])
        whole = total + lost
        total = lost = 0.0
        for i in range(n):
            total, lost = _add(total, lost, w[i])
            w[i] = (total + lost) / whole


@kernel(_add, _power, _root)
def climb_equal(x: np.ndarray, y: np.ndarray, at: np.ndarray, p: float, distances: np.ndarray) -> None:
    """W_p of samples of equal weights.

    Parameters
    ----------
    x, y : ndarray, shapes (., n) and (., m), C-contiguous
        Sorted rows.
    at : ndarray of int64, shape (rows, 2)
        Which row of x meets which of y.
    p : float
    distances : ndarray, shape (rows,)
        Where the answers go.
    """
    n, m = x.shape[1], y.shape[1]
    for row in range(len(at)):
        u, v = x[at[row, 0]], y[at[row, 1]]
        scale = 0.0
        for sweep in range(2):
            if sweep == 1 and (scale == 0.0 or np.isinf(p)):
                break
            total = lost = 0.0
            i = j = done = 0  # in units of 1/(nm) the jumps are whole numbers
            while i < n and j < m:
                z = abs(u[i] - v[j])
                left, right = (i + 1) * m, (j + 1) * n
                jump = min(left, right)
                if sweep == 0:
                    scale = max(scale, z)
                else:
                    total, lost = _add(total, lost, (jump - done) * _power(z / scale, p))
                done = jump
                if left <= right:
                    i += 1
                if right <= left:
                    j += 1
            if sweep == 1:
                distances[row] = _root((total + lost) / n / m, scale, p)
        if scale == 0.0 or np.isinf(p):
            distances[row] = scale


@kernel(_add, _power, _root)
def climb_weighted(x: np.ndarray, y: np.ndarray, t: np.ndarray, s: np.ndarray, at: np.ndarray, p: float,
                   sliver: float, distances: np.ndarray) -> None:  # fmt: skip
    """W_p of weighted samples.

    Parameters
    ----------
    x, y : ndarray, shapes (., n) and (., m), C-contiguous
        Sorted rows.
    t, s : ndarray, shapes (., n) and (., m), C-contiguous
        Their cumulative weights, which end at 1.
    at : ndarray of int64, shape (rows, 4)
        Which rows of x, y, t and s belong together.
    p : float
    sliver : float
        Pieces of no more mass are left out.
    distances : ndarray, shape (rows,)
        Where the answers go.
    """
    n, m = x.shape[1], y.shape[1]
    for row in range(len(at)):
        u, v, left, right = x[at[row, 0]], y[at[row, 1]], t[at[row, 2]], s[at[row, 3]]
        scale = 0.0
        for sweep in range(2):
            if sweep == 1 and (scale == 0.0 or np.isinf(p)):
                break
            total = lost = done = 0.0
            i = j = 0
            while i < n and j < m:
                jump = min(left[i], right[j])
                mass = jump - done
                if mass > sliver:
                    z = abs(u[i] - v[j])
                    if sweep == 0:
                        scale = max(scale, z)
                    else:
                        total, lost = _add(total, lost, mass * _power(z / scale, p))
                done = jump
                step_right = right[j] <= left[i]
                if left[i] <= right[j]:
                    i += 1
                if step_right:
                    j += 1
            if sweep == 1:
                distances[row] = _root(total + lost, scale, p)
        if scale == 0.0 or np.isinf(p):
            distances[row] = scale
