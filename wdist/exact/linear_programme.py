r"""The transport problem of any cost matrix: :math:`\min_\pi \langle C, \pi \rangle` with marginals a and b."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, cast

import numpy as np
from scipy import sparse

from .._arrays import common_kind, is_tensor, namespace, normalised_weights, widest
from ..certificate import checked_weights, cost_matrix, masses
from ..compilation import patiently
from ..masses import Masses
from ..result import Result
from ..search.ground import MatrixCosts
from ..settings import check_p
from .averages import Averages, order_by_likeness
from .generation import Watch
from .given import on_given_arcs
from .levels import coarse_to_fine
from .masses import integer_masses
from .outcome import Outcome, conclude, judged, placed
from .sampled import AllPairs, sample_to_all

__all__ = ["transport_lp"]


def transport_lp(cost: Any, a: Any = None, b: Any = None, *, p: float = 1) -> Result:
    """The optimal transport of a given cost matrix, exactly.

    Parameters
    ----------
    cost : array_like, torch.Tensor or scipy.sparse array, shape (n, m)
        Cost per unit of mass, already ``d ** p``. In a sparse matrix what is not stored is a forbidden arc; a stored
        zero is an arc. Non-negative unless ``p`` is 1.
    a, b : array_like or torch.Tensor, shapes (n,) and (m,), optional
        Masses, normalised to sum 1; zeros are allowed. None: equal.
    p : float
        The exponent in [1, inf): ``distance`` is the p-th root of the optimal cost.

    Returns
    -------
    Result
        As from :func:`wdist.transport`. A tensor ``cost``, ``a`` or ``b`` receives its gradient, from the plan and the
        potentials.

    Raises
    ------
    InvalidMeasureError
        If the cost holds NaN or inf or is no matrix, or a weight is malformed.
    ValueError
        If an entry is negative and ``p`` is not 1, or forbidden arcs leave mass that cannot be moved.
    NotConvergedError
        If the bracket is wider than 1e-9 of the cost; it carries the result.

    Examples
    --------
    >>> import wdist
    >>> wdist.transport_lp([[0.0, 1.0], [2.0, 0.0]], [0.75, 0.25]).distance
    0.25
    """
    p, begin = check_p(p, finite=True), time.perf_counter()
    matrix = cost_matrix(cost)
    values = matrix.data if sparse.issparse(matrix) else matrix
    if p != 1.0 and np.any(values < 0):
        raise ValueError(f"cost has a negative entry, {values.min():g}: only at p = 1 can it be one; d ** p is not")
    costs = MatrixCosts(matrix)
    n, m = costs.shape
    weights = checked_weights(a, n, "a"), checked_weights(b, m, "b")
    watch = Watch()
    with patiently(n * m):
        outcome = _optimum(costs, masses(weights[0]), masses(weights[1]), watch)
    stats = {"pivots": watch.pivots, "seconds": time.perf_counter() - begin, "n": n, "m": m}
    result = conclude(outcome, p, 1.0, 1.0, 0.0, stats, positive=not np.any(values < 0))
    tensors = [t for t in (cost, a, b) if is_tensor(t)]
    return _with_tensor(result, cost, weights, tensors, outcome) if tensors else result


def _optimum(costs: MatrixCosts, a: Masses, b: Masses, watch: Watch) -> Outcome:
    """Solve and judge among sources and targets with mass; the others get potentials afterwards."""
    i, j = np.flatnonzero(a.high > 0), np.flatnonzero(b.high > 0)
    inner = costs if (len(i), len(j)) == costs.shape else costs.select(i, j)
    alike = None if sparse.issparse(inner.matrix) else order_by_likeness(inner.matrix)
    if alike is not None:
        i, j, inner = i[alike[0]], j[alike[1]], inner.select(*alike)
    a, b = a.take(i), b.take(j)
    units = integer_masses(a, b)
    if sparse.issparse(inner.matrix):
        solved = on_given_arcs(inner, units, watch)
    elif alike is not None:
        solved = coarse_to_fine(Averages(inner), units, watch)
    else:
        solved = sample_to_all(AllPairs(inner), units, watch)
    outcome = judged(inner, solved, a, b)
    return placed(outcome, costs, i, j)


def _with_tensor(result: Result, cost: Any, weights: Any, tensors: list[Any], outcome: Outcome) -> Result:
    from .._autograd import with_gradient

    mass = (normalised_weights(w, "weights") for w in weights)
    inputs = common_kind(cost if is_tensor(cost) else None, *mass, *tensors[:1])[:3]
    xp, device = namespace(tensors[0]), tensors[0].device
    floating = [t.dtype for t in tensors if t.dtype.is_floating_point]
    dtype = widest(floating) if floating else xp.float64
    p, W = result.p, float(result)
    factor = 0.0 if W == 0.0 and p > 1 else 1.0 / (p * W ** (p - 1))
    given = [k for k in range(3) if inputs[k] is not None]

    def gradients(_: Any) -> list[Any]:
        plan = cast(sparse.coo_array, result.plan).toarray() if is_tensor(cost) else None
        values = (plan, outcome.f, outcome.g)
        return [xp.asarray(factor * values[k], dtype=xp.float64, device=device) for k in given]  # type: ignore[operator]

    value = xp.asarray(result.distance, dtype=xp.float64, device=device)
    distance = with_gradient(value, [inputs[k] for k in given], gradients).to(dtype)
    rounded = float(distance.detach())
    return replace(result, distance=distance, lower=min(result.lower, rounded), upper=max(result.upper, rounded))
