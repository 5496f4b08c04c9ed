r"""A lower bound of W_1 needs a witness: one function, certified 1-Lipschitz, judged on points it has never seen.

For |f|_L <= 1 the mean of f(x) - f(y) is at most W_1, and on held-out samples its estimate has a standard error:

    W_1 >= mean f(x) - mean f(y) - z se    with (asymptotic) confidence Phi(z).

Which f is free, so there are several candidates, and the validation sample, which none was trained on either, chooses
among them. Its choice costs nothing: the held-out points know nothing of it.

- The trained critic, over its certified Lipschitz constant, if it has one.
- A student: an orthogonal network (1-Lipschitz by construction) trained on the same minibatches.
- McShane's extensions of the potentials of a linear programme between training points, or of the critic's own values
  there divided by the slope that it has too much. The lower one, ``max_i f(x_i) - |z - x_i|``, stands on points of P
  alone, where f is high, the upper one on points of Q: the other side would add cones that lie below it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import torch
from torch import Tensor, nn

from .certified import mcshane
from .layers import Affine
from .lipschitz import lipschitz_upper_bound
from .sources import Problem, Sample
from .upper import programme

__all__ = ["Witness", "best_witness", "own_witness", "scores", "stderr_of_difference"]

_ANCHORS = 2048  # training points a side of the programme and of McShane's extensions


@dataclass(frozen=True, eq=False, slots=True)
class Witness:
    """A certified 1-Lipschitz function on points (n, d) in the input's units, float64, and where it comes from."""

    function: nn.Module
    origin: str

    def lower_bound(self, real: Sample, fake: Sample, level: float) -> float:
        """W_1 is at least this with confidence ``level``, if the points are not those it was made from; 0 otherwise."""
        certain = self._mean_less_errors(real, fake, NormalDist().inv_cdf(level))
        return certain if certain > 0.0 else 0.0  # nan too

    def promise(self, problem: Problem, level: float) -> float:
        """What the validation sample lets one expect of the bound on the held-out points; may be negative."""
        shrink = math.sqrt(len(problem.real.validation.points) / len(problem.real.held_out.points))
        factor = NormalDist().inv_cdf(level) * shrink
        return self._mean_less_errors(problem.real.validation, problem.fake.validation, factor)

    def _mean_less_errors(self, real: Sample, fake: Sample, factor: float) -> float:
        f, g = scores(self.function, real.points), scores(self.function, fake.points)
        return real.mean(f) - fake.mean(g) - factor * stderr_of_difference(real, f, fake, g)


def best_witness(
    problem: Problem, critic: nn.Module, student: nn.Module | None, steepness: float, level: float
) -> Witness:
    """The candidate that promises most."""
    return max(
        _candidates(problem, critic, student, steepness), key=lambda candidate: candidate.promise(problem, level)
    )


def own_witness(problem: Problem, network: nn.Module, origin: str) -> Iterator[Witness]:
    """The network itself over its certified constant, if it has one."""
    constant = lipschitz_upper_bound(network, (problem.dim,))
    if 0.0 < constant < math.inf:
        factor = problem.shift.new_tensor(math.nextafter(1.0 / constant, 0.0))
        yield Witness(nn.Sequential(network, Affine(factor, torch.zeros_like(factor))), origin)


def _candidates(problem: Problem, critic: nn.Module, student: nn.Module | None, steepness: float) -> Iterator[Witness]:
    yield from own_witness(problem, critic, "critic")
    if student is not None:
        yield from own_witness(problem, student, "student")
    real, fake = problem.real.train.first(_ANCHORS), problem.fake.train.first(_ANCHORS)
    solved = programme(real, fake)
    yield from _extensions(real, fake, solved.at_real, solved.at_fake, "linear programme")
    if steepness > 0.0 and math.isfinite(steepness):
        f, g = (scores(critic, part.points) / steepness for part in (real, fake))
        yield from _extensions(real, fake, f, g, "critic's values")


def _extensions(real: Sample, fake: Sample, f: Tensor, g: Tensor, origin: str) -> Iterator[Witness]:
    if torch.isfinite(f).all() and torch.isfinite(g).all():
        yield Witness(mcshane(f, real.points, side="lower"), f"McShane of the {origin}, lower")
        yield Witness(mcshane(g, fake.points, side="upper"), f"McShane of the {origin}, upper")


def scores(critic: nn.Module, points: Tensor) -> Tensor:
    """Scores (n,) in float64, a block of points at a time."""
    with torch.no_grad():
        return torch.cat([critic(block).reshape(len(block)) for block in points.split(2**16)]).double()


def stderr_of_difference(real: Sample, f: Tensor, fake: Sample, g: Tensor) -> float:
    """Standard error of ``mean f - mean g``."""
    return math.hypot(real.stderr_of_mean(f), fake.stderr_of_mean(g))
