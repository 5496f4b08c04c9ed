"""The small classifier whose features measure quality.

Distances in pixels rank blurred digits above sharp ones; distances between the features of a network that
tells the classes apart do not. Figures from two such networks do not compare, so this one is trained the same
way each time, from a fixed seed, kept in the cache, and named by the hash of its weights.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from . import weights
from .checkpoint import CheckpointError
from .data import SIDE, DataError, Dataset, cache_dir, to_unit
from .models import seeded

__all__ = ["Classifier", "accuracy", "cached", "obtain", "suits"]

_RECIPE = "1"  # changes when the network or its training does
_BATCH, _RATE, _SHIFT = 128, 4e-3, 2


class Classifier(nn.Module):
    """Three strided convolutions, 64 features, 10 classes: 40,618 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_block(1, 16),
            *_block(16, 32),
            *_block(32, 64),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(256, 64),
            nn.ReLU(),
        )
        self.head = nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.body(x))
        return logits

    @torch.no_grad()
    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Features, float32 of shape (n, 64), of images given as bytes (n, 1, 28, 28)."""
        return torch.cat([self.body(to_unit(part)) for part in images.split(1000)])

    @property
    def digest(self) -> str:
        """sha256 of the weights, hexadecimal: figures compare only under the same one."""
        digest = hashlib.sha256()
        for tensor in self.state_dict().values():
            digest.update(tensor.contiguous().numpy().tobytes())
        return digest.hexdigest()


def suits(data: Dataset) -> bool:
    """Whether a classifier can be trained on a data set: grey images, 28×28, of several classes."""
    return data.labelled and data.shape == (1, SIDE, SIDE)


def obtain(data: Dataset, *, say: Callable[[str], None] = print) -> Classifier:
    """The classifier for a data set: from the cache, or trained now (half a minute for MNIST) and kept there.

    Parameters
    ----------
    data : Dataset
        On the CPU.

    Raises
    ------
    DataError
        If the images are not grey, not 28×28, or nobody has told their classes.
    """
    if not suits(data):
        raise DataError(
            f"data is {data.name!r}, images of shape {data.shape}: the judge is a classifier of grey {SIDE}×{SIDE} "
            "images of several classes"
        )
    if (kept := cached(data, say=say)) is not None:
        return kept
    model, path = _untrained(), _path(data)
    say("Training the classifier that judges the samples; it is kept for the next time.")
    _fit(model, data)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        weights.save(path, model.state_dict())
    except OSError as error:
        say(f"{path} cannot be written ({error.strerror}): the classifier is not kept.")
    return model


def cached(data: Dataset, *, say: Callable[[str], None] = print) -> Classifier | None:
    """The classifier for a data set if it was trained before, else None."""
    model, path = _untrained(), _path(data)
    if not path.exists():
        return None
    try:
        model.load_state_dict(weights.load(path)[0])
    except (CheckpointError, RuntimeError):
        say(f"{path} is damaged: training the classifier again.")
        return None
    return model


@torch.no_grad()
def accuracy(judge: Classifier, data: Dataset) -> float:
    """The share of held-out images that it puts into their class."""
    guesses = judge.head(judge.features(data.test_images)).argmax(1)
    return float((guesses == data.test_labels).double().mean())


def _path(data: Dataset) -> Path:
    return cache_dir() / f"classifier-{_RECIPE}-{data.fingerprint[:16]}.safetensors"


def _untrained() -> Classifier:
    with seeded(0):
        return Classifier().eval()


def _fit(model: Classifier, data: Dataset) -> None:
    """Six epochs of MNIST, more of a small set; random shifts keep it from learning single images."""
    rng = torch.Generator().manual_seed(0)
    steps = _steps(len(data.images))
    optimizer = torch.optim.Adam(model.parameters(), lr=_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps + 1)
    model.train()
    for _ in range(steps):
        chosen = torch.randint(len(data.images), (_BATCH,), generator=rng)
        down, right = torch.randint(-_SHIFT, _SHIFT + 1, (2,), generator=rng).tolist()
        images = F.pad(data.images[chosen], (_SHIFT + right, _SHIFT - right, _SHIFT + down, _SHIFT - down))
        images = images[..., _SHIFT:-_SHIFT, _SHIFT:-_SHIFT]
        loss = F.cross_entropy(model(to_unit(images)), data.labels[chosen])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    model.eval()


def _steps(n: int) -> int:
    return min(2800, max(600, 6 * n // _BATCH))


def _block(channels: int, to: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(channels, to, 3, 2, 1), nn.BatchNorm2d(to), nn.ReLU()
