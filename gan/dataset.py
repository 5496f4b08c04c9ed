"""A set of images, as bytes, split into a part to train on and a part held out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import torch

__all__ = ["Dataset", "to_unit"]

_TENSORS = ("images", "labels", "test_images", "test_labels")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and their classes, split into a part to train on and a part held out.

    Attributes
    ----------
    name, source : str
        What the data are, and where they were found.
    images, test_images : torch.Tensor
        Unsigned bytes of shape (n, channels, side, side), one channel or three; 0 is MNIST's background.
    labels, test_labels : torch.Tensor
        Classes, int64 of shape (n,); all 0 where nobody has told them.
    """

    name: str
    source: str
    images: torch.Tensor
    labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        channels, height, width = self.images.shape[1:]
        return channels, height, width

    def to(self, device: torch.device) -> Dataset:
        """The same data, resident on ``device``."""
        moved = {name: getattr(self, name).to(device) for name in _TENSORS}
        return replace(self, **moved)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of all images and labels, hexadecimal."""
        digest = hashlib.sha256()
        for name in _TENSORS:
            digest.update(getattr(self, name).cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    @property
    def labelled(self) -> bool:
        """Whether there is more than one class."""
        return bool((self.labels != self.labels[0]).any())


def to_unit(images: torch.Tensor) -> torch.Tensor:
    """Scale bytes to [-1, 1], float32: the range of the generator's tanh."""
    return images.to(torch.float32).div_(127.5).sub_(1.0)
