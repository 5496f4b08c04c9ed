"""Climbing the objective: minibatches, checkpoints, and when to stop.

Adam climbs the (penalised) objective by :func:`critic_step`, at a rate that falls linearly to 0. The checkpoint with
the best score on the validation sample is kept, and a network whose score has not improved for a while stops early.

The two-sided penalty is not concave in the critic: slopes -1 and 1 are both cheap, with a barrier between them, and on
the line a critic that starts out on the wrong side stays there. A critic for "gp" therefore spends its first steps
under the one-sided penalty, which has no such barrier and the same maximum wherever the slope should be 1.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import torch
from torch import Tensor, nn

from ..errors import NotConvergedError
from ..settings import check_choice, check_count, check_positive
from .evaluation import between
from .kr import Constraint, CriticStep, critic_step
from .pairing import near_pairs
from .penalties import excess_slope, slopes
from .sources import Problem
from .witness import scores

__all__ = ["Report", "Settings", "climb"]

_EVALUATIONS = 50  # times that the validation sample is looked at
_WARM_UP = 0.25  # share of the steps of "gp" that go one-sided

Report = Callable[[dict[str, float]], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a critic is trained; refuses what is out of range."""

    constraint: Constraint
    penalty: float
    clip: float
    steps: int
    batch_size: int
    lr: float
    patience: int

    def __post_init__(self) -> None:
        check_choice(self.constraint, "constraint", get_args(Constraint))
        for name in ("penalty", "clip", "lr"):
            check_positive(getattr(self, name), name, "a setting of this kind")
        for name in ("steps", "batch_size", "patience"):
            check_count(getattr(self, name), name, 1)

    def constraint_at(self, step: int) -> Constraint:
        """The constraint of update number ``step``, the warm-up of "gp" included."""
        warming_up = self.constraint == "gp" and step <= _WARM_UP * self.steps
        return "one-sided" if warming_up else self.constraint

    @property
    def penalised(self) -> bool:
        return self.constraint in ("gp", "one-sided")


def climb(
    network: nn.Module,
    student: nn.Module | None,
    problem: Problem,
    settings: Settings,
    generator: torch.Generator,
    report: Report,
) -> dict[str, list[float]]:
    """Train both networks in place, on the same minibatches, and return the history of the first.

    The student is 1-Lipschitz by construction and needs no constraint. Each is left at its best checkpoint.
    """
    dtype = next(network.parameters()).dtype
    climbers = [_Climber(network, settings.constraint, problem, settings, generator)]
    if student is not None:
        climbers.append(_Climber(student, "none", problem, settings, generator))
    history: dict[str, list[float]] = {}
    every = max(1, settings.steps // _EVALUATIONS)
    for step in range(1, settings.steps + 1):
        x, y = (
            problem.standardise(side.batch(settings.batch_size, generator), dtype)
            for side in (problem.real, problem.fake)
        )
        segments = near_pairs(x, y) if settings.penalised else (x, y)
        for climber in climbers:
            climber.step(step, x, y, segments)
        if step % every and step != settings.steps:
            continue
        rows = [climber.look(step) for climber in climbers]
        if climbers[0].network is network:
            for name, number in rows[0].items():
                history.setdefault(name, []).append(number)
            report(rows[0])
        climbers = [climber for climber in climbers if climber.evaluations_lost < settings.patience]
        if not climbers:
            break
    return history


class _Climber:
    """A network on its way up, and the best checkpoint that it passed."""

    def __init__(
        self,
        network: nn.Module,
        constraint: Constraint,
        problem: Problem,
        settings: Settings,
        generator: torch.Generator,
    ):
        self.network, self.constraint, self.settings = network, constraint, settings
        self.problem, self.generator = problem, generator
        self.optimizer = torch.optim.Adam(network.parameters(), lr=settings.lr, betas=(0.5, 0.99))
        self.decay = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda step: 1.0 - step / settings.steps)
        self.validate = _Validation(problem, constraint, settings, next(network.parameters()).dtype, generator)
        self.best_score, self.evaluations_lost = -math.inf, 0
        self.seen: CriticStep

    def step(self, step: int, x: Tensor, y: Tensor, segments: tuple[Tensor, Tensor]) -> None:
        """Update number ``step``."""
        constraint = self.constraint
        self.seen = critic_step(
            self.network,
            self.optimizer,
            x,
            y,
            constraint=self.settings.constraint_at(step) if constraint == self.settings.constraint else constraint,
            penalty=self.problem.coefficient(self.settings.penalty),
            clip=self.settings.clip,
            generator=self.generator,
            segments=segments,
        )
        self.decay.step()

    def look(self, step: int) -> dict[str, float]:
        """A row of the history; keeps a checkpoint that is the best so far, and goes back to it when time is up."""
        train = self.problem.unit * float(self.seen.real - self.seen.fake)
        row = {"step": step, "train": train, **self.validate(self.network)}
        if not math.isfinite(row["score"]):
            raise NotConvergedError(
                f"the critic diverged: its validation score at step {step} is {row['score']}; lower lr, penalty or clip"
            )
        self.evaluations_lost += 1
        if row["score"] > self.best_score:
            self.best_score, self.evaluations_lost = row["score"], 0
            self.best_state = copy.deepcopy(self.network.state_dict())
        if self.evaluations_lost >= self.settings.patience or step == self.settings.steps:
            self.network.load_state_dict(self.best_state)
        return row


class _Validation:
    """The penalised objective on the validation sample, at interpolates that stay the same throughout."""

    def __init__(
        self,
        problem: Problem,
        constraint: Constraint,
        settings: Settings,
        dtype: torch.dtype,
        generator: torch.Generator,
    ):
        self.real, self.fake = problem.real.validation, problem.fake.validation
        self.points = [problem.standardise(part.points, dtype) for part in (self.real, self.fake)]
        self.between = problem.standardise(between(self.real, self.fake, generator), dtype)
        self.unit, self.one_sided = problem.unit, constraint == "one-sided"
        penalised = constraint in ("gp", "one-sided")
        self.coefficient = problem.coefficient(settings.penalty) if penalised else 0.0

    def __call__(self, network: nn.Module) -> dict[str, float]:
        network.eval()
        real, fake = (scores(network, points) for points in self.points)
        with torch.no_grad():
            slope = slopes(network, self.between)
        network.train()
        value = self.unit * (self.real.mean(real) - self.fake.mean(fake))
        penalty = float(excess_slope(slope, one_sided=self.one_sided).mean())
        return {
            "validation": value,
            "penalty": penalty,
            "slope": float(slope.mean()),
            "score": value - self.unit * self.coefficient * penalty,
        }
