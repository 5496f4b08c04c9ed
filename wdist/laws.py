"""A law on the line, by its quantiles.

Everything W_p needs of a law on the line is its quantile function, from both ends: ``ppf(t)`` for t near 0 and
``isf(s)``, the quantile at 1 - s, for s near 0. In double precision t = 1 - 1e-30 does not exist, s = 1e-30 does,
and it is the far tail that decides whether a moment is finite.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from ._arrays import Floats

__all__ = ["NORMAL", "Bins", "Function", "Law", "inside", "rest_of_root", "upper_end"]

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
    rest : float
        What rounding took off the scale: the true one is ``scale + rest``. It counts beside a scale next to it.
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
    rest: float = 0.0

    dim = property(lambda self: 1, doc="Dimension of the space.")

    def quantile(self, t: np.ndarray, *, upper: bool = False) -> Floats:
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


def inside(t: np.ndarray) -> np.ndarray:
    """Those of the breaks t that lie in (0, 1/2], once each."""
    return np.unique(t[(t > 0.0) & (t <= 0.5)])


def rest_of_root(root: float, products: list[tuple[float, float]]) -> float:
    """What ``root`` lacks to the root of the sum of products: a step of Newton's, without rounding."""
    if not 0.0 < root < math.inf:
        return 0.0
    square = sum((Fraction(x) * Fraction(y) for x, y in products), Fraction(0))
    return float((square - Fraction(root) ** 2) / (2 * Fraction(root)))


def upper_end(quantile: Function, s: np.ndarray) -> np.ndarray:
    """The quantile at 1 - s; nan (not known) where 1 - s is too near 1 to hold the digits of s."""
    s = np.asarray(s)
    return np.where(s >= 2.0**-52, quantile(1.0 - np.maximum(s, 2.0**-52)), np.nan)
