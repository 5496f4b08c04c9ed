"""W2 of two single Gaussians of well-conditioned covariances, on LAPACK without wrappers.

The formula of :mod:`wdist._procrustes`, for the case that a loop meets a thousand times: below dimension 10, checks of
shapes and array types take longer than the numbers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg.lapack import dpotrf, dsyevd

if TYPE_CHECKING:
    from .measures import Gaussian

__all__ = ["w2_of_two"]


def w2_of_two(P: Gaussian, Q: Gaussian) -> float | None:
    """W2, or None where the general way is needed: tensors, batches, factors, ill-conditioned or nearby covariances."""
    m1, m2, cov1, cov2 = P.mean, Q.mean, P.cov, Q.cov
    if not (P.factor is Q.factor is None and type(m1) is type(m2) is type(cov1) is type(cov2) is np.ndarray):
        return None
    if not (m1.ndim == m2.ndim == 1 and cov1.ndim == cov2.ndim == 2):
        return None
    shift = m1 - m2
    with np.errstate(over="ignore"):
        square, size = float(shift @ shift), float(cov1.trace() + cov2.trace())
    if not (size < 1e75 and square < 1e150 and size > 1e-75):
        return None
    F, failed1 = dpotrf(cov1.T, lower=1)
    G, failed2 = dpotrf(cov2.T, lower=1)
    if failed1 or failed2:
        return None
    M = G.T @ F
    values, V, failed = dsyevd(M.T @ M)
    if failed or not values[0] > 1e-8 * values[-1]:
        return None
    MV = M @ V
    U = MV / np.sqrt(values)
    D = F @ V - G @ (1.5 * U - U @ (U.T @ (0.5 * U)))  # one Newton-Schulz step makes U orthogonal
    residual = float(np.vdot(D, D))
    if residual * math.sqrt(values[0]) < 1e-15 * size * size:
        return None
    return math.sqrt(square + residual)
