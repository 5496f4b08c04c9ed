"""Several processes that train one network: ``torchrun --nproc-per-node N -m gan train``.

Every process holds the same networks and the same generator of random numbers, draws the same global batch, and
works on its own share of it. Before an optimiser steps, the gradients are averaged over the processes, in one flat
message: the mean over equal shares of the batch is the mean over the batch, so N processes make the steps of one,
to rounding. (``DistributedDataParallel`` hooks into a backward pass through its own forward; the penalty's
gradient does not come from there, and these networks fit one message.)

Batch statistics are a mean over the batch, too: :class:`SyncedBatchNorm2d` takes them over all shares, on any
backend.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, final

import torch
import torch.distributed as dist
from torch import Tensor, nn

from .config import ConfigError

__all__ = ["SyncedBatchNorm2d", "Team", "assembled", "synced"]


@final
@dataclass(frozen=True)
class Team:
    """This process among those that train together; alone unless torchrun started it.

    Attributes
    ----------
    rank, size : int
        Its number, from 0, and how many there are. Number 0 leads: it alone writes files and speaks.
    """

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def share(self, batch: int) -> slice:
        """This process's rows of a global batch.

        Raises
        ------
        ConfigError
            If the batch does not divide evenly.
        """
        if batch % self.size:
            raise ConfigError(f"batch-size is {batch}: {self.size} processes share it, choose a multiple of that")
        n = batch // self.size
        return slice(self.rank * n, (self.rank + 1) * n)

    @contextmanager
    def own_share(self, rng: torch.Generator, batch: int) -> Iterator[None]:
        """Let one number per row of this process's share be drawn, as if all rows of the batch had drawn theirs."""
        rows = self.share(batch)
        _skip(rng, rows.start)
        yield
        _skip(rng, batch - rows.stop)

    def average_gradients(self, optimizer: torch.optim.Optimizer) -> None:
        """From the next step on, give ``optimizer`` the mean of all processes' gradients."""
        if self.size > 1:
            optimizer.register_step_pre_hook(lambda *_: self._average(optimizer))

    def mean(self, values: Tensor) -> Tensor:
        """The mean of a tensor over all processes."""
        return values if self.size == 1 else _mean(values)

    def any_signal(self, number: int | None, device: torch.device) -> int | None:
        """A signal that any of the processes received, the same answer for all of them."""
        if self.size == 1:
            return number
        seen = torch.tensor(number or 0, device=device)
        dist.all_reduce(seen, dist.ReduceOp.MAX)
        return int(seen.item()) or None

    @contextmanager
    def leader_first(self) -> Iterator[None]:
        """Let the leader go through a block before the others enter it."""
        if self.size > 1 and not self.leads:
            dist.barrier()
        yield
        if self.size > 1 and self.leads:
            dist.barrier()

    def _average(self, optimizer: torch.optim.Optimizer) -> None:
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        mean = self.mean(torch.cat([gradient.reshape(-1) for gradient in gradients]))
        for gradient, part in zip(gradients, mean.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view(gradient.shape))


@contextmanager
def assembled(device: torch.device) -> Iterator[Team]:
    """The team that torchrun describes in the environment, for the duration of a block."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Team()
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)  # where collectives without a tensor of their own put theirs
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Team(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()


@final
class SyncedBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm whose statistics, in training mode, are those of the batches of all processes together."""

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        mean = _linked_mean(input.mean((0, 2, 3)))
        centred = input - mean[:, None, None]
        variance = _linked_mean(centred.square().mean((0, 2, 3)))
        self._track(mean.detach(), variance.detach(), dist.get_world_size() * input.numel() // input.shape[1])
        scale: Tensor = (variance + self.eps).rsqrt() * self.weight
        return centred * scale[:, None, None] + self.bias[:, None, None]

    @torch.no_grad()
    def _track(self, mean: Tensor, variance: Tensor, n: int) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * (n / (n - 1)), self.momentum)
        self.num_batches_tracked.add_(1)


def synced(model: nn.Module, team: Team) -> nn.Module:
    """``model`` with synchronised batch statistics, where more than one process trains it."""
    if team.size > 1:
        for name, layer in model.named_children():
            if type(layer) is nn.BatchNorm2d:
                other = SyncedBatchNorm2d(layer.num_features, layer.eps, layer.momentum)
                other.load_state_dict(layer.state_dict())
                setattr(model, name, other)
            else:
                synced(layer, team)
    return model


class _Mean(torch.autograd.Function):
    """Mean over processes; so is its transpose, the gradient's way back."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return _mean(values)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _mean(gradients[0])


def _linked_mean(values: Tensor) -> Tensor:
    mean: Tensor = _Mean.apply(values)  # type: ignore[no-untyped-call]  # torch gives it no types
    return mean


def _mean(values: Tensor) -> Tensor:
    total = values.clone()
    dist.all_reduce(total)
    return total / dist.get_world_size()


def _skip(rng: torch.Generator, count: int) -> None:
    if count:
        torch.rand(count, generator=rng, device=rng.device)
