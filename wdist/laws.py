"""Laws on the line that are given by functions: quantiles, CDFs and histograms.

Everything W_p needs of a law on the line is its quantile function, from both ends: ``ppf(t)`` for t near 0 and
``isf(s)``, the quantile at 1 - s, for s near 0. In double precision t = 1 - 1e-30 does not exist, s = 1e-30 does,
and it is the far tail that decides whether a moment is finite.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ._arrays import as_float64, normalised_weights
from .errors import InvalidMeasureError

__all__ = ["CDF", "NORMAL", "Bins", "Histogram", "Law", "Quantile", "inside", "quiet", "upper_end"]

Function = Callable[[np.ndarray], np.ndarray]

NORMAL = ("norm_gen", "norm")  # the family of the normal laws, under SciPy's name for it

_NO_BREAKS = np.empty(0)


class Bins(NamedTuple):
    """Masses, normalised, spread evenly over ascending intervals that do not overlap; points have no width."""

    mass: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, eq=False, slots=True)
class Law:
    """A law on the line by its quantiles: that of ``loc + scale * Z``, Z with the functions below.

    Attributes
    ----------
    ppf, isf : callable
        Quantile of Z at t, and at 1 - s, elementwise.
    cdf : callable or None
        Distribution function of Z, where there is one.
    family : hashable or None
        Two laws with equal family (not None) share Z. Their quantiles then differ by exactly
        ``(loc - loc') + (scale - scale') Z``, with no cancellation far out.
    breaks, upper_breaks : ndarray
        The t, and the s, in (0, 1/2] where a quantile has a jump or a kink.
    bins : Bins or None
        The whole law, where its quantile is piecewise linear (``loc`` 0 and ``scale`` 1 then).
    coarse : tuple of bool
        Whether the quantiles of Z near its lower end, and near its upper end, are found at 1 - t from the other one.
    ends : callable or None
        Of ``upper``, for a Z whose functions say nothing sensible at 0: see :meth:`end`.
    sf : callable or None
        1 minus the distribution function of Z, where that has digits of its own.
    """

    ppf: Function
    isf: Function
    cdf: Function | None = None
    family: Any = None
    loc: float = 0.0
    scale: float = 1.0
    breaks: np.ndarray = field(default_factory=lambda: _NO_BREAKS)
    upper_breaks: np.ndarray = field(default_factory=lambda: _NO_BREAKS)
    bins: Bins | None = None
    coarse: tuple[bool, bool] = (False, False)
    ends: Callable[[bool], tuple[float, float, float]] | None = None
    sf: Function | None = None

    dim = property(lambda self: 1, doc="Dimension of the space.")

    def quantile(self, t: np.ndarray, *, upper: bool = False) -> np.ndarray:
        """The quantile at t, or at 1 - t with ``upper``."""
        if self.scale == 0.0:
            return np.full(np.shape(t), self.loc)
        with np.errstate(all="ignore"):
            return self.loc + self.scale * np.asarray((self.isf if upper else self.ppf)(t), dtype=np.float64)

    def end(self, upper: bool) -> tuple[float, float, float]:
        """Where the law ends: at least, as far as is known (inf: nowhere; nan: nothing is known), at most."""
        if self.ends is None or self.scale == 0.0:
            at = float(self.quantile(np.zeros(1), upper=upper)[0])
            return at, at, at
        low, known, high = (self.loc + self.scale * z for z in self.ends(upper))
        return low, known, high


@dataclass(frozen=True, eq=False, slots=True, init=False)
class Histogram:
    """Masses in bins on the line, spread evenly inside each bin.

    Parameters
    ----------
    edges : array_like, shape (k + 1,)
        Strictly increasing bin edges.
    masses : array_like, shape (k,)
        Non-negative masses (counts will do); stored divided by their sum.

    Notes
    -----
    For masses sitting *at* points (SciPy's ``u_values, u_weights``) use ``Samples(points, weights)``.

    Examples
    --------
    >>> import wdist
    >>> wdist.wasserstein_1d(wdist.Histogram([0, 1, 2], [3, 1]), wdist.Histogram([0, 1, 2], [1, 3]), p=1)
    0.5
    """

    edges: np.ndarray
    masses: np.ndarray

    def __init__(self, edges: Any, masses: Any):
        edges, masses = (np.asarray(as_float64(np.asarray(a), n)) for a, n in ((edges, "edges"), (masses, "masses")))
        if edges.ndim != 1 or masses.ndim != 1 or len(edges) != len(masses) + 1 or len(masses) == 0:
            raise InvalidMeasureError(
                f"edges has shape {edges.shape} and masses {masses.shape}: k bins need k + 1 edges and k masses "
                "(for masses at points use wdist.Samples(points, weights))"
            )
        if not np.all(np.diff(edges) > 0):
            raise InvalidMeasureError("edges is not strictly increasing: sort the edges and merge empty bins")
        object.__setattr__(self, "edges", edges)
        object.__setattr__(self, "masses", normalised_weights(masses, "masses"))

    dim = property(lambda self: 1, doc="Dimension of the space.")

    def __repr__(self) -> str:
        return f"Histogram({len(self.masses)} bins on [{self.edges[0]:g}, {self.edges[-1]:g}])"

    def law(self) -> Law:
        """This histogram by its piecewise linear quantile function."""
        t, x = np.append(0.0, np.cumsum(self.masses)), self.edges
        s = np.append(0.0, np.cumsum(self.masses[::-1]))
        t, s = t / t[-1], s / s[-1]
        return Law(
            sf=lambda y: np.interp(y, x, s[::-1]),
            ppf=lambda q: _piecewise_linear(q, t, x),
            isf=lambda q: _piecewise_linear(q, s, x[::-1]),
            cdf=lambda y: np.interp(y, x, t),
            breaks=inside(t),
            upper_breaks=inside(s),
            bins=Bins(self.masses, x[:-1], x[1:]),
        )


@dataclass(frozen=True, eq=False, slots=True, init=False)
class Quantile:
    """The law on the line with quantile function ``f``: non-decreasing on (0, 1), finite there.

    Parameters
    ----------
    f : callable
        ``f(t)`` for an array t in (0, 1); a function of one number at a time works too, only slower.

    Notes
    -----
    Near 1 a level 1 - s is known to a rounding of 1 only. The bracket of :func:`wdist.wasserstein` has that in it; a
    frozen law of ``scipy.stats`` has its upper quantiles by ``isf``, and no such loss.

    Examples
    --------
    >>> import wdist
    >>> round(wdist.wasserstein_1d(wdist.Quantile(lambda t: 2 * t), wdist.Quantile(lambda t: t), p=1), 9)
    0.5
    """

    f: Function

    def __init__(self, f: Function):
        f = _elementwise(f, "f", np.array([0.25, 0.75]))
        values = _probe(f, "f", np.linspace(0.0, 1.0, 66)[1:-1])
        if not np.all(np.diff(values) >= 0):
            raise InvalidMeasureError("f decreases somewhere on (0, 1): a quantile function never does")
        object.__setattr__(self, "f", f)

    dim = property(lambda self: 1, doc="Dimension of the space.")

    def law(self) -> Law:
        """This law by its quantiles."""
        return Law(self.f, lambda s: upper_end(self.f, s), coarse=(False, True), ends=self._end)

    def _end(self, upper: bool) -> tuple[float, float, float]:
        try:
            at = float(self.f(np.array([float(upper)]))[0])
        except (ArithmeticError, ValueError, TypeError, IndexError):
            at = math.nan  # f need not be defined at 0 and 1
        return at, at, at


@dataclass(frozen=True, eq=False, slots=True, init=False)
class CDF:
    """The law on the line with distribution function ``F``; atoms (jumps) and gaps (flat parts) are welcome.

    Parameters
    ----------
    F : callable
        ``F(x)`` for an array x, right-continuous and non-decreasing, from 0 to 1.
    support : tuple of float, optional
        An interval ``(low, high)`` that carries all the mass. Default: the whole line.

    Notes
    -----
    The inverse is found among the doubles by halving, whatever the scale. Near 1 it shares the loss of
    :class:`Quantile`.

    Examples
    --------
    >>> import numpy as np, wdist
    >>> dice = wdist.CDF(lambda x: np.clip(np.floor(x), 0, 6) / 6, support=(0, 6))
    >>> round(wdist.wasserstein_1d(dice, [3.5], p=1), 9)
    1.5
    """

    F: Function
    support: tuple[float, float]

    def __init__(self, F: Function, support: tuple[float, float] = (-np.inf, np.inf)):
        low, high = float(support[0]), float(support[1])
        if not low < high:
            raise InvalidMeasureError(f"support is ({low:g}, {high:g}): expected (low, high) with low < high")
        largest = np.finfo(np.float64).max
        low, high = max(low, -largest), min(high, largest)
        F = _elementwise(F, "F", np.array([low, high]))
        steps = np.linspace(_ordinal(low), _ordinal(high), 129)[1:-1].astype(np.int64)
        values = _probe(F, "F", np.concatenate([[low], _from_ordinal(steps), [high]]))
        if not (np.all(np.diff(values) >= 0) and values[0] >= 0 and abs(values[-1] - 1) <= 1e-12):
            raise InvalidMeasureError(
                f"F runs from {values[0]:g} to {values[-1]:g} over the support, "
                f"{'never' if np.all(np.diff(values) >= 0) else 'somewhere'} decreasing: a distribution function "
                "does not decrease and ends at 1"
            )
        object.__setattr__(self, "F", F)
        object.__setattr__(self, "support", (low, high))

    dim = property(lambda self: 1, doc="Dimension of the space.")

    def law(self) -> Law:
        """This law by its quantiles, the smallest x with F(x) >= t."""
        return Law(self._inverse, lambda s: upper_end(self._inverse, s), self.F, coarse=(False, True), ends=self._end)

    def _end(self, upper: bool) -> tuple[float, float, float]:
        """By what F says of a support that is finite; where it rounds to 0 or 1 there may be some mass left."""
        edge = self.support[upper]
        if abs(edge) == np.finfo(np.float64).max:
            return math.nan, math.nan, math.nan
        last, next_to_last = self._inverse(np.array([1.0, 1.0 - 2.0**-52] if upper else [2.0**-1074, 2.0**-1074]))
        return (float(next_to_last), float(last), edge) if upper else (edge, float(last), float(last))

    def _inverse(self, t: np.ndarray) -> np.ndarray:
        # Bisection over the doubles themselves: 64 halvings find the very float, whatever the scale, and jumps
        # and flat parts need no special care.
        low = np.full(np.shape(t), _ordinal(self.support[0]), dtype=np.int64)
        high = np.full(np.shape(t), _ordinal(self.support[1]), dtype=np.int64)
        while np.any(low < high):
            middle = (low >> 1) + (high >> 1) + (low & high & 1)
            reached = np.asarray(self.F(_from_ordinal(middle))) >= t
            high = np.where(reached, middle, high)
            low = np.where(reached | (low >= high), low, middle + 1)
        return _from_ordinal(high)


def inside(t: np.ndarray) -> np.ndarray:
    """Those of the breaks t that lie in (0, 1/2], once each."""
    return np.unique(t[(t > 0.0) & (t <= 0.5)])


def _piecewise_linear(t: np.ndarray, knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Left-continuous inverse of a piecewise linear CDF: interpolation that skips the bins with no mass."""
    k = np.clip(np.searchsorted(knots, t, side="left"), 1, len(knots) - 1)
    width = knots[k] - knots[k - 1]
    fraction = np.clip((t - knots[k - 1]) / np.where(width > 0, width, 1.0), 0.0, 1.0)
    return values[k - 1] + fraction * (values[k] - values[k - 1])


def upper_end(quantile: Function, s: np.ndarray) -> np.ndarray:
    """The quantile at 1 - s; nan (not known) where 1 - s is too near 1 to hold the digits of s."""
    s = np.asarray(s)
    return np.where(s >= 2.0**-52, quantile(1.0 - np.maximum(s, 2.0**-52)), np.nan)


def quiet(f: Function) -> Function:
    """The same without warnings: at the ends of the doubles exp and its like overflow, and root finders give up."""

    def quiet_f(x: np.ndarray) -> np.ndarray:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", RuntimeWarning)
            return f(x)

    return quiet_f


def _elementwise(f: Any, name: str, probe: np.ndarray) -> Function:
    if not callable(f):
        raise InvalidMeasureError(f"{name} is {type(f).__name__}: give a function of one argument")
    try:
        with np.errstate(all="ignore"):
            whole = np.shape(f(probe)) == probe.shape
    except (TypeError, ValueError):
        whole = False
    vectorised = f if whole else np.vectorize(f, otypes=[np.float64])

    return quiet(vectorised)


def _probe(f: Function, name: str, at: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        values = np.asarray(f(at))
    if values.dtype.kind not in "biuf" or not np.all(np.isfinite(values)):
        raise InvalidMeasureError(
            f"{name} is not a finite real number everywhere: check it near {at[0]:g} and {at[-1]:g}"
        )
    return values.astype(np.float64)


def _ordinal(x: Any) -> Any:
    """Number the finite doubles in increasing order, so that they can be bisected as integers."""
    bits = np.asarray(x, dtype=np.float64).view(np.int64)
    return np.where(bits < 0, -(bits & np.int64(2**63 - 1)), bits)[()]


def _from_ordinal(k: np.ndarray) -> np.ndarray:
    return np.where(k < 0, -k | np.int64(-(2**63)), k).view(np.float64)
