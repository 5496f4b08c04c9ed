"""The gradient penalty: its values, its derivatives, its random weights; weight clipping."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import wdist
from wdist import dual
from wdist.dual.penalties import excess_slope


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def linear(slope: float, dim: int = 3) -> nn.Linear:
    """f(z) = slope * z[0] + 2: its gradient has norm |slope| everywhere."""
    layer = nn.utils.skip_init(nn.Linear, dim, 1)
    with torch.no_grad():
        layer.weight.zero_()[0, 0] = slope
        layer.bias.fill_(2.0)
    return layer


@pytest.mark.parametrize(("slope", "two_sided", "one_sided"), [(3.0, 4.0, 4.0), (0.25, 0.5625, 0.0), (0.0, 1.0, 0.0)])
def test_values_on_a_linear_critic(slope: float, two_sided: float, one_sided: float) -> None:
    x, y = torch.randn(5, 3, generator=generator(0)), torch.randn(5, 3, generator=generator(1))
    values = dual.gradient_penalty(linear(slope), x, y)
    assert values.shape == (5,)
    torch.testing.assert_close(values, torch.full((5,), two_sided))
    torch.testing.assert_close(dual.gradient_penalty(linear(slope), x, y, one_sided=True), torch.full((5,), one_sided))


def test_norm_runs_over_all_axes_of_an_image() -> None:
    """f = sum of all c h w pixels has gradient norm sqrt(c h w)."""
    x, y = torch.zeros(4, 2, 3, 5), torch.ones(4, 2, 3, 5)
    values = dual.gradient_penalty(lambda z: z.flatten(1).sum(1), x, y)
    torch.testing.assert_close(values, torch.full((4,), (30**0.5 - 1) ** 2))


def test_channels_last_batches_give_the_same_values() -> None:
    convolution = nn.Conv2d(3, 1, 3)

    def critic(z: Tensor) -> Tensor:
        return convolution(z).square().sum((1, 2, 3))

    x, y = torch.randn(4, 3, 6, 6, generator=generator(0)), torch.randn(4, 3, 6, 6, generator=generator(1))
    plain = dual.gradient_penalty(critic, x, y, generator=generator(2))
    last = dual.gradient_penalty(
        critic,
        x.contiguous(memory_format=torch.channels_last),
        y.contiguous(memory_format=torch.channels_last),
        generator=generator(2),
    )
    torch.testing.assert_close(plain, last)


def test_slope_is_taken_between_the_points_one_uniform_weight_a_pair() -> None:
    """f = |z + 2|^2 / 2 at z = u (1, 1), the same u on both coordinates, has slope sqrt(2) (2 + u)."""
    n = 4000

    def critic(z: Tensor) -> Tensor:
        return (z + 2).square().sum(1) / 2

    values = dual.gradient_penalty(critic, torch.ones(n, 2), torch.zeros(n, 2), generator=generator(3)).detach()
    u = ((1 + values.sqrt()) / 2**0.5 - 2).sort().values
    # Kolmogorov-Smirnov: a uniform sample exceeds 1.95 / sqrt(n) = 0.031 once in a thousand seeds.
    assert float((u - torch.linspace(0, 1, n)).abs().max()) < 0.031


def test_flat_critic_has_finite_derivatives() -> None:
    layer = linear(0.0)
    dual.gradient_penalty(layer, torch.ones(3, 3), torch.zeros(3, 3)).sum().backward()
    assert layer.weight.grad is not None
    assert torch.isfinite(layer.weight.grad).all()


@pytest.mark.parametrize("one_sided", [False, True])
def test_gradgradcheck(one_sided: bool) -> None:
    x = torch.randn(3, 2, dtype=torch.float64, generator=generator(0), requires_grad=True)
    y = torch.randn(3, 2, dtype=torch.float64, generator=generator(1), requires_grad=True)
    w = torch.randn(4, 2, dtype=torch.float64, generator=generator(2)).mul(2).requires_grad_()
    v = torch.randn(4, dtype=torch.float64, generator=generator(3), requires_grad=True)

    def penalty(x: Tensor, y: Tensor, w: Tensor, v: Tensor) -> Tensor:
        return dual.gradient_penalty(
            lambda z: torch.tanh(z @ w.T) @ v, x, y, one_sided=one_sided, generator=generator(4)
        )

    assert torch.autograd.gradcheck(penalty, (x, y, w, v))
    assert torch.autograd.gradgradcheck(penalty, (x, y, w, v))


def test_works_under_no_grad_and_returns_detached_values() -> None:
    with torch.no_grad():
        values = dual.gradient_penalty(linear(2.0), torch.ones(3, 3), torch.zeros(3, 3))
    assert not values.requires_grad
    torch.testing.assert_close(values, torch.ones(3))


def test_same_generator_same_values_and_global_state_untouched() -> None:
    critic = dual.critic("mlp", 3, rng=0)
    x, y = torch.randn(5, 3, generator=generator(0)), torch.randn(5, 3, generator=generator(1))
    before = torch.get_rng_state()
    a, b = (dual.gradient_penalty(critic, x, y, generator=generator(7)) for _ in range(2))
    fresh, other = (dual.gradient_penalty(critic, x, y) for _ in range(2))
    assert torch.equal(a, b)
    assert not torch.equal(fresh, other)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (torch.ones(3, 2), torch.ones(4, 2)),
        (torch.ones(3, 2), torch.ones(3, 1)),  # would broadcast
        (torch.ones(3, 2), torch.ones(3, 2, dtype=torch.float64)),
        (torch.ones(0, 2), torch.ones(0, 2)),
        (torch.ones(3, 2, dtype=torch.uint8), torch.ones(3, 2, dtype=torch.uint8)),
    ],
)
def test_batches_that_do_not_fit_are_refused(x: Tensor, y: Tensor) -> None:
    with pytest.raises(wdist.InvalidMeasureError, match=r"x .*( y|floating point)"):
        dual.gradient_penalty(linear(1.0, 2), x, y)


def test_clip_weights_clamps_every_parameter_in_place() -> None:
    critic = dual.critic("mlp", 3, rng=0)
    before = [p.detach().clone() for p in critic.parameters()]
    dual.clip_weights_(critic, 0.05)
    for old, new in zip(before, critic.parameters(), strict=True):
        assert torch.equal(new, old.clamp(-0.05, 0.05))
        assert new.requires_grad
    with pytest.raises(ValueError, match="c is 0"):
        dual.clip_weights_(critic, 0)


def test_excess_is_two_sided_unless_said() -> None:
    slope = torch.tensor([0.5, 1.0, 3.0])
    assert excess_slope(slope).tolist() == [0.25, 0.0, 4.0]
    assert excess_slope(slope, one_sided=True).tolist() == [0.0, 0.0, 4.0]
