"""What problems are drawn of, and what POT answers."""

from __future__ import annotations

import numpy as np
import ot
from scipy.spatial.distance import cdist

import wdist

EXPONENTS = (1.0, 1.5, 2.0, 3.0)


def weighted(rng: np.random.Generator, d: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    n = int(rng.integers(2, 60))
    return rng.normal(size=n if d is None else (n, d)), rng.dirichlet(np.ones(n))


def covariance(rng: np.random.Generator, d: int) -> np.ndarray:
    axes = np.linalg.qr(rng.normal(size=(d, d)))[0]
    cov = (axes * rng.uniform(0.1, 3.0, size=d)) @ axes.T
    return (cov + cov.T) / 2


def gaussian(rng: np.random.Generator, d: int) -> wdist.Gaussian:
    return wdist.Gaussian(rng.normal(size=d), covariance(rng, d))


def dimension(rng: np.random.Generator) -> int:
    return int(rng.integers(2, 20))


def pot(x: np.ndarray, y: np.ndarray, a: np.ndarray, b: np.ndarray, p: float, metric: str = "euclidean") -> float:
    return float(ot.emd2(a, b, cdist(x, y, metric) ** p)) ** (1 / p)


def mean_power(z: np.ndarray, weights: np.ndarray, p: float) -> float:
    return float(weights @ np.abs(z) ** p) ** (1 / p)


def cloud(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    """Weighted points in a random dimension, and an exponent."""
    return *weighted(rng, int(rng.integers(2, 6))), float(rng.choice(EXPONENTS))


def pot_equal(x: np.ndarray, y: np.ndarray, p: float) -> float:
    return pot(x, y, np.full(len(x), 1.0 / len(x)), np.full(len(y), 1.0 / len(y)), p)


def two_samples(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    """Independent draws, enough for an interval."""
    d, (n, m) = int(rng.integers(2, 6)), rng.integers(20, 60, size=2)
    x, y = rng.normal(size=(n, d)), rng.normal(size=(m, d)) * rng.random(d) + rng.normal(size=d)
    return x, y, float(rng.choice(EXPONENTS))
