"""Problems in integers, whose optimum a result's own plan and potentials prove without a rounding."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from .mixture import Problem

__all__ = ["image", "integer_costs", "proved_cost"]


def image(seed: int, side: int, total: int, empty: float) -> tuple[np.ndarray, np.ndarray]:
    """Pixels and their integer masses, of which a part is zero."""
    rng = np.random.default_rng(seed)
    pixels = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), axis=-1).reshape(-1, 2)
    light = rng.exponential(size=side**2) * (rng.random(side**2) >= empty)
    return pixels.astype(float), rng.multinomial(total, light / light.sum())


def integer_costs(problem: Problem) -> np.ndarray:
    """d ** p of all pairs as int64: the metric cityblock or chebyshev, or Euclidean at p = 2."""
    lengths = np.abs(problem.x[:, None].astype(np.int64) - problem.y.astype(np.int64))
    if problem.metric == "euclidean":
        assert problem.p == 2
        return np.sum(lengths * lengths, axis=-1)
    return (lengths.sum(axis=-1) if problem.metric == "cityblock" else lengths.max(axis=-1)) ** int(problem.p)


def proved_cost(r: Any, problem: Problem) -> Fraction:
    """The optimal cost: that of the plan, rounded to whole masses, which is that of whole, feasible potentials."""
    costs = integer_costs(problem)
    a, b = ([int(w) for w in side.tolist()] for side in (problem.a, problem.b))
    unit = math.lcm(sum(a), sum(b))
    a, b = [w * (unit // sum(a)) for w in a], [w * (unit // sum(b)) for w in b]
    flow = [round(v * unit) for v in r.plan.data.tolist()]
    ends = r.plan.row.tolist(), r.plan.col.tolist()
    for side, mass in zip(ends, (a, b), strict=True):
        carried = [0] * len(mass)
        for end, v in zip(side, flow, strict=True):
            carried[end] += v
        assert carried == mass, f"{problem}: the plan, in units of 1/{unit}, does not carry the masses"
    g = np.rint(r.potentials[1] - r.potentials[1][0]).astype(np.int64)
    f = np.min(costs - g, axis=1)
    g = np.min(costs - f[:, None], axis=0)
    primal = sum(v * c for v, c in zip(flow, costs[ends].tolist(), strict=True))
    dual = sum(v * u for v, u in zip([*a, *b], [*f.tolist(), *g.tolist()], strict=True))
    assert primal == dual, f"{problem}: plan {primal}, potentials {dual}, in units of 1/{unit}"
    return Fraction(primal, unit)
