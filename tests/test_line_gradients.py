"""Gradients of W_p on the line and on the circle: finite differences, ties, and supporting planes."""

import math

import pytest
import torch

import wdist

T = 3.0


@pytest.fixture
def g():
    return torch.Generator().manual_seed(3)


@pytest.mark.parametrize("p", [1, 1.5, 2, math.inf])
@pytest.mark.parametrize(("n", "m"), [(4, 4), (4, 6)])
def test_gradient_by_points_and_weights(g, p, n, m):
    inputs = [torch.randn(k, generator=g, dtype=torch.float64).requires_grad_() for k in (n, m, n, m)]

    def distance(x, y, a, b):
        return wdist.wasserstein_1d(x, y, p=p, u_weights=a**2 + 0.1, v_weights=b**2 + 0.1)

    assert torch.autograd.gradcheck(distance, inputs)
    assert torch.autograd.gradcheck(lambda x, y: wdist.wasserstein_1d(x, y, p=p), inputs[:2])


@pytest.mark.parametrize("p", [1, 2, math.inf])
def test_gradient_is_zero_at_coincident_samples(p):
    x = torch.ones(5, requires_grad=True)
    wdist.wasserstein_1d(x, torch.ones(5), p=p).backward()
    assert torch.equal(x.grad, torch.zeros(5))


@pytest.mark.parametrize("p", [1, 1.5, 2, math.inf])
@pytest.mark.parametrize("period", [None, T])
def test_gradient_at_tied_points(p, period):
    # Tied points that go to one place are a smooth point of the distance.
    x = torch.tensor([0.1, 0.7, 0.7, 0.7], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([0.3, 1.2, 1.2, 1.2], dtype=torch.float64, requires_grad=True)
    if math.isinf(p):  # which of three is farthest is not smooth
        x, y = (z.detach()[:2].requires_grad_() for z in (x, y))

    def distance(x, y, w):
        return wdist.wasserstein_1d(x, y, p=p, u_weights=w, v_weights=w, period=period)

    assert torch.autograd.gradcheck(lambda x, y: wdist.wasserstein_1d(x, y, p=p, period=period), [x, y])
    weights = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)[: len(x)]
    assert torch.autograd.gradcheck(lambda x, y: distance(x, y, weights), [x, y])


def test_gradient_by_points_is_the_masses_at_p_1():
    x = torch.tensor([5.0, 1.0, 1.0], dtype=torch.float64, requires_grad=True)
    wdist.wasserstein_1d(x, [0.0, 3.0], p=1, u_weights=[1, 2, 1], v_weights=[3, 1]).backward()
    assert x.grad.tolist() == [0.25, 0.5, 0.25]


@pytest.mark.parametrize("p", [1, 1.5, 2, 4])
@pytest.mark.parametrize("period", [None, T])
@pytest.mark.parametrize("ties", [False, True])
def test_gradient_by_weights_is_a_supporting_plane(g, p, period, ties):
    # W_p^p is convex in the weights: even where jumps of both sides meet, which is a kink, the cost at any other
    # weights lies above the plane that the gradient gives.
    x, y = (torch.rand(6, generator=g, dtype=torch.float64) * 3 for _ in range(2))
    if ties:
        x, y = x.round(), y.round()

    def cost(a, b):
        return wdist.wasserstein_1d(x, y, p=p, u_weights=a, v_weights=b, period=period) ** p

    a, b = (torch.full((6,), 1 / 6, dtype=torch.float64, requires_grad=True) for _ in range(2))
    here = cost(a, b)
    here.backward()
    assert float(a.grad.abs().max()) > 1e-3
    for _ in range(50):
        u, v = (torch.rand(6, generator=g, dtype=torch.float64) ** 3 for _ in range(2))
        u, v = u / u.sum(), v / v.sum()
        near_u, near_v = (z * 0.01 + 0.99 / 6 for z in (u, v))
        for s, t in ((u, v), (near_u, near_v)):
            plane = here + a.grad @ (s - a) + b.grad @ (t - b)
            assert (cost(s, t) - plane).item() >= -1e-12


@pytest.mark.parametrize("p", [1, 2, math.inf])
@pytest.mark.parametrize("period", [None, T])
def test_gradients_of_a_batch_are_those_of_its_rows(g, p, period):
    x, y = torch.rand((3, 5), generator=g, dtype=torch.float64), torch.rand(4, generator=g, dtype=torch.float64)
    whole, alone = x.clone().requires_grad_(), x.clone().requires_grad_()
    wdist.wasserstein_1d(whole, y, p=p, period=period).sum().backward()
    for row in alone:
        wdist.wasserstein_1d(row, y, p=p, period=period).backward()
    assert torch.allclose(whole.grad, alone.grad, rtol=1e-12)
