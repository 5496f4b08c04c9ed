"""Stacked MNIST: three random digits as the channels of one image, 1,000 modes to be reached.

Reference: Metz et al., "Unrolled generative adversarial networks", ICLR 2017.
"""

from __future__ import annotations

import torch

from .dataset import Dataset

__all__ = ["MODES", "of", "triple"]

MODES = 1000


def of(data: Dataset) -> Dataset:
    """The stacked data set of grey digits: as many triples as there are digits, drawn by a fixed seed."""
    rng = torch.Generator().manual_seed(0)
    images, labels = _triples(data.images, data.labels, rng)
    test_images, test_labels = _triples(data.test_images, data.test_labels, rng)
    return Dataset("stacked", f"{data.name}, {data.source}", images, labels, test_images, test_labels)


def _triples(images: torch.Tensor, labels: torch.Tensor, rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    chosen = torch.randint(len(images), (len(images), 3), generator=rng)
    return images[chosen, 0], triple(*labels[chosen].T)


def triple(first: torch.Tensor, second: torch.Tensor, third: torch.Tensor) -> torch.Tensor:
    """The class of three digits, 0 to 999."""
    return 100 * first + 10 * second + third
