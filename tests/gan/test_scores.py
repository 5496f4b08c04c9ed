"""Scores against their definitions, and intervals against what is known to be true."""

from __future__ import annotations

import pytest
import torch
from scipy.spatial.distance import cdist
from scipy.stats import binomtest

from gan import quality, scores
from gan.data import load
from gan.dataset import Dataset


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits")


def normal(n: int, d: int, seed: int, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed)) + shift


def values(found: dict[str, scores.Score]) -> dict[str, float]:
    return {name: score[0] for name, score in found.items()}


def test_neighbourhoods_by_their_definitions() -> None:
    """Naeem et al., equations 1 to 4, spelt out over all pairs."""
    real, fake, k = normal(120, 3, 0), normal(90, 3, 1, shift=0.7), 5
    within = [sorted(row)[k] for row in cdist(real, real)], [sorted(row)[k] for row in cdist(fake, fake)]
    between = cdist(real, fake)
    pairs = [(i, j) for i in range(120) for j in range(90) if between[i, j] <= within[0][i]]
    expected = {
        "precision": len({j for _, j in pairs}) / 90,
        "recall": sum(any(between[i, j] <= within[1][j] for j in range(90)) for i in range(120)) / 120,
        "density": len(pairs) / (k * 90),
        "coverage": len({i for i, _ in pairs}) / 120,
    }
    assert values(scores.neighbourhoods(real, fake)) == pytest.approx(expected, abs=1e-12)


def test_neighbourhoods_of_equal_and_of_distant_clouds() -> None:
    real = normal(200, 3, 0)
    same, apart = (values(scores.neighbourhoods(real, fake)) for fake in (real, real + 100))
    assert same["precision"] == same["recall"] == same["coverage"] == 1.0
    assert same["density"] == pytest.approx(6 / 5)  # itself, and k neighbours
    assert set(apart.values()) == {0.0}


def test_a_collapsed_sample_is_precise_without_recall() -> None:
    real = normal(300, 3, 0)
    found = values(scores.neighbourhoods(real, real[:1] + 1e-4 * normal(300, 3, 1)))
    assert found["precision"] == 1.0
    assert found["recall"] < 0.05
    assert found["coverage"] < 0.1


def test_the_inception_score_of_certain_and_of_clueless_classifiers() -> None:
    certain = torch.eye(10, dtype=torch.float64).repeat(5, 1)
    assert scores.inception_score(certain, seed=0)[0] == pytest.approx(10.0)
    clueless = scores.inception_score(torch.full((50, 10), 0.1, dtype=torch.float64), seed=0)
    assert clueless == pytest.approx((1.0, 1.0, 1.0))


def proportion_confidence(hits: int, n: int) -> tuple[float, float]:
    """Wilson's interval by SciPy."""
    found = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    return found.low, found.high


def test_shares_and_their_intervals() -> None:
    found = scores.shares(torch.tensor([0] * 30 + [1] * 70), 3)
    assert [round(share, 12) for share, _, _ in found] == [0.3, 0.7, 0.0]
    _, low, high = found[0]
    exact = proportion_confidence(30, 100)
    assert (low, high) == pytest.approx(exact, abs=1e-5)
    assert found[2] == pytest.approx((0.0, 0.0, proportion_confidence(0, 100)[1]), abs=1e-5)


def test_an_interval_of_a_share_holds_the_truth_as_often_as_it_says() -> None:
    rng = torch.Generator().manual_seed(0)
    held = 0
    for _ in range(400):
        _, low, high = scores.shares((torch.rand(300, generator=rng) < 0.3).long(), 2)[1]
        held += low <= 0.3 <= high
    assert 0.92 <= held / 400 <= 0.98


def test_the_frechet_interval_holds_the_distance_of_the_laws() -> None:
    """N(0, I) and N(1, I) in R^4: W2² is 4. Fits of samples exceed it; the basic bootstrap takes that back."""
    held = 0
    for seed in range(20):
        a, b = normal(400, 4, 3 * seed), normal(400, 4, 3 * seed + 1, shift=1.0)
        (value, low, high), (ratio, *_) = scores.frechet_scores(a, 1 - b, b, seed=0)
        assert value == pytest.approx(quality.frechet(a, b))
        assert ratio == pytest.approx(value / quality.frechet(1 - b, b))
        held += low <= 4.0 <= high
    assert held >= 16


def test_copies_are_memorised_and_held_out_images_are_not(digits: Dataset) -> None:
    training, held_out = digits.images, digits.test_images
    assert scores.memorised(training[:50], held_out, training)[0] == 1.0
    share, low, high = scores.memorised(held_out, held_out, training)
    assert low <= share <= 0.011
    assert high < 0.03
    nearly = (training[:50].int() + 1).clamp(max=255).to(torch.uint8)
    assert scores.memorised(nearly, held_out, training)[0] == 1.0
