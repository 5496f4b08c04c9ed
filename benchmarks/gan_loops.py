"""The loops that :mod:`benchmarks.gan` times: gan's own, and the straightforward one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from gan import models
from gan.capture import stepper
from gan.config import from_flags
from gan.data import Dataset, to_unit
from gan.state import Run
from gan.updates import critic_update
from wdist import dual

__all__ = ["Classic", "difference", "measured", "state_of"]

_IMAGES = 6000
_WARM_UP = 4  # turns: a graph is recorded at the fourth step


def measured(preset: str, rounds: int) -> Iterator[tuple[str, str, str, float]]:
    """Device, measure, solver and median of the seconds per critic update; for a process of its own."""
    torch.set_num_threads(1)
    ours, hidden, classic = state_of(preset), state_of(preset), Classic(state_of(preset))
    hidden.critic = _Opaque(hidden.critic)
    whole, updates = stepper(ours), ours.config.critic_steps
    measures: dict[str, dict[str, tuple[Callable[[], object], int]]] = {
        "critic": {
            "gan": (lambda: critic_update(ours), 1),
            "one step, double backward": (lambda: critic_update(hidden), 1),
            "three steps, DataLoader": (classic.critic_update, 1),
        },
        "step": {"gan": (whole, updates), "three steps, DataLoader": (classic.step, updates)},
    }
    for measure, solvers in measures.items():
        seconds: dict[str, list[float]] = {name: [] for name in solvers}
        for turn in range(rounds + _WARM_UP):
            for name, (call, count) in solvers.items():
                took = _timed(call, ours.device) / count
                if turn >= _WARM_UP:
                    seconds[name].append(took)
        for name, values in seconds.items():
            yield ours.device.type, measure, name, statistics.median(values)


def difference(preset: str) -> float:
    """Of the critic's weights after the same update by both gradients of the penalty, over their largest change."""
    ours, hidden = state_of(preset), state_of(preset)
    before = [weight.clone() for weight in _weights(ours)]
    hidden.critic = _Opaque(hidden.critic)
    for run in (ours, hidden):  # gradients are compared, not Adam's signs of them
        run.critic_optimizer = torch.optim.SGD(run.critic.parameters(), lr=1e-2)
        critic_update(run)
    trios = list(zip(before, _weights(ours), _weights(hidden), strict=True))
    change = max(float((one - start).abs().max()) for start, one, _ in trios)
    return max(float((one - two).abs().max()) for _, one, two in trios) / change


def state_of(preset: str) -> Run:
    """The state of a run on images of noise: what is on them does not change what a step costs."""
    config, rng = from_flags({"preset": preset}), torch.Generator().manual_seed(0)
    images = torch.randint(256, (_IMAGES, 1, 28, 28), generator=rng, dtype=torch.uint8)
    data = Dataset("noise", "drawn here", images, torch.zeros(_IMAGES).long(), images[:10], torch.zeros(10).long())
    device = models.pick_device("auto")
    return Run(config, Path(), data.to(device), device)


class Classic:
    """The straightforward loop, as it circulates."""

    def __init__(self, run: Run) -> None:
        config, self.device, self.critic_steps = run.config, run.device, run.config.critic_steps
        self.generator, self.critic = (model.to(self.device) for model in models.build(config))
        betas = (config.beta1, config.beta2)
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), lr=config.lr, betas=betas)
        self.critic_optimizer = torch.optim.Adam(self.critic.parameters(), lr=config.lr, betas=betas)
        self.batch, self.latent, self.penalty = config.batch_size, config.latent, config.penalty
        images = torch.utils.data.TensorDataset(to_unit(run.data.images.cpu()))
        self.rng = torch.Generator().manual_seed(0)
        self.loader = torch.utils.data.DataLoader(images, self.batch, shuffle=True, drop_last=True, generator=self.rng)
        self.batches = iter(self.loader)
        self.scores: list[list[float]] = []

    def step(self) -> None:
        """The updates of the critic, then one of the generator."""
        for _ in range(self.critic_steps):
            self.critic_update()
        self.generator_optimizer.zero_grad()
        (-self.critic(self.generator(self._noise())).mean()).backward()
        self.generator_optimizer.step()

    def critic_update(self) -> None:
        """Three terms, each with a backward pass, a step and a number read back."""
        real = self._real()
        fake = self.generator(self._noise())
        seen = []
        for term in (self._fake_term, self._real_term, self._penalty_term):
            self.critic_optimizer.zero_grad()
            loss = term(real, fake)
            loss.backward()
            self.critic_optimizer.step()
            seen.append(loss.item())
        self.scores.append(seen)

    def _fake_term(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.critic(fake).mean()  # its backward pass runs on into the generator

    def _real_term(self, real: Tensor, fake: Tensor) -> Tensor:
        return -self.critic(real).mean()

    def _penalty_term(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.penalty * dual.gradient_penalty(self.critic, real, fake.detach()).mean()

    def _real(self) -> Tensor:
        try:
            (real,) = next(self.batches)
        except StopIteration:
            self.batches = iter(self.loader)
            (real,) = next(self.batches)
        return real.to(self.device)

    def _noise(self) -> Tensor:
        return torch.randn(self.batch, self.latent, generator=self.rng).to(self.device)


class _Opaque(nn.Module):
    """A critic whose layers nobody sees: its penalty takes double backward."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)


def _weights(run: Run) -> list[Tensor]:
    return [parameter.detach() for parameter in run.critic.parameters()]


def _timed(call: Callable[[], object], device: torch.device) -> float:
    _wait(device)
    begin = time.perf_counter()
    call()
    _wait(device)
    return time.perf_counter() - begin


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
