r"""W2 of Gaussians by the trace formula, in those cases where it does not cancel, and those are most.

With :math:`\Sigma_1 = F F^\top, \Sigma_2 = G G^\top` and the eigenvalues :math:`\lambda_k` of
:math:`(G^\top F)^\top G^\top F`,

.. math:: W_2^2 = |m_1 - m_2|^2 + |F|^2 + |G|^2 - 2 \sum_k \sqrt{\lambda_k} ,

for which no vectors are needed: half the time of :mod:`wdist._procrustes`. Rounding moves a :math:`\lambda_k` by about
eps :math:`|\Sigma_1| |\Sigma_2|`, and its root by that over :math:`2 \sqrt{\lambda_k}`. Where this is more than a
1e-11th of W2, or an eigenvalue vanishes, the answer is given up.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg.lapack import dsyevd

from ._procrustes import factor, narrow

if TYPE_CHECKING:
    from .measures import Gaussian

__all__ = ["w2_of_many", "w2_of_two"]

_EPS = 2.0**-52
_RTOL = 1e-11
_LEAST, _MOST = 1e-250, 1e250  # beyond, squares may have lost their digits


def w2_of_two(P: Gaussian, Q: Gaussian) -> float | None:
    """W2 of two single Gaussians of NumPy with Cholesky factors; None where the general way is needed.

    Below dimension 10 checks of shapes and array types take longer than the numbers: LAPACK is called without wrappers.
    """
    for law in (P, Q):
        if law._root is None and law.factor is None:
            factor(law)  # which keeps it: a second call takes the same way as this one, to the last bit
    F, G, m1, m2 = P._root, Q._root, P.mean, Q.mean
    if not (type(F) is type(G) is type(m1) is type(m2) is np.ndarray):
        return None
    if not (F.ndim == 2 and F.shape == G.shape and m1.shape == m2.shape == F.shape[:1]):
        return None
    with np.errstate(over="ignore"):
        shift = m1 - m2
        sizes = math.sqrt(np.vdot(P.cov, P.cov)) * math.sqrt(np.vdot(Q.cov, Q.cov))
        apart, spread = float(shift.dot(shift)), float(np.vdot(F, F) + np.vdot(G, G))
        if not (apart < _MOST and sizes < _MOST):
            return None
        product = np.dot(G.T, F)
        values, _, failed = dsyevd(np.dot(product.T, product), compute_v=0)
    if failed or not values[0] > _LEAST:
        return None
    roots = np.sqrt(values)
    square = apart + (spread - 2 * float(roots.sum()))
    error = _EPS * (8 * sizes * float((1 / roots).sum()) + 4 * spread)
    return math.sqrt(square) if error < _RTOL * square else _by_vectors(F, G, product, apart, spread)


def _by_vectors(F: np.ndarray, G: np.ndarray, product: np.ndarray, apart: float, spread: float) -> float | None:
    """The root of ``apart`` plus |F V - G U|^2, of a well-conditioned ``product`` U S V^T, unless that is tiny."""
    values, V, failed = dsyevd(np.dot(product.T, product))
    if failed or not values[0] > 1e-8 * values[-1]:
        return None
    U = (product @ V) / np.sqrt(values)
    D = F @ V - G @ (1.5 * U - U @ (U.T @ (0.5 * U)))  # one Newton-Schulz step makes U orthogonal
    residual = float(np.vdot(D, D))
    return math.sqrt(apart + residual) if residual * math.sqrt(values[0]) > 1e-15 * spread * spread else None


def w2_of_many(P: Gaussian, Q: Gaussian) -> tuple[np.ndarray, np.ndarray]:
    """W2 of batches of NumPy arrays, and for which members it is settled."""
    F, G = narrow(factor(P)), narrow(factor(Q))
    with np.errstate(all="ignore"):
        product = G.mT @ F
        square = product.mT @ product
        values = np.linalg.eigvalsh(np.where(np.isfinite(square), square, 0.0))
        roots = np.sqrt(np.where(values > _LEAST, values, np.nan))
        shift = P.mean - Q.mean
        spread = _square(F) + _square(G)
        square = np.vecdot(shift, shift) + (spread - 2 * np.sum(roots, axis=-1))
        sizes = np.sqrt(_square(P.cov)) * np.sqrt(_square(Q.cov))
        error = _EPS * (8 * sizes * np.sum(1 / roots, axis=-1) + 4 * spread)
        settled = (error < _RTOL * square) & (square < _MOST) & (sizes < _MOST)
        return np.sqrt(square), settled


def _square(M: np.ndarray) -> np.ndarray:
    squares: np.ndarray = np.einsum("...ij,...ij->...", M, M)
    return squares
