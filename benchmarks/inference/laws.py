r"""Pairs of populations in any dimension whose W_1, W_2 or both are known.

- equal: the same normal law; 0.
- translation: a normal law and its shift by e_1; 1 for every p.
- homothety: N(0, 1) and N(0, 4), coordinate by coordinate; (E|X|^p)^(1/p), the moments of a chi law.
- stretch: N(0, 1) and N(0, diag(s^2)), s from 0.3 to 2; W_2^2 = sum (s_k - 1)^2. Spreads differ, both ways.
- exponentials: coordinates of mean 1 and of mean 1/2; W_2^2 = d / 2. Skewed.
- ball and sphere: radial, so W_p is that of the radii U^(1/d) and 1. No affine map.
- one factor: a normal law, whose first coordinate becomes exponential of the same mean and variance; W_p is that of the
  coordinate. Nothing that moments up to the second can see.
- all factors: so for all coordinates; W_2^2 is d times that of one.
- heavy tails: Student's t of 5 degrees of freedom and its shift by 1/2 in all coordinates; sqrt(d) / 2.
- two clusters: masses 0.5 and 0.6 at 0 and 6 e_1, spread normally in the other coordinates; 6 * 0.1^(1/p). The map is
  discontinuous, and what the clusters weigh by chance makes up most of the plug-in.

Homotheties, products, and monotone maps of radii or coordinates are gradients of convex functions, optimal at p = 2
(Santambrogio, 2015, doi:10.1007/978-3-319-20828-2, sections 1.3 and 2.1); those used at p = 1 move points along the
rays of one 1-Lipschitz function.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from scipy import integrate, stats
from scipy.special import gammaln

__all__ = ["PAIRS", "Pair", "pairs_in"]

Draw = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two populations: ``draw(rng, n)`` draws n points of each, ``distances[p]`` is W_p."""

    name: str
    dim: int
    draw: Draw
    distances: dict[int, float]


def pairs_in(dim: int) -> list[Pair]:
    """All the pairs in a dimension."""
    return [Pair(name, dim, *make(dim)) for name, make in PAIRS.items()]


def _equal(d: int) -> tuple[Draw, dict[int, float]]:
    return lambda rng, n: (_normal(rng, n, d), _normal(rng, n, d)), {1: 0.0, 2: 0.0}


def _translation(d: int) -> tuple[Draw, dict[int, float]]:
    return lambda rng, n: (_normal(rng, n, d), _normal(rng, n, d) + np.eye(1, d)), {1: 1.0, 2: 1.0}


def _homothety(d: int) -> tuple[Draw, dict[int, float]]:
    mean = math.sqrt(2) * math.exp(gammaln((d + 1) / 2) - gammaln(d / 2))
    return lambda rng, n: (_normal(rng, n, d), 2.0 * _normal(rng, n, d)), {1: mean, 2: math.sqrt(d)}


def _stretch(d: int) -> tuple[Draw, dict[int, float]]:
    scales = np.linspace(0.3, 2.0, d)
    distance = float(np.linalg.norm(scales - 1.0))
    return lambda rng, n: (_normal(rng, n, d), scales * _normal(rng, n, d)), {2: distance}


def _exponentials(d: int) -> tuple[Draw, dict[int, float]]:
    def draw(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        return rng.exponential(1.0, (n, d)), rng.exponential(0.5, (n, d))

    return draw, {2: math.sqrt(d / 2)}


def _ball_and_sphere(d: int) -> tuple[Draw, dict[int, float]]:
    def draw(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = (z / np.linalg.norm(z, axis=1, keepdims=True) for z in (_normal(rng, n, d), _normal(rng, n, d)))
        return x * rng.random((n, 1)) ** (1 / d), y

    return draw, {1: 1 / (d + 1), 2: math.sqrt(1 - 2 * d / (d + 1) + d / (d + 2))}


def _one_factor(d: int) -> tuple[Draw, dict[int, float]]:
    def draw(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = _normal(rng, n, d), _normal(rng, n, d)
        x[:, 0] = rng.exponential(1.0, n) - 1.0
        return x, y

    return draw, {p: _exponential_to_normal(p) for p in (1, 2)}


def _all_factors(d: int) -> tuple[Draw, dict[int, float]]:
    def draw(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        return rng.exponential(1.0, (n, d)) - 1.0, _normal(rng, n, d)

    return draw, {2: math.sqrt(d) * _exponential_to_normal(2)}


def _heavy_tails(d: int) -> tuple[Draw, dict[int, float]]:
    def draw(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        return rng.standard_t(5, (n, d)), rng.standard_t(5, (n, d)) + 0.5

    return draw, {p: math.sqrt(d) / 2 for p in (1, 2)}


def _two_clusters(d: int) -> tuple[Draw, dict[int, float]]:
    def draw(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = _normal(rng, n, d), _normal(rng, n, d)
        x[:, 0], y[:, 0] = 6.0 * (rng.random(n) < 0.5), 6.0 * (rng.random(n) < 0.6)
        return x, y

    return draw, {p: 6.0 * 0.1 ** (1 / p) for p in (1, 2)}


PAIRS: dict[str, Callable[[int], tuple[Draw, dict[int, float]]]] = {
    "equal": _equal,
    "translation": _translation,
    "homothety": _homothety,
    "stretch": _stretch,
    "exponentials": _exponentials,
    "ball and sphere": _ball_and_sphere,
    "one factor": _one_factor,
    "all factors": _all_factors,
    "heavy tails": _heavy_tails,
    "two clusters": _two_clusters,
}


def _normal(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    return rng.standard_normal((n, d))


@cache
def _exponential_to_normal(p: int) -> float:
    """W_p of a standard normal law and an exponential one of the same mean and variance."""

    def cost(t: float) -> float:
        return abs(float(stats.norm.ppf(t)) + math.log1p(-t) + 1.0) ** p

    pieces = (0.0, 1e-6, 0.01, 0.2, 0.5, 0.8, 0.99, 1 - 1e-6, 1.0)
    total = sum(integrate.quad(cost, a, b, limit=200)[0] for a, b in pairwise(pieces))
    return float(total ** (1 / p))
