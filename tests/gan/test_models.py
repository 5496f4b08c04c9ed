"""Shapes, sizes, and what a critic must not contain."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from gan import ConfigError
from gan.config import PRESETS, from_flags
from gan.models import average_, build, generate, parameter_count, pick_device


@pytest.mark.parametrize("preset", PRESETS)
def test_shapes_and_range(preset: str) -> None:
    config = from_flags({"preset": preset})
    generator, critic = build(config)
    images = generator(torch.randn(3, config.latent, generator=torch.Generator().manual_seed(0)))
    assert images.shape == (3, 1, 28, 28)
    assert images.abs().max() <= 1
    assert critic(images).shape == (3, 1)


@pytest.mark.parametrize("kind", ["plain", "spectral"])
@pytest.mark.parametrize("preset", PRESETS)
def test_a_critic_scores_each_image_alone(preset: str, kind: str) -> None:
    """No BatchNorm: a score does not depend on the other images of the batch."""
    _, critic = build(from_flags({"preset": preset, "critic": kind}))
    assert not any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in critic.modules())
    critic.eval()  # holds the power iteration of spectral normalisation still
    images = torch.randn(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    alone = torch.cat([critic(image[None]) for image in images])
    torch.testing.assert_close(critic(images), alone, rtol=1e-5, atol=1e-5)  # sums in another order


def test_the_classic_networks_have_the_published_size() -> None:
    generator, critic = build(from_flags({"preset": "classic"}))
    dense = 128 * 6272 + 6272
    up = 128 * 128 * 16 + 128
    assert parameter_count(generator) == dense + 2 * up + (128 * 9 + 1)
    assert parameter_count(critic) == (16 * 64 + 64) + (64 * 64 * 16 + 64) + (3136 + 1)


def test_the_classic_generator_starts_at_deviation_0_02() -> None:
    generator, _ = build(from_flags({"preset": "classic"}))
    for parameter in generator.parameters():
        if parameter.numel() > 100:  # biases included: 128 of them, so within 30 % of 0.02 at four deviations
            error = 0.02 * 4 / math.sqrt(2 * parameter.numel())
            assert abs(parameter.std().item() - 0.02) < error + 1e-5


def test_the_seed_decides_the_weights() -> None:
    first, again, other = (build(from_flags({"seed": seed}))[0].state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["0.weight"], other["0.weight"])


def test_spectral_weights_have_norm_one() -> None:
    _, critic = build(from_flags({"critic": "spectral"}))
    images = torch.randn(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for _ in range(100):
        critic(images)  # the power iteration converges
    norms = [
        torch.linalg.matrix_norm(layer.weight.flatten(1), 2) for layer in critic if hasattr(layer, "weight")
    ]
    assert len(norms) == 3
    torch.testing.assert_close(
        torch.stack(norms), torch.ones(3), rtol=1e-3, atol=0
    )  # not converged to the end


def test_the_average_moves_by_its_decay() -> None:
    slow, fast = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    nn.init.constant_(fast.weight, 3.0)
    fast.running_mean.fill_(10.0)
    average_(slow, fast, 0.1)
    torch.testing.assert_close(slow.weight.detach(), torch.full((2,), 1.2))
    torch.testing.assert_close(slow.running_mean, torch.full((2,), 1.0))


def test_generating_leaves_the_model_as_it_was() -> None:
    generator, _ = build(from_flags({}))
    generator.train()
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    noise = torch.randn(7, 32, generator=torch.Generator().manual_seed(0))
    images = generate(generator, noise, chunk=3)
    assert images.dtype == torch.uint8
    assert images.shape == (7, 1, 28, 28)
    assert generator.training
    assert all(torch.equal(value, before[name]) for name, value in generator.state_dict().items())
    assert torch.equal(images[:2], generate(generator, noise[:2]))


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "meta9"])
def test_a_device_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(ConfigError, match=f"device is '{name}': not available here"):
        pick_device(name)


def test_auto_is_a_device() -> None:
    assert pick_device("auto").type in ("cpu", "cuda")
