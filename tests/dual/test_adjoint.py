"""The replayed gradient against double backward, torch.func and finite differences."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from wdist import dual
from wdist.dual.adjoint import is_piecewise_linear, replayed_gradient
from wdist.dual.layers import Affine, MaxMin


def seeded(build: Callable[[], nn.Module]) -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return build().double()  # type: ignore[return-value]


def images() -> nn.Sequential:
    """Strides that leave rows over, groups, dilation, no bias, an odd padding, nested sequences."""
    return nn.Sequential(
        nn.Conv2d(2, 4, (4, 3), stride=(2, 3), padding=(1, 2), bias=False),
        nn.Sequential(nn.LeakyReLU(0.2, inplace=False), nn.Conv2d(4, 6, 3, stride=2, dilation=2, groups=2, padding=2)),
        nn.ReLU(),
        nn.Identity(),
        nn.Flatten(),
        nn.Linear(6 * 3 * 2, 1),
    )


def points() -> nn.Sequential:
    return nn.Sequential(
        Affine(torch.tensor(0.5), torch.randn(5)),
        nn.Linear(5, 8),
        MaxMin(),
        nn.Linear(8, 6),
        nn.ReLU(),
        nn.Linear(6, 1),
    )


def spectral() -> nn.Sequential:
    body = nn.Sequential(nn.Linear(5, 7), nn.LeakyReLU(0.1), nn.Linear(7, 1))
    for layer in (body[0], body[2]):
        parametrizations.spectral_norm(layer)
    return body


CRITICS = {
    "images": (images, (2, 11, 10)),
    "points": (points, (5,)),
    "spectral": (spectral, (5,)),
    "mlp": (lambda: dual.critic("mlp", 5, rng=0), (5,)),
    "groupsort": (lambda: dual.critic("groupsort", 5, rng=0), (5,)),
}


@pytest.fixture(params=CRITICS)
def case(request) -> tuple[nn.Sequential, Tensor]:
    build, shape = CRITICS[request.param]
    return seeded(build).eval(), torch.randn(7, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(4))


def test_the_gradient_is_autograds(case: tuple[nn.Sequential, Tensor]) -> None:
    critic, z = case
    assert is_piecewise_linear(critic)
    found = replayed_gradient(critic, z)
    x = z.clone().requires_grad_()
    (expected,) = torch.autograd.grad(critic(x).sum(), x)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)
    weights = {name: value.detach() for name, value in critic.named_parameters()}
    each = torch.func.vmap(torch.func.grad(lambda p: torch.func.functional_call(critic, weights, (p[None],)).sum()))
    torch.testing.assert_close(found, each(z), rtol=1e-12, atol=1e-14)


def test_the_gradient_is_a_difference_quotient_away_from_kinks(case: tuple[nn.Sequential, Tensor]) -> None:
    """Piecewise linear: between kinks a difference quotient is the derivative, whatever its step."""
    critic, z = case
    direction = torch.randn(z.shape, dtype=z.dtype, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        quotient = (critic(z + 1e-7 * direction) - critic(z - 1e-7 * direction)).flatten() / 2e-7
        expected = (replayed_gradient(critic, z) * direction).flatten(1).sum(1)
    torch.testing.assert_close(quotient, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("one_sided", [False, True])
def test_the_penaltys_gradient_is_double_backwards(case: tuple[nn.Sequential, Tensor], one_sided: bool) -> None:
    critic, z = case
    parameters = list(critic.parameters())

    def penalty(gradient: Tensor) -> Tensor:
        norm = gradient.flatten(1).norm(dim=1)
        excess = norm / norm.detach().mean() - 0.9  # of both signs
        return (excess.relu() if one_sided else excess).square().mean()

    x = z.clone().requires_grad_()
    (twice,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    options = {"allow_unused": True, "materialize_grads": True}
    expected = torch.autograd.grad(penalty(twice), parameters, **options)
    found = torch.autograd.grad(penalty(replayed_gradient(critic, z)), parameters, **options)
    assert any(g.abs().max() > 1e-4 for g in expected)
    for one, two in zip(found, expected, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-11, atol=1e-13)


def test_the_penaltys_gradient_by_finite_differences() -> None:
    """In the weights the penalty is smooth between kinks: gradcheck, an answer without autograd."""
    critic = seeded(points)
    z = torch.randn(4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(6))
    weight = critic[3].weight.detach().clone().requires_grad_()

    def penalty(w: Tensor) -> Tensor:
        changed = copy.deepcopy(critic)
        del changed[3].weight
        changed[3].weight = w
        return (replayed_gradient(changed, z).norm(dim=1) - 1).square().sum()

    assert torch.autograd.gradcheck(penalty, weight)


def test_kinks_and_ties_take_autograds_side() -> None:
    critic = nn.Sequential(nn.LeakyReLU(0.2), MaxMin(), nn.ReLU(), nn.Linear(4, 1)).double()
    z = torch.tensor([[0.0, 1.0, 0.0, 1.0], [0.0, -1.0, 2.0, 0.0], [0.0, 0.0, 0.0, 0.0]], dtype=torch.float64)
    x = z.clone().requires_grad_()
    (expected,) = torch.autograd.grad(critic(x).sum(), x)
    torch.testing.assert_close(replayed_gradient(critic, z), expected, rtol=0, atol=1e-15)


class Doubled(nn.Sequential):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


def hooked() -> nn.Sequential:
    body = nn.Sequential(nn.Linear(5, 1))
    body[0].register_forward_hook(lambda module, inputs, output: 2 * output)
    return body


@pytest.mark.parametrize(
    "critic",
    [
        nn.Linear(5, 1),
        Doubled(nn.Linear(5, 1)),
        nn.Sequential(nn.Linear(5, 5), Doubled(nn.Linear(5, 1))),
        nn.Sequential(nn.Linear(5, 3), nn.Tanh(), nn.Linear(3, 1)),
        nn.Sequential(nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular")),
        nn.Sequential(nn.Conv2d(1, 1, 3, padding="same")),
        hooked(),
    ],
    ids=["bare", "subclass", "inner subclass", "tanh", "circular", "same", "hooked"],
)
def test_what_it_does_not_know_it_leaves_alone(critic: nn.Module) -> None:
    assert not is_piecewise_linear(critic)


@pytest.mark.parametrize("constraint", ["gp", "one-sided"])
def test_a_critic_step_is_the_same_with_and_without_it(constraint: str) -> None:
    """A wrapper hides the layers, and the step falls back on double backward."""

    class Opaque(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x)

    rng = torch.Generator().manual_seed(7)
    x, y = (torch.randn(6, 2, 11, 10, dtype=torch.float64, generator=rng) for _ in range(2))
    results = []
    for wrap in (lambda critic: critic, Opaque):
        critic = seeded(images)
        seen = dual.critic_step(
            wrap(critic),
            torch.optim.SGD(critic.parameters(), lr=0.1),
            x,
            y,
            constraint=constraint,
            generator=torch.Generator().manual_seed(8),
        )
        results.append([*seen, *critic.parameters()])
    for one, two in zip(*results, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-12, atol=1e-14)


def test_spectral_norms_advance_once_a_call() -> None:
    replayed, passed = seeded(spectral).train(), seeded(spectral).train()
    z = torch.ones(2, 5, dtype=torch.float64)
    replayed_gradient(replayed, z)
    passed(z)
    for one, two in zip(replayed.state_dict().values(), passed.state_dict().values(), strict=True):
        torch.testing.assert_close(one, two, rtol=0, atol=0)


def test_autocast_leaves_the_penalty_in_full_precision() -> None:
    critic = seeded(points).float()
    z = torch.randn(6, 5, generator=torch.Generator().manual_seed(9))
    expected = replayed_gradient(critic, z)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert critic(z).dtype == torch.bfloat16
        found = replayed_gradient(critic, z)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_shapes_without_data() -> None:
    """On the meta device nothing is computed and nothing may be read: what a graph capture asks, too."""
    critic = images().to("meta")
    gradient = replayed_gradient(critic, torch.empty(7, 2, 11, 10, device="meta"))
    assert gradient.shape == (7, 2, 11, 10)
    assert gradient.device.type == "meta"
