"""The generators and critics of the three presets.

A generator maps normal noise to an image in (-1, 1), of one channel or three, 28×28 or another multiple of 4. A
critic maps an image to one number, without a sigmoid, because it is a potential and not a probability, and without
BatchNorm: BatchNorm makes the score of one image depend on its neighbours in the batch, and then the slope at an
image means nothing. Critics are plain sequences of convolution, LeakyReLU and linear layers.

References
----------
Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017 (preset ``paper``, their MNIST code).
Miyato et al., "Spectral normalization for generative adversarial networks", ICLR 2018 (critic ``spectral``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.utils import parametrizations

from .config import Config, ConfigError

__all__ = ["average_", "build", "generate", "parameter_count", "pick_device", "seeded", "to_bytes"]


def build(config: Config, shape: Sequence[int] = (1, 28, 28)) -> tuple[nn.Module, nn.Module]:
    """Build the generator and the critic of a run, on the CPU, with weights drawn from ``config.seed``.

    The global random state of torch is as before afterwards.

    Parameters
    ----------
    config : Config
    shape : (channels, height, width)
        Of the images.

    Raises
    ------
    ConfigError
        If the preset has no networks for this shape.
    """
    channels, side, width = shape
    if side != width or side % 4 or (config.preset == "paper" and side != 28):
        fits = "28×28" if config.preset == "paper" else "square, with a side that is a multiple of 4"
        raise ConfigError(f"preset {config.preset} takes images that are {fits}: these are {side}×{width}")
    with seeded(config.seed):
        generator = _GENERATORS[config.preset](config.latent, channels, side)
        critic = _CRITICS[config.preset](channels, side)
        if config.critic == "spectral":
            for layer in critic:
                if hasattr(layer, "weight"):
                    parametrizations.spectral_norm(layer)
    return generator, critic


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Lend a seed to the CPU's global generator, from which torch's modules draw their first weights."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def pick_device(name: str) -> torch.device:
    """The device that ``--device`` names; ``auto`` is a CUDA device, or the CPU.

    Of several CUDA devices it is the first, or the one of this process's number where torchrun started several.

    Raises
    ------
    ConfigError
        If the name is not a device of this machine.
    """
    if name == "auto":
        name = f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # torch's ways to say no such device
        reason = str(error).splitlines()[0]
        raise ConfigError(f"device is {name!r}: not available here ({reason}); use auto or cpu") from error
    return device


@torch.no_grad()
def generate(model: nn.Module, noise: torch.Tensor, *, chunk: int = 500) -> torch.Tensor:
    """Turn noise into images as bytes, on the CPU.

    Parameters
    ----------
    model : torch.nn.Module
        A generator, used in evaluation mode and left in the mode it was in.
    noise : torch.Tensor, shape (n, latent)
        On any device.

    Returns
    -------
    torch.Tensor
        uint8 of shape (n, channels, side, side).
    """
    device, training = next(model.parameters()).device, model.training
    model.eval()
    parts = [
        to_bytes(model(part.to(device))).cpu()
        for part in noise.split(chunk)
    ]
    model.train(training)
    return torch.cat(parts)


def to_bytes(images: torch.Tensor) -> torch.Tensor:
    """Images in [-1, 1] as unsigned bytes, rounded to the nearest."""
    return images.add(1.0).mul(127.5).round().to(torch.uint8)


def average_(average: nn.Module, model: nn.Module, share: float | torch.Tensor) -> None:
    """Move ``average`` towards ``model``: (1 - share) · average + share · model, statistics included."""
    with torch.no_grad():
        for slow, fast in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
            if slow.is_floating_point():
                slow.lerp_(fast, share)
            else:
                slow.copy_(fast)  # BatchNorm's count of batches


def parameter_count(model: nn.Module) -> int:
    """Number of trainable numbers in a model."""
    return sum(parameter.numel() for parameter in model.parameters())


class _Crop(nn.Module):
    """Keep the first ``size`` rows and columns."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[..., : self.size, : self.size]


def _fast_generator(latent: int, channels: int, side: int) -> nn.Sequential:
    seed = side // 4
    return nn.Sequential(
        nn.Linear(latent, 64 * seed * seed, bias=False),
        nn.Unflatten(1, (64, seed, seed)),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 4, 2, 1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Conv2d(32, 4 * channels, 3, 1, 1),
        nn.PixelShuffle(2),  # 2×2 pixels from a place: on CPUs faster than a transposed convolution to one channel
        nn.Tanh(),
    )


def _fast_critic(channels: int, side: int) -> nn.Sequential:
    return _strided_critic(channels, 32, 64, side)


def _classic_generator(latent: int, channels: int, side: int) -> nn.Sequential:
    seed = side // 4
    model = nn.Sequential(
        nn.Linear(latent, 128 * seed * seed),
        nn.LeakyReLU(0.2),
        nn.Unflatten(1, (128, seed, seed)),
        nn.ConvTranspose2d(128, 128, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(128, 128, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(128, channels, 3, 1, 1),
        nn.Tanh(),
    )
    for parameter in model.parameters():
        nn.init.normal_(parameter, 0.0, 0.02)  # biases included, as in the set-up it is named after
    return model


def _classic_critic(channels: int, side: int) -> nn.Sequential:
    return _strided_critic(channels, 64, 64, side)


def _paper_generator(latent: int, channels: int, side: int) -> nn.Sequential:
    def up(wide: int, to: int) -> nn.Module:
        return nn.ConvTranspose2d(wide, to, 5, 2, 2, output_padding=1)

    return nn.Sequential(
        nn.Linear(latent, 256 * 4 * 4),
        nn.ReLU(),
        nn.Unflatten(1, (256, 4, 4)),
        up(256, 128),
        nn.ReLU(),
        _Crop(7),
        up(128, 64),
        nn.ReLU(),
        up(64, channels),
        nn.Tanh(),
    )


def _paper_critic(channels: int, side: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, 64, 5, 2, 2),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 128, 5, 2, 2),
        nn.LeakyReLU(0.2),
        nn.Conv2d(128, 256, 5, 2, 2),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(256 * 4 * 4, 1),
    )


def _strided_critic(channels: int, first: int, second: int, side: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, first, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(first, second, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(second * (side // 4) ** 2, 1),
    )


_GENERATORS: dict[str, Callable[[int, int, int], nn.Sequential]] = {
    "fast": _fast_generator,
    "classic": _classic_generator,
    "paper": _paper_generator,
}
_CRITICS: dict[str, Callable[[int, int], nn.Sequential]] = {
    "fast": _fast_critic,
    "classic": _classic_critic,
    "paper": _paper_critic,
}
