"""What a trained critic's number is worth: held out, corrected, certified.

A critic that a penalty holds near slope 1 overshoots by a known law. Let g be optimal for W = W_1 (|grad g| =
1 where the penalty looks). Among the critics f = a g the penalised objective a W - L (a - 1)^2 is largest at

    a = 1 + W / (2 L),    where it reports    E = E_P f - E_Q f = W (1 + W / (2 L)),

with a one-sided penalty as with the two-sided one. Hence W = L (sqrt(1 + 2 E / L) - 1). The network sees
inputs divided by a scale s, so that in the user's units L is s times the penalty's coefficient. The
correction removes a bias: it is no bound, and does not mend a critic that was stopped too early or is too
small.

A bound needs a certified constant K. E_P f - E_Q f <= K W_1 for every f with |f|_L <= K, and on samples that
f never saw the left side is a difference of two plain means, with a standard error:

    W_1 >= (mean f(x) - mean f(y) - z se) / K    with (asymptotic) confidence Phi(z).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import NormalDist

import torch
from torch import Tensor, nn

from ..errors import NotConvergedError
from .kr import Constraint
from .layers import Affine
from .lipschitz import lipschitz_upper_bound
from .penalties import interpolates, slopes
from .sources import Problem, Sample

__all__ = ["DualResult", "between", "evaluate", "scores"]

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, eq=False, slots=True)
class DualResult:
    """What a trained critic says about W_1, measured on held-out samples, in the units of the input.

    Attributes
    ----------
    value : float
        ``E f(x) - E f(y)``, raw. No bound and, unless the critic is 1-Lipschitz by construction, no estimate
        either: a penalty makes it too large, and clipping leaves it in unknown units. Negative for a critic
        that failed.
    stderr : float
        Standard error of ``value`` from the finite held-out samples.
    corrected : float or None
        W_1 estimated by inverting the overshoot law of the penalties; None for the constraints without one. A
        ``value`` below 0 has no overshoot and is returned as it is.
    slope_normalised : float
        ``value`` over the critic's mean slope between held-out points; nan for a flat critic.
    lower : float
        Lower bound of W_1 at ``confidence_level``, certified by ``lipschitz``; 0.0 where it says nothing.
    upper : float
        Upper bound of W_1: inf, for a critic gives none.
    lipschitz : float
        Certified upper bound of the critic's Lipschitz constant; inf without a certificate.
    confidence_level : float
        Of ``lower``, one-sided and asymptotic in the number of held-out points.
    constraint : str
        How the critic was held.
    scale : float
        The number that both samples were divided by for training.
    critic : torch.nn.Module
        The critic on points (n, d) in the input's units and dtype, in evaluation mode.
    history : dict of list of float
        A column per quantity, a row per evaluation: ``step``; ``train``, the objective on the last minibatch;
        ``validation``, the objective on the validation sample; ``penalty`` and ``slope``, their means there;
        ``score``, which chose the checkpoint: objective minus penalty.
    slope_quantiles : dict of float to float
        Quantiles of the critic's slope between held-out points.
    """

    value: float
    stderr: float
    corrected: float | None
    slope_normalised: float
    lower: float
    upper: float
    lipschitz: float
    confidence_level: float
    constraint: Constraint
    scale: float
    critic: nn.Module = field(repr=False)
    history: dict[str, list[float]] = field(repr=False)
    slope_quantiles: dict[float, float] = field(repr=False)


def evaluate(
    network: nn.Module,
    problem: Problem,
    *,
    constraint: Constraint,
    penalty: float,
    confidence_level: float,
    history: dict[str, list[float]],
    generator: torch.Generator,
) -> DualResult:
    """Every number of the result, from the held-out points, in float64."""
    real, fake = problem.real.held_out, problem.fake.held_out
    critic = _in_original_units(network, problem).double().eval()
    with torch.no_grad():
        f, g = scores(critic, real.points), scores(critic, fake.points)
        slope = slopes(critic, between(real, fake, generator))
    value = real.mean(f) - fake.mean(g)
    if not math.isfinite(value):
        raise NotConvergedError(f"the critic's held-out value is {value}: lower lr, penalty or clip")
    stderr = math.sqrt(real.variance_of_mean(f) + fake.variance_of_mean(g))
    lipschitz = lipschitz_upper_bound(critic, (problem.dim,))
    certain = value - NormalDist().inv_cdf(confidence_level) * stderr
    mean_slope = float(slope.mean())
    return DualResult(
        value=value,
        stderr=stderr,
        corrected=_without_overshoot(value, problem.scale * penalty)
        if constraint in ("gp", "one-sided")
        else None,
        slope_normalised=value / mean_slope if mean_slope > 0.0 else math.nan,
        lower=certain / lipschitz if certain > 0.0 else 0.0,
        upper=math.inf,
        lipschitz=lipschitz,
        confidence_level=confidence_level,
        constraint=constraint,
        scale=problem.scale,
        critic=critic.to(problem.dtype),
        history=history,
        slope_quantiles=_quantiles(slope),
    )


def between(real: Sample, fake: Sample, generator: torch.Generator) -> Tensor:
    """Random points of random segments between two samples."""
    n = max(len(real.points), len(fake.points))
    return interpolates(real.draw(n, generator), fake.draw(n, generator), generator=generator)


def scores(critic: nn.Module, points: Tensor) -> Tensor:
    """Scores (n,) in float64, a block of points at a time."""
    return torch.cat([critic(block).reshape(len(block)) for block in points.split(2**16)]).double()


def _in_original_units(network: nn.Module, problem: Problem) -> nn.Sequential:
    """``s f((z - shift) / s)``: slopes are those of f, and values have the units of the points."""
    scale, nothing = problem.shift.new_tensor(problem.scale), problem.shift.new_zeros(())
    return nn.Sequential(Affine(1.0 / scale, problem.shift), network, Affine(scale, nothing))


def _without_overshoot(value: float, coefficient: float) -> float:
    """The W with ``W (1 + W / (2 coefficient)) = value``."""
    if value <= 0.0:
        return value
    # The same as coefficient * (sqrt(1 + 2 value / coefficient) - 1), without its cancellation.
    return 2.0 * value / (1.0 + math.sqrt(1.0 + 2.0 * value / coefficient))


def _quantiles(slope: Tensor) -> dict[float, float]:
    ordered = slope.sort().values  # torch.quantile refuses more than 2**24 numbers
    return {q: float(ordered[round(q * (len(ordered) - 1))]) for q in _QUANTILES}
