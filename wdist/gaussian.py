r"""W2 between Gaussians, in closed form, without cancellation.

With covariances factored as :math:`\Sigma_1 = F F^\top` and :math:`\Sigma_2 = G G^\top`,

.. math:: W_2^2 = |m_1 - m_2|^2 + \min_{R \text{ orthogonal}} \|F - G R\|_F^2 ,

an orthogonal Procrustes problem: R = U V^T for the singular value decomposition G^T F = U S V^T. Expanding the square
gives the familiar trace formula (Olkin and Pukelsheim, 1982, doi:10.1016/0024-3795(82)90112-4; Dowson and Landau,
1982, doi:10.1016/0047-259X(82)90077-X), which subtracts numbers that agree in most of their digits as soon as the two
covariances are close. The norm of a difference does not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._arrays import Array, common_kind, detached, is_tensor, namespace, to_numpy, widest
from ._procrustes import Procrustes, procrustes
from ._traces import w2_of_many, w2_of_two
from .errors import InvalidMeasureError
from .families import broadcast, taken
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
        On backward, where the derivative with respect to a singular covariance is infinite, for a member of the batch
        whose upstream gradient is not 0.

    Notes
    -----
    The relative error of W2 is below 1e-7 for covariances of condition up to 1e14, however close they are: where plain
    doubles do not reach that, the factors are refined in twice the precision (some milliseconds more). A rank-deficient
    covariance is known to rounding only, and so is its root: the absolute error is then up to
    ``10 * sqrt(d * eps * norm(cov))``. ``Gaussian.from_factor`` avoids that, at any rank.

    Examples
    --------
    >>> import wdist
    >>> wdist.gaussian_w2(wdist.Gaussian([0, 0], [[1, 0], [0, 4]]), wdist.Gaussian([3, 4], [[1, 0], [0, 4]]))
    5.0
    """
    if type(P) is type(Q) is Gaussian and (single := w2_of_two(P, Q)) is not None:
        return single
    P, Q = _pair(P, Q)
    if not is_tensor(P.mean) and not is_tensor(Q.mean) and len(P.batch_shape + Q.batch_shape):
        return _batch(P, Q)
    fit = procrustes(P, Q, True, any(getattr(g.cov, "requires_grad", False) for g in (P, Q)))
    tensors = [g for g in (P, Q) if is_tensor(g.mean)]
    if not tensors:
        return float(fit.distance) if fit.distance.ndim == 0 else fit.distance
    from ._autograd import with_gradient

    inputs = common_kind(P.mean, Q.mean, *(g.cov if g.factor is None else g.factor for g in (P, Q)))
    dtype = widest(g.dtype for g in tensors)
    return with_gradient(fit.distance, inputs, lambda upstream: _gradients(P, Q, fit, upstream)).to(dtype)


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
    InvalidMeasureError
        If an argument is not a Gaussian, or the dimensions or batch axes do not fit.
    ValueError
        If no map pushes P to Q: P gives no mass to a direction in which Q has some.

    Examples
    --------
    >>> import wdist
    >>> wdist.gaussian_map(wdist.Gaussian([0, 0], [[1, 0], [0, 4]]), wdist.Gaussian([3, 4], [[9, 0], [0, 1]]))
    array([[3. , 0. ],
           [0. , 0.5]])
    """
    P, Q = _pair(P, Q)
    fit = procrustes(P, Q)
    A, missing = _maps(fit.G, fit.left, fit.singular, fit.F, (P.factor is not None, Q.factor is not None))
    if bool(namespace(A).any(missing)):
        raise ValueError(
            f"P{_members(missing)} has no variance, to working precision, in a direction in which Q has some: no map "
            "can spread it out. Swap the two, or add variance to P"
        )
    tensors = [g.dtype for g in (P, Q) if is_tensor(g.mean)]
    return namespace(A).astype(A, widest(tensors)) if tensors else A


def _batch(P: Gaussian, Q: Gaussian) -> np.ndarray:
    """The distances of a batch of NumPy: by traces, and those that cancel there anew."""
    distances, settled = w2_of_many(P, Q)
    if not settled.all():
        rest = [taken(broadcast(law, settled.shape), ~settled) for law in (P, Q)]
        distances[~settled] = procrustes(rest[0], rest[1], quick=True).distance
    return distances


def _pair(P: Any, Q: Any) -> tuple[Gaussian, Gaussian]:
    P, Q = as_measure(P, "P"), as_measure(Q, "Q")
    for name, measure in (("P", P), ("Q", Q)):
        if not isinstance(measure, Gaussian):
            raise InvalidMeasureError(
                f"{name} is a {type(measure).__name__}, not a Gaussian: Gaussian.fit(samples) makes one of points"
            )
    same_dimension(P, Q, ("P", "Q"))
    try:
        if P.mean.ndim + Q.mean.ndim + P.cov.ndim + Q.cov.ndim > 6:
            np.broadcast_shapes(P.batch_shape, Q.batch_shape)
    except ValueError:
        raise InvalidMeasureError(
            f"P has batch axes {P.batch_shape} and Q {Q.batch_shape}: they do not broadcast"
        ) from None
    return P, Q


def _gradients(P: Gaussian, Q: Gaussian, fit: Procrustes, upstream: Array) -> tuple[Array | None, ...]:
    r"""Derivatives of W2 by the two means, and by each covariance or the factor it was given by.

    With R held fixed, those of W2^2 are 2 (m1 - m2) and I - T, T the optimal map's matrix; by a factor 2 (F - G R).
    None for what needs none. Where ``upstream`` is 0 an infinite derivative is not asked for, and left out.
    """
    xp = namespace(fit.F)
    apart = fit.distance > 0
    inverse = xp.where(apart, fit.scale / xp.where(apart, fit.distance, 1.0), 0.0 * fit.distance)
    by_mean = inverse[..., None] * fit.shift
    R = fit.left @ fit.right
    by_spread: list[Array | None] = []
    for (measure, name), F, G, turn, left in (
        ((P, "P"), fit.F, fit.G, R, fit.left),
        ((Q, "Q"), fit.G, fit.F, xp.matrix_transpose(R), xp.matrix_transpose(fit.right)),
    ):
        if measure.factor is not None:
            derivative = _widened(F - G @ turn, detached(measure.factor))
        elif not getattr(measure.cov, "requires_grad", False):
            by_spread.append(None)
            continue
        else:
            T, missing = _maps(G, left, fit.singular, F)
            missing = missing & (upstream != 0)
            if bool(xp.any(missing)):
                raise ValueError(
                    f"the derivative of W2 by a singular covariance is infinite: {name}{_members(missing)} has no "
                    "variance in a direction in which the other Gaussian has some. Add variance, differentiate by a "
                    "factor (Gaussian.from_factor), or give those members no weight"
                )
            move = xp.eye(T.shape[-1], dtype=T.dtype, device=T.device) - T
            derivative = _refined_move(move, fit, name == "P") / (2 * fit.scale[..., None, None])
        by_spread.append(inverse[..., None, None] * derivative)
    return by_mean, -by_mean, *by_spread


def _widened(derivative: Array, factor: Array) -> Array:
    """The derivative by a factor from that by the factor with no more columns than rows that stood for it."""
    if factor.shape[-1] <= factor.shape[-2]:
        return derivative[..., : factor.shape[-1]]
    xp = namespace(factor)
    return derivative @ xp.matrix_transpose(xp.linalg.qr(xp.matrix_transpose(factor))[0])


def _refined_move(move: Array, fit: Procrustes, first: bool) -> Array:
    """I - T, the points' way to their images, from the refined F - G R = (I - T) F where there is one.

    For covariances that nearly agree it would be the difference of nearly equal numbers, times the condition of F.
    """
    if fit.refined is None or fit.refined.turned.shape[-1] != fit.refined.turned.shape[-2]:
        return move
    xp = namespace(move)
    trusted, D = fit.refined.trusted, fit.refined.difference
    start = fit.refined.turned if first else fit.refined.turned - D
    one = xp.broadcast_to(xp.eye(D.shape[-1], dtype=D.dtype, device=D.device), D.shape)
    start = xp.where(trusted[:, None, None], start, one)
    transposed = xp.linalg.solve(xp.matrix_transpose(start), xp.matrix_transpose(D if first else -D))
    better = (transposed + xp.matrix_transpose(transposed)) / 2
    shape = (*fit.distance.shape, *move.shape[-2:])
    flat = xp.reshape(xp.broadcast_to(move, shape), (-1, *move.shape[-2:])) + 0.0  # a copy
    flat[fit.members] = xp.where(trusted[:, None, None], better, flat[fit.members])
    return xp.reshape(flat, shape)


def _maps(
    G: Array, left: Array, singular: Array, F: Array, exact: tuple[bool, bool] = (False, False)
) -> tuple[Array, Array]:
    """T = (G U) S^-1 (G U)^T, the optimal map's matrix, and where S vanishes on a direction that G U does not.

    S_k / |G U_k| is the deviation of the first law along the k-th direction: what is below the square root of the
    rounding of its covariance counts as zero; what is below the rounding of its factor, if ``exact`` says, for F and
    for G, that those were given.
    """
    xp = namespace(G)
    columns = G @ left
    lengths = xp.sqrt(xp.sum(columns * columns, axis=-2))
    rounding = 8 * G.shape[-2] * 2.0**-52
    reach, other = (xp.max(xp.sqrt(xp.sum(M * M, axis=-2)), axis=-1, keepdims=True) for M in (G, F))
    present = lengths > (rounding if exact[1] else rounding**0.5) * reach
    carried = singular > (rounding * reach if exact[0] else rounding**0.5 * lengths) * other
    inverse = xp.where(carried & (singular > 0), 1 / xp.where(singular > 0, singular, 1.0), 0.0 * singular)
    return (columns * inverse[..., None, :]) @ xp.matrix_transpose(columns), xp.any(present & ~carried, axis=-1)


def _members(mask: Array) -> str:
    """Which members of the batch a mask names, in words; nothing for a single pair."""
    if mask.ndim == 0:
        return ""
    found = [tuple(int(i) for i in index) for index in np.argwhere(to_numpy(mask))]
    names = [str(index[0]) if len(index) == 1 else str(index) for index in found]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f" at batch index {', '.join(names[:5])}{more}"
