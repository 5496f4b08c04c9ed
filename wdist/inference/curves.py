r"""A convex function of one variable and its conjugate, from a monotone curve.

A curve of points (u, v) that rises in both coordinates is the graph of the derivative of a convex function, and, with
its axes exchanged, that of the conjugate:

.. math:: \phi(u) = \int^u v \, du, \quad \phi^*(v) = \int^v u \, dv, \quad \phi(u) + \phi^*(v) \ge u v,

with equality on the curve (Young, 1912, doi:10.1098/rspa.1912.0076).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._arrays import Floats

__all__ = ["Curve", "quantile_curve"]


class Curve(NamedTuple):
    """A polygon through knots (u, v) that never fall, which goes on at both ends with the given slope.

    ``below`` is the integral of v over u up to the knots.
    """

    u: Floats
    v: Floats
    below: Floats
    slope: float

    @classmethod
    def through(cls, u: np.ndarray, v: np.ndarray, slope: float, start: float = 0.0) -> Curve:
        """With the value ``start`` of the integral at the first knot."""
        return cls(u, v, start + np.concatenate([[0.0], np.cumsum(0.5 * (v[1:] + v[:-1]) * np.diff(u))]), slope)

    def conjugate(self) -> Curve:
        """The curve with its axes exchanged, whose integral is the conjugate of this one's."""
        return Curve.through(self.v, self.u, 1.0 / self.slope, float(self.u[0] * self.v[0] - self.below[0]))

    def integral(self, u: Floats) -> Floats:
        """The convex function at u."""
        last = len(self.u) - 1
        k = np.clip(np.searchsorted(self.u, u, side="right") - 1, 0, last)  # after upright pieces, if there are any
        after = np.minimum(k + 1, last)
        inside = (u >= self.u[0]) & (k < last)
        run = np.where(inside, self.u[after] - self.u[k], 1.0)
        slope = np.where(inside, (self.v[after] - self.v[k]) / run, self.slope)
        step = u - self.u[k]
        at = np.where(step < 0, self.v[0], self.v[k])
        return self.below[k] + step * (at + 0.5 * slope * step)


def quantile_curve(x: np.ndarray, y: np.ndarray, knots: int, radial: bool = False) -> Curve:
    """The monotone map of x to y, two samples on the line, through so many quantiles of both.

    ``radial``: of non-negative numbers, from (0, 0) on.
    """
    levels = (np.arange(knots) + 0.5) / knots
    u, v = np.quantile(x, levels), np.quantile(y, levels)
    s, t = float(np.std(x)), float(np.std(y))
    slope = t / s if min(s, t) > 1e-6 * max(s, t) else 1.0
    if radial:
        u, v = np.concatenate([[0.0], u]), np.concatenate([[0.0], v])
    return Curve.through(u, v, slope)
