"""Stacked digits, and the modes that are counted on them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest
import torch

from gan import classifier, data, modes, stacked
from gan.__main__ import main
from gan.dataset import Dataset
from gan.state import Run
from gan.train import train


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return data.load("digits")


def test_channels_are_digits_and_labels_are_their_triples(digits: Dataset) -> None:
    found = stacked.of(digits)
    assert found.shape == (3, 28, 28)
    assert len(found.images) == len(digits.images)
    assert len(found.labels.unique()) > 700  # of 1,500 draws: 1000 (1 - e^-1.5) = 777 on average
    known = {image.numpy().tobytes(): int(label) for image, label in zip(digits.images, digits.labels, strict=True)}
    for image, label in zip(found.images[:50], found.labels[:50], strict=True):
        hundreds, tens, ones = (known[channel.numpy().tobytes()] for channel in image)
        assert label == 100 * hundreds + 10 * tens + ones
    assert stacked.of(digits).fingerprint == found.fingerprint


class Reader(classifier.Classifier):
    """Reads the digit that is written in an image's first pixel."""

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(images[:, 0, 0, 0].long(), 64).float()

    def __init__(self) -> None:
        super().__init__()
        self.head = torch.nn.Linear(64, 10, bias=False)
        torch.nn.init.eye_(self.head.weight)


def images_of(triples: list[int]) -> torch.Tensor:
    images = torch.zeros(len(triples), 3, 28, 28, dtype=torch.uint8)
    for k, triple in enumerate(triples):
        images[k, :, 0, 0] = torch.tensor([triple // 100, triple // 10 % 10, triple % 10])
    return images


@pytest.mark.parametrize(
    ("triples", "reached", "kl"),
    [
        (list(range(1000)), 1000, 0.0),
        ([123] * 7, 1, math.log(1000)),
        ([0, 999], 2, math.log(500)),
        (list(range(500)) * 3, 500, math.log(2)),
    ],
    ids=["all", "one", "two", "half"],
)
def test_modes_and_divergence(triples: list[int], reached: int, kl: float) -> None:
    with torch.random.fork_rng(devices=[]):
        judge = Reader()
    found = modes.count(judge, images_of(triples))
    assert found["modes"] == reached
    assert found["kl"] == pytest.approx(kl, abs=1e-12)


def test_a_stacked_run_is_judged_by_its_modes(
    new_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(classifier, "_steps", lambda n: 60)
    run = new_run(data="stacked", steps=2)  # the digits stand in for MNIST
    train(run, progress=False)
    assert main(["evaluate", str(run.folder)]) == 0
    said = capsys.readouterr().out
    assert "modes of 1,000" in said
    rows = json.loads((run.folder / "evaluation.json").read_text())["rows"]
    assert rows["training images"]["modes"] > 500 > rows["generated"]["modes"]
    assert rows["training images"]["kl"] < rows["generated"]["kl"]
