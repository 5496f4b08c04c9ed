"""The Fréchet distance in a classifier's features, and what it is compared with.

The squared W2 between the Gaussians fitted to the features of two sets of images is the distance of FID, here in the
features of a small classifier of the same data. Its scale belongs to that classifier: it is read as a ratio to what a
3×3 blur of real images scores.

Reference: Heusel et al., "GANs trained by a two time-scale update rule", NeurIPS 2017 (FID).
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

import wdist

from .classifier import Classifier

__all__ = ["blur", "frechet", "quick_quality"]


def frechet(features: torch.Tensor, reference: torch.Tensor) -> float:
    """Squared W2 between the Gaussians fitted to two sets of features, shapes (n, d) and (m, d)."""
    fits = [wdist.Gaussian.fit(part.numpy().astype(np.float64)) for part in (features, reference)]
    return float(wdist.gaussian_w2(*fits)) ** 2


def blur(images: torch.Tensor) -> torch.Tensor:
    """Mean over 3×3 pixels, the background beyond the border."""
    return F.avg_pool2d(images.float(), 3, 1, 1).round().to(torch.uint8)


def quick_quality(
    judge: Classifier, generated: torch.Tensor, training: torch.Tensor, held_out: torch.Tensor
) -> dict[str, float]:
    """The Fréchet distance to held-out images over the one of blurred images, for generated and for real ones.

    All images are bytes (n, 1, 28, 28) on the CPU. Returns ``ratio`` and ``floor_ratio``.
    """
    reference = judge.features(held_out)
    blurred = frechet(judge.features(blur(training)), reference)
    scores = {"ratio": generated, "floor_ratio": training}
    return {name: frechet(judge.features(images), reference) / blurred for name, images in scores.items()}
