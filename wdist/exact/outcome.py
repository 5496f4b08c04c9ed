"""From an optimal tree to a Result: the plan, feasible potentials, and a bracket that the certificate confirms."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from scipy import sparse

from ..certificate import dual_below, primal_above
from ..errors import NotConvergedError
from ..result import Result
from ..search.ground import Costs
from ..search.rounding import root_bounds
from ..search.transform import row_blocks, transform_below
from .simplex import Arcs, Progress, solve

__all__ = ["TOLERANCE", "Outcome", "conclude", "judged", "optimum"]

TOLERANCE = 1e-9  # relative width of the bracket of the cost within which a distance is called exact


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


C = TypeVar("C", bound=Costs)


def optimum(
    costs: C, arcs_of: Callable[[C], Arcs], a: np.ndarray, b: np.ndarray, progress: Progress | None = None
) -> tuple[Outcome, int]:
    """Solve, and judge; points without mass wait outside meanwhile. The outcome, and the pivots that it took."""
    sources, targets = np.flatnonzero(a > 0), np.flatnonzero(b > 0)
    basis = solve(arcs_of(cast(C, costs.select(sources, targets))), a[sources], b[targets], progress)
    if basis.stranded > 0:
        raise ValueError(
            f"cost leaves {basis.stranded:.6g} of the mass without a way: its stored arcs do not reach from the "
            "sources that have it to the targets that need it. Add arcs, with a high cost "
            "where they should be a last resort"
        )
    carried = basis.flow > 0
    plan = sparse.coo_array(
        (basis.flow[carried], (sources[basis.i[carried]], targets[basis.j[carried]])), shape=costs.shape
    )
    g = np.zeros(len(b))
    g[targets] = basis.g
    idle = np.flatnonzero(b == 0)
    if len(idle):  # targets without mass: as large as feasibility allows, 0 where no arc ends
        outer, room = costs.select(sources, idle), np.full(len(idle), np.inf)
        for rows in row_blocks(outer.shape):
            room = np.minimum(room, np.min(outer.rows(rows) - basis.f[rows, None], axis=0))
        g[idle] = np.where(np.isfinite(room), room, 0.0)
    return judged(costs, plan, g, a, b), basis.pivots


def judged(costs: Costs, plan: sparse.coo_array, g: np.ndarray, a: np.ndarray, b: np.ndarray) -> Outcome:
    """The bracket of a plan and target potentials; f is their c-transform."""
    f = transform_below(costs, g)
    f = np.where(np.isfinite(f), f, 0.0)  # without arcs, and so without mass: any number is feasible
    prices = costs.pairs(plan.row, plan.col)
    cost, size = math.fsum(plan.data * prices), math.fsum(plan.data * np.abs(prices))
    lower, upper = dual_below(f, g, a, b), primal_above(costs, plan)
    if not np.any(prices < 0):
        lower = max(lower, 0.0)
    return Outcome(plan, f, g, cost, min(lower, upper), upper, size)


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
