"""Training a critic to say how far apart two measures are.

Adam climbs the (penalised) objective on minibatches by :func:`critic_step`; the checkpoint with the best
penalised objective on a validation sample is kept, and judged on a third sample that neither has seen
(:mod:`.evaluation`).

The two-sided penalty is not concave in the critic: slopes -1 and 1 are both cheap, with a barrier between
them, and on the line a critic that starts out on the wrong side stays there. A critic for "gp" therefore
spends its first steps under the one-sided penalty, which has no such barrier and the same maximum wherever
the slope should be 1.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from ..errors import NotConvergedError
from . import critics
from .evaluation import DualResult, between, evaluate, scores
from .kr import Constraint, check_constraint, critic_step
from .lipschitz import lipschitz_upper_bound
from .penalties import excess_slope, slopes
from .sources import Problem, open_problem

__all__ = ["fit"]

_EVALUATIONS = 50  # times that the validation sample is looked at
_WARM_UP = 0.25  # share of the steps of "gp" that go one-sided
_ROUNDING = 1e-4  # by which float32 layers that are 1-Lipschitz by construction may together exceed 1

Report = Callable[[dict[str, float]], None]


def fit(
    x: Any,
    y: Any,
    *,
    constraint: Constraint = "one-sided",
    penalty: float = 10.0,
    clip: float = 0.01,
    critic: nn.Module | critics.CriticKind | None = None,
    steps: int = 2000,
    batch_size: int = 256,
    lr: float = 2e-3,
    confidence_level: float = 0.95,
    rng: int | np.random.Generator | None = None,
    progress: bool | Report | None = None,
) -> DualResult:
    """Estimate W_1 between two laws by training a critic on samples of them.

    Each sample is split at random: one half trains, a tenth chooses among the checkpoints, and the rest,
    never seen, gives every number of the result. Exact answers for given point clouds come from
    :func:`wdist.transport`.

    Parameters
    ----------
    x, y : array_like, torch.Tensor, wdist.Samples, or callable
        Samples (n,) or (n, d) of the two laws, at least 20 points each, weighted or not (minibatches are
        drawn by weight), or functions that map n to (n, d) fresh points. Training runs on the device of the
        tensors.
    constraint : {"one-sided", "gp", "clip", "none"}
        As in :func:`critic_step`. ``"none"`` needs a critic that is certified 1-Lipschitz.
    penalty : float
        Coefficient of the gradient penalty, for inputs of unit scale.
    clip : float
        Bound of the weights for ``"clip"``.
    critic : torch.nn.Module or str, optional
        A module from points (n, d) to scores (n,) or (n, 1), of which a copy is trained, or a kind that
        :func:`critic` builds. It sees standardised points. None: ``"groupsort"`` for ``"none"``, else
        ``"mlp"``.
    steps, batch_size, lr : int, int, float
        Updates, points a side in each, and the learning rate of Adam, which falls linearly to 0.
    confidence_level : float
        Of the certified lower bound.
    rng : None, int or numpy.random.Generator
        Seeds splitting, initial weights and minibatches. No global generator is used.
    progress : None, True or callable
        True: a tqdm bar. A callable receives each new row of the history as a dict.

    Returns
    -------
    DualResult

    Raises
    ------
    InvalidMeasureError
        If x or y is no sample, or they do not fit each other.
    ValueError
        If a setting is out of range, or ``"none"`` meets a critic that is not certified 1-Lipschitz.
    NotConvergedError
        If training diverged to values that are not finite.
    """
    settings = _Settings(constraint, penalty, clip, steps, batch_size, lr)
    if not 0.0 < confidence_level < 1.0:
        raise ValueError(f"confidence_level is {confidence_level!r}: choose a probability between 0 and 1")
    random = np.random.default_rng(rng)
    problem = open_problem(x, y, random)
    network = _network(critic, constraint, problem, random)
    generator = torch.Generator(problem.device).manual_seed(int(random.integers(2**63)))
    with _reporter(progress, steps) as report:
        history = _train(network, problem, settings, generator, report)
    critics.align_spectral_norms_(network)
    return evaluate(
        network,
        problem,
        constraint=constraint,
        penalty=penalty,
        confidence_level=confidence_level,
        history=history,
        generator=generator,
    )


@dataclass(frozen=True, slots=True)
class _Settings:
    constraint: Constraint
    penalty: float
    clip: float
    steps: int
    batch_size: int
    lr: float

    def __post_init__(self) -> None:
        check_constraint(self.constraint)
        for name in ("penalty", "clip", "lr"):
            number = getattr(self, name)
            if not (number > 0.0 and math.isfinite(number)):
                raise ValueError(f"{name} is {number!r}: it must be positive and finite")
        for name in ("steps", "batch_size"):
            count = getattr(self, name)
            if count != int(count) or count < 1:
                raise ValueError(f"{name} is {count!r}: it must be a whole number, at least 1")

    def constraint_at(self, step: int) -> Constraint:
        """The constraint of update number ``step``, the warm-up of "gp" included."""
        warming_up = self.constraint == "gp" and step <= _WARM_UP * self.steps
        return "one-sided" if warming_up else self.constraint


def _train(
    network: nn.Module, problem: Problem, settings: _Settings, generator: torch.Generator, report: Report
) -> dict[str, list[float]]:
    """Train in place, leave the checkpoint with the best validation score, and return the history."""
    dtype = next(network.parameters()).dtype
    validate = _Validation(problem, settings, dtype, generator)
    optimizer = torch.optim.Adam(network.parameters(), lr=settings.lr, betas=(0.5, 0.99))
    decay = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0 - step / settings.steps)
    history: dict[str, list[float]] = {}
    best_score, best_state = -math.inf, network.state_dict()
    every = max(1, settings.steps // _EVALUATIONS)
    for step in range(1, settings.steps + 1):
        x, y = (
            problem.standardise(side.batch(settings.batch_size, generator), dtype)
            for side in (problem.real, problem.fake)
        )
        seen = critic_step(
            network,
            optimizer,
            x,
            y,
            constraint=settings.constraint_at(step),
            penalty=settings.penalty,
            clip=settings.clip,
            generator=generator,
        )
        decay.step()
        if step % every and step != settings.steps:
            continue
        row = {"step": step, "train": problem.scale * float(seen.real - seen.fake), **validate(network)}
        if not math.isfinite(row["score"]):
            raise NotConvergedError(
                f"the critic diverged: its validation score at step {step} is {row['score']}; "
                "lower lr, penalty or clip"
            )
        for name, number in row.items():
            history.setdefault(name, []).append(number)
        report(row)
        if row["score"] > best_score:
            best_score, best_state = row["score"], copy.deepcopy(network.state_dict())
    network.load_state_dict(best_state)
    return history


class _Validation:
    """The penalised objective on the validation sample, at interpolates that stay the same throughout."""

    def __init__(self, problem: Problem, settings: _Settings, dtype: torch.dtype, generator: torch.Generator):
        self.real, self.fake = problem.real.validation, problem.fake.validation
        self.points = [problem.standardise(part.points, dtype) for part in (self.real, self.fake)]
        self.between = problem.standardise(between(self.real, self.fake, generator), dtype)
        self.scale = problem.scale
        self.one_sided = settings.constraint == "one-sided"
        self.coefficient = settings.penalty if settings.constraint in ("gp", "one-sided") else 0.0

    def __call__(self, network: nn.Module) -> dict[str, float]:
        network.eval()
        with torch.no_grad():
            real, fake = (scores(network, points) for points in self.points)
            slope = slopes(network, self.between)
        network.train()
        value = self.scale * (self.real.mean(real) - self.fake.mean(fake))
        penalty = float(excess_slope(slope, one_sided=self.one_sided).mean())
        return {
            "validation": value,
            "penalty": penalty,
            "slope": float(slope.mean()),
            "score": value - self.scale * self.coefficient * penalty,
        }


def _network(
    critic: nn.Module | critics.CriticKind | None,
    constraint: Constraint,
    problem: Problem,
    random: np.random.Generator,
) -> nn.Module:
    """The critic to train, on the problem's device; for the constraint "none" certified 1-Lipschitz."""
    if critic is None:
        critic = "groupsort" if constraint == "none" else "mlp"
    if isinstance(critic, nn.Module):
        network = copy.deepcopy(critic).to(problem.device).train()
    else:
        network = critics.critic(critic, problem.dim, rng=random, device=problem.device)
    if not any(parameter.requires_grad for parameter in network.parameters()):
        raise ValueError(f"critic ({type(critic).__name__}) has no parameters to train")
    critics.align_spectral_norms_(network)
    bound = lipschitz_upper_bound(network, (problem.dim,)) if constraint == "none" else 1.0
    if bound > 1.0 + _ROUNDING:
        raise ValueError(
            f"critic has certified Lipschitz constant {bound:.6g}, and constraint 'none' needs 1: use "
            "wdist.dual.critic('groupsort', dim), or another constraint"
        )
    return network


@contextmanager
def _reporter(progress: bool | Report | None, steps: int) -> Iterator[Report]:
    """What to call with each new row of the history."""
    if callable(progress):
        yield progress
    elif not progress:
        yield lambda row: None
    else:
        from tqdm.auto import tqdm

        with tqdm(total=steps, desc="critic", unit="step") as bar:

            def advance(row: dict[str, float]) -> None:
                bar.set_postfix(value=f"{row['validation']:.4g}", slope=f"{row['slope']:.3f}", refresh=False)
                bar.update(int(row["step"]) - bar.n)

            yield advance
