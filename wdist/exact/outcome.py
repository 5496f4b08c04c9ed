"""From an optimal tree to a Result: the plan, feasible potentials, and a bracket that the certificate confirms."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ..certificate import dual_below, primal_above
from ..errors import NotConvergedError
from ..result import Result
from ..search.ground import Costs
from ..search.rounding import root_bounds
from ..search.transform import row_blocks, transform_below

__all__ = ["TOLERANCE", "Outcome", "conclude", "judged"]

TOLERANCE = 1e-9  # relative width of the bracket of the cost within which a distance is called exact

_SWEEPS = 6  # of centring; each halves what the components have not yet settled between them


class Outcome(NamedTuple):
    """A plan and potentials, their cost as computed, its rigorous bracket, and the scale rounding is relative to."""

    plan: sparse.coo_array
    f: np.ndarray
    g: np.ndarray
    cost: float
    lower: float
    upper: float
    size: float

    @property
    def relative_gap(self) -> float:
        """Width of the bracket over the cost of the plan; 0 when both are 0."""
        gap = self.upper - self.lower
        return 0.0 if gap <= 0.0 else gap / self.size if self.size > 0.0 else math.inf


def judged(costs: Costs, plan: sparse.coo_array, g: np.ndarray, a: np.ndarray, b: np.ndarray) -> Outcome:
    """The bracket of a plan and target potentials; if it is open, potentials from the middle of their freedom."""
    best = outcome = _bracket(costs, plan, g, a, b)
    for _ in range(_SWEEPS):
        if best.relative_gap <= TOLERANCE:
            break
        outcome = _bracket(costs, plan, _centred(costs, outcome), a, b)
        best = max(best, outcome, key=lambda o: o.lower)
    return best


def conclude(outcome: Outcome, p: float, scale: float, unit: float, rtol: float, stats: dict[str, Any]) -> Result:
    """The Result, or NotConvergedError with it where the bracket is wider than asked for."""
    lower, upper = root_bounds(outcome.lower, outcome.upper, p)
    cost = outcome.cost if p == 1.0 else max(outcome.cost, 0.0)
    distance = scale * (cost ** (1.0 / p) if p != 1.0 else cost)
    lower, upper = min(scale * lower, distance), max(scale * upper, distance)
    exact = outcome.relative_gap <= TOLERANCE
    result = Result(
        distance if exact else upper,
        p,
        lower,
        upper,
        "exact" if exact else "bound",
        "exact",
        outcome.plan,
        (outcome.f * unit, outcome.g * unit) if 0.0 < unit < math.inf else None,
        None,
        stats,
    )
    if outcome.relative_gap > max(rtol, TOLERANCE):
        raise NotConvergedError(
            f"the certificate is open by {outcome.relative_gap:.1e} of the cost: the distance lies in [{lower:.17g}, "
            f"{upper:.17g}], but it is too small beside the largest costs for double precision to say more. "
            "The result in .result holds this bracket; rtol=, where the function has it, accepts a wider one",
            result,
        )
    return result


def _bracket(costs: Costs, plan: sparse.coo_array, g: np.ndarray, a: np.ndarray, b: np.ndarray) -> Outcome:
    f = transform_below(costs, g)
    f = np.where(np.isfinite(f), f, 0.0)  # without arcs, and so without mass: any number is feasible
    prices = costs.pairs(plan.row, plan.col)
    cost, size = math.fsum(plan.data * prices), math.fsum(plan.data * np.abs(prices))
    lower, upper = dual_below(f, g, a, b), primal_above(costs, plan)
    if not np.any(prices < 0):
        lower = max(lower, 0.0)
    return Outcome(plan, f, g, cost, min(lower, upper), upper, size)


def _centred(costs: Costs, outcome: Outcome) -> np.ndarray:
    """Target potentials, each component of the plan moved to the middle of where it is feasible.

    The plan fixes f + g within a component of its support and leaves the component's own constant free within an
    interval. At its end an arc that carries nothing is tight, and the rounding of that arc's cost, huge beside an
    outlier, would spoil the bound. Half of the slack for each of two components is never too much for both.
    """
    n, m = costs.shape
    plan, f, g = outcome.plan, outcome.f, outcome.g
    graph = sparse.coo_array((plan.data, (plan.row, n + plan.col)), shape=(n + m, n + m))
    count, label = connected_components(graph, directed=False)
    up, down = np.full(count, np.inf), np.full(count, np.inf)
    for rows in row_blocks(costs.shape):
        slack = np.maximum((costs.rows(rows) - g) - f[rows, None], 0.0)
        slack[label[rows, None] == label[None, n:]] = np.inf
        np.minimum.at(up, label[rows], slack.min(axis=1))
        np.minimum.at(down, label[n:], slack.min(axis=0))
    shift = np.where(np.isfinite(up) & np.isfinite(down), (up - down) / 2, 0.0)
    return g - shift[label[n:]]
