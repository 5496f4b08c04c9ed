"""Laws of ``torch.distributions`` on the line as laws with quantiles.

Location-scale families share their standard law with SciPy's of the same name. A transformed law (log-normal, Pareto,
Weibull, ...) takes its tails from the law beneath it: the quantile of g(Z) at 1 - s is g of Z's there, if g increases,
and of Z's at s, if it decreases. Any other ``icdf`` is read from its lower end only.

Parameters are taken as the tensors hold them, and detached: no gradient flows to them. torch is not imported here: a
distribution can only come from a program that has.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from ._arrays import Floats
from .errors import InvalidMeasureError
from .laws import NORMAL, Law, upper_end

__all__ = ["torch_law"]

_REMEDY = "draw samples from it, or wrap a quantile function as wdist.Quantile(f)"


def torch_law(x: Any, name: str) -> Law | None:
    """Read a distribution of torch; None if ``x`` is none.

    Raises
    ------
    InvalidMeasureError
        If it is a batch, lives off the line, has no quantile function, or its parameters require a gradient.
    """
    distributions = sys.modules.get("torch.distributions")
    if distributions is None or not isinstance(x, distributions.Distribution):
        return None
    kind = type(x).__name__
    if tuple(x.batch_shape) or tuple(x.event_shape):
        raise InvalidMeasureError(
            f"{name} is a {kind} of batch_shape {tuple(x.batch_shape)} and event_shape {tuple(x.event_shape)}: give "
            "one law on the line, its parameters plain numbers or 0-d tensors"
        )
    try:
        median = x.icdf(sys.modules["torch"].tensor(0.5, dtype=sys.modules["torch"].float64))
    except NotImplementedError:
        raise InvalidMeasureError(
            f"{name} is a {kind} of torch without icdf, its quantile function: {_REMEDY}"
        ) from None
    if median.requires_grad:
        raise InvalidMeasureError(
            f"{name} is a {kind} whose parameters require a gradient, and distances to laws carry none: detach them"
        )
    law = _law(x, distributions)
    if not np.all(np.isfinite(law.quantile(np.array([0.25, 0.5, 0.75])))):
        raise InvalidMeasureError(f"{name} is a {kind} with no finite quartiles: check its parameters")
    return law


def _law(x: Any, distributions: Any) -> Law:
    for kind, (family, ppf, isf, cdf, place) in _STANDARD.items():
        if type(x) is getattr(distributions, kind):
            loc, scale = place(x)
            return Law(ppf, isf, cdf, family, float(loc), float(scale))
    # An unbounded icdf of torch's own loses its upper end; what it is made of does not.
    if isinstance(x, distributions.TransformedDistribution) and all(f.bijective for f in x.transforms):
        law = _law(x.base_dist, distributions)
        for transform in x.transforms:
            law = _transformed(law, transform)
        return law
    icdf = _on_arrays(x.icdf)
    return Law(icdf, lambda s: upper_end(icdf, s), coarse=(False, True))


def _transformed(law: Law, transform: Any) -> Law:
    g, increasing = _on_arrays(transform), float(transform.sign) > 0
    return Law(
        lambda t: g(law.quantile(t, upper=not increasing)),
        lambda s: g(law.quantile(s, upper=increasing)),
        coarse=law.coarse if increasing else (law.coarse[1], law.coarse[0]),
    )


def _on_arrays(f: Callable[[Any], Any]) -> Callable[[np.ndarray], np.ndarray]:
    """A function of tensors as one of float64 arrays; parameters of fewer bits do not narrow it."""

    def of_array(t: np.ndarray) -> np.ndarray:
        torch = sys.modules["torch"]
        with torch.no_grad():
            values = f(torch.from_numpy(np.array(t, dtype=np.float64)))
        return np.asarray(values.cpu().numpy(), dtype=np.float64)

    return of_array


def _cauchy(t: np.ndarray) -> np.ndarray:
    return -1 / np.tan(np.pi * t)


def _laplace(t: Floats) -> Floats:
    return np.where(t <= 0.5, np.log(2 * t), -np.log(2 * (1 - t)))


def _loc_scale(x: Any) -> tuple[Any, Any]:
    return x.loc, x.scale


# Family (SciPy's name), quantile of the standard law at t and at 1 - s, its distribution function, location and scale.
_STANDARD: dict[str, tuple[Any, ...]] = {
    "Normal": (NORMAL, ndtri, lambda s: -ndtri(s), ndtr, _loc_scale),
    "Uniform": (
        ("uniform_gen", "uniform"),
        lambda t: t,
        lambda s: 1 - s,
        lambda y: np.clip(y, 0.0, 1.0),
        lambda x: (x.low, x.high.double() - x.low.double()),
    ),
    "Cauchy": (
        ("cauchy_gen", "cauchy"),
        _cauchy,
        lambda s: -_cauchy(s),
        lambda y: 0.5 + np.arctan(y) / np.pi,
        _loc_scale,
    ),
    "Laplace": (
        ("laplace_gen", "laplace"),
        _laplace,
        lambda s: -_laplace(s),
        lambda y: np.where(y > 0, 1 - 0.5 * np.exp(-np.abs(y)), 0.5 * np.exp(-np.abs(y))),
        _loc_scale,
    ),
    "Exponential": (
        ("expon_gen", "expon"),
        lambda t: -np.log1p(-t),
        lambda s: -np.log(s),
        lambda y: -np.expm1(-np.maximum(y, 0.0)),
        lambda x: (0.0, 1 / x.rate.double()),
    ),
    "Gumbel": (
        ("gumbel_r_gen", "gumbel_r"),
        lambda t: -np.log(-np.log(t)),
        lambda s: -np.log(-np.log1p(-s)),
        lambda y: np.exp(-np.exp(-y)),
        _loc_scale,
    ),
}
