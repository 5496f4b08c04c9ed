r"""W2 of covariances that nearly agree, or are nearly singular, to full relative accuracy.

Rounding perturbs a covariance by eps |S|, which moves its root by eps |S| / sqrt(its smallest eigenvalue): more than
the distance itself, where that is small. So the factors are refined, in pairs of doubles: with S = F (1 + X) F^T,

.. math:: F \leftarrow F (1 + X / 2 - X^2 / 8), \quad X = F^{-1} (S - F F^T) F^{-T} ,

cubically convergent. They are turned by the singular vectors of G^T F, which makes H = G^T F nearly diagonal and
D = F - G free of digits that they share: from there on plain doubles do. What is left of the Procrustes problem
min |D - G (R - 1)| is solved by Newton's method in the Cayley parameter of R, with the skew matrix Omega of

.. math:: H \Omega + \Omega H = G^T D - D^T G, \quad R - 1 = (1 - \Omega / 2)^{-1} \Omega ,

whose right-hand side, the skew part of H, comes from D alone (the rest is symmetric) and is relatively accurate.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ._arrays import Array, namespace
from ._pairs import Pair, difference, orthogonal, product, transpose, two_sum

__all__ = ["Refined", "refined_residual"]


class Refined(NamedTuple):
    """Of members of a batch: min |F - G R|^2, and what it is the norm of, turned by an orthogonal V.

    Attributes
    ----------
    residual : array, shape (n,)
        Relatively accurate to about 1e-8 at condition 1e14, far better below.
    trusted : array of bool, shape (n,)
        False where a covariance is singular to working precision.
    turned, difference : array, shape (n, d, k)
        F V, and (F - G R) V.
    """

    residual: Array
    trusted: Array
    turned: Array
    difference: Array


def refined_residual(
    F: Array, G: Array, left: Array, right: Array, cov1: Array | None, cov2: Array | None
) -> Refined:
    """min |F - G R|^2 over orthogonal R, and where it can be trusted.

    Parameters
    ----------
    F, G : array, shape (n, d, k)
        Factors of the covariances; exact ones where ``cov1`` or ``cov2`` is None, else lower triangular to be refined.
    left, right : array, shape (n, k, k)
        Singular vectors of G^T F = left S right, to working precision.
    cov1, cov2 : array, shape (n, d, d), or None
    """
    xp = namespace(F)
    refined1, good1 = _refined_factor(F, cov1, xp)
    refined2, good2 = _refined_factor(G, cov2, xp)
    turned1 = product(refined1, orthogonal(xp.matrix_transpose(right)))
    turned2 = product(refined2, orthogonal(left))
    D = _rotated(difference(turned1, turned2), turned2[0], xp)
    return Refined(xp.sum(D * D, axis=(-2, -1)), good1 & good2, turned1[0], D)


def _refined_factor(F: Array, cov: Array | None, xp: Any) -> tuple[Pair, Array]:
    """The factor as a pair, and for which members the refinement has converged."""
    pair = (F, 0.0 * F)
    good = xp.ones((F.shape[0],), dtype=xp.bool, device=F.device)
    if cov is None:
        return pair, good
    d = cov.shape[-1]
    padding, F = 0.0 * F[..., d:], F[..., :d]
    pair = (F, 0.0 * F)
    # Only a Cholesky factor is invertible for certain; the spectral one stands in where there is none.
    diagonal = xp.linalg.diagonal(F)
    good = xp.all(xp.tril(F) == F, axis=(-2, -1)) & xp.all(diagonal > 0, axis=-1)
    one = xp.eye(F.shape[-1], dtype=F.dtype, device=F.device)
    invertible = xp.where(good[:, None, None], F, one)
    for _ in range(4):
        residual = difference((cov, 0.0 * cov), product(pair, transpose(pair)))
        half = xp.linalg.solve(invertible, residual)
        X = xp.linalg.solve(invertible, xp.matrix_transpose(half))
        size = xp.max(xp.abs(X), axis=(-2, -1)) * F.shape[-1]
        good = good & (size < 0.5)
        X = xp.where(good[:, None, None], (X + xp.matrix_transpose(X)) / 2, 0.0 * F)
        pair = two_sum(pair[0], pair[1] + pair[0] @ (X / 2 - X @ X / 8))
        if not bool(xp.any(good & (size > 1e-9))):
            break
    return (xp.concat([pair[0], padding], axis=-1), xp.concat([pair[1], padding], axis=-1)), good


def _rotated(D: Array, G: Array, xp: Any) -> Array:
    """D - G (R - 1) for the orthogonal R that makes it smallest; it is near 1, and G^T (G + D) nearly diagonal."""
    one = xp.eye(G.shape[-1], dtype=G.dtype, device=G.device)
    for _ in range(4):
        skew = xp.matrix_transpose(G) @ D
        skew = skew - xp.matrix_transpose(skew)
        h = xp.sum(G * (G + D), axis=-2)
        h = xp.where(h > 0, h, 0.0 * h)
        pairs = h[:, :, None] + h[:, None, :]
        omega = xp.where(pairs > 0, skew / xp.where(pairs > 0, pairs, 1.0), 0.0 * skew)
        step = G @ xp.linalg.solve(one - omega / 2, omega)
        D, G = D - step, G + step
    return D
