"""Looking at a generator: ways between two noises, and whether its images are copies of those it learned from.

The nearest training image of a generated one is found among all of them. Beside it stands the same for held-out real
images: a generator that memorises is nearer to its training images than reality is.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from . import models
from .data import to_unit

__all__ = ["interpolations", "nearest_training"]

_CHUNK = 10_000


def interpolations(model: torch.nn.Module, latent: int, *, seed: int, ways: int = 6, steps: int = 12) -> np.ndarray:
    """Images on the great circles between pairs of noises, bytes (ways, steps, channels, side, side).

    Normal noise in many dimensions lies near a sphere: the straight way between two points leaves it, and passes
    where the generator never looks.
    """
    rng = torch.Generator().manual_seed(seed)
    begin, end = torch.randn(2, ways, latent, generator=rng)
    unit = torch.nn.functional.normalize
    angle = (unit(begin) * unit(end)).sum(1).clamp(-1, 1).acos()[:, None, None]
    t = torch.linspace(0, 1, steps)[:, None]
    weights = ((1 - t) * angle).sin() / angle.sin(), (t * angle).sin() / angle.sin()
    noise = weights[0] * begin[:, None] + weights[1] * end[:, None]
    images = models.generate(model, noise.reshape(-1, latent))
    return images.reshape(ways, steps, *images.shape[1:]).numpy()


def nearest_training(images: torch.Tensor, training: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The nearest training image of each, Euclidean in pixels in [-1, 1]: positions and distances, each (n,).

    Both sets are bytes, on the CPU.
    """
    points = to_unit(images).flatten(1)
    best, found = torch.full((len(points),), math.inf), torch.zeros(len(points), dtype=torch.int64)
    for start in range(0, len(training), _CHUNK):
        part = to_unit(training[start : start + _CHUNK]).flatten(1)
        distance, position = torch.cdist(points, part).min(1)
        closer = distance < best
        best, found = best.where(~closer, distance), found.where(~closer, position + start)
    return found, best
