r"""Convex functions with known conjugates, as feasible potentials of the squared distance, fitted to some points.

For any convex phi and its conjugate, Young's inequality says

.. math:: \bigl( |x|^2 - 2 \phi(x) \bigr) + \bigl( |y|^2 - 2 \phi^*(y) \bigr) \le |x - y|^2 ,

so that means of the two brackets over points that had no part in the fit estimate a lower bound of W_2^2. Equality is
at y = grad phi(x), the map (Brenier, 1991, doi:10.1002/cpa.3160440402): here an affine one (of its bounds Gelbrich's is
the largest), one for every coordinate by itself, or one along the rays from the mean.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .._arrays import Floats
from ..gaussian import gaussian_map
from ..measures import Gaussian
from .curves import Curve, quantile_curve
from .lipschitz import Pair, Values

__all__ = ["convex_pairs", "quadratic_maps"]


def convex_pairs(x: np.ndarray, y: np.ndarray) -> Iterator[tuple[str, Pair]]:
    """Pairs for p = 2 by the name of their family, fitted to points (n, d) and (m, d)."""
    m, k = x.mean(axis=0), y.mean(axis=0)
    for name, A in quadratic_maps(x, y).items():
        yield name, _centred(m, k, _quadratic(A), _quadratic(np.linalg.inv(A)))
    knots = 2 * int(np.sqrt(min(len(x), len(y)))) + 1
    curves = [quantile_curve(a, b, knots) for a, b in zip((x - m).T, (y - k).T, strict=True)]
    yield "maps of the coordinates", _centred(m, k, _separable(curves), _separable([c.conjugate() for c in curves]))
    if x.shape[1] > 1:
        curve = quantile_curve(np.linalg.norm(x - m, axis=1), np.linalg.norm(y - k, axis=1), knots, radial=True)
        yield "a radial map", _centred(m, k, _radial(curve), _radial(curve.conjugate()))


def quadratic_maps(x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Symmetric positive definite A of maps ``m_y + A (x - m_x)``: 1, a multiple of 1, any."""
    P, Q = Gaussian.fit(x), Gaussian.fit(y)
    spread, eye = (float(np.trace(P.cov)), float(np.trace(Q.cov))), np.eye(x.shape[1])
    maps = {"a translation": eye}
    if not min(spread) > 1e-8 * max(spread):
        return maps
    maps["a homothety"] = eye * np.sqrt(spread[1] / spread[0])
    if len(eye) > 1:
        # Few points do not say much of a covariance: a part of it is taken to be round, which keeps A well conditioned.
        maps["an affine map"] = np.asarray(gaussian_map(*(_rounder(S.cov, len(z)) for S, z in ((P, x), (Q, y)))))
    return maps


def _rounder(cov: np.ndarray, n: int) -> Gaussian:
    d = len(cov)
    part = min(0.5, d / n)
    return Gaussian(np.zeros(d), (1.0 - part) * cov + part * np.trace(cov) / d * np.eye(d))


def _centred(m: np.ndarray, k: np.ndarray, f: Values, g: Values) -> Pair:
    """Potentials of points seen from m and k, as potentials of the points themselves.

    With ``x = m + x'`` and ``y = k + y'``: ``|x - y|^2 = |x' - y'|^2 + 2 <m - k, x' - y'> + |m - k|^2``.
    """
    t = m - k
    return lambda z: f(z - m) + 2.0 * (z - m) @ t + t @ t, lambda z: g(z - k) - 2.0 * (z - k) @ t


def _quadratic(A: np.ndarray) -> Values:
    return lambda z: np.sum(z * z, axis=1) - np.sum((z @ A) * z, axis=1)


def _separable(curves: list[Curve]) -> Values:
    def potential(z: Floats) -> Floats:
        terms = [a * a - 2.0 * curve.integral(a) for a, curve in zip(z.T, curves, strict=True)]
        total: Floats = np.sum(terms, axis=0)
        return total

    return potential


def _radial(curve: Curve) -> Values:
    def potential(z: Floats) -> Floats:
        r: Floats = np.linalg.norm(z, axis=1)
        return r * r - 2.0 * curve.integral(r)

    return potential
