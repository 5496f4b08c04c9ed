"""From an optimal tree to a Result: the plan, feasible potentials, and a bracket that the certificate confirms."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from ..certificate import dual_below, primal_above
from ..coupling import Coupling
from ..errors import NotConvergedError
from ..masses import Masses
from ..result import Result
from ..search.cells import Cells
from ..search.ground import Costs
from ..search.rounding import root_bounds, rounded_sum
from ..search.screen import Screen
from ..search.transform import transform_below
from .generation import Solved
from .masses import flows, leftovers

__all__ = ["TOLERANCE", "Outcome", "conclude", "judged", "placed", "sharper"]

_FAINT = 2.0**-90  # masses below it may get lost beside 1, even in pairs of doubles: the bound counts them as lost
TOLERANCE = 1e-9  # relative width of the bracket of the cost within which a distance is called exact


class Outcome(NamedTuple):
    """A plan and potentials, their cost as computed, its rigorous bracket, and the scale rounding is relative to."""

    plan: Coupling
    f: np.ndarray
    g: np.ndarray
    cost: float
    lower: float
    upper: float
    size: float

    @property
    def relative_gap(self) -> float:
        """Width of the bracket over the upper cost, or the plan's in absolute value; 0 when both are 0."""
        gap, size = self.upper - self.lower, max(self.size, abs(self.upper))
        return 0.0 if gap <= 0.0 else gap / size if size > 0.0 else math.inf


def judged(costs: Costs, solved: Solved, a: Masses, b: Masses, index: Screen | Cells | None = None) -> Outcome:
    """The plan of a tree, its flows from the weights themselves; the c-transform of g; the bracket they prove.

    ``index`` is what :func:`transform_below` may search by. Where the plan sends a source is where it starts to look.
    """
    n = costs.shape[0]
    flow, low, out = flows(solved.tree, a, b)
    child = np.flatnonzero(flow > 0)
    plan = Coupling(*solved.tree.ends(child, n), flow[child])
    prices = costs.pairs(plan.i, plan.j)
    terms = plan.mass * prices
    cost = rounded_sum(terms)[0]
    size = rounded_sum(np.abs(terms))[0] if np.any(terms < 0) else cost
    upper = primal_above(costs, plan, low[child], prices)
    if np.any(out):  # below the rounding of the weights: the plan does without, but the bound does not
        i, j, mass = leftovers(solved.tree, flow, out, n)
        rest = primal_above(costs, Coupling(i, j, mass * (1 + 1e-9)))
        gain = 2.0 * float(np.abs(out).sum()) * float(np.max(-prices, initial=0.0))  # of flow that is taken to be less
        upper = float(np.nextafter(upper + max(rest, 0.0) + gain, np.inf))
    if min(a.high.min(), b.high.min()) < _FAINT:
        faint = sum(float(w.high[w.high < _FAINT].sum()) for w in (a, b))
        upper = float(np.nextafter(upper + faint * costs.most(), np.inf))
    near = np.zeros(n, dtype=np.int64)
    near[plan.i] = plan.j
    f, g, lower = _dual(costs, solved.v, a, b, index, near)
    if upper - lower > 1e-12 * size:
        # Rounding lowers the dear arcs by more than the cheap ones. Where nearly all mass is at rest, on arcs that cost
        # nothing, it pays to make those the tight ones.
        shrunk = _dual(costs, solved.v * (1.0 - 2.0**-43), a, b, index, near)
        f, g, lower = shrunk if shrunk[2] > lower else (f, g, lower)
    return Outcome(plan, f, g, cost, min(lower, upper), upper, size)


def _dual(
    costs: Costs, g: np.ndarray, a: Masses, b: Masses, index: Screen | Cells | None, near: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    f = transform_below(costs, g, index, near)
    f = np.where(np.isfinite(f), f, 0.0)  # without arcs, and so without mass: any number is feasible
    return f, g, dual_below(f, g, a, b)


def sharper(one: Outcome, other: Outcome) -> Outcome:
    """The plan and potentials with the narrower bracket."""
    return one if one.upper - one.lower <= other.upper - other.lower else other


def placed(outcome: Outcome, costs: Costs, i: np.ndarray, j: np.ndarray) -> Outcome:
    """An outcome among the sources i and the targets j, as one among all, of which the others have no mass.

    Their potentials are as large as feasibility allows, and 0 where no arc ends.
    """
    n, m = costs.shape
    plan = Coupling(i[outcome.plan.i], j[outcome.plan.j], outcome.plan.mass)
    f, g = np.zeros(n), np.zeros(m)
    f[i], g[j] = outcome.f, outcome.g
    if len(i) < n:
        idle = np.setdiff1d(np.arange(n), i)
        room = transform_below(costs.select(idle, j), outcome.g)
        f[idle] = np.where(np.isfinite(room), room, 0.0)
    if len(j) < m:
        idle = np.setdiff1d(np.arange(m), j)
        room = transform_below(costs.select(None, idle).transposed(), f)
        g[idle] = np.where(np.isfinite(room), room, 0.0)
    return outcome._replace(plan=plan, f=f, g=g)


def conclude(
    outcome: Outcome, p: float, scale: float, unit: float, rtol: float, stats: dict[str, Any], positive: bool = True
) -> Result:
    """The Result, or NotConvergedError with it where the bracket is wider than asked for."""
    if positive:
        outcome = outcome._replace(lower=max(outcome.lower, 0.0))
    lower, upper = root_bounds(outcome.lower, outcome.upper, p)
    cost = outcome.cost if p == 1.0 else max(outcome.cost, 0.0)
    distance = scale * (cost ** (1.0 / p) if p != 1.0 else cost)
    lower, upper = scale * lower, scale * upper
    if scale != 1.0 and 0.0 < upper < 2.0**-1000:  # where even a power of two may round
        lower, upper = max(0.0, math.nextafter(lower, -math.inf)), math.nextafter(upper, math.inf)
    lower, upper = min(lower, distance), max(upper, distance)
    exact, plan = outcome.relative_gap <= TOLERANCE, outcome.plan
    result = Result(
        distance if exact else upper,
        p,
        lower,
        upper,
        "exact" if exact else "bound",
        "exact",
        sparse.coo_array((plan.mass, (plan.i, plan.j)), shape=(len(outcome.f), len(outcome.g))),
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
