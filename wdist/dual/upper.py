r"""An upper bound of W_1 from one linear programme.

Let f be an optimal critic of the laws P and Q themselves. It is feasible for the samples too, so that

    W_1(P_n, Q_m) >= mean f(x_i) - mean f(y_j),

and the right side is W_1(P, Q) plus an error of mean zero and standard error s, s^2 = Var f(X) / n + Var f(Y) / m.
Hence

    W_1(P, Q) <= W_1(P_n, Q_m) + z s    with (asymptotic) confidence Phi(z),

in every dimension and whatever W_1(P_n, Q_m) does besides. (It is too large on average, as W_1 is convex:
E W_1(P_n, Q_m) >= W_1(P, Q), by much in many dimensions. So one programme of many points is better than the mean of
several smaller ones.) f is not known. Its variances are taken from the programme's potentials, which tend to it.

Reference: del Barrio, Loubes (2019), Central limit theorems for empirical transportation cost in general dimension,
Ann. Probab. 47, 926-951, doi:10.1214/18-AOP1275 (the variance, from the potentials).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import torch
from torch import Tensor

from ..exact import transport
from .sources import Problem, Sample

__all__ = ["Programme", "programme", "upper_bound"]

_LARGEST = 4096  # points a side: a second or two


@dataclass(frozen=True, eq=False, slots=True)
class Programme:
    """The optimal value between two samples, and 1-Lipschitz potentials f (n,) at x and f (m,) at y: f = -g there."""

    real: Sample
    fake: Sample
    distance: float
    at_real: Tensor
    at_fake: Tensor

    @property
    def stderr(self) -> float:
        """Of ``mean f(x) - mean f(y)``."""
        return math.hypot(self.real.stderr_of_mean(self.at_real), self.fake.stderr_of_mean(self.at_fake))


def programme(real: Sample, fake: Sample) -> Programme:
    """Solve the linear programme between two samples, exactly."""
    weights = {"x_weights": _numpy(real.weights), "y_weights": _numpy(fake.weights)}
    result = transport(_numpy(real.points), _numpy(fake.points), p=1, **weights)
    assert result.potentials is not None  # as they are in units of the points
    f, g = (torch.as_tensor(potential).to(real.points) for potential in result.potentials)
    return Programme(real, fake, float(result.distance), f, -g)


def upper_bound(problem: Problem, level: float, largest: int = _LARGEST) -> float:
    """W_1 is at most this with confidence ``level``; from at most ``largest`` points a side."""
    solved = programme(problem.real.whole.first(largest), problem.fake.whole.first(largest))
    return solved.distance + NormalDist().inv_cdf(level) * solved.stderr


def _numpy(tensor: Tensor) -> Any:
    return tensor.cpu().numpy()
