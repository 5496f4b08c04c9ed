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

__all__ = ["GROUPS", "evenly", "spread"]

GROUPS = 16


def spread(rng: np.random.Generator, count: int, dim: int) -> tuple[np.ndarray, np.ndarray]:
    """``count`` unit vectors, shape (count, dim), and where each of their independent groups begins."""
    unit = dim if dim > 3 and count >= GROUPS * dim else 1  # whole frames, if there are enough of them
    begins = unit * np.linspace(0, count // unit, min(count, GROUPS) + 1).astype(np.int64)
    begins[-1] = count
    return _drawn(rng, np.diff(begins), dim), begins[:-1]


def evenly(rng: np.random.Generator, count: int, dim: int) -> np.ndarray:
    """``count`` unit vectors to choose from, shape (count, dim): one group; in more than 3 dimensions independent."""
    if dim <= 3:
        return _drawn(rng, np.array([count]), dim)
    thetas = rng.standard_normal((count, dim))
    thetas /= np.sqrt(np.einsum("ij,ij->i", thetas, thetas))[:, None]
    return thetas


def _drawn(rng: np.random.Generator, sizes: np.ndarray, dim: int) -> np.ndarray:
    """Groups of these sizes, one after the other."""
    if dim == 1:
        return np.ones((int(sizes.sum()), 1))
    if dim > 3:
        return _frames(rng, sizes, dim)
    if dim == 2:
        return np.concatenate([_half_circle(rng, int(size)) for size in sizes])
    turns = _frames(rng, np.full(len(sizes), 3), 3).reshape(-1, 3, 3)
    return np.concatenate([_half_sphere(int(size)) @ turn for size, turn in zip(sizes, turns, strict=True)])


def _half_circle(rng: np.random.Generator, size: int) -> np.ndarray:
    angles = math.pi * (np.arange(size) / size + rng.random())
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def _half_sphere(size: int) -> np.ndarray:
    height = (np.arange(size) + 0.5) / size
    angles = math.pi * (3 - math.sqrt(5)) * np.arange(size)
    ring = np.sqrt(1 - height * height)
    return np.stack([ring * np.cos(angles), ring * np.sin(angles), height], axis=-1)


def _frames(rng: np.random.Generator, sizes: np.ndarray, dim: int) -> np.ndarray:
    """Rows of random orthogonal matrices, new ones for each group (Mezzadri, 2007, arXiv:math-ph/0609050)."""
    sizes = np.concatenate([np.diff([*range(0, int(size), dim), int(size)]) for size in sizes])
    q, r = np.linalg.qr(rng.standard_normal((len(sizes), dim, int(sizes.max()))))
    q *= np.sign(np.diagonal(r, axis1=-2, axis2=-1))[:, None, :]  # without it the law would not be uniform
    return np.swapaxes(q, -2, -1)[np.arange(q.shape[-1]) < sizes[:, None]]
