r"""The monotone coupling: the plan on the line that is optimal for every p >= 1 at once.

Mass at level t of the one law goes to level t of the other, X = F^{-1}(U) to Y = G^{-1}(U) with U uniform (Villani,
Topics in Optimal Transportation, 2003, theorem 2.18). Between samples that is a staircase of n + m - 1 entries at most.
From a law without atoms it is a map,

.. math:: T(x) = G^{-1}(F(x)).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from ._arrays import as_float64, namespace, to_numpy
from .coupling import monotone_coupling
from .laws import Law
from .line import check_on_the_line, law_of
from .measures import Samples, as_measure
from .settings import check_p
from .sketch import QuantileSketch

__all__ = ["plan_on_the_line", "transport_map_1d"]


def transport_map_1d(
    u: Any, v: Any, *, p: float, u_weights: Any = None, v_weights: Any = None
) -> sparse.coo_array | Callable[[Any], Any]:
    """The monotone coupling of two laws on the line: a plan between samples, a map from a continuous law.

    Parameters
    ----------
    u, v : array_like or torch.Tensor, shape (n,) and (m,), or measures on the line
    p : float
        The exponent, in [1, inf]. The coupling is the same for all of them; for 1 < p < inf no other is optimal.
    u_weights, v_weights : array_like, shape (n,) and (m,), optional
        Weights of samples, normalised to sum 1.

    Returns
    -------
    scipy.sparse.coo_array, shape (n, m)
        If u is a set of samples, and v too: ``plan[i, j]`` is the mass that goes from the i-th point of u to the j-th
        of v, in the order given. The sums of its rows and columns are the weights, to rounding; ``plan.sum() == 1``.
    callable
        If u has a distribution function without jumps (a Gaussian, a histogram, a :class:`wdist.CDF`, a frozen law of
        ``scipy.stats``): T(x) = G^{-1}(F(x)), elementwise on arrays of float64, whatever v is. Between two laws of one
        family, a :class:`wdist.Gaussian` among them, T is affine and exact; else it is as good as F and G^{-1} are.
        Far up, a :class:`wdist.CDF` loses the digits that 1 - F(x) loses; laws of SciPy do not.

    Raises
    ------
    InvalidMeasureError
        If an argument is not a measure on the line.
    ValueError
        If u is no set of samples and has atoms, whose mass a map cannot split, or no distribution function.

    Examples
    --------
    >>> import wdist
    >>> wdist.transport_map_1d([3.0, 1.0], [10.0, 20.0], p=2).toarray()
    array([[0. , 0.5],
           [0.5, 0. ]])
    >>> T = wdist.transport_map_1d(wdist.Gaussian(0, 1), wdist.Gaussian(3, 4), p=2)  # variances
    >>> T([0.0, 1.0])
    array([3., 5.])
    """
    p = check_p(p)
    P, Q = as_measure(u, "u", u_weights), as_measure(v, "v", v_weights)
    for measure, name in ((P, "u"), (Q, "v")):
        check_on_the_line(measure, name, "wdist.transport gives a plan, and wdist.gaussian_map the map of Gaussians")
    if isinstance(P, Samples):
        if isinstance(Q, Samples):
            return plan_on_the_line(P, Q, math.inf)[0]
        raise ValueError(
            f"u is a set of points and v a {type(Q).__name__}: a map cannot split the mass of a point. Swap u and v "
            "for the map towards the points, or draw samples from v"
        )
    if isinstance(P, QuantileSketch):
        raise ValueError("u is a QuantileSketch, which has atoms: compare points, Samples(*sketch.atoms())")
    if isinstance(Q, QuantileSketch):
        Q = Samples(*Q.atoms())
    return _map(law_of(P), law_of(Q))


def _map(source: Law, target: Law) -> Callable[[Any], Any]:
    if source.scale == 0:
        raise ValueError("u is a single point (its scale is 0), whose mass a map cannot split: give it as samples")
    same = source.family is not None and source.family == target.family
    cdf = source.cdf
    if cdf is None:
        raise ValueError("u is given by its quantiles, and the map is G^-1(F(x)): give F, as wdist.CDF or a frozen law")
    levels = np.arange(1.0, 1024.0) / 1024  # an atom of more mass than that is a flat piece of the quantile
    quantiles = source.quantile(levels, upper=False)
    if np.any(np.diff(quantiles) == 0):
        at = float(quantiles[:-1][np.diff(quantiles) == 0][0])
        raise ValueError(f"u has an atom at {at:g}, whose mass a map cannot split: give u and v as weighted samples")

    def transport(x: Any) -> Any:
        x = to_numpy(as_float64(x, "x"))
        z = (x - source.loc) / source.scale
        if same:
            return (target.loc + target.scale * z)[()]
        t = np.asarray(cdf(z), dtype=np.float64)
        s = 1.0 - t if source.sf is None else np.asarray(source.sf(z), dtype=np.float64)
        lower = target.quantile(np.minimum(t, 0.5), upper=False)
        return np.where(t <= 0.5, lower, target.quantile(np.minimum(s, 0.5), upper=True))[()]

    return transport


def plan_on_the_line(P: Samples, Q: Samples, p: float) -> tuple[sparse.coo_array, tuple[np.ndarray, np.ndarray] | None]:
    """The monotone coupling of two samples, and potentials along its staircase."""
    x, y = (to_numpy(S.points)[:, 0] for S in (P, Q))
    rows, columns = np.argsort(x, kind="stable"), np.argsort(y, kind="stable")
    x, y = x[rows], y[columns]
    a, b = (None if S.weights is None else to_numpy(S.weights) for S in (P, Q))
    a, b = (None if w is None else w[order] for w, order in ((a, rows), (b, columns)))
    i, j, mass = monotone_coupling(a, b, len(x), len(y), namespace(x), x)
    kept = mass > 0
    plan = sparse.coo_array((mass[kept], (rows[i[kept]], columns[j[kept]])), shape=(len(x), len(y)))
    if math.isinf(p):
        return plan, None
    # On the staircase f_i + g_j = c_ij: each step fixes the next potential by a difference of costs. Convexity makes
    # them feasible everywhere else.
    with np.errstate(over="ignore", invalid="ignore"):
        f, g = np.zeros(len(x)), np.zeros(len(y))
        step_x, step_y = np.flatnonzero(np.diff(i)), np.flatnonzero(np.diff(j))
        after_x, before_x = (np.abs(x[i[step_x] + k] - y[j[step_x]]) ** p for k in (1, 0))
        after_y, before_y = (np.abs(x[i[step_y]] - y[j[step_y] + k]) ** p for k in (1, 0))
        f[1:] = np.cumsum(after_x - before_x)
        g[1:] = np.cumsum(after_y - before_y)
        f += np.abs(x[0] - y[0]) ** p
    if not (np.all(np.isfinite(f)) and np.all(np.isfinite(g))):
        return plan, None
    potentials = np.empty_like(f), np.empty_like(g)
    potentials[0][rows], potentials[1][columns] = f, g
    return plan, potentials
