r"""The geodesic between two Gaussians: displacement interpolation in closed form.

With covariances factored as :math:`\Sigma_1 = F F^\top`, :math:`\Sigma_2 = G G^\top` and R the orthogonal matrix that
brings G R nearest to F, the pair (F z, G R z) of a standard normal z is an optimal coupling, and

.. math:: m_t = (1 - t) m_1 + t m_2, \qquad \Sigma_t = F_t F_t^\top, \quad F_t = (1 - t) F + t G R

is the law of the point at time t between its two ends (McCann, 1997, doi:10.1006/aima.1997.1634; Takatsu, 2011,
doi:10.18910/4973). No map is needed, so laws on subspaces are as good as any.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._arrays import Array, as_float64, common_kind, detached, is_tensor, namespace, power_of_two, to_numpy
from ._procrustes import factor as factor_of
from ._procrustes import narrow
from .families import common_dtype, gaussian_of, widened
from .gaussian import _pair
from .measures import Gaussian

__all__ = ["gaussian_geodesic"]


def gaussian_geodesic(P: Gaussian, Q: Gaussian, t: Any) -> Gaussian:
    """The Gaussian at time ``t`` on the way from P to Q: ``W2(G_s, G_t) = |s - t| W2(P, Q)``.

    Parameters
    ----------
    P, Q : Gaussian
        Of equal dimension; batch axes broadcast. Degenerate covariances are welcome.
    t : float or array_like, shape (...)
        Times in [0, 1]; broadcast with the batch axes of P and Q, so that ``numpy.linspace(0, 1, 11)`` makes a batch of
        eleven of two single Gaussians.

    Returns
    -------
    Gaussian
        With its factor, detached; of tensors when P or Q is. At t = 0 and t = 1 it has the mean and the covariance of
        P and of Q to the last bit.

    Raises
    ------
    InvalidMeasureError
        If P or Q is not a Gaussian, or dimensions or batch axes do not fit.
    ValueError
        If ``t`` leaves [0, 1], where straight lines between points need not be shortest paths between laws.

    Notes
    -----
    Where P and Q leave each other directions without variance there may be many geodesics; this is one.

    Examples
    --------
    >>> import wdist
    >>> half = wdist.gaussian_geodesic(wdist.Gaussian([0.0], [[1.0]]), wdist.Gaussian([4.0], [[9.0]]), 0.5)
    >>> half.mean.item(), half.cov.item()
    (2.0, 4.0)
    """
    P, Q = _pair(P, Q)
    times = _times(t, P, Q)
    parts = (P.mean, Q.mean, P.cov, Q.cov, narrow(factor_of(P)), narrow(factor_of(Q)))
    m1, m2, cov1, cov2, F, G, times = common_kind(*map(detached, parts), times)
    xp = namespace(F)
    width = max(F.shape[-1], G.shape[-1])
    F, G = widened(F, width), widened(G, width)

    mean = (1 - times)[..., None] * m1 + times[..., None] * m2
    late = times[..., None, None]
    factor = xp.where(late == 1, G, (1 - late) * F + late * _turned(G, F, xp))
    inner = factor @ xp.matrix_transpose(factor)
    cov = xp.where(late == 0, cov1, xp.where(late == 1, cov2, inner))
    return gaussian_of(mean, cov, factor, common_dtype([P, Q]))


def _times(t: Any, P: Gaussian, Q: Gaussian) -> Array:
    times = as_float64(detached(t), "t")
    if bool(namespace(times).any((times < 0) | (times > 1))):
        values = to_numpy(times)
        raise ValueError(f"t is {float(values[(values < 0) | (values > 1)][0]):g}: a time lies in [0, 1]")
    try:
        np.broadcast_shapes(tuple(times.shape), P.batch_shape, Q.batch_shape)
    except ValueError:
        raise ValueError(
            f"t has shape {tuple(times.shape)}, which does not broadcast with the batch axes {P.batch_shape} of P and "
            f"{Q.batch_shape} of Q: give it axes of length 1 where they have theirs, as in t[:, None]"
        ) from None
    return times if is_tensor(P.mean) or is_tensor(Q.mean) else to_numpy(times)


def _turned(G: Array, F: Array, xp: Any) -> Array:
    """G R for the orthogonal R that brings it nearest to F."""
    # R does not change with the units of F and G; in units of their own their product neither overflows nor vanishes.
    f, g = (M / power_of_two(float(np.max(np.abs(to_numpy(M)), initial=0.0))) for M in (F, G))
    left, _, right = xp.linalg.svd(xp.matrix_transpose(g) @ f, full_matrices=False)
    return (G @ left) @ right
