"""The two optimisers: fused where PyTorch fuses them, with learning rates that a captured graph can read.

On CUDA the learning rate is a number on the device: a recorded graph replays the address that it was recorded with,
so a rate that falls during the run has to change at that address.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from .config import Config

__all__ = ["build", "load", "set_rate"]


def build(config: Config, model: nn.Module) -> torch.optim.Optimizer:
    """The optimiser that the settings ask for, over the parameters of ``model``, on their device."""
    parameters = list(model.parameters())
    device = parameters[0].device
    capturable = device.type == "cuda"
    rate = torch.tensor(config.lr, device=device) if capturable else config.lr
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=rate, capturable=capturable)
    fused = device.type in ("cpu", "cuda")
    betas = (config.beta1, config.beta2)
    return torch.optim.Adam(parameters, lr=rate, betas=betas, fused=fused, capturable=capturable)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of all parameters, in place where it lives on a device."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


def load(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Take over the moments of a saved state; what depends on the device (the rate's place, fusing) stays."""
    optimizer.load_state_dict({**state, "param_groups": optimizer.state_dict()["param_groups"]})
