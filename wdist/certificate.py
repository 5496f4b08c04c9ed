r"""How far a plan and a pair of potentials are from optimal, by code that solves nothing.

Any plan with the right marginals costs at least the optimum. Any feasible pair, f_i + g_j <= c_ij, is worth at most the
optimum: :math:`\langle a, f \rangle + \langle b, g \rangle \le W_p^p \le \langle \pi, c \rangle` (Kantorovich, 1942,
doi:10.1007/s10958-006-0049-2). Feasibility is not believed but made: f is replaced by the exact c-transform of g over
all pairs, with every rounding in the safe direction. What closes the gap is optimal, whoever found it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import sparse

from ._arrays import as_float64, check_weights, power_of_two, to_numpy
from .coupling import Coupling
from .errors import InvalidMeasureError
from .masses import Masses
from .measures import as_samples, same_dimension
from .result import Certificate
from .search.ground import Costs, MatrixCosts, PointCosts, check_metric
from .search.rounding import product_bounds
from .search.transform import largest_violation, transform_below
from .settings import check_p

__all__ = ["certify", "certify_lp"]


def certify(
    plan: Any,
    potentials: tuple[Any, Any],
    x: Any,
    y: Any,
    *,
    p: float,
    x_weights: Any = None,
    y_weights: Any = None,
    metric: str = "euclidean",
) -> Certificate:
    """Check a plan and potentials between two weighted point sets.

    Parameters
    ----------
    plan : scipy.sparse array or array_like, shape (n, m)
        Non-negative masses.
    potentials : tuple of array_like, shapes (n,) and (m,)
        ``(f, g)`` in units of ``d ** p``. Any pair gives a true bound; an optimal one gives a tight one.
    x, y : Samples or array_like, shapes (n, d) and (m, d)
    p : float
        The exponent, in [1, inf).
    x_weights, y_weights : array_like, optional
        Masses, normalised to sum 1. None: equal.
    metric : {"euclidean", "cityblock", "chebyshev"}

    Returns
    -------
    Certificate
        ``primal`` is rounded up and ``dual`` rounded down, both in units of ``d ** p``.

    Raises
    ------
    InvalidMeasureError
        If a measure, the plan or the potentials are malformed.
    ValueError
        If ``p`` or ``metric`` is not one of those above.

    Examples
    --------
    >>> import wdist
    >>> x, y = [[0, 0], [1, 0]], [[3, 4], [4, 4]]
    >>> r = wdist.transport(x, y, p=2)
    >>> proof = wdist.certify(r.plan, r.potentials, x, y, p=2)
    >>> round(proof.dual, 9), round(proof.primal, 9), proof.marginal_error
    (25.0, 25.0, 0.0)
    >>> proof = wdist.certify([[0, 0.5], [0.5, 0]], ([0, 0], [0, 0]), x, y, p=2)  # a worse plan, and no potentials
    >>> round(proof.dual, 9), round(proof.primal, 9)
    (22.5, 26.0)
    """
    P, Q = as_samples(x, "x", x_weights), as_samples(y, "y", y_weights)
    same_dimension(P, Q, ("x", "y"))
    costs = PointCosts.between(to_numpy(P.points), to_numpy(Q.points), check_p(p, finite=True), check_metric(metric))
    unit = costs.unit
    if not 0.0 < unit < math.inf:
        raise ValueError(
            f"p is {costs.p:g} at coordinates about {costs.scale:.0e}: their p-th power is no float. "
            "Rescale x and y; W_p scales with them"
        )
    f, g = _potentials(potentials, costs.shape)
    found = _check(costs, checked_plan(plan, costs.shape), f / unit, g / unit, masses(P.given), masses(Q.given))
    if unit == 1.0:
        return found
    primal = math.nextafter(found.primal * unit, math.inf) if found.primal else 0.0
    dual = math.nextafter(found.dual * unit, -math.inf) if found.dual else 0.0
    return Certificate(primal, dual, found.marginal_error, found.violation * unit)


def certify_lp(plan: Any, potentials: tuple[Any, Any], cost: Any, a: Any = None, b: Any = None) -> Certificate:
    """Check a plan and potentials of a transport problem with a given cost matrix.

    Parameters
    ----------
    plan : scipy.sparse array or array_like, shape (n, m)
        Non-negative masses.
    potentials : tuple of array_like, shapes (n,) and (m,)
        ``(f, g)`` in units of ``cost``.
    cost : array_like or scipy.sparse array, shape (n, m)
        Cost per unit of mass, taken as exact. What a sparse matrix does not store is a forbidden arc.
    a, b : array_like, shapes (n,) and (m,), optional
        Masses, normalised to sum 1. None: equal.

    Returns
    -------
    Certificate
        ``primal`` is inf when the plan uses a forbidden arc.

    Raises
    ------
    InvalidMeasureError
        If the cost, a weight, the plan or the potentials are malformed.

    Examples
    --------
    >>> import wdist
    >>> cost = [[1, 3], [2, 8]]
    >>> r = wdist.transport_lp(cost)
    >>> proof = wdist.certify_lp(r.plan, r.potentials, cost)
    >>> round(proof.dual, 9), round(proof.primal, 9)
    (2.5, 2.5)
    """
    costs = MatrixCosts(cost_matrix(cost))
    n, m = costs.shape
    f, g = _potentials(potentials, costs.shape)
    a, b = masses(checked_weights(a, n, "a")), masses(checked_weights(b, m, "b"))
    return _check(costs, checked_plan(plan, costs.shape), f, g, a, b)


def primal_above(
    costs: Costs, plan: Coupling, low: np.ndarray | None = None, prices: np.ndarray | None = None
) -> float:
    """The cost of a plan, rounded up.

    ``low`` is what its masses, as pairs of doubles, have beyond their floats; ``prices`` are their costs, if known.
    """
    price = costs.pairs_above(plan.i, plan.j, prices)
    largest = float(np.abs(price).max(initial=0.0))
    if not math.isfinite(largest):
        return math.inf
    unit = power_of_two(largest)
    low = np.zeros(len(price)) if low is None else low
    return unit * product_bounds(plan.mass, low, price / unit)[1]


def dual_below(f: np.ndarray, g: np.ndarray, a: Masses, b: Masses) -> float:
    """``<a, f> + <b, g>``, rounded down."""
    high, low = np.concatenate([a.high, b.high]), np.concatenate([a.low, b.low])
    potential = np.where(high > 0, np.concatenate([f, g]), 0.0)
    largest = float(np.abs(potential).max())
    if not math.isfinite(largest):
        return math.inf  # a source with mass and without arcs: no plan exists
    unit = power_of_two(largest)
    return unit * product_bounds(high, low, potential / unit)[0]


def cost_matrix(cost: Any, name: str = "cost") -> Any:
    """A cost matrix as a detached float64 array or CSR array: two axes, not empty, no NaN."""
    if sparse.issparse(cost):
        matrix = sparse.csr_array(cost, copy=True)
        matrix.sum_duplicates()
        matrix.data = np.asarray(as_float64(matrix.data, name))
    else:
        matrix = to_numpy(as_float64(cost, name))
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise InvalidMeasureError(f"{name} has shape {tuple(matrix.shape)}: expected (n, m), one row per source")
    return matrix


def checked_weights(weights: Any, count: int, name: str) -> Any:
    """Weights of the rows or columns of a cost matrix, not divided by their sum yet; ones for None."""
    if weights is None:
        return np.ones(count)
    weights = as_float64(weights, name)
    if tuple(weights.shape) != (count,):
        raise InvalidMeasureError(f"{name} has shape {tuple(weights.shape)}: expected ({count},) to fit cost")
    check_weights(weights, name)
    return weights


def masses(weights: Any) -> Masses:
    """Exact masses of checked weights."""
    return Masses.of(to_numpy(weights))


def _check(costs: Costs, plan: sparse.coo_array, f: np.ndarray, g: np.ndarray, a: Masses, b: Masses) -> Certificate:
    row_error = np.max(np.abs(np.asarray(plan.sum(axis=1)).ravel() - a.high))
    column_error = np.max(np.abs(np.asarray(plan.sum(axis=0)).ravel() - b.high))
    return Certificate(
        primal=primal_above(costs, Coupling(plan.row, plan.col, plan.data)),
        dual=dual_below(transform_below(costs, g), g, a, b),
        marginal_error=float(max(row_error, column_error)),
        violation=largest_violation(costs, f, g),
    )


def checked_plan(plan: Any, shape: tuple[int, int], name: str = "plan") -> sparse.coo_array:
    """A plan as a sparse array of masses, none of which is negative."""
    if not sparse.issparse(plan):
        plan = to_numpy(as_float64(plan, name))
    if tuple(plan.shape) != shape:
        raise InvalidMeasureError(f"{name} has shape {tuple(plan.shape)}: expected {shape}, sources by targets")
    plan = sparse.coo_array(plan)
    data = as_float64(plan.data, name)
    if np.any(data < 0):
        raise InvalidMeasureError(f"{name} has a negative entry, {data.min():g}: it holds masses, which are at least 0")
    return sparse.coo_array((data, (plan.row, plan.col)), shape=shape)


def _potentials(potentials: Any, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    try:
        f, g = potentials
    except (TypeError, ValueError):
        raise InvalidMeasureError("potentials is not a pair: give (f, g)") from None
    f, g = to_numpy(as_float64(f, "potentials[0]")), to_numpy(as_float64(g, "potentials[1]"))
    for k, (values, count) in enumerate(zip((f, g), shape, strict=True)):
        if values.shape != (count,):
            raise InvalidMeasureError(f"potentials[{k}] has shape {values.shape}: expected ({count},)")
    return f, g
