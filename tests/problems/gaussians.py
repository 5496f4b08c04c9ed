"""Covariances of a known condition, and W2 of Gaussians in sixty digits."""

from __future__ import annotations

import mpmath
import numpy as np


def spd(rng, d, condition=10.0):
    """A covariance with random axes and eigenvalues spread evenly in logarithm from 1 down to 1/condition."""
    axes = np.linalg.qr(rng.normal(size=(d, d)))[0]
    cov = (axes * np.geomspace(1.0, 1.0 / condition, d)) @ axes.T
    return (cov + cov.T) / 2


def w2_by_mpmath(mean1, cov1, mean2, cov2):
    """The trace formula in 50 digits, on the very doubles given."""
    with mpmath.workdps(50):
        root = _mp_sqrt(mpmath.matrix(cov2.tolist()))
        cross = _mp_sqrt(root * mpmath.matrix(cov1.tolist()) * root)
        trace = sum(mpmath.mpf(float(v)) for v in [*np.diag(cov1), *np.diag(cov2)])
        shift = sum((mpmath.mpf(float(a)) - mpmath.mpf(float(b))) ** 2 for a, b in zip(mean1, mean2, strict=True))
        square = shift + trace - 2 * sum(cross[i, i] for i in range(cross.rows))
        return float(mpmath.sqrt(max(square, mpmath.mpf(0))))


def _mp_sqrt(matrix):
    values, vectors = mpmath.eigsy((matrix + matrix.T) / 2)
    return vectors * mpmath.diag([mpmath.sqrt(max(v, mpmath.mpf(0))) for v in values]) * vectors.T


def w2_in_sixty_digits(cov1, cov2):
    """W2 of the centred Gaussians, for a positive definite ``cov1``: eigenvalues alone, for larger dimensions."""
    with mpmath.workdps(60):
        factor = mpmath.cholesky(mpmath.matrix(cov1.tolist()))
        product = factor.T * mpmath.matrix(cov2.tolist()) * factor
        values = mpmath.eigsy((product + product.T) / 2, eigvals_only=True)
        trace = sum(mpmath.mpf(float(v)) for v in [*np.diag(cov1), *np.diag(cov2)])
        square = trace - 2 * sum(mpmath.sqrt(max(v, mpmath.mpf(0))) for v in values)
        return float(mpmath.sqrt(max(square, mpmath.mpf(0))))
