r"""How far the plug-in is above the populations' distance, from what two halves of one sample are apart.

With halves x, x' and y, y' of two samples,

.. math:: \hat W^2 = W_p^2(x, y) - W_p(x, x') \, W_p(y, y') .

For a homothety by s, W_p^2(x, x') is the excess of equal laws, and W_p^2(y, y') s^2 times it; at p = 2 the excess
between them is s times it, the geometric mean, whatever the dimension. (The arithmetic mean, in circulation, takes off
too much as soon as the spreads differ.) At p = 2 more can be said: for positive definite A and means at 0,

.. math:: W_2^2(P, Q) = \mathbb{E} \langle X, (1 - A) X \rangle + \mathbb{E} \langle Y, (1 - A^{-1}) Y \rangle
          + W_2^2 \big( A^{1/2} X, A^{-1/2} Y \big)

exactly, so what an affine map explains is taken out first, and only the rest is centred.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

from ..exact import transport
from ..result import Result

__all__ = ["Halves", "centred_square", "unexplained_square"]


class Halves(NamedTuple):
    """Distances between halves of two samples: ``across[i][j]`` of half i of x and half j of y; within x, within y."""

    across: tuple[tuple[Result, Result], tuple[Result, Result]]
    within: tuple[float, float]

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, p: float) -> Halves:
        """Of equally many points, the first ones, as the order is random."""
        k = min(len(x), len(y)) // 2
        first, second = ((z[:k], z[k : 2 * k]) for z in (x, y))
        (a, b), (c, d) = ([transport(u, v, p=p) for v in second] for u in first)
        return cls(((a, b), (c, d)), (_distance(*first, p), _distance(*second, p)))


def centred_square(halves: Halves) -> float:
    """The estimate of W_p^2; chance may make it negative."""
    square = np.mean([halves.across[i][j].distance ** 2 for i, j in product(range(2), repeat=2)])
    return float(square - halves.within[0] * halves.within[1])


def unexplained_square(x: np.ndarray, y: np.ndarray, A: np.ndarray) -> float:
    """The same at p = 2, after the affine map ``m_y + A (x - m_x)`` has been taken out."""
    m, k = x.mean(axis=0), y.mean(axis=0)
    x, y, shift = x - m, y - k, m - k
    values, vectors = np.linalg.eigh(A)
    root, inverse = (vectors * np.sqrt(v) @ vectors.T for v in (values, 1.0 / values))
    u, v = x @ root, y @ inverse
    explained = shift @ shift + sum(np.mean(np.sum(z * z - w * w, axis=1)) for z, w in ((x, u), (y, v)))
    return float(explained) + centred_square(Halves.of(u, v, 2.0))


def _distance(x: np.ndarray, y: np.ndarray, p: float) -> float:
    return float(transport(x, y, p=p).distance)
