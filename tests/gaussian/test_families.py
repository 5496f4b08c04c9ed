"""Lists of Gaussians and batches, turned into each other: the same laws come out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from wdist import Gaussian, InvalidMeasureError, gaussian_w2
from wdist.families import broadcast, common_dtype, listed, stacked, taken, widened


def batch(*axes: int, d: int = 2) -> Gaussian:
    rng = np.random.default_rng(len(axes))
    root = rng.standard_normal((*axes, d, d))
    return Gaussian(rng.standard_normal((*axes, d)), root @ root.mT + np.eye(d))


def test_members_of_a_batch_in_order() -> None:
    P = batch(3)
    for k, law in enumerate(listed(P, "xs")):
        np.testing.assert_array_equal(law.mean, P.mean[k])
        np.testing.assert_array_equal(law.cov, P.cov[k])
        assert law.batch_shape == ()
    shared = listed(Gaussian([[0.0], [1.0]], [[4.0]]), "xs")  # one covariance for both
    assert [law.cov.item() for law in shared] == [4.0, 4.0]


def test_two_batch_axes() -> None:
    P = batch(2, 3)
    assert P.batch_shape == (2, 3)
    assert [law.batch_shape for law in listed(P, "xs")] == [(3,), (3,)]
    np.testing.assert_array_equal(taken(P, (1, 2)).cov, P.cov[1, 2])


def test_a_stack_of_members_has_them_in_its_first_axis() -> None:
    laws = [batch(), batch(), batch()]
    P = stacked(laws)
    assert P.batch_shape == (3,)
    for k, law in enumerate(laws):
        np.testing.assert_array_equal(P.mean[k], law.mean)
        np.testing.assert_array_equal(P.cov[k], law.cov)
    assert P.factor is None


def test_members_of_fewer_batch_axes_are_repeated() -> None:
    one, many = batch(), batch(4)
    P = stacked([one, many])
    assert P.mean.shape == (2, 4, 2)
    assert P.cov.shape == (2, 4, 2, 2)
    np.testing.assert_array_equal(P.cov[0, 3], one.cov)
    np.testing.assert_array_equal(P.cov[1], many.cov)


@pytest.mark.parametrize("widths", [(1, 2), (2, 5), (5, 1, 3)])
def test_factors_of_any_width_are_kept(widths: tuple[int, ...]) -> None:
    rng = np.random.default_rng(5)
    laws = [Gaussian.from_factor(rng.standard_normal(2), rng.standard_normal((2, k))) for k in widths]
    P = stacked(laws)
    assert P.factor is not None
    assert P.factor.shape == (len(widths), 2, max(law.factor.shape[-1] for law in laws))
    for k, law in enumerate(laws):
        np.testing.assert_allclose(P.factor[k] @ P.factor[k].T, law.factor @ law.factor.T, rtol=1e-14)
    mixed = [laws[0], batch()]  # not all have one: the others get Cholesky's
    P = stacked(mixed)
    for k, law in enumerate(mixed):
        np.testing.assert_allclose(P.factor[k] @ P.factor[k].T, law.cov, rtol=1e-14, atol=1e-15)


def test_factors_of_batches_are_widened_to_the_widest() -> None:
    rng = np.random.default_rng(6)
    laws = [Gaussian.from_factor(np.zeros((4, 2)), rng.standard_normal((4, 2, k))) for k in (5, 3)]
    P = stacked(laws)
    assert P.factor.shape == (2, 4, 2, 5)
    np.testing.assert_allclose(P.factor @ P.factor.mT, P.cov, rtol=1e-14)


def test_widened_factors_are_of_the_same_law() -> None:
    F = np.arange(6.0).reshape(1, 3, 2)
    assert widened(F, 2) is F
    np.testing.assert_array_equal(widened(F, 5)[..., 2:], np.zeros((1, 3, 3)))
    np.testing.assert_array_equal(widened(F, 5)[..., :2], F)


def test_types_of_answers_stay() -> None:
    single, double = Gaussian(torch.zeros(2), torch.eye(2)), Gaussian(np.zeros(2), np.eye(2))
    assert stacked([single, single]).dtype == torch.float32
    assert taken(stacked([single, single]), 1).dtype == torch.float32
    assert broadcast(single, (3,)).dtype == torch.float32
    assert common_dtype([single, double]) == torch.float32
    assert common_dtype([double, double]) == np.float64
    assert common_dtype([Gaussian(np.zeros(1, np.float32), np.eye(1, dtype=np.float32))] * 2) == np.float32
    mixed = stacked([double, single])
    assert torch.is_tensor(mixed.mean)
    np.testing.assert_array_equal(mixed.cov.numpy(), np.stack([np.eye(2)] * 2))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Gaussian(0.0, 1.0), r"xs is a Gaussian of batch shape \(\)"),
        (np.zeros((2, 2)), "xs is a ndarray: give a list of Gaussians"),
        (torch.zeros(2), "xs is a Tensor: give a list of Gaussians"),
        (3, "xs is a int"),
        ([], "xs is empty"),
        ([Gaussian(0.0, 1.0), [1.0]], r"xs\[1\] is a Samples, not a Gaussian"),
        ([Gaussian(0.0, 1.0), batch()], r"xs\[1\] lives in dimension 2 and xs\[0\] in dimension 1"),
        ([batch(2), batch(3)], r"xs has members with batch axes \[\(2,\), \(3,\)\]: they do not broadcast"),
    ],
)
def test_what_is_no_list_of_gaussians_is_named(given: Any, message: str) -> None:
    with pytest.raises(InvalidMeasureError, match=message):
        listed(given, "xs")


def test_a_factor_is_not_lost_beside_a_law_without_one() -> None:
    """A covariance of rank 1 whose rounded Cholesky factor may exist, and then is wrong by half of the digits."""
    rng, standard = np.random.default_rng(8), Gaussian(np.zeros(3), np.eye(3))
    thin = [Gaussian.from_factor(np.zeros(3), rng.standard_normal((3, 1))) for _ in range(40)]
    found = gaussian_w2(stacked([standard, *thin]), standard)
    lengths = [np.linalg.norm(law.factor) for law in thin]
    np.testing.assert_allclose(found[1:], [np.sqrt(3.0 + r * r - 2.0 * r) for r in lengths], rtol=1e-13)


def test_a_tensor_without_a_factor_keeps_its_graph() -> None:
    cov = torch.eye(2, dtype=torch.float64, requires_grad=True)
    laws = [Gaussian.from_factor(torch.zeros(2), 3.0 * torch.eye(2)), Gaussian(torch.zeros(2), cov)]
    assert stacked(laws).factor is None
    gaussian_w2(stacked(laws), Gaussian(torch.ones(2), 2.0 * torch.eye(2))).sum().backward()
    assert bool((cov.grad != 0.0).any())
