r"""Lower bounds of W_p from the line, where it is exact: shadows of both measures, and sums over orthogonal ones.

A map that lengthens no way, a projection or the distance from a point, brings any two laws nearer. Over orthogonal
axes more can be said, with q = min(p, 2):

.. math:: W_p \ge W_q \ge \Big( \sum_k W_q^2(x_k, y_k) \Big)^{1/2} ,

by Minkowski's inequality for norms of |x_k - y_k|. At p >= 2, for a positive definite A and means at 0,

.. math:: W_2^2(P, Q) = \mathbb{E} \langle X, (1 - A) X \rangle + \mathbb{E} \langle Y, (1 - A^{-1}) Y \rangle
          + W_2^2 \big( A^{1/2} X, A^{-1/2} Y \big) ,

the first part of which is Gelbrich's bound when A is the map between the Gaussians; the last part is not thrown away
but bounded by its own shadows.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .._arrays import Floats, power_of_two
from ..gaussian import gaussian_map
from ..line import line_distance
from ..measures import Gaussian, Samples

__all__ = ["Cloud", "affine_map", "aligned", "axes_below", "explained_below", "homothety_centre", "shadow_below"]

_AXES = 24  # coordinates that enter a sum, those which differ most
_CONDITION = 1e-3  # smallest eigenvalue of A, relative to the largest
_FAR = 1e6  # spreads that the centre of a homothety is away, at most


class Cloud(NamedTuple):
    """Points (n, d) in units in which they are of size 1, weights as given or None, and masses."""

    points: Floats
    weights: Floats | None
    mass: Floats

    @classmethod
    def of(cls, points: np.ndarray, weights: np.ndarray | None) -> Cloud:
        if weights is None:
            return cls(points, None, np.full(len(points), 1.0 / len(points)))
        mass = weights / power_of_two(float(weights.max()))  # whose sum is a float
        return cls(points, weights, mass / mass.sum())

    def taken(self, part: np.ndarray) -> Cloud:
        """Some of the points."""
        return Cloud.of(self.points[part], None if self.weights is None else self.weights[part])

    def mean(self) -> Floats:
        return self.mass @ self.points

    def square(self) -> float:
        """E |X|^2."""
        return float(self.mass @ np.sum(self.points * self.points, axis=1))

    def spread(self) -> float:
        """The root of the trace of the covariance."""
        return float(np.sqrt(self.mass @ np.sum((self.points - self.mean()) ** 2, axis=1)))


def shadow_below(x: Cloud, y: Cloud, u: np.ndarray, v: np.ndarray, p: float) -> float:
    """W_p between values on the line, rounding of the values included."""
    size = float(max(np.max(np.abs(u)), np.max(np.abs(v)), 1.0))
    off = 2.0**-50 * (x.points.shape[1] + 8) * size
    bracket = line_distance(Samples(u, x.weights), Samples(v, y.weights), p, ("x", "y"))
    return max(float(bracket.lower) - off, 0.0)


def axes_below(x: Cloud, y: Cloud, p: float) -> float:
    """The sum over coordinates, of those that differ most."""
    deviations = [np.sqrt(z.mass @ (z.points - z.mean()) ** 2) for z in (x, y)]
    differ = (x.mean() - y.mean()) ** 2 + (deviations[0] - deviations[1]) ** 2
    chosen = np.argsort(-differ, kind="stable")[:_AXES]
    return float(np.linalg.norm([shadow_below(x, y, x.points[:, k], y.points[:, k], min(p, 2.0)) for k in chosen]))


def explained_below(x: Cloud, y: Cloud, A: np.ndarray) -> float:
    """A lower bound of W_2: what the affine map of A explains, and the shadows of the rest."""
    u, v = aligned(x, y, A)
    shift = x.mean() - y.mean()
    centred = [Cloud.of(z.points - z.mean(), z.weights) for z in (x, y)]
    squares = [c.square() for c in (*centred, u, v)]
    explained = float(shift @ shift) + squares[0] + squares[1] - squares[2] - squares[3]
    slack = 2.0**-40 * (sum(squares) + float(shift @ shift)) * len(shift)  # of the roots of A, for a mild condition
    return float(np.sqrt(max(explained + axes_below(u, v, 2.0) ** 2 - slack, 0.0)))


def aligned(x: Cloud, y: Cloud, A: np.ndarray) -> tuple[Cloud, Cloud]:
    """Both with means at 0, as A^(1/2) x and A^(-1/2) y, on the principal axes of the former."""
    values, vectors = np.linalg.eigh(A)
    root, inverse = (vectors * np.sqrt(w) @ vectors.T for w in (values, 1.0 / values))
    u, v = (x.points - x.mean()) @ root, (y.points - y.mean()) @ inverse
    axes = np.linalg.eigh((u.T * x.mass) @ u)[1]
    return Cloud.of(u @ axes, x.weights), Cloud.of(v @ axes, y.weights)


def affine_map(x: Cloud, y: Cloud) -> np.ndarray:
    """A symmetric positive definite matrix near that of the optimal map between the Gaussians of two clouds."""
    covs = [Gaussian.fit(Samples(z.points, z.weights)).cov for z in (x, y)]
    eye, traces = np.eye(len(covs[0])), [float(np.trace(cov)) for cov in covs]
    if not min(traces) > 1e-12 * max(traces):
        return eye
    # Any such matrix gives a bound: one of mild condition loses few digits.
    A = gaussian_map(*(Gaussian(0.0 * cov[0], cov + 1e-6 * t * eye) for cov, t in zip(covs, traces, strict=True)))
    values, vectors = np.linalg.eigh(np.asarray(A))
    positive: np.ndarray = (vectors * np.maximum(values, _CONDITION * values[-1])) @ vectors.T
    return positive


def homothety_centre(x: Cloud, y: Cloud) -> np.ndarray:
    """The fixed point of the homothety with the means and spreads of both; far away where it is a translation."""
    m, k, s, t = x.mean(), y.mean(), x.spread(), y.spread()
    largest = max(s, t)
    if largest == 0.0:
        return m - (k - m)
    apart = math.copysign(max(abs(s - t) / largest, 1.0 / _FAR), s - t)
    return m + (k - m) * (s / largest / apart)
