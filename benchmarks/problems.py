r"""Pairs of laws whose W_1 is known in closed form.

Each problem is a base law Z and an optimal map T: P is the law of T(Z), Q that of Z. Then

    W_1(P, Q) = E |T(Z) - Z|,

and pairs (T(Z_i), Z_i) lie on the support of an optimal plan, so that the W_1 of these two *samples* is the mean of
|T(Z_i) - Z_i|, to rounding, in every dimension: a strict check of exact solvers. Estimators get independent draws.

- Translation: T(z) = z + t; W_1 = |t| for every law.
- Line: N(m, s^2) against N(0, 1), by T(z) = s z + m; W_1 = E |m + (s - 1) Z|, a folded normal mean.
- Exponentials: T(z) = r z; W_1 = |r - 1| times the mean.
- Homothety: T(z) = s z + t of N(0, I_d). With c = |t| / |s - 1|, W_1 = |s - 1| E |Z + c e|, the mean of a noncentral
  chi variable, sqrt(2) Gamma((d+1)/2) / Gamma(d/2) 1F1(-1/2; d/2; -c^2/2).
- Balls: uniform laws of the balls of radius 1 and R; W_1 = |R - 1| d / (d + 1).
- Funnel: balls of radius r around anchors at least 2 r apart, T pulling each point towards its own anchor,
  T(z) = a + s (z - a); W_1 = (1 - s) r d / (d + 1). The optimal critic is minus the distance to the nearest anchor,
  with kinks at the anchors and half-way between them.

For p = 1 a map z + h(z) is optimal when it moves points along the rays of one 1-Lipschitz function, the norm from a
centre or a linear function, in one sense: so it is here. Reference: F. Santambrogio (2015), Optimal Transport for
Applied Mathematicians, section 3.1, doi:10.1007/978-3-319-20828-2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import erf, gammaln, hyp1f1

__all__ = ["PROBLEMS", "Problem"]

Base = Callable[[np.random.Generator, int], np.ndarray]
Map = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Problem:
    """Two laws, the optimal map between them, and their distance.

    Attributes
    ----------
    name : str
    dim : int
    w1 : float
        W_1(P, Q), exact.
    base : callable
        ``(rng, n)`` to n points (n, d) of Q.
    transport : callable
        The optimal map of Q to P, points (n, d) to points (n, d).
    """

    name: str
    dim: int
    w1: float
    base: Base
    transport: Map

    def independent(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """n points of P and, independent of them, n points of Q."""
        return self.transport(self.base(rng, n)), self.base(rng, n)

    def paired(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """n pairs drawn from the optimal plan, in the same order in both arrays."""
        y = self.base(rng, n)
        return self.transport(y), y


def _normal(d: int) -> Base:
    return lambda rng, n: rng.standard_normal((n, d))


def _ball(d: int, radius: float = 1.0) -> Base:
    """Uniform on a ball: a normal direction, and a radius whose d-th power is uniform."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        direction = rng.standard_normal((n, d))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        return radius * rng.random((n, 1)) ** (1.0 / d) * direction

    return draw


def _line(mean: float, sd: float) -> Problem:
    spread = abs(sd - 1.0)
    folded = spread * math.sqrt(2.0 / math.pi) * math.exp(-0.5 * (mean / spread) ** 2)
    w1 = folded + mean * float(erf(mean / (spread * math.sqrt(2.0))))
    return Problem("gaussians-1d", 1, w1, _normal(1), lambda z: sd * z + mean)


def _exponentials(ratio: float) -> Problem:
    base: Base = lambda rng, n: rng.exponential(size=(n, 1))  # noqa: E731
    return Problem("exponentials-1d", 1, abs(ratio - 1.0), base, lambda z: ratio * z)


def _translation(d: int, length: float) -> Problem:
    step = np.full(d, length / math.sqrt(d))
    base: Base = lambda rng, n: rng.laplace(size=(n, d))  # noqa: E731
    return Problem(f"translation-{d}d", d, length, base, lambda z: z + step)


def _homothety(d: int, scale: float, shift: float) -> Problem:
    step = np.zeros(d)
    step[0] = shift
    gamma_ratio = math.exp(gammaln((d + 1) / 2) - gammaln(d / 2))
    mean = math.sqrt(2.0) * gamma_ratio * float(hyp1f1(-0.5, d / 2, -0.5 * (shift / (scale - 1.0)) ** 2))
    return Problem(f"homothety-{d}d", d, abs(scale - 1.0) * mean, _normal(d), lambda z: scale * z + step)


def _balls(d: int, radius: float) -> Problem:
    return Problem(f"balls-{d}d", d, abs(radius - 1.0) * d / (d + 1), _ball(d), lambda z: radius * z)


def _funnel(d: int, pull: float) -> Problem:
    """Touching unit balls around the 2 d anchors +-sqrt(2) e_i, each drawn towards its own anchor."""
    anchors = math.sqrt(2.0) * np.concatenate([np.eye(d), -np.eye(d)])
    ball = _ball(d)

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        return anchors[rng.integers(len(anchors), size=n)] + ball(rng, n)

    def towards_anchor(z: np.ndarray) -> np.ndarray:
        nearest = anchors[np.argmax(z @ anchors.T, axis=1)]  # the anchors have one norm
        return nearest + pull * (z - nearest)

    return Problem(f"funnel-{d}d", d, (1.0 - pull) * d / (d + 1), draw, towards_anchor)


_ALL = [
    _line(0.5, 2.0),
    _exponentials(2.0),
    *(_translation(d, 2.0) for d in (2, 8, 32)),
    *(_funnel(d, 0.3) for d in (2, 8, 32)),
    *(_balls(d, 2.0) for d in (3, 8, 32)),
    *(_homothety(d, 2.0, 1.5) for d in (2, 8, 32)),
]
PROBLEMS = {problem.name: problem for problem in _ALL}
