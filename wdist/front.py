"""The front door: ``wasserstein`` looks at the two measures and picks the method that is exact for them."""

from __future__ import annotations

import math
from typing import Any

from ._arrays import is_tensor, namespace, to_numpy
from ._w2_error import w2_error
from .exact import transport
from .gaussian import gaussian_w2
from .laws import Law
from .line import law_of, line_distance
from .measures import Gaussian, Histogram, Measure, Samples, as_measure, same_dimension
from .monotone import plan_on_the_line
from .quantiles import differ_by_shift
from .result import Kind, Result
from .settings import check_choice, check_not_negative, check_p

__all__ = ["METHODS", "choose", "wasserstein"]

METHODS = ("auto", "gaussian", "1d", "exact")


def wasserstein(P: Any, Q: Any, *, p: float, method: str = "auto", rtol: float = 0.0) -> Result:
    """W_p of two measures, by the method that is exact for them.

    Parameters
    ----------
    P, Q : measure, frozen ``scipy.stats`` law, array_like or torch.Tensor
        Arrays are equal-weight samples, (n,) on the line or (n, d) in R^d.
    p : float
        The exponent, in [1, inf].
    method : {"auto", "gaussian", "1d", "exact"}
        ``"auto"``: two Gaussians at p = 2 by the closed form; anything on the line by quantiles; two sets of points in
        R^d by the linear programme.
    rtol : float
        Passed on to :func:`wdist.transport`.

    Returns
    -------
    Result
        The distance with its kind and its bracket.

    Raises
    ------
    InvalidMeasureError
        If an argument is not a measure, or the dimensions differ.
    ValueError
        If no method computes this combination; the message says what to do instead.

    Examples
    --------
    >>> import wdist
    >>> r = wdist.wasserstein([0.0, 1.0, 2.0], [1.0, 2.0, 4.0], p=2)
    >>> round(r.cost, 12), r.kind, r.method
    (2.0, 'exact', '1d')
    """
    p = check_p(p)
    P, Q = as_measure(P, "P"), as_measure(Q, "Q")
    same_dimension(P, Q, ("P", "Q"))
    method, rtol = check_choice(method, "method", METHODS), check_not_negative(rtol, "rtol", "a relative tolerance")
    if method == "auto":
        method = choose(P, Q, p)
    if method == "gaussian":
        return _gaussian(P, Q, p)
    if method == "1d":
        return _on_the_line(P, Q, p)
    for name, measure in (("P", P), ("Q", Q)):
        if not isinstance(measure, Samples):
            raise ValueError(f"{name} is a {type(measure).__name__}: method='exact' takes points. Draw samples from it")
    return transport(P, Q, p=p, rtol=rtol)


def choose(P: Measure, Q: Measure, p: float) -> str:
    """The method that is exact for two measures of one dimension; refused with the remedy where there is none."""
    if isinstance(P, Gaussian) and isinstance(Q, Gaussian) and p == 2:
        return "gaussian"
    if P.dim == 1:
        return "1d"
    if isinstance(P, Samples) and isinstance(Q, Samples):
        if math.isinf(p):
            raise ValueError("p is inf: in R^d the linear programme takes a finite p. Take one, or go to the line")
        return "exact"
    if isinstance(P, Gaussian) and isinstance(Q, Gaussian):
        raise ValueError(
            f"two Gaussians in R^{P.dim} at p = {p:g} have no closed form: take p=2, or draw samples from both and "
            "compare those"
        )
    raise ValueError(
        f"a {type(P).__name__} against a {type(Q).__name__} in R^{P.dim} has no exact method: draw samples from the "
        "continuous one, or fit a Gaussian to the samples (Gaussian.fit) and take p=2"
    )


def _gaussian(P: Measure, Q: Measure, p: float) -> Result:
    if not (isinstance(P, Gaussian) and isinstance(Q, Gaussian)):
        raise ValueError("method='gaussian' takes two Gaussians: Gaussian.fit(samples) makes one of points")
    if p != 2:
        raise ValueError(f"p is {p:g}: the closed form of two Gaussians is for p=2")
    if P.batch_shape or Q.batch_shape:
        raise ValueError("a batch of Gaussians gives many distances: use wdist.gaussian_w2")
    distance = gaussian_w2(P, Q)
    value = float(to_numpy(distance))
    error = w2_error(P, Q, value)
    if is_tensor(distance):
        error += value * float(namespace(distance).finfo(distance.dtype).eps)
    return Result(distance, p, max(value - error, 0.0), value + error, "exact", "gaussian")


def _on_the_line(P: Measure, Q: Measure, p: float) -> Result:
    distance, lower, upper = line_distance(P, Q, p)
    if isinstance(P, Samples) and isinstance(Q, Samples):
        return Result(distance, p, lower, upper, "exact", "1d", *plan_on_the_line(P, Q, p))
    # A quadrature, and its verdict of divergence, are estimates; piecewise linear quantiles, and laws of one family
    # that differ by a shift, need none.
    certain = isinstance(P, Samples | Histogram) and isinstance(Q, Samples | Histogram)
    if isinstance(P, Gaussian | Law) and isinstance(Q, Gaussian | Law):
        certain = differ_by_shift(law_of(P), law_of(Q))
    kind: Kind = "exact" if certain or lower == upper < math.inf else "estimate"
    return Result(distance, p, lower, upper, kind, "1d")
