"""Distances between sets of images, by wdist: what the critic's number is held against.

Images are points of R^d, d the number of their pixels and channels, scaled to [-1, 1]. W1 and W2 are exact, by the
linear programme with its certificate; SW1 averages the distance on the line over directions. Samples of n points
are apart even where their laws are the same, so each distance has a floor, the one between real images and other
real images: only what exceeds it speaks about a generator.
"""

from __future__ import annotations

import numpy as np
import torch

import wdist

from .data import to_unit

__all__ = ["NAMES", "distances", "points"]

NAMES = ("w1", "w2", "sw1")
_PROJECTIONS = 500


def distances(first: torch.Tensor, second: torch.Tensor, *, seed: int = 0) -> dict[str, float]:
    """Exact W1, exact W2 and an estimate of SW1 between two equally large sets of images, given as bytes.

    Parameters
    ----------
    first, second : torch.Tensor, shape (n, channels, height, width)
        Unsigned bytes, on any device.
    seed : int
        Of the directions of SW1: the same ones for the same seed.

    Returns
    -------
    dict
        By :data:`NAMES`.
    """
    x, y = points(first), points(second)
    return {
        "w1": float(wdist.transport(x, y, p=1)),
        "w2": float(wdist.transport(x, y, p=2)),
        "sw1": float(wdist.sliced(x, y, p=1, n_projections=_PROJECTIONS, rng=seed)),
    }


def points(images: torch.Tensor) -> np.ndarray:
    """Images given as bytes, as points (n, d) in pixels scaled to [-1, 1], float64."""
    return to_unit(images.cpu()).flatten(1).numpy().astype(np.float64)
