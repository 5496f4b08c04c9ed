r"""Directions spread evenly over the sphere, in independent groups.

A sliced distance is the mean over the sphere of an even function. Every group below has a uniform law in each of its
members, so that its mean is unbiased, and leaves the sphere no gaps, so that its mean varies less than that of as many
independent directions: on a half circle, equal angles; on a half sphere, Fibonacci's spiral (González, 2010,
doi:10.1007/s11004-009-9257-x); above, orthonormal frames, over which every quadratic form has its exact mean:
:math:`\frac{1}{d} \sum_k \theta_k^\top M \theta_k = \operatorname{tr} M / d`. Each is turned at random. The spread of
the groups' means tells the error.
"""

from __future__ import annotations

import math

import numpy as np

from ._arrays import Floats

__all__ = ["GROUPS", "spread"]

GROUPS = 16


def spread(rng: np.random.Generator, count: int, dim: int) -> tuple[np.ndarray, np.ndarray]:
    """``count`` unit vectors, shape (count, dim), and where each of their independent groups begins."""
    unit = dim if dim > 3 and count >= GROUPS * dim else 1  # whole frames, if there are enough of them
    begins = unit * np.linspace(0, count // unit, min(count, GROUPS) + 1).astype(np.int64)
    begins[-1] = count
    sizes = np.diff(begins)
    draw = {1: _signs, 2: _half_circle, 3: _half_sphere}.get(dim, _frames)
    return np.concatenate([draw(rng, int(size), dim) for size in sizes]), begins[:-1]


def _signs(rng: np.random.Generator, size: int, dim: int) -> np.ndarray:
    return np.ones((size, 1))


def _half_circle(rng: np.random.Generator, size: int, dim: int) -> np.ndarray:
    angles = math.pi * (np.arange(size) / size + rng.random())
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def _half_sphere(rng: np.random.Generator, size: int, dim: int) -> np.ndarray:
    height = (np.arange(size) + 0.5) / size
    angles = math.pi * (3 - math.sqrt(5)) * np.arange(size)
    ring = np.sqrt(1 - height * height)
    spiral: Floats = np.stack([ring * np.cos(angles), ring * np.sin(angles), height], axis=-1)
    return spiral @ _frames(rng, 3, 3)


def _frames(rng: np.random.Generator, size: int, dim: int) -> Floats:
    """Rows of random orthogonal matrices, as many as it takes (Mezzadri, 2007, arXiv:math-ph/0609050)."""
    width = min(size, dim)
    q, r = np.linalg.qr(rng.standard_normal((-(-size // dim), dim, width)))
    q *= np.sign(np.diagonal(r, axis1=-2, axis2=-1))[:, None, :]  # without it the law would not be uniform
    return np.ascontiguousarray(np.swapaxes(q, -2, -1).reshape(-1, dim)[:size])
