"""What the functions of wdist return: frozen records of minimal facts, the rest derived from them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import coo_array

__all__ = ["Certificate", "Estimate", "Kind", "Result", "SignificanceResult"]

Kind = Literal["exact", "bound", "estimate"]


@dataclass(frozen=True, eq=False, slots=True)
class Result:
    """A distance, what kind of number it is, and the bracket that proves it.

    Attributes
    ----------
    distance : float or torch.Tensor
        The distance, its root taken. A 0-d tensor, carrying the gradient, when an input was a tensor. For
        ``kind="bound"`` it is ``upper``, that of a feasible plan; from :func:`wdist.max_sliced`, the best found.
    p : float
        The exponent, in [1, inf].
    lower, upper : float
        ``lower <= distance <= upper``. Certified when ``kind`` is ``"exact"`` or ``"bound"``.
    kind : {"exact", "bound", "estimate"}
        What the number is. An estimate's bracket is statistical, or a quadrature's own error estimate.
    method : str
        The method that computed it.
    plan : scipy.sparse.coo_array or None
        The coupling; its entries sum to 1.
    potentials : tuple of numpy.ndarray or None
        ``(f, g)`` with ``f[i] + g[j] <= d(x_i, y_j)**p``.
    stderr : float or None
        The standard error of ``distance``, where sampling made it.
    stats : dict
        What the method has to say about its work: iterations, seconds, sizes.

    Examples
    --------
    >>> import wdist
    >>> r = wdist.transport([[0, 0], [1, 0]], [[3, 4], [4, 4]], p=2)
    >>> round(r.distance, 9), round(r.cost, 9), r.kind, r.gap < 1e-12
    (5.0, 25.0, 'exact', True)
    >>> r.plan.toarray().tolist()
    [[0.5, 0.0], [0.0, 0.5]]
    """

    distance: Any
    p: float
    lower: float
    upper: float
    kind: Kind
    method: str
    plan: coo_array | None = field(default=None, repr=False)
    potentials: tuple[np.ndarray, np.ndarray] | None = field(default=None, repr=False)
    stderr: float | None = None
    stats: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def cost(self) -> Any:
        """``distance ** p``, the transport problem's objective; nan at p = inf, inf where it overflows."""
        if math.isinf(self.p):
            return self.distance * math.nan
        # A NumPy scalar is a float that warns where a plain one raises.
        distance = float(self.distance) if isinstance(self.distance, float) else self.distance
        try:
            return distance**self.p
        except OverflowError:
            return math.inf

    @property
    def gap(self) -> float:
        """Width of the bracket, ``upper - lower``, in units of the distance; 0 where both are infinite."""
        return 0.0 if self.lower == self.upper else self.upper - self.lower

    def __float__(self) -> float:
        detach = getattr(self.distance, "detach", None)
        return float(self.distance if detach is None else detach())


@dataclass(frozen=True, eq=False, slots=True)
class Certificate:
    """An independent check of a plan and a pair of potentials.

    Attributes
    ----------
    primal : float
        Cost of the plan, rounded up: an upper bound of W_p^p as far as ``marginal_error`` is zero.
    dual : float
        Value of the potentials after an exact c-transform, rounded down: a lower bound of W_p^p.
    gap : float
        ``primal - dual``, derived.
    marginal_error : float
        Largest absolute difference between the plan's marginals and the weights.
    violation : float
        Largest excess of ``f[i] + g[j]`` over the cost, for the potentials as given; 0 when feasible.
    """

    primal: float
    dual: float
    marginal_error: float
    violation: float

    @property
    def gap(self) -> float:
        """``primal - dual``: zero, up to rounding, exactly when both are optimal."""
        return self.primal - self.dual


@dataclass(frozen=True, eq=False, slots=True)
class Estimate:
    """The distance between two populations, estimated from samples, with a confidence interval.

    Attributes
    ----------
    distance : float
        The estimate of W_p, its root taken; between ``low`` and ``high``.
    low, high : float
        An interval that holds the populations' W_p in a share ``confidence_level`` of all samples, or more.
    bias : float
        By how much the samples' own distance is estimated to exceed the populations' on average: what was taken off
        the plug-in, or is still in ``distance`` where it was asked for.
    confidence_level : float
    method : str
        How ``distance`` was made.
    p : float
        The exponent.
    stats : dict
        The samples' own distance as ``plug_in``, and what made each end of the interval.
    """

    distance: float
    low: float
    high: float
    bias: float
    confidence_level: float
    method: str
    p: float
    stats: dict[str, Any] = field(default_factory=dict, repr=False)

    def __float__(self) -> float:
        return self.distance


@dataclass(frozen=True, eq=False, slots=True)
class SignificanceResult:
    """Whether two samples come from one population: a statistic and how often chance alone exceeds it.

    Attributes
    ----------
    statistic : float
        The distance between the samples that ``method`` names, its root taken.
    pvalue : float
        In (0, 1]; at most u with probability at most u where the populations are one, for every u.
    method : str
        ``"1d"``, ``"sliced"`` or ``"exact"``.
    null_distribution : numpy.ndarray, shape (n_resamples,)
        The statistic after random exchanges of the two samples' points.
    """

    statistic: float
    pvalue: float
    method: str
    null_distribution: np.ndarray = field(repr=False)
