"""Björck's iteration, and sorting in groups."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wdist import dual


def random(m: int, n: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(m, n, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@given(m=st.integers(1, 12), n=st.integers(1, 12), seed=st.integers(0, 1000), factor=st.sampled_from([1e-8, 1.0, 1e8]))
def test_norm_never_exceeds_one(m: int, n: int, seed: int, factor: float) -> None:
    for iterations in (1, 2, 5):
        norm = torch.linalg.matrix_norm(dual.Bjorck(iterations)(factor * random(m, n, seed)), ord=2)
        assert float(norm) <= 1 + 1e-12


@pytest.mark.parametrize(("m", "n"), [(5, 5), (8, 3), (3, 8), (1, 6)])
def test_limit_is_the_orthogonal_factor_of_the_polar_decomposition(m: int, n: int) -> None:
    weight = random(m, n)
    u, _, vh = torch.linalg.svd(weight, full_matrices=False)
    torch.testing.assert_close(dual.Bjorck(40)(weight), u @ vh, rtol=0, atol=1e-12)


@pytest.mark.parametrize("factor", [1e-6, 1.0, 300.0])
def test_an_orthogonal_weight_stays(factor: float) -> None:
    q, _ = torch.linalg.qr(random(64, 64))
    torch.testing.assert_close(dual.Bjorck(1)(factor * q), q, rtol=0, atol=1e-9)


def test_gradcheck() -> None:
    """The start's factor is held fixed, so the check is of the iteration alone: at an orthogonal matrix it is exact."""
    q, _ = torch.linalg.qr(random(4, 4))
    layer = dual.Bjorck(12)
    radial = torch.autograd.functional.jvp(layer, q, q)[1]
    torch.testing.assert_close(radial, torch.zeros_like(q), rtol=0, atol=1e-9)  # a multiple of q gives q again
    skew = random(4, 4)
    tangent = q @ (skew - skew.mT)
    moved = torch.autograd.functional.jvp(layer, q, tangent)[1]
    torch.testing.assert_close(moved, tangent, rtol=0, atol=1e-9)  # a step along the orthogonal group is kept


def test_groups_are_sorted() -> None:
    x = torch.tensor([[3.0, -1.0, 2.0, 5.0]])
    assert dual.GroupSort()(x).tolist() == [[-1.0, 2.0, 3.0, 5.0]]
    assert dual.GroupSort(2)(x).tolist() == [[-1.0, 3.0, 2.0, 5.0]]
    images = x.reshape(1, 4, 1, 1).expand(1, 4, 2, 2)
    assert dual.GroupSort(2)(images)[0, :, 1, 1].tolist() == [-1.0, 3.0, 2.0, 5.0]
    assert dual.lipschitz_upper_bound(dual.GroupSort(2)) == 1.0
