"""Sequences of measures: what they are read as, how they travel, and what is no sequence of measures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch

from wdist import Gaussian, InvalidMeasureError, Samples
from wdist.many.members import in_their_type, of_numpy, read_measures, requires_gradient


def test_members_are_measures() -> None:
    found = read_measures([[0.0, 1.0], np.zeros(3), torch.ones(2), Samples([1.0], [2.0]), scipy.stats.norm()], "xs")
    assert [type(law).__name__ for law in found[:4]] == ["Samples"] * 4
    assert {law.dim for law in found} == {1}
    rows = read_measures(np.arange(12.0).reshape(2, 3, 2), "xs")
    np.testing.assert_array_equal(rows[1].points, [[6.0, 7.0], [8.0, 9.0], [10.0, 11.0]])


def test_a_batch_of_gaussians_is_a_sequence() -> None:
    found = read_measures(Gaussian([[0.0], [1.0], [5.0]], [[2.0]]), "xs")
    assert [(law.mean.item(), law.cov.item()) for law in found] == [(0.0, 2.0), (1.0, 2.0), (5.0, 2.0)]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("points", "xs is a str: give a sequence of measures"),
        ({0: [1.0]}, "xs is a dict"),
        (3.0, "xs is a float"),
        (np.float64(3.0), "xs is a float64"),
        (torch.tensor(1.0), "xs is a Tensor"),
        ([[1.0], 2.0], r"xs\[1\] is a number"),
        (np.array([1.0, 2.0]), r"xs\[0\] is a number"),
        (torch.tensor([1.0, 2.0]), r"xs\[0\] is a number"),
        ([Gaussian([[0.0], [1.0]], [[1.0]])], r"xs\[0\] is a batch of Gaussians"),
        ([[1.0], [[1.0, 2.0]]], r"xs\[1\] lives in dimension 2 and xs\[0\] in dimension 1"),
        ([], "xs is empty"),
        ([[np.nan]], r"xs\[0\] has 1 entry that is NaN"),
    ],
)
def test_what_is_no_sequence_of_measures_is_named(given: Any, message: str) -> None:
    with pytest.raises(InvalidMeasureError, match=message):
        read_measures(given, "xs")


def test_gradients_are_asked_of_any_part() -> None:
    leaf, w = torch.ones(3, requires_grad=True), torch.ones(3, dtype=torch.float64, requires_grad=True)
    for law, wanted in (
        (Samples(leaf), True),
        (Samples(leaf.detach(), w), True),
        (Samples(leaf.detach(), w.detach()), False),
        (Samples(np.ones(3)), False),
        (Gaussian(leaf, torch.eye(3)), True),
        (Gaussian(np.ones(3), np.eye(3)), False),
    ):
        assert requires_gradient(law) is wanted


def test_measures_travel_as_arrays_of_the_same_numbers() -> None:
    points, w = torch.rand(4, 2, generator=torch.Generator().manual_seed(0)), torch.tensor([1.0, 2.0, 3.0, 4.0])
    root = np.array([[1.0, 0.0], [2.0, 3.0]])
    laws = [
        Samples(points.requires_grad_(), w),
        Samples(points.detach()),
        Gaussian.from_factor(torch.zeros(2), torch.tensor(root)),
        plain := Samples(np.ones((2, 2))),
    ]
    plains, given = of_numpy(laws)
    assert plains[3] is plain
    assert len(given) == 3
    for law in plains[:2]:
        assert type(law.points) is np.ndarray
        np.testing.assert_array_equal(law.points, points.detach().numpy())
    np.testing.assert_allclose(plains[0].mass, [0.1, 0.2, 0.3, 0.4], rtol=1e-15)
    assert plains[1].weights is None
    assert type(plains[2].cov) is type(plains[2].factor) is np.ndarray
    np.testing.assert_array_equal(plains[2].cov, root @ root.T)


def test_answers_are_of_the_widest_type_that_was_given() -> None:
    matrix = np.array([[0.0, 0.1]])
    single, double = Samples(torch.ones(2)), Samples(torch.ones(2, dtype=torch.float64))
    for laws, dtype in (([single], torch.float32), ([single, double], torch.float64)):
        answer = in_their_type(matrix, of_numpy(laws)[1])
        assert answer.dtype == dtype
        np.testing.assert_allclose(answer.numpy(), matrix, rtol=1e-7)
    assert in_their_type(matrix, []) is matrix
