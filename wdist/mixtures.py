r"""MW2: mixtures of Gaussians, transported component by component. An upper bound of W2.

.. math:: MW_2^2(P, Q) = \min_{\pi} \sum_{k, l} \pi_{kl} \, W_2^2(P_k, Q_l), \qquad
          \pi \text{ a coupling of the components' weights}

(Delon and Desolneux, 2020, doi:10.1137/19M1301047) is the least cost of a coupling of P and Q that is itself a mixture
of Gaussians: a distance between mixtures, and never below W2.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._arrays import Array, common_kind, detached, is_tensor, namespace, power_of_two, to_numpy, widest
from ._w2_error import w2_error
from .errors import InvalidMeasureError, NotConvergedError
from .exact import transport_lp
from .families import gaussian_of, taken
from .gaussian import gaussian_w2
from .gaussian_mixture import GaussianMixture, as_mixture
from .measures import Gaussian
from .result import Result

__all__ = ["mixture_transport", "mixture_w2"]

_BLOCK = 2**22  # entries of covariances compared together
_LEAST = 2.0**-480  # a length whose square is a float, with all its digits


def mixture_w2(P: Any, Q: Any) -> Any:
    """MW2 of two mixtures of Gaussians: a distance of its own, and an upper bound of W2 (the root taken).

    Parameters
    ----------
    P, Q : GaussianMixture or Gaussian
        Of equal dimension; a Gaussian is a mixture of one.

    Returns
    -------
    float or torch.Tensor
        An upper bound of W2, equal to it for single Gaussians. A tensor, carrying the gradient by weights, means and
        covariances, when an input was one; the gradient is 0 where the distance is 0.

    Raises
    ------
    InvalidMeasureError
        If an argument is not a mixture, or the dimensions differ.
    ValueError
        On backward, where mass is moved to or from a singular covariance whose derivative is infinite.

    See Also
    --------
    mixture_transport : the same with its coupling and a lower bound.

    Notes
    -----
    A mass of 1e-16 that rounding of the weights leaves over adds up to 1e-8 of the largest distance between components
    where MW2 would be 0: what is returned is the cost of the coupling that was found, and still an upper bound.

    Examples
    --------
    >>> import wdist
    >>> P = wdist.GaussianMixture([1, 1], [[0.0], [10.0]], [[[1.0]], [[4.0]]])
    >>> Q = wdist.GaussianMixture([1, 1], [[1.0], [10.0]], [[[1.0]], [[9.0]]])
    >>> wdist.mixture_w2(P, Q)
    1.0
    """
    return mixture_transport(P, Q).distance


def mixture_transport(P: Any, Q: Any) -> Result:
    """MW2 of two mixtures of Gaussians with its coupling: a bracket of W2.

    Parameters
    ----------
    P, Q : GaussianMixture or Gaussian
        Of equal dimension; a Gaussian is a mixture of one.

    Returns
    -------
    Result
        ``kind="bound"``, ``method="mixture"``, ``p=2``: ``distance`` is MW2, ``upper`` the same and what rounding may
        have taken off it, ``lower`` is Gelbrich's bound from the mixtures' means and covariances: the true W2 lies
        between the two. ``plan`` couples the components: entry
        (k, l) is the mass that goes from component k of P to component l of Q by the Gaussian map. ``potentials``
        prove that no coupling of components does it for less; None where their unit, a square, is no float.

    Raises
    ------
    InvalidMeasureError
        If an argument is not a mixture, or the dimensions differ.

    Examples
    --------
    >>> import wdist
    >>> P = wdist.GaussianMixture([1, 1], [0.0, 10.0], [1.0, 4.0])
    >>> r = wdist.mixture_transport(P, wdist.GaussianMixture([1, 1], [1.0, 10.0], [1.0, 9.0]))
    >>> r.distance, r.kind, r.plan.toarray().tolist()
    (1.0, 'bound', [[0.5, 0.0], [0.0, 0.5]])
    """
    P, Q = as_mixture(P, "P"), as_mixture(Q, "Q")
    if P.dim != Q.dim:
        raise InvalidMeasureError(f"P lives in dimension {P.dim} and Q in dimension {Q.dim}: they must agree")
    distances = _all_pairs(_in_float64(P.components), _in_float64(Q.components))
    unit = power_of_two(float(distances.max()))
    found = _coupled((distances / unit) ** 2, to_numpy(P.given), to_numpy(Q.given))
    distance = unit * found.distance
    tensors = [mixture.dtype for mixture in (P, Q) if is_tensor(mixture.weights)]
    if tensors:
        distance = _with_gradient(P, Q, found, unit).to(widest(tensors))
    value = float(detached(distance))
    potentials = None
    if _LEAST < unit < 1 / _LEAST:  # else their unit is no float
        f, g = found.potentials  # type: ignore[misc]
        potentials = unit**2 * f, unit**2 * g
    upper = max(value, unit * found.upper * (1 + 2.0**-50) + _error(P, Q, distances, found))
    return Result(
        distance, 2.0, _lower(P, Q, value), upper, "bound", "mixture", found.plan, potentials, None, found.stats
    )


def _all_pairs(P: Gaussian, Q: Gaussian) -> np.ndarray:
    """W2 of every component of P to every one of Q, detached, some rows at a time."""
    k, step = P.batch_shape[0], max(_BLOCK // (Q.batch_shape[0] * P.dim**2), 1)
    rows = (taken(P, slice(first, first + step)) for first in range(0, k, step))
    columns = taken(Q, None)
    return np.concatenate([to_numpy(gaussian_w2(taken(block, (slice(None), None)), columns)) for block in rows])


def _coupled(costs: np.ndarray, a: np.ndarray, b: np.ndarray) -> Result:
    """The best coupling of the weights; of costs about 1, one that is worse by a rounding of them will do."""
    try:
        return transport_lp(costs, a, b, p=2)
    except NotConvergedError as error:
        if error.result is None or error.result.upper**2 - error.result.lower**2 > 2.0**-48:
            raise
        return error.result


def _error(P: GaussianMixture, Q: GaussianMixture, distances: np.ndarray, found: Result) -> float:
    """How far off a distance may be that the plan uses, and so, by Minkowski, their mean in squares."""
    first, second = _in_float64(P.components), _in_float64(Q.components)
    plan = found.plan.tocoo()  # type: ignore[union-attr]
    used = zip(plan.row.tolist(), plan.col.tolist(), strict=True)
    return max(w2_error(taken(first, k), taken(second, m), float(distances[k, m])) for k, m in used)


def _in_float64(law: Gaussian) -> Gaussian:
    """The same, but its answers are not rounded to the dtype it was given in."""
    return gaussian_of(law.mean, law.cov, law.factor, law.mean.dtype)


def _with_gradient(P: GaussianMixture, Q: GaussianMixture, found: Result, unit: float) -> Array:
    """The distance with its derivatives: by the pairs that the plan uses, and by the weights through the potentials."""
    from ._autograd import with_gradient

    plan = found.plan.tocoo()  # type: ignore[union-attr]
    active = gaussian_w2(*(taken(_in_float64(m.components), k) for m, k in ((P, plan.row), (Q, plan.col))))
    squares = (active / unit) ** 2
    inputs = common_kind(squares, P.weights, Q.weights)
    xp, value = namespace(squares), float(found.distance)
    half = unit / (2 * value) if value else 0.0
    f, g = found.potentials  # type: ignore[misc]

    def as_tensor(z: Any) -> Array:
        return xp.asarray(z, dtype=xp.float64, device=squares.device)

    return with_gradient(as_tensor(unit * value), inputs, lambda _: [as_tensor(half * z) for z in (plan.data, f, g)])


def _lower(P: GaussianMixture, Q: GaussianMixture, upper: float) -> float:
    """Gelbrich's bound, less what rounding of the two covariances may have added to it."""
    with np.errstate(over="ignore", invalid="ignore"):
        first, second = (_in_float64(mixture.moments()) for mixture in (P, Q))
    if not all(np.isfinite(to_numpy(g.cov)).all() for g in (first, second)):
        return 0.0
    scale = max(float(np.max(np.abs(np.diagonal(to_numpy(g.cov))))) for g in (first, second))
    far = max(float(np.max(np.abs(to_numpy(g.mean)))) for g in (first, second))
    bound = float(detached(gaussian_w2(first, second))) * (1 - 1e-12)
    noise = 8 * P.dim * math.sqrt(2.0**-52 * scale) + 2.0**-48 * far
    return min(max(bound - noise, 0.0), upper)
