"""Everything that changes while a run goes on: networks, their average, optimisers, random numbers, counters.

All randomness of a run flows from one generator that the checkpoint carries, so a resumed run goes on as if nothing
had happened.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import torch
from torch import nn

from . import checkpoint, models, optimizers
from .config import Config
from .data import Dataset, to_unit
from .team import Team, synced

__all__ = ["Run"]


@final
@dataclass(eq=False)
class Run:
    """A run, as far as it has come, and what it works on.

    Attributes
    ----------
    config : Config
    folder : Path
        Where its files are.
    data : Dataset
        On ``device``, as bytes.
    team : Team
        The processes that train it.
    step : int
        Updates of the generator so far.
    seconds : float
        What they took.
    pending : list of torch.Tensor
        Metrics of the steps since the last line of the log, still on the device.
    """

    config: Config
    folder: Path
    data: Dataset
    device: torch.device
    team: Team = field(default_factory=Team)
    step: int = 0
    seconds: float = 0.0
    pending: list[torch.Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        generator, critic = (self._placed(model) for model in models.build(self.config, self.data.shape))
        self.average = copy.deepcopy(generator)
        self.generator, self.critic = synced(generator, self.team), critic
        self.generator_optimizer = optimizers.build(self.config, self.generator)
        self.critic_optimizer = optimizers.build(self.config, self.critic)
        for optimizer in (self.generator_optimizer, self.critic_optimizer):
            self.team.average_gradients(optimizer)
        self.rng = torch.Generator(self.device).manual_seed(self.config.seed)
        self.share = torch.ones((), device=self.device)  # of the new weights in their average, at this step
        self.rows = self.team.share(self.config.batch_size)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint holds: enough to go on as if nothing had happened."""
        parts = {name: getattr(self, name).state_dict() for name in checkpoint.MODULES}
        return parts | {
            "config": self.config.to_dict(),
            "data": self.data.fingerprint,
            "shape": list(self.data.shape),
            "step": self.step,
            "seconds": self.seconds,
            "pending": list(self.pending),
            "rng": self.rng.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a checkpoint's state."""
        for name in checkpoint.MODULES:
            part = getattr(self, name)
            if isinstance(part, nn.Module):
                part.load_state_dict(state[name])
            else:
                optimizers.load(part, state[name])
        self.rng.set_state(state["rng"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.pending = [metrics.to(self.device) for metrics in state["pending"]]

    def real(self) -> torch.Tensor:
        """A batch of training images (this process's share), drawn with replacement, in [-1, 1]."""
        images, n = self.data.images, self.config.batch_size
        chosen = torch.randint(len(images), (n,), generator=self.rng, device=self.device)
        return to_unit(images[chosen[self.rows]])

    def noise(self) -> torch.Tensor:
        """A batch of the generator's normal noise (this process's share)."""
        size = (self.config.batch_size, self.config.latent)
        return torch.randn(size, generator=self.rng, device=self.device)[self.rows]

    def autocast(self) -> torch.autocast:
        """The context in which the networks run: bfloat16 where the settings ask for it."""
        half = self.config.precision == "bfloat16"
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=half, cache_enabled=False)

    def set_rates(self) -> None:
        """Set what depends on the step, before it is made."""
        for optimizer in (self.generator_optimizer, self.critic_optimizer):
            optimizers.set_rate(optimizer, self.config.learning_rate(self.step))
        self.share.fill_(1.0 - self.config.average_decay(self.step))

    def save(self) -> None:
        """Write the checkpoint."""
        if self.team.leads:
            checkpoint.save(self.folder / checkpoint.NAME, self.state_dict())

    def _placed(self, model: nn.Module) -> nn.Module:
        """On the device, channels last: what convolutions are fastest in, on CPUs and GPUs."""
        model.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch forgets it
        return model
