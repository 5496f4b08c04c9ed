"""Laws on the line that are given by a function of the caller's: a quantile function, or a distribution function."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._arrays import as_float64, is_tensor, to_numpy
from .errors import InvalidMeasureError
from .laws import Function, Law, upper_end

__all__ = ["CDF", "Quantile", "quiet"]


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
        try:
            low, high = map(float, support)
        except (TypeError, ValueError, OverflowError):
            raise InvalidMeasureError(f"support is {support!r:.60}: expected two numbers, (low, high)") from None
        if not low < high:
            raise InvalidMeasureError(f"support is ({low:g}, {high:g}): expected (low, high) with low < high")
        largest = float(np.finfo(np.float64).max)
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

    def flat(x: np.ndarray) -> Any:  # a function of one axis has been tried, and is all that is asked for
        return np.reshape(_detached(vectorised(np.ravel(x)), name), np.shape(x))

    return quiet(flat)


def _detached(values: Any, name: str) -> Any:
    if not is_tensor(values):
        return values
    if values.requires_grad:
        raise InvalidMeasureError(f"{name} returns what requires a gradient, and distances carry none to it: detach it")
    if values.device.type == "meta":
        raise InvalidMeasureError(f"{name} returns a tensor on the device meta, which holds no data")
    return to_numpy(values)


def _probe(f: Function, name: str, at: np.ndarray) -> np.ndarray:
    try:
        return to_numpy(as_float64(f(at), name))
    except InvalidMeasureError as error:
        raise InvalidMeasureError(
            f"{name} is not a finite real number everywhere: check it near {at[0]:g} and {at[-1]:g} ({error})"
        ) from None


def _ordinal(x: Any) -> Any:
    """Number the finite doubles in increasing order, so that they can be bisected as integers."""
    bits = np.asarray(x, dtype=np.float64).view(np.int64)
    return np.where(bits < 0, -(bits & np.int64(2**63 - 1)), bits)[()]


def _from_ordinal(k: np.ndarray) -> np.ndarray:
    return np.where(k < 0, -k | np.int64(-(2**63)), k).view(np.float64)
