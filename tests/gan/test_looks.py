"""Ways between noises stay where noise is, and a copy is recognised as one."""

from __future__ import annotations

import pytest
import torch
from scipy.spatial.distance import cdist
from torch import nn

from gan import looks
from gan.data import Dataset, load, to_unit
from gan.distances import distances


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits")


class Recorder(nn.Module):
    """Keeps the noise it is given, and makes images of its first coordinate."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.seen = nn.Parameter(torch.ones(1)), list[torch.Tensor]()

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        self.seen.append(z)
        return (self.scale * z[:, :1]).tanh()[..., None, None].expand(-1, 1, 4, 4)


def test_interpolations_stay_between_the_norms_of_their_ends() -> None:
    """The straight way between two of these noises has norms down to 0.7 of theirs."""
    model = Recorder()
    images = looks.interpolations(model, 50, seed=0, ways=3, steps=9)
    assert images.shape == (3, 9, 1, 4, 4)
    norms = torch.cat(model.seen).reshape(3, 9, 50).norm(dim=2)
    ends = norms[:, [0, -1]]
    assert (norms >= ends.amin(1, keepdim=True) * 0.95).all()
    assert (norms <= ends.amax(1, keepdim=True) * 1.05).all()
    again = looks.interpolations(model, 50, seed=0, ways=3, steps=9)
    assert (images == again).all()


def test_the_nearest_training_image(digits: Dataset) -> None:
    queries = torch.cat([digits.images[[7, 1200]], digits.test_images[:20]])
    found, distance = looks.nearest_training(queries, digits.images)
    exact = cdist(to_unit(queries).flatten(1).double(), to_unit(digits.images).flatten(1).double())
    assert found.tolist() == exact.argmin(1).tolist()
    assert found[:2].tolist() == [7, 1200]
    torch.testing.assert_close(distance.double(), torch.tensor(exact.min(1)), rtol=1e-3, atol=0.02)


def test_chunks_do_not_matter(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = looks.nearest_training(digits.test_images[:30], digits.images)
    monkeypatch.setattr(looks, "_CHUNK", 101)
    parts = looks.nearest_training(digits.test_images[:30], digits.images)
    assert torch.equal(whole[0], parts[0])


def test_a_shift_of_all_images_is_their_distance(digits: Dataset) -> None:
    """The same images, 51 levels of grey brighter: W1 and W2 are the length of the shift, SW1 a fraction of it."""
    images = digits.images[:40] // 2
    found = distances(images, images + 51)
    length = 0.4 * 28  # 51 / 127.5, along 784 pixels
    assert found["w1"] == pytest.approx(length, rel=1e-6)
    assert found["w2"] == pytest.approx(length, rel=1e-6)
    mean_cosine = (2 / (torch.pi * 784)) ** 0.5  # E|cos| to a fixed direction in 784 dimensions, to 1/d
    assert found["sw1"] == pytest.approx(length * mean_cosine, rel=0.1)
