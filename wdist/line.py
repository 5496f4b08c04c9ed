"""W_p of any two laws on the line: samples by the monotone coupling, the rest by quantile functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._arrays import (
    Array,
    as_float64,
    check_finite,
    common_kind,
    is_tensor,
    namespace,
    normalised_weights,
    result_dtype,
    to_numpy,
    widest,
)
from .circle import circle_distance
from .coupling import MANY, coupling_distance
from .errors import InvalidMeasureError
from .laws import Law
from .measures import Gaussian, Measure, Samples, as_measure
from .quantiles import Bracketed, law_distance, law_of_samples
from .settings import check_axis, check_p, check_positive
from .sketch import QuantileSketch
from .slivers import samples_bracket

__all__ = ["wasserstein_1d"]


def wasserstein_1d(
    u: Any,
    v: Any,
    *,
    p: float,
    u_weights: Any = None,
    v_weights: Any = None,
    axis: int = -1,
    period: float | None = None,
) -> Any:
    """W_p between laws on the line, or on a circle (the distance, its root taken).

    Parameters
    ----------
    u, v : array_like or torch.Tensor, shape (..., n) and (..., m), or measures on the line
        Samples along ``axis``; the other axes are a batch and broadcast. Or any measures of wdist, or frozen
        ``scipy.stats`` laws, one at a time.
    p : float
        The exponent, in [1, inf].
    u_weights, v_weights : array_like, optional
        Non-negative; (n,) and (m,), or with batch axes that broadcast with those of the samples and the weights
        along ``axis``: many histograms may share one array of points. Normalised to sum 1.
    axis : int
        The axis of the samples in arrays of two or more axes.
    period : float, optional
        The circumference of a circle: samples are read modulo it, and distances are taken along the shorter arc.

    Returns
    -------
    float, numpy.ndarray or torch.Tensor
        A float for two single laws, an array of the batch shape otherwise; a tensor, carrying the gradient, when an
        input was one. ``inf`` where the integral diverges.

    Raises
    ------
    InvalidMeasureError
        If an argument is not a measure on the line, or not a set of samples where ``period`` is given.
    ValueError
        If p or the period is out of range.

    Notes
    -----
    With weights and p > 1, pieces of the coupling with mass below 4e-15 are left out: they cannot be told from the
    rounding of cumulative weights. The bracket of :func:`wdist.wasserstein` takes them into account.

    On a circle with 1 < p < inf the best turn is found to a mass of 2e-15, one row of a batch after the other.

    Examples
    --------
    >>> import wdist
    >>> wdist.wasserstein_1d([0, 1, 2], [1, 2, 4], p=1)
    1.3333333333333333
    >>> wdist.wasserstein_1d([0.0, 1.0], [23.0, 0.0], p=1, period=24)  # hours
    1.0
    """
    p, axis = check_p(p), check_axis(axis)
    period = None if period is None else check_positive(period, "period", "the circumference of a circle")
    left, right = _as_batch(u, u_weights, "u", axis), _as_batch(v, v_weights, "v", axis)
    if left is None or right is None:
        laws = as_measure(u, "u", u_weights), as_measure(v, "v", v_weights)
        if period is not None:
            name, law = ("u", laws[0]) if left is None else ("v", laws[1])
            raise InvalidMeasureError(
                f"{name} is a {type(law).__name__}, and on a circle only samples on the line are compared: draw "
                "samples from it, or take its quantiles at (i + 1/2) / n"
            )
        return line_distance(*laws, p, ("u", "v")).distance
    (x, a, x_type), (y, b, y_type) = left, right
    x, a, y, b = common_kind(x, a, y, b)
    shapes = {"u": x, "u_weights": a, "v": y, "v_weights": b}
    batches = {name: tuple(z.shape[:-1]) for name, z in shapes.items() if z is not None}
    try:
        np.broadcast_shapes(*batches.values())
    except ValueError:
        found = ", ".join(f"{name} {batch}" for name, batch in batches.items())
        raise InvalidMeasureError(f"the batch axes do not broadcast: {found}") from None
    distance = coupling_distance(x, y, a, b, p) if period is None else circle_distance(x, y, a, b, p, period)
    if not is_tensor(distance):
        return float(distance) if distance.ndim == 0 else distance.astype(np.result_type(x_type, y_type))
    return distance.to(widest(t for t in (x_type, y_type) if "torch" in str(t)))


def line_distance(P: Measure, Q: Measure, p: float, names: tuple[str, str] = ("P", "Q")) -> Bracketed:
    """W_p of any two measures on the line, with its bracket. The distance is a tensor where points are."""
    for measure, name in ((P, names[0]), (Q, names[1])):
        check_on_the_line(measure, name, "use wdist.wasserstein or wdist.transport")
    if isinstance(P, Samples) and isinstance(Q, Samples):
        x, y, a, b = common_kind(P.points[:, 0], Q.points[:, 0], P.weights, Q.weights)
        given = tuple(None if S.weights is None else S.given for S in (P, Q))
        bracket = samples_distance(x, y, a, b, p, given)
        distance = bracket.distance
        if not is_tensor(distance):
            return bracket
        distance = distance.to(widest(S.dtype for S in (P, Q) if is_tensor(S.points)))
        value = float(distance.detach())
        # A float32 may round out of the bracket: widen it by that much.
        return Bracketed(distance, min(value, bracket.lower), max(value, bracket.upper))
    sketches = [measure for measure in (P, Q) if isinstance(measure, QuantileSketch)]
    if sketches:
        P, Q = (Samples(*m.atoms()) if isinstance(m, QuantileSketch) else m for m in (P, Q))
        distance, lower, upper = line_distance(P, Q, p, names)
        lost = sum(sketch.error(p) for sketch in sketches)
        return Bracketed(distance, max(lower - lost, 0.0), upper + lost) if lost else Bracketed(distance, lower, upper)
    return _by_laws(P, Q, p, names)


def samples_distance(
    x: Array, y: Array, a: Array | None, b: Array | None, p: float, given: tuple[Array | None, ...] = (None, None)
) -> Bracketed:
    """The same of points (n,) and (m,) and normalised weights, None for equal ones; a tensor in float64.

    ``given`` are the weights before they were normalised, whose distance the bracket holds.
    """
    distance = coupling_distance(x, y, a, b, p)
    bracket = samples_bracket(x, y, a, b, p, float(to_numpy(distance)), given)
    return Bracketed(distance, bracket.lower, bracket.upper) if is_tensor(distance) else bracket


def check_on_the_line(measure: Measure, name: str, remedy: str) -> None:
    """Refuse what lives in R^d, and batches."""
    if isinstance(measure, Samples | Gaussian) and measure.dim != 1:
        raise InvalidMeasureError(f"{name} lives in dimension {measure.dim}, not on the line: {remedy}")
    if isinstance(measure, Gaussian) and measure.batch_shape:
        raise InvalidMeasureError(f"{name} is a batch of Gaussians: give one law at a time here")


def _by_laws(P: Measure, Q: Measure, p: float, names: tuple[str, str]) -> Bracketed:
    """Quadrature, detached: a tensor's type comes back, and a gradient that would be lost is refused."""
    found = law_distance(law_of(P), law_of(Q), p)
    tensors = []
    for measure, name in ((P, names[0]), (Q, names[1])):
        if not isinstance(measure, Samples | Gaussian):
            continue
        parts = ("points", "weights") if isinstance(measure, Samples) else ("mean", "cov", "factor")
        held = [z for z in (getattr(measure, part) for part in parts) if is_tensor(z)]
        if any(z.requires_grad for z in held):
            raise ValueError(
                f"{name} requires a gradient, and distances to laws given by functions carry none: draw samples from "
                "the law (its quantiles at (i + 1/2) / n, say), or detach"
            )
        tensors += [(z, measure.dtype) for z in held[:1]]
    if not tensors:
        return found
    like, dtype = max(tensors, key=lambda pair: pair[1].itemsize)
    distance = namespace(like).asarray(found.distance, dtype=dtype, device=like.device)
    value = float(distance)
    return Bracketed(distance, min(value, found.lower), max(value, found.upper))


def law_of(measure: Any) -> Law:
    """A measure on the line by its quantiles."""
    if isinstance(measure, Law):
        return measure
    return law_of_samples(measure) if isinstance(measure, Samples) else measure.law()


def _as_batch(x: Any, weights: Any, name: str, axis: int) -> tuple[Array, Array | None, Any] | None:
    """Samples along the last axis and their weights; None if ``x`` is a measure other than plain samples."""
    if isinstance(x, Samples) and weights is None and x.dim == 1:
        return x.points[:, 0], x.weights, x.dtype
    if not is_tensor(x) and (hasattr(x, "law") or hasattr(x, "ppf") or hasattr(x, "icdf") or callable(x)):
        return None
    if isinstance(x, Samples | Gaussian | QuantileSketch):
        return None
    dtype = result_dtype(*(a for a in (x, weights) if is_tensor(a) or a is x))
    samples = _as_given(x, name)
    if samples.ndim == 0:
        raise InvalidMeasureError(f"{name} is a scalar: give an array of samples")
    if not -samples.ndim <= axis < samples.ndim and samples.ndim > 1:
        raise InvalidMeasureError(f"axis is {axis}, and {name} has shape {tuple(samples.shape)}")
    along = axis if samples.ndim > 1 else -1
    if 0 in samples.shape:
        raise InvalidMeasureError(f"{name} is empty (shape {tuple(samples.shape)}): a measure needs at least one point")
    if samples.ndim > 1 and samples.shape[along] == 1:
        raise InvalidMeasureError(
            f"{name} has shape {tuple(samples.shape)}, one sample along axis={axis}: give the samples' axis (axis=0?), "
            "or ravel them if this is one column of samples"
        )
    xp = namespace(samples)
    if weights is not None:
        weights = _as_given(weights, f"{name}_weights")
        inner = axis if weights.ndim > 1 and -weights.ndim <= axis < weights.ndim else -1
        if weights.ndim == 0 or weights.shape[inner] != samples.shape[along]:
            raise InvalidMeasureError(
                f"{name}_weights has shape {tuple(weights.shape)}: expected {samples.shape[along]} weights along "
                f"axis={inner}, one per point of {name}, whose shape is {tuple(samples.shape)}"
            )
        weights = namespace(weights).moveaxis(weights, inner, -1)
        weights = _normalised(weights, f"{name}_weights")
    return xp.moveaxis(samples, along, -1), weights, dtype


def _as_given(x: Any, name: str) -> Array:
    """``as_float64`` without its copy, for what is not kept and not written to."""
    if type(x) is not np.ndarray or x.dtype != np.float64:
        return as_float64(x, name)
    check_finite(x, name)
    return x


def _normalised(weights: Array, name: str) -> Array:
    """Weights over their sum; of many, over a sum good to a few eps, since cumulative weights are divided again."""
    if is_tensor(weights) or weights.size < MANY:
        return normalised_weights(weights, name)
    try:
        return normalised_weights(weights[None], name)[0]
    except InvalidMeasureError:
        return normalised_weights(weights, name)  # raises, with the index that the user knows
