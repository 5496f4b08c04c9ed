r"""The W2 barycenter of Gaussians: a fixed point, and a certificate that it is the minimum.

At the minimiser of :math:`V(S) = \sum_i w_i W_2^2(N(0, S), N(0, \Sigma_i))` the maps T_i from S to :math:`\Sigma_i`
have the mean :math:`\bar T = \sum_i w_i T_i = 1` where S has variance, and :math:`S \leftarrow \bar T S \bar T` leads
there (Alvarez-Esteban, del Barrio, Cuesta-Albertos and Matran, 2016, doi:10.1016/j.jmaa.2016.04.045). In
factors :math:`S = F F^\top, \Sigma_i = G_i G_i^\top` a step is

.. math:: F \leftarrow \sum_i w_i G_i R_i, \quad R_i \text{ orthogonal, bringing } G_i R_i \text{ nearest to } F ,

which needs no inverse and no root, and leaves singular covariances as good as any. Momentum, restarted where it leads
uphill (O'Donoghue and Candes, 2015, doi:10.1007/s10208-013-9150-3), shortens the way.

Certificate: for any :math:`A_i \succeq 0` whose range holds that of :math:`\Sigma_i`, quadratic potentials give
:math:`W_2^2(S, \Sigma_i) \ge \mathrm{tr}\, S (1 - A_i) + \mathrm{tr}\, \Sigma_i (1 - A_i^{-1})` for every S. In every
direction the minimiser has at most the variance of :math:`\bar\Sigma = \sum_i w_i \Sigma_i`, therefore

.. math:: \min V \ge \sum_i w_i \mathrm{tr}\, \Sigma_i (1 - A_i^{-1})
          - \mathrm{tr}\, \bar\Sigma \Big(\sum_i w_i A_i - 1\Big)_+ .

With A_i = T_i this is V(S) itself at the minimum. At that, T_i is at most 1 / w_i: no larger one is tried.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._arrays import Array, as_float64, common_kind, detached, namespace, normalised_weights, power_of_two, to_numpy
from ._procrustes import factor as factor_of
from ._procrustes import narrow
from .errors import InvalidMeasureError, NotConvergedError
from .families import common_dtype, gaussian_of, listed, stack, widened
from .interpolation import gaussian_geodesic
from .measures import Gaussian

__all__ = ["gaussian_barycenter"]

_EPS = 2.0**-52
_STEPS = 2000
_REFUSED = 1e-10  # a larger excess of V over its minimum, in units of tr S, is never returned


def gaussian_barycenter(measures: Any, weights: Any = None) -> Gaussian:
    """The Gaussian B that minimises ``sum_i weights[i] W2(B, measures[i])**2``.

    Parameters
    ----------
    measures : sequence of Gaussian, or a batched Gaussian
        Of equal dimension. Batch axes of a sequence's members broadcast, and one barycenter is found for each; of a
        batched Gaussian the first axis counts the measures, further ones stay a batch.
    weights : array_like, shape (n,), optional
        Non-negative, normalised to sum 1; measures of weight 0 do not matter. None: equal.

    Returns
    -------
    Gaussian
        With its factor, detached; of tensors when one of the measures is. Its mean is the weighted mean of the means.

    Raises
    ------
    InvalidMeasureError
        If a member is not a Gaussian, dimensions or batch axes do not fit, or weights are malformed.
    NotConvergedError
        If the objective is not certified to lie within ``1e-10 tr(cov)`` of its minimum.

    Notes
    -----
    The iteration goes on to about ``16 d eps``. Of singular covariances alone, the minimum may be attained by many
    Gaussians (any coupling of two laws on orthogonal lines is optimal) or be flat: what is certified is the objective.
    Two measures are on their geodesic, and that is what they get.

    Examples
    --------
    >>> import wdist
    >>> B = wdist.gaussian_barycenter([wdist.Gaussian([0.0], [[1.0]]), wdist.Gaussian([8.0], [[25.0]])], [3, 1])
    >>> B.mean.item(), B.cov.item()
    (2.0, 4.0)
    """
    members = listed(measures, "measures")
    mass = _weights(weights, len(members))
    kept = [(member, float(w)) for member, w in zip(members, mass, strict=True) if w > 0]
    dtype = common_dtype(members)
    if len(kept) <= 2:
        found = gaussian_geodesic(kept[0][0], kept[-1][0], kept[1][1] if len(kept) == 2 else 0.0)
        return gaussian_of(found.mean, found.cov, found.factor, dtype)

    means = common_kind(*(detached(member.mean) for member, _ in kept))
    mean = sum(w * m for m, (_, w) in zip(means, kept, strict=True))
    G = _factors([member for member, _ in kept])
    xp = namespace(G)
    w = xp.asarray([w for _, w in kept], dtype=G.dtype, device=G.device)
    unit = power_of_two(float(np.max(np.abs(to_numpy(G)), initial=0.0)))
    factor = unit * _fixed_point(G / unit, xp.reshape(w, (-1, *[1] * (G.ndim - 1))), xp)
    return gaussian_of(mean, factor @ xp.matrix_transpose(factor), factor, dtype)


def _weights(weights: Any, n: int) -> np.ndarray:
    if weights is None:
        return np.full(n, 1.0 / n)
    values = to_numpy(as_float64(weights, "weights"))
    if values.shape != (n,):
        raise InvalidMeasureError(f"weights has shape {values.shape} beside {n} measures: expected ({n},)")
    return np.asarray(normalised_weights(values, "weights"))


def _factors(members: list[Gaussian]) -> Array:
    """Factors (n, ..., d, k) with k <= d, stacked."""
    factors = []
    batch = np.broadcast_shapes(*(member.batch_shape for member in members))
    for F in (narrow(detached(factor_of(member))) for member in members):
        factors.append(namespace(F).broadcast_to(F, (*batch, *F.shape[-2:])))
    width = max(1, *(F.shape[-1] for F in factors))
    return stack([widened(F, width) for F in factors])


def _fixed_point(G: Array, w: Array, xp: Any) -> Array:
    """F with F F^T the barycenter of the G_i G_i^T."""
    n, d, width = G.shape[0], G.shape[-2], G.shape[-1]
    # The mean covariance, as a factor: it has variance in every direction in which a measure has some.
    side_by_side = xp.reshape(xp.moveaxis(xp.sqrt(w) * G, 0, -2), (*G.shape[1:-1], n * width))
    F = xp.matrix_transpose(xp.linalg.qr(xp.matrix_transpose(side_by_side))[1])
    spread = F @ xp.matrix_transpose(F)
    best, least = F, xp.full(F.shape[:-2], np.inf, dtype=F.dtype, device=F.device)
    previous, age = F, xp.zeros_like(F[..., :1, :1])
    for _ in range(_STEPS):
        forward, excess = _step(G, w, F, spread, xp)
        best = xp.where((excess < least)[..., None, None], F, best)
        least = xp.minimum(least, excess)
        if bool(xp.all(least <= 16 * d * _EPS)):
            return best
        uphill = xp.sum((F - forward) * (forward - previous), axis=(-2, -1), keepdims=True) > 0
        age = xp.where(uphill, 1.0 + 0.0 * age, age + 1)
        F, previous = forward + (age - 1) / (age + 2) * (forward - previous), forward
    reached = float(xp.max(least))
    if reached <= _REFUSED:
        return best
    raise NotConvergedError(
        f"after {_STEPS} steps the barycenter's objective may still lie {reached:.1e} tr(cov) above its minimum, more "
        f"than the {_REFUSED:g} that is accepted: add a little variance to the singular covariances, or drop measures "
        "whose weights hardly matter"
    )


def _step(G: Array, w: Array, F: Array, spread: Array, xp: Any) -> tuple[Array, Array]:
    """The next factor, and by how much V(F F^T) exceeds the minimum at most, in units of tr F F^T."""
    left, singular, right = xp.linalg.svd(xp.matrix_transpose(G) @ F, full_matrices=False)
    turned = G @ left
    forward = xp.sum(w * (turned @ right), axis=0)

    squares = xp.sum(turned * turned, axis=-2)
    # Columns of rounding alone would point anywhere.
    present = squares > (4 * F.shape[-2] * _EPS) ** 2 * xp.max(squares, axis=-1, keepdims=True)
    bounded = xp.maximum(singular, w[..., 0] * squares)
    inverse = xp.where(present, 1 / xp.where(present, bounded, 1.0), 0.0 * bounded)
    mean_map = xp.sum(w * ((turned * inverse[..., None, :]) @ xp.matrix_transpose(turned)), axis=0)
    values, vectors = xp.linalg.eigh(mean_map)
    too_much = xp.where(values > 1, values - 1, 0.0 * values)
    along = xp.sum(vectors * (spread @ vectors), axis=-2)

    trace = xp.sum(F * F, axis=(-2, -1))
    weighted = xp.sum(w[..., 0] * (bounded - 2 * singular), axis=(0, -1))
    excess = trace + weighted + xp.sum(too_much * along, axis=-1)
    positive = trace > 0
    relative = xp.where(excess > 0, excess, -excess) / xp.where(positive, trace, 1.0)
    return forward, xp.where(positive, relative, 0.0 * relative)
