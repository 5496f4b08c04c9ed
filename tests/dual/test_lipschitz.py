"""The certified Lipschitz constant: never below what the critic does, and inf where nothing is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

import wdist
from wdist import dual


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def jacobian_norms(critic: nn.Module, points: Tensor) -> Tensor:
    """Spectral norm of the Jacobian at each point, by brute force."""
    critic = critic.double().eval()
    rows = [torch.autograd.functional.jacobian(lambda z: critic(z[None])[0].flatten(), p) for p in points.double()]
    return torch.stack([torch.linalg.matrix_norm(r.flatten(1), ord=2) for r in rows])


def fill(module: nn.Module, seed: int) -> nn.Module:
    """Reproducible weights of a size that makes the constants differ from 1."""
    g = generator(seed)
    with torch.no_grad():
        for p in module.parameters():
            p.normal_(generator=g)
    return module


@pytest.mark.parametrize("shape", [(7, 4), (4, 7), (1, 9), (9, 1)])
def test_linear_layer_has_its_spectral_norm(shape: tuple[int, int]) -> None:
    layer = fill(nn.Linear(*shape), 0)
    exact = np.linalg.svd(layer.weight.detach().double().numpy(), compute_uv=False)[0]
    bound = dual.lipschitz_upper_bound(layer)
    assert exact <= bound <= exact * (1 + 1e-12)


@pytest.mark.parametrize("kind", ["mlp", "spectral", "groupsort"])
@pytest.mark.parametrize("seed", [0, 1])
def test_never_below_the_jacobian(kind: str, seed: int) -> None:
    critic = dual.critic(kind, 3, width=8, depth=2, rng=seed)  # type: ignore[arg-type]
    if kind == "mlp":
        fill(critic, seed)
    norms = jacobian_norms(critic, 3 * torch.randn(200, 3, generator=generator(seed)))
    assert float(norms.max()) <= dual.lipschitz_upper_bound(critic) * (1 + 1e-12)


@pytest.mark.parametrize(
    "activation",
    [
        nn.ReLU(),
        nn.ReLU6(),
        nn.LeakyReLU(0.2),
        nn.LeakyReLU(-1.7),
        nn.ELU(2.5),
        nn.Tanh(),
        nn.Sigmoid(),
        nn.Softsign(),
        nn.LogSigmoid(),
        nn.Identity(),
        dual.MaxMin(),
    ],
    ids=repr,
)
def test_activation_has_its_largest_slope(activation: nn.Module) -> None:
    line = torch.cat([torch.linspace(-8, 8, 401), torch.tensor([-1e-3, 1e-3])])
    steepest = float(jacobian_norms(activation, torch.stack([line, line + 0.3], dim=1)).max())
    bound = dual.lipschitz_upper_bound(activation)
    assert steepest <= bound * (1 + 1e-12)
    assert bound <= steepest * 1.01  # the grid meets the steepest point to within a percent


def test_prelu_counts_its_learned_slope() -> None:
    assert dual.lipschitz_upper_bound(nn.PReLU(2, init=-3.0)) == 3.0
    assert dual.lipschitz_upper_bound(nn.PReLU(2, init=0.1)) == 1.0
    assert dual.lipschitz_upper_bound(nn.PReLU(2, init=math.nan)) == math.inf


def test_composition_is_the_product() -> None:
    a, b = fill(nn.Linear(4, 5), 0), fill(nn.Linear(5, 3), 1)
    nested = nn.Sequential(nn.Flatten(), nn.Sequential(a, nn.ReLU()), b)
    product = dual.lipschitz_upper_bound(a) * dual.lipschitz_upper_bound(b)
    assert dual.lipschitz_upper_bound(nested) == pytest.approx(product, rel=1e-14)
    assert dual.lipschitz_upper_bound(nested) >= product


def test_image_critic_never_below_the_jacobian() -> None:
    critic = nn.Sequential(
        nn.Conv2d(2, 4, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(4, 3, 3, padding=1),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(3 * 4 * 4, 1),
    )
    fill(critic, 3)
    bound = dual.lipschitz_upper_bound(critic, (2, 8, 8))
    norms = jacobian_norms(critic, torch.randn(50, 2, 8, 8, generator=generator(1)))
    assert float(norms.max()) <= bound < math.inf
    assert dual.lipschitz_upper_bound(critic) == math.inf  # no image size, no norm


class Doubling(nn.ReLU):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


class Alone(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


def hooked() -> nn.Module:
    layer = nn.Linear(2, 2)
    layer.register_forward_hook(lambda module, inputs, output: 5 * output)
    return layer


def replaced() -> nn.Module:
    layer = nn.ReLU()
    layer.forward = lambda x: 5 * x  # type: ignore[method-assign, assignment]
    return layer


@pytest.mark.parametrize(
    "module",
    [
        Doubling(),
        Alone(),
        hooked(),
        replaced(),
        nn.BatchNorm1d(2),
        nn.LayerNorm(2),
        nn.Dropout(),
        nn.Flatten(0),
        nn.Hardshrink(),
        nn.Conv1d(1, 1, 3),
    ],
    ids=lambda m: type(m).__name__,
)
def test_the_unknown_is_inf(module: nn.Module) -> None:
    assert dual.lipschitz_upper_bound(module) == math.inf
    assert dual.lipschitz_upper_bound(nn.Sequential(nn.Linear(2, 2), module, nn.ReLU())) == math.inf


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_weights_that_are_not_finite_have_no_constant(bad: float) -> None:
    linear, convolution = fill(nn.Linear(3, 3), 0), fill(nn.Conv2d(1, 1, 3), 0)
    with torch.no_grad():
        linear.weight[0, 0] = bad  # type: ignore[union-attr, operator]
        convolution.weight[0, 0, 0, 0] = bad  # type: ignore[union-attr, operator]
    assert dual.lipschitz_upper_bound(linear) == math.inf
    assert dual.lipschitz_upper_bound(convolution, (1, 5, 5)) == math.inf


def test_looking_at_a_spectral_norm_does_not_iterate_it() -> None:
    layer = parametrizations.spectral_norm(nn.Linear(6, 5))
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    first, second = dual.lipschitz_upper_bound(layer), dual.lipschitz_upper_bound(layer)
    assert first == second
    assert layer.training
    assert all(torch.equal(before[name], value) for name, value in layer.state_dict().items())


def test_an_unfinished_power_iteration_is_not_believed() -> None:
    """Its normalised matrix has a norm above 1, and the bound says so."""
    layer = parametrizations.spectral_norm(nn.Linear(40, 40))
    fill(layer.parametrizations["weight"], 2)  # type: ignore[index, arg-type]
    layer.eval()
    assert dual.lipschitz_upper_bound(layer) > 1.05


def test_wrong_input_shape_is_named() -> None:
    critic = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(3, 1))
    for shape in ((8, 8), (5, 8, 8), (2, 8, 8)):
        with pytest.raises(wdist.InvalidMeasureError, match="input_shape"):
            dual.lipschitz_upper_bound(critic, shape)
