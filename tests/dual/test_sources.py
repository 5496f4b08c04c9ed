"""What a critic is trained and judged on: parts of a sample that share no point, drawn by weight, in common units."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from wdist import InvalidMeasureError, Samples
from wdist.dual.sources import Problem, Sample, Side, open_problem


def opened(x: Any, y: Any, seed: int = 0) -> Problem:
    return open_problem(x, y, np.random.default_rng(seed))


def sample(seed: int = 0, n: int = 12, weighted: bool = True) -> Sample:
    rng = np.random.default_rng(seed)
    w = rng.random(n) + 0.1 if weighted else np.ones(n)
    return Sample(torch.as_tensor(rng.standard_normal((n, 2))), torch.as_tensor(w / w.sum()))


def test_draws_are_as_frequent_as_masses() -> None:
    s = Sample(torch.arange(4.0, dtype=torch.float64)[:, None], torch.tensor([0.5, 0.0, 0.2, 0.3], dtype=torch.float64))
    drawn = s.draw(20_000, torch.Generator().manual_seed(0))[:, 0].long()
    counts = np.bincount(drawn.numpy(), minlength=4)
    assert counts[1] == 0
    np.testing.assert_allclose(counts / 20_000, [0.5, 0.0, 0.2, 0.3], atol=4 * math.sqrt(0.25 / 20_000))


def test_the_first_points_that_have_mass_are_a_measure() -> None:
    s = Sample(torch.arange(4.0)[:, None], torch.tensor([0.0, 0.3, 0.1, 0.6], dtype=torch.float64))
    first = s.first(2)
    assert first.points[:, 0].tolist() == [1.0, 2.0]
    assert first.weights.tolist() == pytest.approx([0.75, 0.25])
    assert len(s.first(9).points) == 3


def test_means_and_their_variances() -> None:
    """Of equal weights the variance over n with n - 1 in it; of weights, one copy of a point is as good as another."""
    values = torch.as_tensor(np.random.default_rng(1).standard_normal(12))
    equal, weighted = sample(weighted=False), sample()
    assert equal.mean(values) == pytest.approx(float(values.mean()))
    assert equal.stderr_of_mean(values) ** 2 == pytest.approx(float(values.var()) / 12)
    w = weighted.weights.numpy()
    assert weighted.mean(values) == pytest.approx(np.average(values.numpy(), weights=w))
    deviations = values.numpy() - weighted.mean(values)
    square = np.sum((w * deviations) ** 2) / (1 - np.sum(w**2))
    assert weighted.stderr_of_mean(values) ** 2 == pytest.approx(square)


@pytest.mark.parametrize("n", [20, 57, 100])
def test_a_sample_is_cut_into_parts_that_share_no_point(n: int) -> None:
    x = np.arange(float(n))[:, None] + 1000.0
    problem = opened(x, x[:25] if n > 25 else x)
    side = problem.real
    parts = [part.points[:, 0].tolist() for part in (side.train, side.validation, side.held_out)]
    assert [len(part) for part in parts[:2]] == [n // 2, n // 10]
    together = [point for part in parts for point in part]
    assert sorted(together) == x[:, 0].tolist()
    assert side.whole.points[:, 0].tolist() == together
    assert parts[0] != sorted(parts[0])  # at random
    assert opened(x, x, seed=1).real.whole.points.tolist() != opened(x, x).real.whole.points.tolist()
    for part in (side.train, side.validation, side.held_out, side.whole):
        np.testing.assert_allclose(part.weights.numpy(), 1.0 / len(part.points), rtol=1e-14)
    assert side.stream is None


def test_weights_go_with_their_points() -> None:
    rng = np.random.default_rng(2)
    x, w = rng.standard_normal((40, 2)), rng.random(40) + 0.1
    problem = opened(Samples(x, w), x)
    of = {tuple(point): mass for point, mass in zip(x.tolist(), w.tolist(), strict=True)}
    for part in (problem.real.train, problem.real.held_out):
        expected = np.array([of[tuple(point)] for point in part.points.tolist()])
        np.testing.assert_allclose(part.weights.numpy(), expected / expected.sum(), rtol=1e-12)


def test_units_are_those_of_both_sides() -> None:
    """Half of the mean square deviation from the middle of the means, and of one scale for all coordinates."""
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((400, 3)), 5.0 + 2.0 * rng.standard_normal((300, 3))
    problem = opened(x, y)
    parts = [side.train.points.numpy() for side in (problem.real, problem.fake)]
    shift = np.mean([part.mean(axis=0) for part in parts], axis=0)
    unit = math.sqrt(np.mean([np.mean((part - shift) ** 2) for part in parts]))
    np.testing.assert_allclose(problem.shift.numpy(), shift, rtol=1e-12)
    assert problem.unit == pytest.approx(unit)
    assert (problem.dim, problem.device.type, problem.dtype) == (3, "cpu", torch.float64)
    assert problem.scale == pytest.approx(unit * math.sqrt(3))
    assert problem.coefficient(10.0) == pytest.approx(10.0 * math.sqrt(3))
    seen = problem.standardise(torch.as_tensor(y), torch.float32)
    assert seen.dtype == torch.float32
    np.testing.assert_allclose(seen.numpy(), (y - shift) / unit, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_units_of_sizes_whose_squares_are_no_floats(size: float) -> None:
    x = np.random.default_rng(4).standard_normal((50, 2))
    assert opened(size * x, 2 * size * x).unit == pytest.approx(size * opened(x, 2 * x).unit)


def test_one_point_has_the_unit_1() -> None:
    assert opened(np.full((20, 2), 3.0), np.full((20, 2), 3.0)).unit == 1.0


@pytest.mark.parametrize(
    ("x", "y", "dtype"),
    [
        (np.zeros((20, 1), np.float32), np.ones((20, 1), np.float32), torch.float32),
        (np.zeros((20, 1), np.float32), torch.ones(20, 1), torch.float32),
        (np.zeros((20, 1), np.float32), np.ones((20, 1)), torch.float64),
        (np.zeros((20, 1), np.int64), np.ones((20, 1), np.int64), torch.float64),
    ],
)
def test_single_precision_where_both_sides_have_it(x: Any, y: Any, dtype: torch.dtype) -> None:
    assert opened(x, y).dtype == dtype


def test_functions_draw_fresh_points_for_every_purpose() -> None:
    counts: list[int] = []

    def draw(n: int) -> np.ndarray:
        counts.append(n)
        return np.full((n, 1), float(len(counts)))

    problem = opened(draw, np.random.default_rng(5).standard_normal((30, 1)))
    side: Side = problem.real
    assert counts == [8192, 2048, 8192]
    assert [float(part.points[0]) for part in (side.train, side.validation, side.held_out)] == [1.0, 2.0, 3.0]
    assert side.batch(7, torch.Generator()).tolist() == [[4.0]] * 7
    assert problem.fake.batch(7, torch.Generator().manual_seed(0)).shape == (7, 1)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((19, 2)), "x has 19 points: a critic is trained on a part"),
        (lambda n: np.zeros((n + 1, 2)), r"x\(8192\) returned .*: a function must return 8192 points of equal weight"),
        (lambda n: Samples(np.zeros((n, 2)), np.ones(n)), r"x\(8192\) returned"),
        (np.zeros((30, 3)), "x lives in dimension 3 and y in dimension 2"),
        (Samples(np.zeros((30, 2)), np.eye(30)[0]), "x_weights leaves fewer than two points of positive weight"),
    ],
)
def test_what_cannot_be_cut_is_named(x: Any, message: str) -> None:
    with pytest.raises(InvalidMeasureError, match=message):
        opened(x, np.zeros((30, 2)))
