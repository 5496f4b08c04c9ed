r"""W_p between weighted point sets, as a linear programme.

.. math:: W_p^p = \min_\pi \sum_{ij} \pi_{ij} d(x_i, y_j)^p, \quad \sum_j \pi_{ij} = a_i, \quad \sum_i \pi_{ij} = b_j .

In few dimensions, or where the points fill few of many, the problem is solved from coarse to fine, between cells of
points first; elsewhere from a sample to all (:mod:`wdist.exact.ways`). Either way the network simplex sees a short list
of arcs, and a search over all pairs says which ones it still lacks. :mod:`wdist.certificate` then knows nothing of how
the plan was found. Equal measures are recognised beforehand (:mod:`wdist.exact.rest`).
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from .._arrays import Array, common_kind, is_tensor, namespace, to_numpy, widest
from ..compilation import patiently
from ..coupling import Coupling
from ..masses import Masses
from ..measures import Samples, as_samples, same_dimension
from ..result import Result
from ..search.cells import Cells
from ..search.ground import PointCosts, check_metric
from ..search.screen import Screen, has_screen
from ..settings import check_not_negative, check_p
from .clouds import Clouds
from .generation import Problem, Watch, resume
from .levels import coarse_to_fine
from .masses import integer_masses
from .outcome import Outcome, conclude, judged, placed, sharper
from .progress import Progress, shown
from .rest import at_rest
from .sampled import AllPairs, ManyDimensions, sample_to_all
from .ways import cell_orders

__all__ = ["transport"]

_SHARP = 1e-12  # relative gap above which components of the plan get potentials of their own


def transport(
    x: Any,
    y: Any,
    *,
    p: float,
    x_weights: Any = None,
    y_weights: Any = None,
    metric: str = "euclidean",
    rtol: float = 0.0,
    progress: Progress = None,
) -> Result:
    """W_p between two weighted point sets, exactly.

    Parameters
    ----------
    x, y : Samples, array_like or torch.Tensor, shapes (n,) or (n, d) and (m,) or (m, d)
        Finite coordinates, in any unit: the distance has the same.
    p : float
        The exponent, in [1, inf).
    x_weights, y_weights : array_like or torch.Tensor, optional
        Masses, normalised to sum 1; zeros are allowed. None: equal.
    metric : {"euclidean", "cityblock", "chebyshev"}
        The ground metric.
    rtol : float
        Above 0 the solver stops as soon as the bracket of the cost is narrower than this, relative to the cost, and
        the result is a ``kind="bound"`` unless that happens to be 1e-9.
    progress : callable or True, optional
        Called with the number of pivots so far, from time to time; a KeyboardInterrupt is heard between calls.
        True: a tqdm bar.

    Returns
    -------
    Result
        With ``plan`` (at most n + m - 1 entries, all positive), feasible ``potentials`` in units of ``d ** p`` (None
        where such a number is no float), and a bracket that holds for the floats as given. ``distance`` is a tensor
        that carries the gradient by points and weights when an input is one: 0 at coincident points, a subgradient at
        ties.

    Raises
    ------
    InvalidMeasureError
        If an argument is not a weighted point set, or the dimensions differ.
    ValueError
        If ``p``, ``metric`` or ``rtol`` is not one of those above.
    NotConvergedError
        If the bracket is wider than 1e-9 of the cost and than ``rtol``; it carries the result.

    Notes
    -----
    Memory is O(n + m). In up to seven dimensions pairs that cannot matter are not looked at. With Euclidean costs at
    p = 1 and 2 neither are they in more, where the points fill few of them, as on a curved surface or in clusters; else
    all pairs are, in single precision first. With other costs all pairs are looked at, several times. The first call
    with more than a few hundred points compiles the solver, some seconds, unless numba's cache on disk has it already.

    Examples
    --------
    >>> import wdist
    >>> round(wdist.transport([[0, 0], [1, 0]], [[3, 4], [4, 4]], p=2).distance, 12)
    5.0
    """
    P, Q = as_samples(x, "x", x_weights), as_samples(y, "y", y_weights)
    same_dimension(P, Q, ("x", "y"))
    p, metric = check_p(p, finite=True), check_metric(metric)
    rtol = check_not_negative(rtol, "rtol", "a relative tolerance")
    begin = time.perf_counter()
    common_kind(P.points, Q.points)  # refuses tensors on two devices before the work
    costs = PointCosts.between(to_numpy(P.points), to_numpy(Q.points), p, metric)
    with patiently(len(P) * len(Q)), shown(progress, f"transport {len(P)} x {len(Q)}") as told:
        watch = Watch(told, rtol, hasty=True)
        outcome = _unmoved(P, Q) or _optimum(costs, Masses.of(to_numpy(P.given)), Masses.of(to_numpy(Q.given)), watch)
    stats = {"pivots": watch.pivots, "seconds": time.perf_counter() - begin, "n": len(P), "m": len(Q)}
    result = conclude(outcome, p, costs.scale, costs.unit, rtol, stats)
    return _with_tensor(result, P, Q, costs, outcome) if is_tensor(P.points) or is_tensor(Q.points) else result


def _unmoved(P: Samples, Q: Samples) -> Outcome | None:
    """Of equal measures."""
    plan = at_rest(*(to_numpy(part) for s in (P, Q) for part in (s.points, s.given)))
    if plan is None:
        return None
    n, m = len(P), len(Q)
    return Outcome(Coupling(*plan), np.zeros(n), np.zeros(m), 0.0, 0.0, 0.0, 0.0)


def _optimum(costs: PointCosts, a: Masses, b: Masses, watch: Watch) -> Outcome:
    """Solve and judge among points with mass; the others get potentials afterwards."""
    i, j = np.flatnonzero(a.high > 0), np.flatnonzero(b.high > 0)
    inner = costs if (len(i), len(j)) == costs.shape else costs.select(i, j)
    if (orders := cell_orders(inner)) is not None:
        i, j, inner = i[orders[0]], j[orders[1]], inner.select(*orders)
    a, b = a.take(i), b.take(j)
    masses = integer_masses(a, b)
    problem: Problem
    index: Cells | Screen | None = None
    if orders is not None:
        problem = Clouds(Cells.of(inner.x), Cells.of(inner.y), costs.ground())
        index, solved = problem.y, coarse_to_fine(problem, masses, watch)
    elif has_screen(inner):
        problem = ManyDimensions.of(inner)
        index, solved = problem.screen, sample_to_all(problem, masses, watch)
    else:
        problem = AllPairs(inner)
        solved = sample_to_all(problem, masses, watch)
    outcome = judged(inner, solved, a, b, index)
    if outcome.relative_gap > max(_SHARP, watch.rtol):
        watch.rtol, watch.hasty = 0.0, False  # stopping early was a mistake, if it was that
        outcome = sharper(outcome, judged(inner, resume(problem, masses, solved, watch), a, b, index))
    return placed(outcome, costs, i, j)


def _with_tensor(result: Result, P: Samples, Q: Samples, costs: PointCosts, outcome: Outcome) -> Result:
    from .._autograd import with_gradient

    tensors = [s for s in (P, Q) if is_tensor(s.points)]
    dtype = widest(s.dtype for s in tensors)
    inputs = common_kind(P.points, Q.points, P.mass, Q.mass)
    like = tensors[0].points
    xp = namespace(like)

    def tensor(values: np.ndarray | float) -> Array:
        return xp.asarray(values, dtype=xp.float64, device=like.device)

    distance = with_gradient(
        tensor(result.distance), inputs, lambda _: [tensor(d) for d in _gradients(costs, outcome, result.distance)]
    ).to(dtype)
    value = float(distance.detach())
    return replace(result, distance=distance, lower=min(result.lower, value), upper=max(result.upper, value))


def _gradients(costs: PointCosts, outcome: Outcome, distance: float) -> tuple[np.ndarray, ...]:
    """Derivatives of W_p by the points and by the masses, 0 where it is 0.

    From d W_p^p = sum pi p d^(p-1) d(d) + f da + g db, divided by p W_p^(p-1).
    """
    plan, W = outcome.plan, distance / costs.scale
    by_x, by_y = np.zeros_like(costs.x), np.zeros_like(costs.y)
    if W == 0.0:
        return by_x, by_y, np.zeros(costs.shape[0]), np.zeros(costs.shape[1])
    weight = plan.mass * (costs.distances(plan.i, plan.j) / W) ** (costs.p - 1)
    pull = weight[:, None] * costs.derivatives(plan.i, plan.j)
    np.add.at(by_x, plan.i, pull)
    np.add.at(by_y, plan.j, -pull)
    factor = costs.scale / (costs.p * W ** (costs.p - 1))
    return by_x, by_y, factor * outcome.f, factor * outcome.g
