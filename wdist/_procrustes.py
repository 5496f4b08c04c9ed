r"""Orthogonal Procrustes: the rotation R that brings one factor G of a covariance nearest to another, F.

R = U V^T for the singular value decomposition G^T F = U S V^T (Schönemann, 1966, doi:10.1007/BF02289451), and then
|F - G R| is the norm of F V - G U. Where that is small beside a factor's rounding, :mod:`wdist._nearby` takes over.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._arrays import Array, common_kind, detached, namespace, to_numpy
from ._nearby import Refined, refined_residual
from .covariances import cholesky

if TYPE_CHECKING:
    from .measures import Gaussian

__all__ = ["Procrustes", "factor", "narrow", "procrustes"]


class Procrustes(NamedTuple):
    """W2, and what it came from, divided by scale: means' difference, factors, and the SVD of G^T F (unordered).

    ``refined`` belongs to those ``members`` of the flattened batch.
    """

    distance: Array
    scale: Array
    shift: Array
    F: Array
    G: Array
    left: Array
    singular: Array
    right: Array
    members: Array | None = None
    refined: Refined | None = None


def procrustes(P: Gaussian, Q: Gaussian, quick: bool = False, careful: bool = False) -> Procrustes:
    """The best rotation of one factor onto the other.

    If ``quick``, to half the digits, which W2 owes all of its to; if ``careful``, refined wherever a gradient needs it.
    """
    m1, m2, F, G = common_kind(*(detached(x) for x in (P.mean, Q.mean, narrow(factor(P)), narrow(factor(Q)))))
    xp = _namespace(F)
    F, G = _equally_wide(F, G, xp)
    with np.errstate(over="ignore"):
        shift = m1 - m2
        sizes, square = _square(F, xp) + _square(G, xp), xp.vecdot(shift, shift)
    scale = xp.ones_like(sizes)
    if not bool(xp.all((sizes + square > 1e-75) & (sizes + square < 1e75))):
        # Each member scaled by a power of two, so that squares neither overflow nor vanish and no bit is lost.
        finite = bool(xp.all(xp.isfinite(shift)))  # else of means near the ends of the range
        scale = _units(F, G, (shift,) if finite else (m1, m2), xp)
        by_row, by_matrix = scale[..., None], scale[..., None, None]
        shift = shift / by_row if finite else m1 / by_row - m2 / by_row
        F, G = F / by_matrix, G / by_matrix
        sizes, square = _square(F, xp) + _square(G, xp), xp.vecdot(shift, shift)
    left, singular, right = _svd(xp.matrix_transpose(G) @ F, quick, xp)
    residual = _square(F @ xp.matrix_transpose(right) - G @ left, xp)
    # Rounding of a factor moves W2 by about eps size / sqrt(smallest eigenvalue): where that is a 1e-8th of W2, or
    # more, the residual is computed again in twice the precision.
    limit = 1e-9 if careful else 1e-15
    doubtful = residual * xp.maximum(xp.min(singular, axis=-1), 2.0**-52 * sizes) < limit * sizes * sizes
    members = refined = None
    if bool(xp.any(doubtful)):
        residual, members, refined = _again(residual, doubtful, (P, Q), scale, (F, G, left, right))
    return Procrustes(scale * xp.sqrt(square + residual), scale, shift, F, G, left, singular, right, members, refined)


def factor(measure: Gaussian) -> Array:
    """F with F F^T = cov: Cholesky's where it exists (its error respects small entries), else the spectral one."""
    if measure.factor is not None:
        return measure.factor
    if measure._root is None:
        object.__setattr__(measure, "_root", _root(detached(measure.cov)))
    return measure._root


def narrow(F: Array) -> Array:
    """A factor of the same covariance with no more columns than rows."""
    if F.shape[-1] <= F.shape[-2]:
        return F
    xp = namespace(F)
    return xp.matrix_transpose(xp.linalg.qr(xp.matrix_transpose(F))[1])


def _root(cov: Array) -> Array:
    if (root := cholesky(cov)) is not None:
        return root
    xp = namespace(cov)
    if cov.ndim > 2:
        singles = xp.reshape(cov, (-1, *cov.shape[-2:]))
        return xp.reshape(xp.stack([_root(single) for single in singles]), cov.shape)
    values, vectors = xp.linalg.eigh(cov)
    rounding = 8 * cov.shape[-1] * 2.0**-52 * xp.max(xp.abs(values))
    return vectors * xp.sqrt(xp.where(values > rounding, values, 0.0 * values))


def _svd(M: Array, quick: bool, xp: Any) -> tuple[Array, Array, Array]:
    """M = U S V^T of square matrices; if ``quick``, off the diagonal to half the digits, in no order."""
    if quick and M.shape[-1] > 1:
        values, V = xp.linalg.eigh(xp.matrix_transpose(M) @ M)
        # Half the time of LAPACK's SVD, where the condition is at most 1e4: U has orthonormal columns to 1e-8, and to
        # the last bits after a step of the Newton-Schulz iteration. W2 is stationary in what is left of the error.
        if bool(xp.all(values[..., 0] > 1e-8 * values[..., -1])):
            MV = M @ V
            U = MV / xp.sqrt(values)[..., None, :]
            U = 1.5 * U - U @ (xp.matrix_transpose(U) @ (0.5 * U))
            return U, xp.vecdot(U, MV, axis=-2), xp.matrix_transpose(V)
    U, values, V = xp.linalg.svd(M, full_matrices=False)
    return U, values, V


def _again(
    residual: Array, doubtful: Array, laws: tuple[Gaussian, Gaussian], scale: Array, found: tuple[Array, ...]
) -> tuple[Array, Array, Refined]:
    """The residual with its doubtful members computed in twice the precision; 0 where the inputs are equal."""
    xp = namespace(residual)
    (index,) = xp.nonzero(xp.reshape(doubtful, (-1,)))

    def chosen(M: Array | None) -> Any:
        if M is None:
            return None
        return xp.reshape(xp.broadcast_to(M, (*doubtful.shape, *M.shape[-2:])), (-1, *M.shape[-2:]))[index]

    unit = scale[..., None, None]
    given = common_kind(residual, *(detached(g.cov) if g.factor is None else None for g in laws))[1:]
    cov1, cov2 = (chosen(None if cov is None else cov / unit / unit) for cov in given)
    F, G, left, right = (chosen(M) for M in found)
    refined = refined_residual(F, G, left, right, cov1, cov2)
    # R = 1 bounds the minimum from above, too: by a rounding it is the better one for factors that agree.
    plain = xp.minimum(xp.reshape(residual, (-1,))[index], xp.sum((F - G) ** 2, axis=(-2, -1)))
    better = xp.where(refined.trusted, refined.residual, plain)
    if (cov1 is None) == (cov2 is None):
        same = F == G if cov1 is None else cov1 == cov2
        better = xp.where(xp.all(same, axis=(-2, -1)), 0.0 * better, better)
    flat = xp.reshape(residual, (-1,))
    flat[index] = better
    return xp.reshape(flat, residual.shape), index, refined


def _square(M: Array, xp: Any) -> Array:
    """The squared Frobenius norm."""
    return xp.einsum("...ij,...ij->...", M, M)


def _largest(x: Array) -> float:
    return float(x.max()) if math.prod(x.shape) else 0.0


def _namespace(x: Array) -> Any:
    """NumPy itself for its arrays: small Gaussians would spend most of their time in wrappers."""
    return np if isinstance(x, np.ndarray) else namespace(x)


def _equally_wide(F: Array, G: Array, xp: Any) -> tuple[Array, Array]:
    """The factors, the narrower one padded with zero columns."""
    width = max(F.shape[-1], G.shape[-1], 1)

    def pad(M: Array) -> Array:
        missing = width - M.shape[-1]
        if not missing:
            return M
        return xp.concat([M, xp.zeros((*M.shape[:-1], missing), dtype=M.dtype, device=M.device)], axis=-1)

    return pad(F), pad(G)


def _units(F: Array, G: Array, vectors: tuple[Array, ...], xp: Any) -> Array:
    """A power of two near the largest entry of each member of the batch; 1 where there is none but 0."""
    peaks = [np.max(np.abs(to_numpy(M)), axis=(-2, -1), initial=0.0) for M in (F, G)]
    peaks += [np.max(np.abs(to_numpy(v)), axis=-1, initial=0.0) for v in vectors]
    largest = functools.reduce(np.maximum, peaks)
    exponents = np.clip(np.frexp(largest)[1] - 1, -1021, 1022)
    return xp.asarray(np.where(largest > 0.0, np.ldexp(1.0, exponents), 1.0), device=F.device)
