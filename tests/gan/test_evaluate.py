"""The quality table puts real images above blurred ones, and each figure means what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from gan import CheckpointError, DataError, classifier, data, evaluate, quality
from gan.__main__ import main
from gan.distances import exact_w1
from gan.models import parameter_count, seeded
from gan.state import Run
from gan.train import train


@pytest.fixture(scope="module")
def digits() -> data.Dataset:
    return data.load("digits")


@pytest.fixture
def judge(digits: data.Dataset, monkeypatch) -> classifier.Classifier:
    """A classifier trained for a moment: enough to tell digits apart, not to score them."""
    monkeypatch.setattr(classifier, "_steps", lambda n: 60)
    return classifier.obtain(digits, say=lambda line: None)


def test_the_classifier_is_the_one_that_was_measured() -> None:
    with seeded(0):
        assert parameter_count(classifier.Classifier()) == 40_618


def test_the_classifier_learns_and_is_kept(judge, digits, cache: Path) -> None:
    assert evaluate._accuracy(judge, digits) > 0.8
    lines: list[str] = []
    assert classifier.obtain(digits, say=lines.append).digest == judge.digest
    assert not lines  # from the cache: nothing was trained
    assert len(list(cache.glob("classifier-*.safetensors"))) == 1


def test_a_damaged_classifier_is_trained_again(judge, digits, cache: Path) -> None:
    path = next(cache.glob("classifier-*"))
    path.write_bytes(path.read_bytes()[:1000])
    lines: list[str] = []
    again = classifier.obtain(digits, say=lines.append)
    assert "is damaged: training the classifier again" in lines[0]
    assert again.digest == judge.digest  # the recipe is deterministic


def test_the_score_is_the_frechet_distance(judge, digits) -> None:
    """Against the textbook formula, with the matrix square root of scipy."""
    first, second = digits.images[:400], quality.blur(digits.images[400:800])
    a, b = (judge.features(part).double().numpy() for part in (first, second))
    covariances = np.cov(a.T), np.cov(b.T)
    root = sqrtm(covariances[0] @ covariances[1] + 1e-9 * np.eye(64)).real
    textbook = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(covariances[0] + covariances[1] - 2 * root)
    score = evaluate._score(judge, first, judge.features(second))["w2_squared"]
    assert score == pytest.approx(
        textbook, rel=1e-3
    )  # features are partly dead: the textbook root is regularised


def test_exact_w1_in_pixels_is_the_assignment(digits) -> None:
    first, second = digits.images[:60], digits.images[60:120]
    points = [part.flatten(1).double().numpy() / 127.5 for part in (first, second)]
    cost = cdist(*points)
    rows, columns = linear_sum_assignment(cost)
    assert exact_w1(first, second) == pytest.approx(cost[rows, columns].mean(), rel=1e-6)


def test_neighbourhoods_of_equal_and_of_distant_clouds() -> None:
    rng = torch.Generator().manual_seed(0)
    real = torch.randn(200, 3, generator=rng)
    assert evaluate._neighbourhoods(real, real) == {"precision": 1.0, "recall": 1.0, "coverage": 1.0}
    assert evaluate._neighbourhoods(real, real + 100) == {"precision": 0.0, "recall": 0.0, "coverage": 0.0}


def test_a_collapsed_sample_is_precise_without_recall() -> None:
    real = torch.randn(300, 3, generator=torch.Generator().manual_seed(0))
    collapsed = real[:1] + 1e-4 * torch.randn(300, 3, generator=torch.Generator().manual_seed(1))
    shares = evaluate._neighbourhoods(real, collapsed)
    assert shares["precision"] == 1.0
    assert shares["recall"] < 0.05
    assert shares["coverage"] < 0.1


def test_the_inception_score_of_certain_and_of_clueless_classifiers() -> None:
    certain = torch.eye(10, dtype=torch.float64).repeat(5, 1)
    assert evaluate._inception_score(certain) == pytest.approx(10.0)
    assert evaluate._inception_score(torch.full((50, 10), 0.1, dtype=torch.float64)) == pytest.approx(1.0)


def test_the_blur_is_the_mean_of_nine() -> None:
    image = torch.zeros(1, 1, 28, 28, dtype=torch.uint8)
    image[0, 0, 5, 5] = 90
    blurred = quality.blur(image)
    assert blurred.sum() == 90
    assert (blurred[0, 0, 4:7, 4:7] == 10).all()


def test_the_command_prints_a_table_and_writes_json(new_run: Callable[..., Run], monkeypatch, capsys) -> None:
    monkeypatch.setattr(classifier, "_steps", lambda n: 60)
    run = new_run()
    train(run, progress=False)
    assert main(["evaluate", str(run.folder), "--exact-samples", "40"]) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("generated", "training", "blurred", "÷ blurred", "Classifier"))
    result = json.loads((run.folder / "evaluation.json").read_text())
    rows = result["rows"]
    assert rows["training"]["w2_squared"] < rows["blurred"]["w2_squared"] < rows["generated"]["w2_squared"]
    assert rows["blurred"]["ratio"] == 1.0
    assert all(sum(row["class_shares"]) == pytest.approx(1) for row in rows.values())
    assert result["step"] == 6


def test_other_images_are_refused(new_run: Callable[..., Run], idx_folder: Path) -> None:
    run = new_run(data=str(idx_folder))
    train(run, progress=False)
    for part in ("images-idx3", "labels-idx1"):  # the two halves change places
        one, two = (idx_folder / f"{half}-{part}-ubyte.gz" for half in ("train", "t10k"))
        first, second = one.read_bytes(), two.read_bytes()
        one.write_bytes(second)
        two.write_bytes(first)
    with pytest.raises(DataError, match=r"not the images that .* was trained on"):
        evaluate.evaluate(run.folder)


def test_samples_are_repeatable(new_run: Callable[..., Run]) -> None:
    run = new_run()
    train(run, progress=False)
    first, again, other = (evaluate.sample(run.folder, 5, seed=seed) for seed in (1, 1, 2))
    assert first.shape == (5, 1, 28, 28)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_weights_that_do_not_fit_are_refused(new_run: Callable[..., Run]) -> None:
    run = new_run()
    run.average = torch.nn.ReLU()
    run.save()
    with pytest.raises(CheckpointError, match="its weights do not fit the generator of preset 'fast'"):
        evaluate.sample(run.folder, 2)
