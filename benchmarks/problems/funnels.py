r"""Funnel pairs: u(x) = min_n (|x - a_n| + b_n), and points that slide down its funnels.

Y is uniform in the cube of unit variance, n* the funnel of Y, the minimiser at Y, and X = a_n* + s (Y - a_n*). On the
segment from Y to its anchor u falls at slope one (n* stays the minimiser there, by the triangle inequality), so that -u
is an optimal critic and

    W_1 = E u(Y) - E u(X) = (1 - s) E |Y - a_n*|.

The mean has no closed form. Here it is the average over a few scrambled Sobol sequences of the cube, whose scatter is
its error: about 1e-4 of W_1. Anchors are uniform in the cube too, moved to mean zero, offsets N(0, 0.1^2); the draw is
repeated until every funnel has at least a quarter of its even share of Y, so that none of N funnels is for show.

Modelled on Korotin, Kolesov, Burnaev (2022), Kantorovich strikes back!, arXiv:2206.07767: cube, anchors and offsets are
theirs, the motion along the rays is a plain homothety.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .problem import Base, Problem

__all__ = ["funnels"]

_SEED = 987
_HALF_SIDE = math.sqrt(3.0)  # of a cube of variance 1 in every coordinate
_OFFSETS = 0.1
_PULL = 0.3  # s
_LEAST_SHARE = 0.25  # of 1/N
_TRIAL_POINTS = 4096
_SCRAMBLES, _SOBOL_POINTS = 8, 2**14


@dataclass(frozen=True, eq=False, slots=True)
class _Funnels:
    """Anchors (N, d) and offsets (N,)."""

    anchors: np.ndarray
    offsets: np.ndarray

    def nearest(self, z: np.ndarray) -> np.ndarray:
        """The funnel of every point (n, d), as an index (n,)."""
        distances = np.stack([np.linalg.norm(z - a, axis=1) for a in self.anchors], axis=1)
        index: np.ndarray = np.argmin(distances + self.offsets, axis=1)
        return index

    def from_anchor(self, z: np.ndarray) -> np.ndarray:
        return z - self.anchors[self.nearest(z)]

    def slide(self, z: np.ndarray) -> np.ndarray:
        return z - (1.0 - _PULL) * self.from_anchor(z)

    def critic(self, z: np.ndarray) -> np.ndarray:
        n = self.nearest(z)
        return -np.linalg.norm(z - self.anchors[n], axis=1) - self.offsets[n]

    def gradient(self, z: np.ndarray) -> np.ndarray:
        away = self.from_anchor(z)
        return -away / np.linalg.norm(away, axis=1, keepdims=True)


def funnels(count: int, d: int) -> Problem:
    """The pair of ``count`` funnels in dimension d."""
    field = _draw(count, d)
    w1, error = _mean_slide(field, d)
    name = f"funnels{count}-{d}d"
    return Problem(name, d, w1, _cube(d), field.slide, field.critic, field.gradient, w1_error=error)


def _cube(d: int) -> Base:
    return lambda rng, n: rng.uniform(-_HALF_SIDE, _HALF_SIDE, (n, d))


def _draw(count: int, d: int) -> _Funnels:
    rng = np.random.default_rng([_SEED, count, d])
    trial = _cube(d)(rng, _TRIAL_POINTS)
    while True:
        anchors = _cube(d)(rng, count)
        field = _Funnels(anchors - anchors.mean(axis=0), rng.normal(0.0, _OFFSETS, count))
        shares = np.bincount(field.nearest(trial), minlength=count) / len(trial)
        if shares.min() >= _LEAST_SHARE / count:
            return field


def _mean_slide(field: _Funnels, d: int) -> tuple[float, float]:
    """(1 - s) E |Y - a_n*|, and its relative standard error."""
    from scipy.stats import qmc

    means = list[float]()
    for scramble in range(_SCRAMBLES):
        cube = qmc.Sobol(d, rng=np.random.default_rng([_SEED, scramble])).random(_SOBOL_POINTS)
        y = _HALF_SIDE * (2.0 * cube - 1.0)
        means.append((1.0 - _PULL) * float(np.linalg.norm(field.from_anchor(y), axis=1).mean()))
    mean = float(np.mean(means))
    return mean, float(np.std(means, ddof=1)) / math.sqrt(_SCRAMBLES) / mean
