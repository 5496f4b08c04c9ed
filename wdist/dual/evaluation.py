"""What a trained critic's number is worth: held out, corrected, certified.

A critic that a penalty holds near slope 1 overshoots by a known law. Let g be optimal for W = W_1 (|grad g| =
1 where the penalty looks). Among the critics f = a g the penalised objective a W - L (a - 1)^2 is largest at

    a = 1 + W / (2 L),    where it reports    E = E_P f - E_Q f = W (1 + W / (2 L)),

with a one-sided penalty as with the two-sided one. Hence W = L (sqrt(1 + 2 E / L) - 1). The network sees
inputs divided by a scale s, so that in the user's units L is s times the penalty's coefficient. The
correction removes a bias: it is no bound, and does not mend a critic that was stopped too early or is too
small.

Bounds are another matter: `.witness` has the lower one, `.upper` the upper.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from ..errors import NotConvergedError
from .kr import Constraint
from .layers import Affine
from .lipschitz import lipschitz_upper_bound
from .pairing import near_pairs
from .penalties import interpolates, slopes
from .sources import Problem, Sample
from .upper import upper_bound
from .witness import Witness, best_witness, own_witness, scores, stderr_of_difference

__all__ = ["DualResult", "between", "evaluate"]

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_MOST_SEGMENTS = 4096  # the search for near points takes their square


@dataclass(frozen=True, eq=False, slots=True)
class DualResult:
    """What a trained critic says about W_1, measured on held-out samples, in the units of the input.

    Attributes
    ----------
    value : float
        ``E f(x) - E f(y)`` of the critic, raw. No bound, whatever the constraint, and, unless the critic is
        1-Lipschitz by construction, no estimate either: a penalty makes it too large, and clipping leaves it in
        unknown units. Negative for a critic that failed.
    stderr : float
        Standard error of ``value`` from the finite held-out samples.
    corrected : float or None
        W_1 estimated by inverting the overshoot law of the penalties; None for the constraints without one. A
        ``value`` below 0 has no overshoot and is returned as it is.
    slope_normalised : float
        ``value`` over the critic's mean slope between held-out points; nan for a flat critic.
    lower : float
        Lower bound of W_1 at ``confidence_level``, proved by ``witness``; 0.0 where it says nothing.
    upper : float
        Upper bound of W_1 at ``confidence_level``, from an exact linear programme; inf if none was asked for.
    lipschitz : float
        Certified upper bound of the critic's Lipschitz constant; inf without a certificate.
    confidence_level : float
        Of ``lower`` and of ``upper``, each one-sided and asymptotic in the number of points. Both hold at once with
        probability at least ``2 confidence_level - 1``.
    constraint : str
        How the critic was held.
    scale : float
        The unit of length: root mean square distance of the training points to their mean. The penalty's coefficient
        is meant for points divided by it.
    witness : torch.nn.Module or None
        The certified 1-Lipschitz function behind ``lower``, on points (n, d) in the input's units and dtype; None
        without one.
    lower_from : str
        Where it comes from: the ``"critic"`` over its constant, the ``"student"``, or one of McShane's extensions;
        ``"nothing"`` without one.
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
    lower_from: str
    witness: nn.Module | None = field(repr=False)
    critic: nn.Module = field(repr=False)
    history: dict[str, list[float]] = field(repr=False)
    slope_quantiles: dict[float, float] = field(repr=False)


def evaluate(
    network: nn.Module,
    student: nn.Module | None,
    problem: Problem,
    *,
    constraint: Constraint,
    penalty: float,
    confidence_level: float,
    bounds: bool,
    history: dict[str, list[float]],
    generator: torch.Generator,
) -> DualResult:
    """Every number of the result, in float64; those about the critic from the held-out points."""
    real, fake = problem.real.held_out, problem.fake.held_out
    critic = _in_original_units(network, problem)
    f, g = scores(critic, real.points), scores(critic, fake.points)
    with torch.no_grad():
        slope = slopes(critic, between(real, fake, generator))
    value = real.mean(f) - fake.mean(g)
    if not math.isfinite(value):
        raise NotConvergedError(f"the critic's held-out value is {value}: lower lr, penalty or clip")
    penalised = constraint in ("gp", "one-sided")
    corrected = _without_overshoot(value, problem.scale * penalty) if penalised else None
    mean_slope = float(slope.mean())
    pupil = None if student is None else _in_original_units(student, problem)
    steepness = value / corrected if corrected else mean_slope
    witness = _witness(problem, critic, pupil, steepness, confidence_level, bounds)
    lower = 0.0 if witness is None else witness.lower_bound(real, fake, confidence_level)
    upper = upper_bound(problem, confidence_level) if bounds else math.inf
    return DualResult(
        value=value,
        stderr=stderr_of_difference(real, f, fake, g),
        corrected=corrected,
        slope_normalised=value / mean_slope if mean_slope > 0.0 else math.nan,
        lower=lower,
        upper=max(upper, lower),  # where one of them fails, rarely, they may cross; a larger upper bound is one too
        lipschitz=lipschitz_upper_bound(critic, (problem.dim,)),
        confidence_level=confidence_level,
        constraint=constraint,
        scale=problem.scale,
        lower_from="nothing" if witness is None else witness.origin,
        witness=None if witness is None else witness.function.to(problem.dtype),
        critic=critic.to(problem.dtype),
        history=history,
        slope_quantiles=_quantiles(slope),
    )


def _witness(
    problem: Problem, critic: nn.Module, student: nn.Module | None, steepness: float, level: float, search: bool
) -> Witness | None:
    if search:
        return best_witness(problem, critic, student, steepness, level)
    return next(own_witness(problem, critic, "critic"), None)


def between(real: Sample, fake: Sample, generator: torch.Generator) -> Tensor:
    """Random points of segments between two samples, each point joined to a near one of the other side."""
    n = min(max(len(real.points), len(fake.points)), _MOST_SEGMENTS)
    pairs = near_pairs(real.draw(n, generator), fake.draw(n, generator))
    return interpolates(*pairs, generator=generator)


def _in_original_units(network: nn.Module, problem: Problem) -> nn.Sequential:
    """``s f((z - shift) / s)`` in float64: slopes are those of f, and values have the units of the points."""
    scale, nothing = problem.shift.new_tensor(problem.unit), problem.shift.new_zeros(())
    whole = nn.Sequential(Affine(1.0 / scale, problem.shift), copy.deepcopy(network), Affine(scale, nothing))
    return whole.double().eval()


def _without_overshoot(value: float, coefficient: float) -> float:
    """The W with ``W (1 + W / (2 coefficient)) = value``."""
    if value <= 0.0:
        return value
    # The same as coefficient * (sqrt(1 + 2 value / coefficient) - 1), without its cancellation.
    return 2.0 * value / (1.0 + math.sqrt(1.0 + 2.0 * value / coefficient))


def _quantiles(slope: Tensor) -> dict[float, float]:
    ordered = slope.sort().values  # torch.quantile refuses more than 2**24 numbers
    return {q: float(ordered[round(q * (len(ordered) - 1))]) for q in _QUANTILES}
