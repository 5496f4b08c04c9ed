"""Matrices in pairs of doubles, against rational arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from wdist._pairs import difference, orthogonal, product, transpose, two_sum


def rational(pair):
    return np.vectorize(Fraction, otypes=[object])(pair[0]) + np.vectorize(Fraction, otypes=[object])(pair[1])


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 2), (4, 64, 4), (2, 300, 3)])
def test_a_product_has_twice_the_digits(shape):
    rng = np.random.default_rng(1)
    (m, k, n), spread = shape, lambda M: M * 10.0 ** rng.uniform(-8, 0, size=M.shape)
    A, B = (two_sum(spread(M), 1e-17 * M) for M in (rng.normal(size=(m, k)), rng.normal(size=(k, n))))
    found, exact = rational(product(A, B)), rational(A) @ rational(B)
    bound = np.outer(np.linalg.norm(A[0], axis=1), np.linalg.norm(B[0], axis=0)) * 2.0**-92 * k
    assert np.all(np.abs((found - exact).astype(float)) <= bound)


def test_tensors_and_batches_are_the_same_numbers():
    A = np.random.default_rng(2).normal(size=(3, 4, 4))
    tensor = torch.tensor(A)
    hi, lo = product((tensor, 0 * tensor), (tensor, 0 * tensor))
    for k in range(3):
        single = rational(product((A[k], 0 * A[k]), (A[k], 0 * A[k])))
        difference = rational((hi[k].numpy(), lo[k].numpy())) - single
        assert np.abs(difference.astype(float)).max() < 1e-28


def test_columns_become_orthonormal_beyond_rounding():
    U = np.linalg.qr(np.random.default_rng(3).normal(size=(6, 6)))[0]
    pair = orthogonal(U)
    excess = (rational(transpose(pair)) @ rational(pair) - np.eye(6, dtype=int)).astype(float)
    assert np.abs(U.T @ U - np.eye(6)).max() > 1e-17
    assert np.abs(excess).max() < 1e-28


def test_a_difference_keeps_what_the_leading_parts_share():
    one, tiny = np.ones((1, 1)), np.full((1, 1), 1e-25)
    assert difference((one, 3 * tiny), (one, tiny))[0, 0] == pytest.approx(2e-25, rel=1e-15)
