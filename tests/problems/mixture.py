"""Random transport problems of many shapes, each drawn from its seed alone.

What a solver meets and a uniform cloud does not have: ties, duplicates, points in a line, points at rest, masses of 0
and of 1e-17, one point against many, clusters.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.distance import cdist

__all__ = ["METRICS", "Problem", "draw"]

METRICS = ("euclidean", "cityblock", "chebyshev")
EXPONENTS = (1.0, 1.5, 2.0, 3.0, 4.7)


@dataclass(frozen=True, eq=False)
class Problem:
    """Two weighted point sets, an exponent and a metric. ``name`` says how to have it again."""

    name: str
    x: np.ndarray
    y: np.ndarray
    a: np.ndarray
    b: np.ndarray
    p: float
    metric: str

    def __str__(self) -> str:
        sizes = f"n={len(self.x)} m={len(self.y)} d={self.x.shape[1]}"
        return f"{self.name}: {sizes} p={self.p:g} {self.metric}"

    @property
    def masses(self) -> tuple[np.ndarray, np.ndarray]:
        """The weights divided by their sums."""
        return self.a / math.fsum(self.a), self.b / math.fsum(self.b)

    @property
    def costs(self) -> np.ndarray:
        """d ** p of all pairs."""
        return cdist(self.x, self.y, self.metric) ** self.p

    def but(self, **changes: object) -> Problem:
        """The same problem with some fields replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]


def draw(seed: int, low: int, high: int) -> Problem:
    """The problem of a seed, with ``low`` to ``high`` points a side, or one point against them."""
    rng = np.random.default_rng(seed)
    n, m = rng.integers(low, high + 1, 2).tolist()
    if rng.random() < 0.15:
        m = n
    if rng.random() < 0.06:
        n, m = ((1, m), (n, 1))[int(rng.integers(2))]
    d = 50 if rng.random() < 0.05 else int(rng.integers(1, 13))
    shape = str(rng.choice(list(SHAPES)))
    masses = [str(kind) for kind in rng.choice(list(MASSES), 2)]
    x, y = SHAPES[shape](rng, n, m, d)
    a, b = (MASSES[kind](rng, len(z)) for kind, z in zip(masses, (x, y), strict=True))
    p, metric = float(rng.choice(EXPONENTS)), str(rng.choice(METRICS))
    return Problem(f"draw({seed}, {low}, {high}), {shape}, {' and '.join(masses)} masses", x, y, a, b, p, metric)


Clouds = tuple[np.ndarray, np.ndarray]


def _uniform(rng: np.random.Generator, n: int, m: int, d: int) -> Clouds:
    return rng.random((n, d)), rng.random((m, d))


def _normal(rng: np.random.Generator, n: int, m: int, d: int) -> Clouds:
    size, offset = 10.0 ** rng.uniform(-3, 3), rng.standard_normal(d)
    return size * rng.standard_normal((n, d)), size * (offset + rng.uniform(0.5, 2) * rng.standard_normal((m, d)))


def _grid(rng: np.random.Generator, n: int, m: int, d: int) -> Clouds:
    side = int(rng.integers(1, 7))
    return tuple(rng.integers(0, side + 1, (k, d)).astype(float) for k in (n, m))  # type: ignore[return-value]


def _duplicates(rng: np.random.Generator, n: int, m: int, d: int) -> Clouds:
    places = rng.random((max(1, (n + m) // 6), d))
    return places[rng.integers(len(places), size=n)], places[rng.integers(len(places), size=m)]


def _collinear(rng: np.random.Generator, n: int, m: int, d: int) -> Clouds:
    direction = rng.standard_normal(d)
    return np.outer(rng.random(n), direction), np.outer(rng.random(m), direction)


def _coincident(rng: np.random.Generator, n: int, m: int, d: int) -> Clouds:
    """All of x at one place; y there as well, or at another, or spread."""
    x = np.repeat(rng.random((1, d)), n, axis=0)
    y = (x[[0]], rng.random((1, d)), rng.random((m, d)))[int(rng.integers(3))]
    return x, np.repeat(y, m, axis=0) if len(y) == 1 else y


def _clusters(rng: np.random.Generator, n: int, m: int, d: int) -> Clouds:
    centres, width = 10 * rng.random((4, d)), 10.0 ** rng.uniform(-6, 0)
    return tuple(  # type: ignore[return-value]
        centres[rng.integers(len(centres), size=k)] + width * rng.standard_normal((k, d)) for k in (n, m)
    )


def _shared(rng: np.random.Generator, n: int, m: int, d: int) -> Clouds:
    """About half of y lies on points of x."""
    x, y = _uniform(rng, n, m, d)
    at = rng.random(m) < 0.5
    y[at] = x[rng.integers(n, size=m)][at]
    return x, y


def _with_zeros(rng: np.random.Generator, k: int) -> np.ndarray:
    w = rng.random(k) * (rng.random(k) < 0.6)
    w[rng.integers(k)] = 1.0
    return w


def _tiny(rng: np.random.Generator, k: int) -> np.ndarray:
    """About a third at 1e-12 to 1e-17."""
    w = np.where(rng.random(k) < 0.35, 10.0 ** rng.uniform(-17, -12, k), rng.random(k) + 0.1)
    w[rng.integers(k)] = 1.0
    return w


SHAPES: dict[str, Callable[[np.random.Generator, int, int, int], Clouds]] = {
    "uniform": _uniform,
    "normal": _normal,
    "grid": _grid,
    "duplicates": _duplicates,
    "collinear": _collinear,
    "coincident": _coincident,
    "clusters": _clusters,
    "shared": _shared,
}
MASSES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "equal": lambda rng, k: np.ones(k),
    "random": lambda rng, k: rng.random(k) + 1e-3,
    "some zero": _with_zeros,
    "some tiny": _tiny,
    "integer": lambda rng, k: rng.integers(1, 6, k).astype(float),
    "spread": lambda rng, k: 10.0 ** rng.uniform(-6, 0, k),
}
