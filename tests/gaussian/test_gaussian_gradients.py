"""Gradients of W2 between Gaussians, by the envelope."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import torch
from problems.gaussians import spd

from wdist import Gaussian, gaussian_map, gaussian_w2


def leaf(x):
    return torch.tensor(np.asarray(x, dtype=np.float64), requires_grad=True)


def test_gradcheck_through_covariances():
    rng = np.random.default_rng(10)
    inputs = [leaf(rng.normal(size=shape)) for shape in (3, (3, 3), 3, (3, 3))]
    assert torch.autograd.gradcheck(lambda m, A, n, B: gaussian_w2(Gaussian(m, A @ A.T), Gaussian(n, B @ B.T)), inputs)


@pytest.mark.parametrize("widths", [(3, 3), (1, 2), (4, 2), (11, 7)])
def test_gradcheck_through_factors(widths):
    rng = np.random.default_rng(11)
    F, G = (leaf(rng.normal(size=(3, k))) for k in widths)
    mean = torch.zeros(3, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda F, G: gaussian_w2(Gaussian.from_factor(mean, F), Gaussian.from_factor(mean, G)), (F, G)
    )


def test_gradcheck_of_a_broadcast_batch():
    rng = np.random.default_rng(12)
    means, A = leaf(rng.normal(size=(2, 1, 2))), leaf(rng.normal(size=(3, 2, 2)))
    Q = Gaussian([1.0, 0.0], [[2.0, 0.5], [0.5, 1.0]])
    assert torch.autograd.gradcheck(lambda m, A: gaussian_w2(Gaussian(m, A @ A.mT), Q), (means, A))


def test_gradient_by_one_variance_is_that_of_the_difference_of_deviations():
    variance = leaf([[4.0]])
    gaussian_w2(Gaussian(torch.zeros(1), variance), Gaussian([0.0], [[1.0]])).backward()
    assert variance.grad.item() == pytest.approx(1 / 4)  # d/dv (sqrt(v) - 1) = 1 / (2 sqrt(v))


@pytest.mark.parametrize("build", [Gaussian, Gaussian.from_factor])
def test_zero_subgradient_at_equal_inputs(build):
    mean, spread = leaf([1.0, 2.0]), leaf([[2.0, 0.5], [0.5, 1.0]])
    P, Q = build(mean, spread), build(mean.detach(), spread.detach())
    gaussian_w2(P, Q).backward()
    assert torch.equal(mean.grad, torch.zeros_like(mean))
    assert torch.equal(spread.grad, torch.zeros_like(spread))


def test_an_infinite_derivative_is_an_error_on_backward():
    cov = leaf(np.diag([1.0, 0.0]))
    distance = gaussian_w2(Gaussian([0.0, 0.0], cov), Gaussian([0.0, 0.0], np.eye(2)))
    assert distance.item() == pytest.approx(1.0)
    with pytest.raises(ValueError, match="the derivative of W2 by a singular covariance is infinite"):
        distance.backward()


@pytest.mark.parametrize("power", [1, 2])
def test_a_second_derivative_is_refused(power):
    mean = leaf([1.0])
    loss = gaussian_w2(Gaussian(mean, 1.0), Gaussian([0.0], 2.0)) ** power
    (slope,) = torch.autograd.grad(loss, mean, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiated twice"):
        slope.sum().backward()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tensors_keep_their_dtype(dtype):
    mean = torch.zeros(2, dtype=dtype, requires_grad=True)
    distance = gaussian_w2(Gaussian(mean, torch.eye(2, dtype=dtype)), Gaussian([3.0, 4.0], np.eye(2)))
    assert distance.dtype == dtype
    assert distance.item() == 5.0
    distance.backward()
    assert mean.grad.dtype == dtype
    np.testing.assert_allclose(mean.grad, [-0.6, -0.8], rtol=1e-6)
    assert gaussian_map(Gaussian(mean, torch.eye(2, dtype=dtype)), Gaussian([3.0, 4.0], np.eye(2))).dtype == dtype


def degenerate_batch():
    covs = leaf(np.stack([2 * np.eye(2), np.diag([1.0, 0.0]), 3 * np.eye(2)]))
    return covs, gaussian_w2(Gaussian(torch.zeros(3, 2, dtype=torch.float64), covs), Gaussian([0.0, 0.0], np.eye(2)))


def test_members_of_infinite_derivative_are_named():
    _, distances = degenerate_batch()
    with pytest.raises(ValueError, match="is infinite: P at batch index 1 has no variance"):
        distances.sum().backward()


def test_members_of_no_weight_may_have_infinite_derivatives():
    covs, distances = degenerate_batch()
    (distances * torch.tensor([1.0, 0.0, 1.0])).sum().backward()
    assert torch.all(torch.isfinite(covs.grad))
    assert torch.equal(covs.grad[1], torch.zeros(2, 2))
    alone = leaf(3 * np.eye(2))
    gaussian_w2(Gaussian([0.0, 0.0], alone), Gaussian([0.0, 0.0], np.eye(2))).backward()
    torch.testing.assert_close(covs.grad[2], alone.grad)


def test_means_have_gradients_beside_singular_covariances_that_need_none():
    mean = leaf([3.0, 4.0])
    singular = Gaussian(mean, torch.diag(torch.tensor([1.0, 0.0], dtype=torch.float64)))
    gaussian_w2(singular, Gaussian([0.0, 0.0], np.diag([1.0, 0.0]))).backward()
    np.testing.assert_allclose(mean.grad, [0.6, 0.8], rtol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_all_pairs_of_two_batches_in_one_call(dtype):
    rng = np.random.default_rng(13)
    A, B = (torch.tensor(rng.normal(size=(n, 3, 3)), dtype=dtype, requires_grad=True) for n in (4, 5))
    m, n = torch.tensor(rng.normal(size=(4, 3)), dtype=dtype), torch.tensor(rng.normal(size=(5, 3)), dtype=dtype)
    C, D = A @ A.mT, B @ B.mT
    together = gaussian_w2(Gaussian(m[:, None], C[:, None]), Gaussian(n[None], D[None]))
    assert together.shape == (4, 5)
    assert together.dtype == dtype
    together.sum().backward()
    found = A.grad.clone(), B.grad.clone()
    A.grad = B.grad = None
    C, D = A @ A.mT, B @ B.mT
    singles = torch.stack([gaussian_w2(Gaussian(m[i], C[i]), Gaussian(n[j], D[j])) for i in range(4) for j in range(5)])
    torch.testing.assert_close(together.flatten(), singles, rtol=1e-6, atol=0)
    singles.sum().backward()
    for one, other in zip(found, (A.grad, B.grad), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def derivative_in_sixty_digits(cov1, cov2):
    """Of W2 by cov1: (I - T) / (2 W2), T from the roots of matrices."""

    def root(matrix):
        values, vectors = mpmath.eigsy((matrix + matrix.T) / 2)
        return vectors * mpmath.diag([mpmath.sqrt(v) for v in values]) * vectors.T

    with mpmath.workdps(60):
        S, T = mpmath.matrix(cov1.tolist()), mpmath.matrix(cov2.tolist())
        half = root(S)
        cross = root(half * T * half)
        back = half**-1
        square = sum(S[i, i] + T[i, i] - 2 * cross[i, i] for i in range(S.rows))
        exact = (mpmath.eye(S.rows) - back * cross * back) / (2 * mpmath.sqrt(square))
        return np.array(exact.tolist(), dtype=float)


# Plain doubles are off by eps times the condition over the distance: 1e-2 at (1e6, 1e-8), and anything below that.
@pytest.mark.parametrize("condition", [1e2, 1e6, 1e10, 1e12])
@pytest.mark.parametrize("apart", [1e-2, 1e-5, 1e-8, 1e-10])
def test_gradients_of_nearby_covariances_keep_their_digits(condition, apart):
    rng = np.random.default_rng(1)
    cov1 = spd(rng, 4, condition)
    cov2 = cov1 + apart * cov1 @ spd(rng, 4) @ cov1
    cov2 = (cov2 + cov2.T) / 2
    covs = [torch.tensor(c, requires_grad=True) for c in (cov1, cov2)]
    mean = torch.zeros(4, dtype=torch.float64)
    gaussian_w2(Gaussian(mean, covs[0]), Gaussian(mean, covs[1])).backward()
    for cov, pair in zip(covs, ((cov1, cov2), (cov2, cov1)), strict=True):
        exact = derivative_in_sixty_digits(*pair)
        np.testing.assert_allclose(cov.grad.numpy(), exact, atol=1e-9 * np.abs(exact).max())


def test_gradients_of_nearby_members_of_a_batch_keep_their_digits():
    rng = np.random.default_rng(2)
    near = spd(rng, 3, 1e6)
    cov1 = np.stack([spd(rng, 3), near, spd(rng, 3)])
    cov2 = np.stack([spd(rng, 3), near + 1e-8 * near @ near, cov1[2]])
    tensor = torch.tensor(cov1, requires_grad=True)
    mean = torch.zeros(3, dtype=torch.float64)
    gaussian_w2(Gaussian(mean, tensor), Gaussian(mean, torch.tensor((cov2 + cov2.mT) / 2))).sum().backward()
    for k in (0, 1):
        exact = derivative_in_sixty_digits(cov1[k], (cov2[k] + cov2[k].T) / 2)
        np.testing.assert_allclose(tensor.grad[k].numpy(), exact, atol=1e-9 * np.abs(exact).max())
    np.testing.assert_array_equal(tensor.grad[2].numpy(), 0.0)
