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

from gan import CheckpointError, DataError, classifier, data, evaluate, quality, records, scores
from gan.__main__ import main
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
    assert classifier.accuracy(judge, digits) > 0.8
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
    features = [judge.features(part) for part in (first, second)]
    a, b = (part.double().numpy() for part in features)
    covariances = np.cov(a.T), np.cov(b.T)
    root = sqrtm(covariances[0] @ covariances[1] + 1e-9 * np.eye(64)).real
    textbook = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(covariances[0] + covariances[1] - 2 * root)
    # Features are partly dead: the textbook root is regularised.
    assert quality.frechet(*features) == pytest.approx(textbook, rel=1e-3)


def test_exact_distances_in_pixels_are_the_assignment(digits) -> None:
    first, second = digits.images[:24], digits.images[24:48]
    cost = cdist(*(part.flatten(1).double().numpy() / 127.5 for part in (first, second)))
    found = evaluate._exact(first, second, "pixels")
    for p in (1, 2):
        rows, columns = linear_sum_assignment(cost**p)
        expected = (cost[rows, columns] ** p).mean() ** (1 / p)
        assert found[f"w{p}_pixels"][0] == pytest.approx(expected, rel=1e-6)
    _, low, high = found["w2_pixels_population"]
    assert low < found["w2_pixels"][0], "the samples are farther apart than their laws need be"
    assert low <= high


def test_the_blur_is_the_mean_of_nine() -> None:
    image = torch.zeros(1, 1, 28, 28, dtype=torch.uint8)
    image[0, 0, 5, 5] = 90
    blurred = quality.blur(image)
    assert blurred.sum() == 90
    assert (blurred[0, 0, 4:7, 4:7] == 10).all()


def test_the_command_prints_a_table_and_writes_json(new_run: Callable[..., Run], monkeypatch, capsys) -> None:
    monkeypatch.setattr(classifier, "_steps", lambda n: 60)
    monkeypatch.setattr(scores, "_RESAMPLES", 4)
    run = new_run()
    train(run, progress=False)
    assert main(["evaluate", str(run.folder), "--exact-samples", "19"]) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("generated", "training", "blurred", "over blurred", "density", "memorised"))
    assert said.count("not taken") == 6, "19 images say nothing about the laws"
    result = json.loads((run.folder / "evaluation.json").read_text())
    rows = result["rows"]
    assert rows["training"]["w2_squared"] < rows["blurred"]["w2_squared"] < rows["generated"]["w2_squared"]
    assert rows["blurred"]["ratio"] == 1.0
    assert rows["training"]["memorised"] == 1.0, "a copy is one"
    for row in rows.values():
        for name in ("w2_squared", "ratio", "precision", "density", "coverage", "inception_score", "memorised"):
            low, high = row["intervals"][name]
            assert low <= high, name
    assert all(sum(row["class_shares"]) == pytest.approx(1) for row in rows.values())
    assert result["step"] == 6


def test_the_classifier_is_trained_by_a_command(
    judge: classifier.Classifier, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["classifier", "--data", "digits"]) == 0
    said = capsys.readouterr().out
    assert f"sha256 {judge.digest}, " in said
    assert "% right on held-out images" in said


def test_the_ratio_in_the_log_tells_its_classifier(
    judge: classifier.Classifier, new_run: Callable[..., Run]
) -> None:
    run = new_run(exact_samples=5)
    train(run, progress=False)
    (line,) = records.read(run.folder, "exact")
    assert line["classifier"] == judge.digest
    assert line["ratio"] > 1 > line["floor_ratio"], "six updates make nothing, and real images are nearer than blurred"


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
