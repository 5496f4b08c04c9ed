"""Draws with known W_1 between them, and settings with which a fit takes little time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import gamma

Draw = Callable[[np.random.Generator, int], np.ndarray]


def stream(draw: Draw, seed: int) -> Callable[[int], np.ndarray]:
    rng = np.random.default_rng(seed)
    return lambda n: draw(rng, n)


def gaussian(d: int, shift: float = 0.0, scale: float = 1.0) -> Draw:
    return lambda rng, n: shift / d**0.5 + scale * rng.normal(size=(n, d))


def circle(radius: float) -> Draw:
    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        angle = rng.uniform(0, 2 * np.pi, size=n)
        return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)

    return draw


def homothety_w1(d: int, scale: float) -> float:
    """W_1 of N(0, I) and its image under x -> scale x: |scale - 1| E|X|."""
    return float(abs(scale - 1) * 2**0.5 * gamma((d + 1) / 2) / gamma(d / 2))


QUICK: dict[str, Any] = {"steps": 60, "batch_size": 32, "patience": 60, "bounds": False}
SMALL: dict[str, Any] = {"batch_size": 64, "bounds": False, "lr": 5e-3}


def samples(n: int = 200, d: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, d)) + 1, rng.normal(size=(n, d))
