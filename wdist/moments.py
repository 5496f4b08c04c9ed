r"""Mean and covariance of any measure, as the Gaussian that shares them.

Of points, the covariance is kept as a factor: with rows :math:`\sqrt{w_i} (x_i - m)` in a matrix A, its QR
decomposition A = Q R gives :math:`\Sigma = A^\top A = R^\top R` without squaring, so that no digit of a small
direction is lost. The gradient passes through :math:`R^\top = A^\top Q` with Q held fixed, which is exact for whatever
depends on R only by :math:`R^\top R`.

On the line, :math:`E (X - c)^2 = W_2^2(X, \delta_c)` gives both moments of a law of any kind:

.. math:: E X = c + \frac{W_2^2(X, \delta_{c-h}) - W_2^2(X, \delta_{c+h})}{4 h} .
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ._arrays import detached, is_tensor, namespace
from .errors import InvalidMeasureError
from .families import gaussian_of
from .laws import Law
from .line import line_distance
from .measures import Gaussian, Measure, Samples, as_measure

__all__ = ["moments"]

_LOOSEST = 1e-6  # relative width of the bracket of a second moment that is still good enough


def moments(x: Any, name: str) -> Gaussian:
    """The Gaussian with the mean and the covariance of a measure; itself for a Gaussian."""
    measure = as_measure(x, name)
    if isinstance(measure, Gaussian):
        return measure
    if isinstance(measure, Samples):
        return _of_points(measure, name)
    # Quadrature finds the digits of a law around 0 and of its own size; its location and scale are exact.
    loc, scale = (measure.loc, measure.scale) if isinstance(measure, Law) else (0.0, 1.0)
    standard = replace(measure, loc=0.0, scale=1.0) if isinstance(measure, Law) else measure
    try:
        mean, deviation = _on_the_line(standard, name)
    except _Unsettled as unsettled:
        mean, deviation = _as_told(x, loc, scale, unsettled)
    return Gaussian.from_factor([loc + scale * mean], [[scale * deviation]])


class _Unsettled(InvalidMeasureError):
    """The root of E (X - centre)^2 is only known to lie between two numbers."""

    def __init__(self, name: str, centre: float, lower: float, upper: float):
        super().__init__(
            f"{name} has a variance that its quantiles do not settle (a deviation between {lower:.6g} and {upper:.6g} "
            "from a point near its mean): give samples, or the Gaussian with its moments"
        )
        self.centre, self.lower, self.upper = centre, lower, upper


def _of_points(samples: Samples, name: str) -> Gaussian:
    xp = namespace(samples.points)
    mass = samples.mass[:, None]
    if is_tensor(mass) and mass.requires_grad and bool(xp.any(mass == 0)):
        raise InvalidMeasureError(
            f"{name} has weights of 0 that require a gradient, and their square roots have none: "
            "drop those points, or detach the weights"
        )
    # From a point of its own on: far from the origin the digits are spent on the spread, not on the offset.
    origin = detached(samples.points[:1])
    moved = samples.points - origin
    mean = xp.sum(mass * moved, axis=0)
    rows = xp.sqrt(mass) * (moved - mean)
    turn, _ = xp.linalg.qr(detached(rows))
    factor = xp.matrix_transpose(rows) @ turn
    with np.errstate(over="ignore", invalid="ignore"):  # beyond 1e154 the factor still holds what its square does not
        cov = factor @ xp.matrix_transpose(factor)
    return gaussian_of(origin[0] + mean, cov, factor, samples.dtype)


def _on_the_line(measure: Measure, name: str) -> tuple[float, float]:
    """Mean and standard deviation."""
    mean = 0.0
    for _ in range(2):  # the second time from the mean itself, where nothing cancels
        step = _deviation(measure, mean, name)
        if step == 0.0:
            return mean, 0.0
        below, above = (_deviation(measure, c, name) / step for c in (mean - step, mean + step))
        mean += step * (below - above) * (below + above) / 4
    return mean, _deviation(measure, mean, name)


def _deviation(measure: Measure, centre: float, name: str) -> float:
    """sqrt E (X - c)^2, refused where it is infinite or not known."""
    distance, lower, upper = line_distance(measure, Samples([centre]), 2.0, (name, "a point"))
    value = float(distance)
    if value == np.inf:
        raise InvalidMeasureError(f"{name} has no finite variance, and so no Gaussian moments")
    if not upper - lower <= _LOOSEST * upper + 2.0**-48 * abs(centre):
        raise _Unsettled(name, centre, lower, upper)
    return value


def _as_told(x: Any, loc: float, scale: float, unsettled: _Unsettled) -> tuple[float, float]:
    """The moments that a law of SciPy gives of itself, if they agree with what its quantiles say of them."""
    if not type(x).__module__.startswith("scipy.stats"):
        raise unsettled
    told = float(x.mean()), float(x.std() if hasattr(x, "std") else x.standard_deviation())
    mean, deviation = (told[0] - loc) / scale, told[1] / scale
    slack = _LOOSEST * unsettled.lower
    if not unsettled.lower - slack <= np.hypot(mean - unsettled.centre, deviation) <= unsettled.upper + slack:
        raise unsettled
    return mean, deviation
