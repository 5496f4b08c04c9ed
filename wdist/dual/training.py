"""Training a critic to say how far apart two measures are, and proving what can be proved about it.

The critic is trained on one part of the samples (:mod:`.climbing`), its checkpoint chosen on a second, and everything
that is said about it comes from a third that neither has seen (:mod:`.evaluation`). Beside a critic that a penalty
holds, a student is trained on the same minibatches: an orthogonal network, 1-Lipschitz by construction, whose value is
a lower bound of W_1 (:mod:`.witness`).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast, get_args

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..settings import check_choice, check_share, generator_of
from . import critics
from .climbing import Report, Settings, climb
from .evaluation import DualResult, evaluate
from .kr import Constraint
from .lipschitz import lipschitz_upper_bound
from .sources import Problem, open_problem

__all__ = ["fit"]

_FEW_DIMENSIONS = 4  # where optimal critics are mostly kinks
_ROUNDING = 1e-4  # by which float32 layers that are 1-Lipschitz by construction may together exceed 1


def fit(
    x: Any,
    y: Any,
    *,
    constraint: Constraint = "one-sided",
    penalty: float = 10.0,
    clip: float = 0.01,
    critic: nn.Module | critics.CriticKind | None = None,
    steps: int = 3000,
    batch_size: int = 256,
    lr: float = 5e-3,
    patience: int = 15,
    confidence_level: float = 0.95,
    bounds: bool = True,
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
        Coefficient of the gradient penalty, for inputs of unit scale (:attr:`DualResult.scale`).
    clip : float
        Bound of the weights for ``"clip"``.
    critic : torch.nn.Module or str, optional
        A module from points (n, d) to scores (n,) or (n, 1), of which a copy is trained, or a kind that
        :func:`critic` builds. It sees standardised points, of variance about 1 in a coordinate. None:
        ``"groupsort"`` for ``"none"``, else ``"smooth"``, two layers of 128 features, or, in up to four
        dimensions, ``"maxmin"``, three of them.
    steps, batch_size, lr : int, int, float
        Updates, points a side in each, and the learning rate of Adam, which falls linearly to 0.
    patience : int
        Stop early after so many evaluations (of 50, in ``steps``) without a better validation score.
    confidence_level : float
        Of ``lower`` and of ``upper``, each one-sided.
    bounds : bool
        False: no search for bounds, which takes about half of the time. ``lower`` then comes from the critic's own
        certified constant, if it has one, and ``upper`` is inf.
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
        If a setting is out of range, the critic does not map points to scores one by one (batch normalisation), or
        ``"none"`` meets a critic that is not certified 1-Lipschitz.
    NotConvergedError
        If training diverged to values that are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from wdist import dual
    >>> x, y = np.random.default_rng(0).normal(size=(2, 300, 2))
    >>> r = dual.fit(x + [3, 4], y, steps=100, rng=0)  # W_1 = 5
    >>> abs(r.corrected - 5) < 0.5, 4 < r.lower < 5 < r.upper < 6
    (True, True)
    """
    settings = Settings(constraint, penalty, clip, steps, batch_size, lr, patience)
    confidence_level, random = check_share(confidence_level, "confidence_level"), generator_of(rng)
    problem = open_problem(x, y, random)
    network = _network(critic, constraint, problem, random)
    student = _student(constraint, problem, network, random) if bounds else None
    generator = torch.Generator(problem.device).manual_seed(int(random.integers(2**63)))
    with _reporter(progress, steps) as report:
        history = climb(network, student, problem, settings, generator, report)
    critics.align_spectral_norms_(network)
    return evaluate(
        network,
        student,
        problem,
        constraint=constraint,
        penalty=penalty,
        confidence_level=confidence_level,
        bounds=bounds,
        history=history,
        generator=generator,
    )


def _network(
    critic: nn.Module | critics.CriticKind | None,
    constraint: Constraint,
    problem: Problem,
    random: np.random.Generator,
) -> nn.Module:
    """The critic to train, on the problem's device; for the constraint "none" certified 1-Lipschitz."""
    if critic is None:
        critic = "groupsort" if constraint == "none" else _default(problem.dim, random)
    if isinstance(critic, nn.Module):
        network = copy.deepcopy(critic).to(problem.device).train()
    else:
        kind = check_choice(critic, "critic", get_args(critics.CriticKind))
        network = critics.critic(cast(Any, kind), problem.dim, rng=random, device=problem.device)
    if not any(parameter.requires_grad for parameter in network.parameters()):
        raise ValueError(f"critic ({type(critic).__name__}) has no parameters to train")
    _refuse_unfit(network, critic, problem)
    critics.align_spectral_norms_(network)
    bound = lipschitz_upper_bound(network, (problem.dim,)) if constraint == "none" else 1.0
    if bound > 1.0 + _ROUNDING:
        raise ValueError(
            f"critic has certified Lipschitz constant {bound:.6g}, and constraint 'none' needs 1: use "
            "wdist.dual.critic('groupsort', dim), or another constraint"
        )
    return network


def _default(dim: int, random: np.random.Generator) -> nn.Module:
    if dim <= _FEW_DIMENSIONS:
        return critics.critic("maxmin", dim, width=128, depth=3, rng=random)
    return critics.critic("smooth", dim, width=128, depth=2, rng=random)


def _student(
    constraint: Constraint, problem: Problem, network: nn.Module, random: np.random.Generator
) -> nn.Module | None:
    """The network that is to prove a bound, for a critic that cannot; in the critic's dtype."""
    if constraint == "none":
        return None
    dtype = next(network.parameters()).dtype
    return critics.critic("groupsort", problem.dim, rng=random, device=problem.device, dtype=dtype)


def _refuse_unfit(network: nn.Module, critic: Any, problem: Problem) -> None:
    """Say what is wrong with a critic before it fails somewhere inside."""
    for name, module in network.named_modules():
        if isinstance(module, _BatchNorm):
            raise ValueError(
                f"critic has a {type(module).__name__} ({name!r}): the score of a point would depend on the rest of "
                "its batch, and its slope would mean nothing; use LayerNorm, or no normalisation"
            )
    parameter = next(network.parameters(), None)
    dtype = torch.float32 if parameter is None else parameter.dtype
    points = problem.standardise(problem.real.train.points[:2], dtype)
    try:
        with torch.no_grad():
            shape = tuple(network(points).shape)
    except RuntimeError as error:
        raise ValueError(
            f"critic ({type(critic).__name__}) does not take points of shape (n, {problem.dim}): {error}"
        ) from None
    if shape not in ((2,), (2, 1)):
        raise ValueError(f"critic returned shape {shape} for 2 points: expected a score a point, (2,) or (2, 1)")


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
