"""Problems whose optimal plan a theorem gives, on coordinates that make the arithmetic exact.

Pairs (x, T x) are optimal among themselves where T is the gradient of a convex function, at p = 2 (Brenier, 1991,
doi:10.1002/cpa.3160440402); where T moves every point by the same vector, or straight towards one centre by the same
part of its way, at every p and in every norm; and where no point moves further than half-way to the nearest other.
Coordinates are multiples of a power of two, so that T x is no rounding away from itself.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial.distance import cdist

from .mixture import Problem

__all__ = [
    "affine_map",
    "at_rest_but_a_part",
    "at_rest_but_a_stray",
    "contraction",
    "dyadic",
    "pair_cost",
    "paired",
    "quartic_map",
    "with_far_pairs",
]

_UNIT = 2**160  # far below any difference of coordinates here


def dyadic(seed: int, n: int, d: int, bits: int = 20) -> np.ndarray:
    """Different points of [0, 1)^d, uniform on a grid of step 2^-bits."""
    rng = np.random.default_rng(seed)
    x = np.unique(rng.integers(0, 2**bits, (n + n // 4 + 8, d)), axis=0)
    return rng.permutation(x)[:n] / 2.0**bits


def contraction(x: np.ndarray) -> np.ndarray:
    """Three quarters of the way to a centre: optimal for every p and norm, by the triangle inequality."""
    centre = np.full(x.shape[1], 2.0)
    return centre + (x - centre) / 4


def affine_map(seed: int, d: int) -> Callable[[np.ndarray], np.ndarray]:
    """x -> A x + t with A positive definite, of small integers over a power of two."""
    rng = np.random.default_rng(seed)
    M, t = rng.integers(-1, 2, (d, d)), rng.integers(-3, 4, d)
    A = np.eye(d) + M @ M.T / 2.0 ** np.ceil(np.log2(d))
    return lambda x: x @ A + t


def quartic_map(x: np.ndarray) -> np.ndarray:
    """The gradient of |x|^2 / 2 + |x|^4 / 4."""
    return x * (1 + np.sum(x * x, axis=1, keepdims=True))


def paired(name: str, x: np.ndarray, y: np.ndarray, p: float, metric: str, w: np.ndarray | None = None) -> Problem:
    """Pairs (x_i, y_i) of the same weight, both sides shuffled; without weights, equal ones."""
    w = np.ones(len(x)) if w is None else w
    i, j = np.random.default_rng(0).permutation(len(x)), np.random.default_rng(1).permutation(len(x))
    return Problem(name, x[i], y[j], w[i], w[j], p, metric)


def pair_cost(x: np.ndarray, y: np.ndarray, p: int, metric: str, w: np.ndarray | None = None) -> Fraction:
    """The mean of d(x_i, y_i) ** p, in integers; Euclidean distances to even powers only."""
    lengths = np.abs(_integers(x) - _integers(y))
    weights = [Fraction(v) for v in (np.ones(len(x)) if w is None else w).tolist()]
    if metric == "euclidean":
        assert p % 2 == 0
        costs = np.sum(lengths * lengths, axis=1) ** (p // 2)
    else:
        costs = (lengths.sum(axis=1) if metric == "cityblock" else lengths.max(axis=1)) ** p
    total = sum((v * c for v, c in zip(weights, costs.tolist(), strict=True)), Fraction(0))
    return total / sum(weights) / _UNIT**p


def with_far_pairs(x: np.ndarray, y: np.ndarray, far: float, pairs: int) -> tuple[np.ndarray, np.ndarray]:
    """Add points in both, at about ``far`` from the rest. They stay, whatever the rest does."""
    places = far * np.arange(1.0, pairs + 1)[:, None] * np.ones(x.shape[1])
    return np.r_[places, x], np.r_[places, y]


def at_rest_but_a_stray(x: np.ndarray, part: float, p: float) -> tuple[Problem, float]:
    """Points of equal mass in the unit cube that stay, and a part of all mass, well outside, that moves by 1/4."""
    start = np.eye(1, x.shape[1]) * 3.0
    name, w = f"at_rest_but_a_stray({len(x)}, {part}, {p})", np.r_[np.ones(len(x)), part * len(x)]
    problem = Problem(name, np.r_[x, start], np.r_[x, start * 13 / 12][::-1], w, w[::-1], p, "euclidean")
    return problem, part / (1 + part) * 0.25**p


def at_rest_but_a_part(x: np.ndarray, part: float, p: float) -> tuple[Problem, float]:
    """Points of equal mass that stay, and a part of all mass that goes from the place of the first to the last's.

    It may go from point to point, each handing on as much as it gets: the cheapest way in the graph of d ** p.
    """
    name, w = f"at_rest_but_a_part({len(x)}, {part}, {p})", np.r_[np.ones(len(x)), part * len(x)]
    problem = Problem(name, np.r_[x, x[:1]], np.r_[x, x[-1:]][::-1], w, w[::-1], p, "euclidean")
    return problem, part / (1 + part) * float(dijkstra(csr_array(cdist(x, x) ** p), indices=0)[-1])


def _integers(z: np.ndarray) -> np.ndarray:
    """Coordinates in units of 2^-160, as Python integers."""
    scaled = [Fraction(t) * _UNIT for t in z.ravel().tolist()]
    assert all(t.denominator == 1 for t in scaled)
    return np.array([int(t) for t in scaled], dtype=object).reshape(z.shape)
