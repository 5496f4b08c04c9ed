"""W2 of Gaussians in sixty decimal digits: an answer for covariances that no closed form knows.

The trace formula with plain Cholesky and Jacobi, in the standard library's decimals. It reads the very doubles given.
"""

from __future__ import annotations

from decimal import Decimal, localcontext

import numpy as np

__all__ = ["w2_of_covariances"]

_DIGITS = 60


def w2_of_covariances(cov1: np.ndarray, cov2: np.ndarray) -> float:
    """W2 of the centred Gaussians with these positive definite covariances, exact to the last bit of the double."""
    with localcontext() as context:
        context.prec = _DIGITS
        one, other = (np.vectorize(Decimal, otypes=[object])(cov) for cov in (cov1, cov2))
        factor = _cholesky(one)
        roots = [max(v, Decimal(0)).sqrt() for v in _eigenvalues(factor.T @ other @ factor)]
        return float((np.trace(one) + np.trace(other) - 2 * sum(roots)).sqrt())


def _cholesky(A: np.ndarray) -> np.ndarray:
    L = A * Decimal(0)
    for j in range(len(A)):
        L[j, j] = (A[j, j] - L[j, :j] @ L[j, :j]).sqrt() if j else A[0, 0].sqrt()
        for i in range(j + 1, len(A)):
            L[i, j] = (A[i, j] - (L[i, :j] @ L[j, :j] if j else 0)) / L[j, j]
    return L


def _eigenvalues(A: np.ndarray) -> np.ndarray:
    """Cyclic Jacobi: rotations that make one pair of entries 0 at a time, until all are nothing beside the trace."""
    A, n = A.copy(), len(A)
    nothing = Decimal(10) ** (2 - _DIGITS) * np.trace(A)
    while n > 1 and max(abs(A[i, j]) for i in range(n) for j in range(i)) > nothing:
        for p in range(n):
            for q in range(p + 1, n):
                if A[p, q]:
                    ratio = (A[q, q] - A[p, p]) / (2 * A[p, q])
                    t = (1 if ratio >= 0 else -1) / (abs(ratio) + (ratio * ratio + 1).sqrt())
                    c = 1 / (t * t + 1).sqrt()
                    for M in (A, A.T):
                        M[p], M[q] = c * M[p] - t * c * M[q], t * c * M[p] + c * M[q]
    return np.diagonal(A)
