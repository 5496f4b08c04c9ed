r"""W2 between Gaussians, in closed form, without cancellation.

With covariances factored as :math:`\Sigma_1 = F F^\top` and :math:`\Sigma_2 = G G^\top`,

.. math:: W_2^2 = |m_1 - m_2|^2 + \min_{R \text{ orthogonal}} \|F - G R\|_F^2 ,

an orthogonal Procrustes problem: R = U V^T for the singular value decomposition G^T F = U S V^T. Expanding the square
gives the familiar trace formula (Olkin and Pukelsheim, 1982, doi:10.1016/0024-3795(82)90112-4; Dowson and Landau,
1982, doi:10.1016/0047-259X(82)90077-X), which subtracts numbers that agree in most of their digits as soon as the two
covariances are close. The norm of a difference does not.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ._arrays import Array, common_kind, detached, is_tensor, namespace, power_of_two, to_numpy, widest
from .errors import InvalidMeasureError
from .measures import Gaussian, as_measure, same_dimension

__all__ = ["gaussian_map", "gaussian_w2"]


def gaussian_w2(P: Gaussian, Q: Gaussian) -> Any:
    """W2 of two Gaussians (the distance, its root taken).

    Parameters
    ----------
    P, Q : Gaussian
        Of equal dimension; batch axes broadcast. Degenerate covariances are welcome.

    Returns
    -------
    float, numpy.ndarray or torch.Tensor
        A float for two single NumPy Gaussians, else an array of the broadcast batch shape; a tensor, carrying the
        gradient, when an input was one. The gradient is 0 where the distance is 0.

    Raises
    ------
    InvalidMeasureError
        If an argument is not a Gaussian, or the dimensions or batch axes do not fit.
    ValueError
        On backward, where the derivative with respect to a singular covariance is infinite.

    Notes
    -----
    From a rank-deficient covariance the factor itself costs half the digits: the absolute error is then up to about
    ``sqrt(d * eps * norm(cov))``. ``Gaussian.from_factor`` avoids that.

    Examples
    --------
    >>> import wdist
    >>> wdist.gaussian_w2(wdist.Gaussian([0, 0], [[1, 0], [0, 4]]), wdist.Gaussian([3, 4], [[1, 0], [0, 4]]))
    5.0
    """
    P, Q = _pair(P, Q)
    fit = _procrustes(P, Q)
    tensors = [g for g in (P, Q) if is_tensor(g.mean)]
    if not tensors:
        return float(fit.distance) if fit.distance.ndim == 0 else fit.distance
    from ._autograd import with_gradient

    inputs = common_kind(P.mean, Q.mean, *(g.cov if g.factor is None else g.factor for g in (P, Q)))
    dtype = widest(g.dtype for g in tensors)
    return with_gradient(fit.distance, inputs, lambda: _gradients(P, Q, fit)).to(dtype)


def gaussian_map(P: Gaussian, Q: Gaussian) -> Array:
    """The matrix A of the optimal map ``x -> m2 + A (x - m1)`` from P to Q.

    Parameters
    ----------
    P, Q : Gaussian
        Of equal dimension; batch axes broadcast.

    Returns
    -------
    numpy.ndarray or torch.Tensor, shape (..., d, d)
        Symmetric positive semi-definite, detached, in the dtype of the input.

    Raises
    ------
    ValueError
        If no map pushes P to Q: P gives no mass to a direction in which Q has some.
    """
    P, Q = _pair(P, Q)
    fit = _procrustes(P, Q)
    A = _map(fit.G, fit.left, fit.singular, fit.F)
    if A is None:
        raise ValueError(
            "P has no variance, to working precision, in a direction in which Q has some: no map can spread it out. "
            "Swap the two, or add variance to P"
        )
    tensors = [g.dtype for g in (P, Q) if is_tensor(g.mean)]
    return namespace(A).astype(A, widest(tensors)) if tensors else A


class _Procrustes(NamedTuple):
    """W2, and what it came from: means' difference and factors, all divided by scale, and the SVD of G^T F."""

    distance: Array
    scale: float
    shift: Array
    F: Array
    G: Array
    left: Array
    singular: Array
    right: Array


def _pair(P: Any, Q: Any) -> tuple[Gaussian, Gaussian]:
    P, Q = as_measure(P, "P"), as_measure(Q, "Q")
    for name, measure in (("P", P), ("Q", Q)):
        if not isinstance(measure, Gaussian):
            raise InvalidMeasureError(
                f"{name} is a {type(measure).__name__}, not a Gaussian: Gaussian.fit(samples) makes one of points"
            )
    same_dimension(P, Q, ("P", "Q"))
    try:
        np.broadcast_shapes(P.batch_shape, Q.batch_shape)
    except ValueError:
        raise InvalidMeasureError(
            f"P has batch axes {P.batch_shape} and Q {Q.batch_shape}: they do not broadcast"
        ) from None
    return P, Q


def _procrustes(P: Gaussian, Q: Gaussian) -> _Procrustes:
    m1, m2, F, G = common_kind(*(detached(x) for x in (P.mean, Q.mean, _factor(P), _factor(Q))))
    xp = namespace(F)
    F, G = _equally_wide(F, G, xp)
    # Scaled by a power of two, so that squares neither overflow nor vanish and no bit is lost.
    scale = _power_of_two_above(F, G, m1, m2)
    shift = m1 / scale - m2 / scale
    F, G = F / scale, G / scale
    left, singular, right = xp.linalg.svd(xp.matrix_transpose(G) @ F, full_matrices=False)
    # Any orthogonal R bounds the minimum from above; R = I is the better one, by a rounding, for equal factors.
    residual = xp.minimum(_square(F - (G @ left) @ right, (-2, -1), xp), _square(F - G, (-2, -1), xp))
    distance = scale * xp.sqrt(_square(shift, -1, xp) + residual)
    return _Procrustes(distance, scale, shift, F, G, left, singular, right)


def _square(x: Array, axis: int | tuple[int, int], xp: Any) -> Array:
    return xp.sum(x * x, axis=axis)


def _factor(measure: Gaussian) -> Array:
    """F with F F^T = cov: Cholesky's where it exists (its error respects small entries), else the spectral one."""
    if measure.factor is not None:
        return measure.factor
    cov = detached(measure.cov)
    xp = namespace(cov)
    try:
        return xp.linalg.cholesky(cov)
    except (np.linalg.LinAlgError, RuntimeError):  # torch's LinAlgError is a RuntimeError
        if cov.ndim > 2:
            singles = xp.reshape(cov, (-1, *cov.shape[-2:]))
            return xp.reshape(xp.stack([_spectral_or_cholesky(s, xp) for s in singles]), cov.shape)
        return _spectral_or_cholesky(cov, xp)


def _spectral_or_cholesky(cov: Array, xp: Any) -> Array:
    try:
        return xp.linalg.cholesky(cov)
    except (np.linalg.LinAlgError, RuntimeError):
        values, vectors = xp.linalg.eigh(cov)
        rounding = 8 * cov.shape[-1] * 2.0**-52 * xp.max(xp.abs(values))
        return vectors * xp.sqrt(xp.where(values > rounding, values, 0.0 * values))


def _gradients(P: Gaussian, Q: Gaussian, fit: _Procrustes) -> tuple[Array, ...]:
    r"""Derivatives of W2 by the two means, and by each covariance or the factor it was given by.

    With R held fixed, those of W2^2 are 2 (m1 - m2) and I - T, T the optimal map's matrix; by a factor 2 (F - G R).
    """
    xp = namespace(fit.F)
    apart = fit.distance > 0
    inverse = xp.where(apart, fit.scale / xp.where(apart, fit.distance, 1.0), 0.0 * fit.distance)
    by_mean = inverse[..., None] * fit.shift
    R = fit.left @ fit.right
    by_spread = []
    for measure, F, G, turn, left in (
        (P, fit.F, fit.G, R, fit.left),
        (Q, fit.G, fit.F, xp.matrix_transpose(R), xp.matrix_transpose(fit.right)),
    ):
        if measure.factor is not None:
            derivative = (F - G @ turn)[..., : measure.factor.shape[-1]]
        else:
            T = _map(G, left, fit.singular, F)
            if T is None:
                raise ValueError(
                    "the derivative of W2 by a singular covariance is infinite: the other Gaussian has variance in a "
                    "direction in which this one has none. Add variance, or differentiate by a factor "
                    "(Gaussian.from_factor)"
                )
            derivative = (xp.eye(T.shape[-1], dtype=T.dtype, device=T.device) - T) / (2 * fit.scale)
        by_spread.append(inverse[..., None, None] * derivative)
    return by_mean, -by_mean, *by_spread


def _map(G: Array, left: Array, singular: Array, F: Array) -> Array | None:
    """T = (G U) S^-1 (G U)^T, the optimal map's matrix; None where S vanishes on a direction that G U does not.

    S_k / |G U_k| is the deviation of the first law along the k-th direction: what is below the square root of the
    rounding of its covariance counts as zero.
    """
    xp = namespace(G)
    columns = G @ left
    lengths = xp.sqrt(xp.sum(columns * columns, axis=-2))
    d, eps = G.shape[-2], 2.0**-52
    reach = lambda M: xp.max(xp.sqrt(xp.sum(M * M, axis=-2)), axis=-1, keepdims=True)  # noqa: E731
    present = lengths > (8 * d * eps) ** 0.5 * reach(G)
    carried = singular > (8 * d * eps) ** 0.5 * reach(F) * lengths
    if bool(xp.any(present & ~carried)):
        return None
    inverse = xp.where(carried & (singular > 0), 1 / xp.where(singular > 0, singular, 1.0), 0.0 * singular)
    return (columns * inverse[..., None, :]) @ xp.matrix_transpose(columns)


def _equally_wide(F: Array, G: Array, xp: Any) -> tuple[Array, Array]:
    """The factors, the narrower one padded with zero columns."""
    width = max(F.shape[-1], G.shape[-1])

    def pad(M: Array) -> Array:
        missing = width - M.shape[-1]
        if not missing:
            return M
        return xp.concat([M, xp.zeros((*M.shape[:-1], missing), dtype=M.dtype, device=M.device)], axis=-1)

    return pad(F), pad(G)


def _power_of_two_above(*arrays: Array) -> float:
    return power_of_two(max(float(np.max(np.abs(to_numpy(a)), initial=0.0)) for a in arrays))
