r"""Problems whose W_1 is known in closed form, and an optimal critic of each.

- Translation: T(z) = z + t; W_1 = |t| for every law. The critic is linear.
- Line: N(m, s^2) against N(0, 1), by T(z) = s z + m; W_1 = E |m + (s - 1) Z|, a folded normal mean.
- Exponentials: T(z) = r z; W_1 = |r - 1| times the mean.
- Homothety: T(z) = s z + t of N(0, I_d), s > 1. With c = |t| / (s - 1), W_1 = (s - 1) E |Z + c e|, the mean of a
  noncentral chi variable, sqrt(2) Gamma((d+1)/2) / Gamma(d/2) 1F1(-1/2; d/2; -c^2/2). The critic is the distance from
  the centre t / (1 - s).
- Balls: uniform laws of the balls of radius 1 and R > 1; W_1 = (R - 1) d / (d + 1). The critic is the norm.
- Shear: T(z) = z - h(z) e of N(0, I_d), e a unit vector and h = k |v.z| >= 0 with v orthogonal to e: all goes downhill,
  W_1 = E h = k sqrt(2 / pi). The critic is linear, the displacement is not.
- Subspace: T draws the points of N(0, I_d) towards their projections on a subspace S of dimension d - k,
  T(z) = z - (1 - s) (z - Pi z); W_1 = (1 - s) E chi_k. The critic is minus the distance to S, with a kink all along S.
- Touching funnels: balls of radius 1 around anchors at least 2 apart, T pulling each point towards its own anchor,
  T(z) = a + s (z - a); W_1 = (1 - s) d / (d + 1). The critic is minus the distance to the nearest anchor.

The maps of all but the shear are gradients of convex functions: there W_2^2 = E |T(Z) - Z|^2 is known as well.

Reference: F. Santambrogio (2015), Optimal Transport for Applied Mathematicians, section 3.1,
doi:10.1007/978-3-319-20828-2.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erf, gammaln, hyp1f1

from .problem import Base, Function, Problem

__all__ = ["balls", "exponentials", "homothety", "line", "shear", "subspace", "touching_funnels", "translation"]

_AXES = 20261124  # seeds the directions that are not along the coordinates


def line(mean: float, sd: float) -> Problem:
    """N(mean, sd^2) against N(0, 1), sd > 1."""
    spread = sd - 1.0
    folded = spread * math.sqrt(2.0 / math.pi) * math.exp(-0.5 * (mean / spread) ** 2)
    w1 = folded + mean * float(erf(mean / (spread * math.sqrt(2.0))))
    centre = np.array([-mean / spread])
    return Problem(
        "gaussians-1d", 1, w1, _normal(1), lambda z: sd * z + mean, *_away_from(centre), w2=math.hypot(mean, spread)
    )


def exponentials(ratio: float) -> Problem:
    """Exponential laws of means ratio > 1 and 1."""
    base: Base = lambda rng, n: rng.exponential(size=(n, 1))  # noqa: E731
    w1 = ratio - 1.0
    critic = _along(np.ones(1))
    return Problem("exponentials-1d", 1, w1, base, lambda z: ratio * z, *critic, w2=math.sqrt(2.0) * w1)


def translation(d: int, length: float) -> Problem:
    """Laplace noise, moved along the diagonal."""
    direction = np.full(d, 1.0 / math.sqrt(d))
    base: Base = lambda rng, n: rng.laplace(size=(n, d))  # noqa: E731
    return Problem(
        f"translation-{d}d", d, length, base, lambda z: z + length * direction, *_along(direction), w2=length
    )


def homothety(d: int, scale: float, shift: float) -> Problem:
    """The standard normal law, scaled by more than 1 and moved along the first axis."""
    step = np.zeros(d)
    step[0] = shift
    mean = _chi_mean(d) * float(hyp1f1(-0.5, d / 2, -0.5 * (shift / (scale - 1.0)) ** 2))
    w1, w2 = (scale - 1.0) * mean, math.hypot((scale - 1.0) * math.sqrt(d), shift)
    critic = _away_from(step / (1.0 - scale))
    return Problem(f"homothety-{d}d", d, w1, _normal(d), lambda z: scale * z + step, *critic, w2=w2)


def balls(d: int, radius: float) -> Problem:
    """Uniform laws of the balls of radius more than 1 and of radius 1."""
    w1, w2 = (radius - 1.0) * d / (d + 1), (radius - 1.0) * math.sqrt(d / (d + 2))
    return Problem(f"balls-{d}d", d, w1, _ball(d), lambda z: radius * z, *_away_from(np.zeros(d)), w2=w2)


def shear(d: int, factor: float) -> Problem:
    """Normal points that slide down a random direction, by ``factor`` times another coordinate's modulus."""
    down, across = _frame(d)[:, :2].T
    w1 = factor * math.sqrt(2.0 / math.pi)
    slide: Function = lambda z: z + factor * np.abs(z @ across)[:, None] * down  # noqa: E731
    return Problem(f"shear-{d}d", d, w1, _normal(d), slide, *_along(down))


def subspace(d: int, pull: float) -> Problem:
    """Normal points that are drawn towards a subspace of half the dimension, in no special position."""
    normals = _frame(d)[:, : (d + 1) // 2]  # (d, k), orthonormal: their span is what is squeezed

    def critic(z: np.ndarray) -> np.ndarray:
        return -np.linalg.norm(z @ normals, axis=1)

    def gradient(z: np.ndarray) -> np.ndarray:
        return -_unit(z @ normals) @ normals.T

    k = normals.shape[1]
    w1, w2 = (1.0 - pull) * _chi_mean(k), (1.0 - pull) * math.sqrt(k)
    squeeze: Function = lambda z: z - (1.0 - pull) * (z @ normals) @ normals.T  # noqa: E731
    return Problem(f"subspace-{d}d", d, w1, _normal(d), squeeze, critic, gradient, w2=w2)


def touching_funnels(d: int, pull: float) -> Problem:
    """Touching unit balls around the 2 d anchors +-sqrt(2) e_i, each drawn towards its own anchor."""
    anchors = math.sqrt(2.0) * np.concatenate([np.eye(d), -np.eye(d)])
    ball = _ball(d)

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        return anchors[rng.integers(len(anchors), size=n)] + ball(rng, n)

    def from_anchor(z: np.ndarray) -> np.ndarray:
        return z - anchors[np.argmax(z @ anchors.T, axis=1)]  # the nearest: the anchors have one norm

    return Problem(
        f"funnel-{d}d",
        d,
        (1.0 - pull) * d / (d + 1),
        draw,
        lambda z: z - (1.0 - pull) * from_anchor(z),
        lambda z: -np.linalg.norm(from_anchor(z), axis=1),
        lambda z: -_unit(from_anchor(z)),
        w2=(1.0 - pull) * math.sqrt(d / (d + 2)),  # anchors of one norm: a maximum of convex paraboloids has this map
    )


def _along(direction: np.ndarray) -> tuple[Function, Function]:
    """The linear critic that climbs in a unit direction, and its gradient."""
    return lambda z: z @ direction, lambda z: np.tile(direction, (len(z), 1))


def _away_from(centre: np.ndarray) -> tuple[Function, Function]:
    """The distance from a centre, and its gradient."""
    return lambda z: np.linalg.norm(z - centre, axis=1), lambda z: _unit(z - centre)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _normal(d: int) -> Base:
    return lambda rng, n: rng.standard_normal((n, d))


def _ball(d: int) -> Base:
    """Uniform on the unit ball: a normal direction, and a radius whose d-th power is uniform."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        direction = _unit(rng.standard_normal((n, d)))
        return rng.random((n, 1)) ** (1.0 / d) * direction

    return draw


def _chi_mean(k: int) -> float:
    """E |Z| of the standard normal law in k dimensions."""
    return math.sqrt(2.0) * math.exp(gammaln((k + 1) / 2) - gammaln(k / 2))


def _frame(d: int) -> np.ndarray:
    """A random orthogonal matrix."""
    frame: np.ndarray = np.linalg.qr(np.random.default_rng([_AXES, d]).standard_normal((d, d)))[0]
    return frame
