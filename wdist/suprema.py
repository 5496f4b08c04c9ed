r"""W_inf of two laws on the line: the largest difference of their quantiles.

.. math:: W_\infty = \sup_{0 < t < 1} |F^{-1}(t) - G^{-1}(t)|

(Villani, Topics in Optimal Transportation, 2003, theorem 2.18). Both quantiles are monotone: on a cell [s, t] the
difference is at most max(F^{-1}(t) - G^{-1}(s), G^{-1}(t) - F^{-1}(s)). Cells whose bound is above the largest
difference found so far are halved until little is left between the two. A tail without end, or with an end that is not
known, is judged by how the differences at t = 2^-k go on.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ._arrays import Floats
from .laws import Law
from .tails import known_levels

__all__ = ["supremum"]

_DEEPEST, _COARSE = 1000, 50  # the last levels 2^-k; where a law knows its quantiles from the other end only
_FINE = 30  # of the latter, those with a few digits
_BESIDE = 2.0**-40  # jumps are looked at from both sides
_RTOL = 1e-12  # what quantile functions in use are taken to be good to
_NOISE = 2.0**-30  # far out, a smaller relative difference has lost its digits to those
_SLIVER = 2.0**-38  # jumps of both laws closer than this, relative to t, are one
_ASIDE = 0.9997  # levels in use are no round numbers, where jumps are
_MOST = 2**15  # cells


class _Bounds(NamedTuple):
    """Of both quantiles at some levels."""

    t: Floats
    x_low: Floats
    x_high: Floats
    y_low: Floats
    y_high: Floats

    def apart(self) -> np.ndarray:
        """At least how far apart they are, each level for itself."""
        return np.maximum(np.maximum(self.x_low - self.y_high, self.y_low - self.x_high), 0.0)

    def most(self, other: _Bounds) -> np.ndarray:
        """At most how far apart they are between these levels and others."""
        x_low, y_low = np.minimum(self.x_low, other.x_low), np.minimum(self.y_low, other.y_low)
        x_high, y_high = np.maximum(self.x_high, other.x_high), np.maximum(self.y_high, other.y_high)
        apart: np.ndarray = np.maximum(x_high - y_low, y_high - x_low)
        return apart


def supremum(P: Law, Q: Law, breaks: tuple[np.ndarray, np.ndarray]) -> tuple[float, float, float]:
    """W_inf, at least and at most, given the jumps of both quantiles from each end; inf where it seems to be."""
    found = [_half(P, Q, upper, at) for upper, at in zip((False, True), breaks, strict=True)]
    distance, lower, upper = (max(values) for values in zip(*found, strict=True))
    return min(max(distance, lower), upper), lower, upper


def _half(P: Law, Q: Law, upper: bool, breaks: np.ndarray) -> tuple[float, float, float]:
    """The same of one half of (0, 1), counted from its end."""
    ends = P.end(upper), Q.end(upper)
    bounded, endless = (all(of(end[1]) for end in ends) for of in (math.isfinite, math.isinf))
    if not (bounded or endless or any(math.isnan(end[1]) for end in ends)):
        return math.inf, math.inf, math.inf
    coarse = P.coarse[upper] or Q.coarse[upper]
    levels = _ASIDE * 2.0 ** -np.arange(1.0, (_COARSE if coarse else _DEEPEST) + 1)
    known, drowned = _known(P, Q, upper, levels)
    fine = levels[: min(known, _FINE)] if coarse else levels[:known]
    rest = 0.0 if bounded else _outlook(_bounds(P, Q, fine, upper))
    if rest == math.inf:
        return math.inf, math.inf, math.inf

    jumps = np.append(breaks, 0.5)
    grid = [levels[:known], _ASIDE * np.linspace(0.0, 0.5, 1025)[1:], jumps * (1 - _BESIDE), jumps * (1 + _BESIDE)]
    steps = np.unique(np.concatenate(grid))
    steps = steps[(steps >= levels[known - 1]) & (steps < 0.5)]
    estimate = float(np.max(_apart(P, Q, steps[steps >= fine[-1]], upper)))
    at = _bounds(P, Q, steps, upper)
    if bounded:
        edge = np.array([[0.0], *([bound] for end in ends for bound in (end[0], end[2]))])
        at = _Bounds(*np.concatenate([edge, at], axis=1))
        estimate = max(estimate, abs(ends[0][1] - ends[1][1]))
    lower, highest = _narrowed(P, Q, at, upper)
    unsettled = not bounded and (drowned or math.isnan(rest))
    return estimate, lower, math.inf if unsettled else highest + 2 * rest


def _apart(P: Law, Q: Law, t: np.ndarray, upper: bool) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.abs(P.quantile(t, upper=upper) - Q.quantile(t, upper=upper))


def _known(P: Law, Q: Law, upper: bool, levels: np.ndarray) -> tuple[int, bool]:
    """How many falling levels have a difference with digits, and whether it drowned in those of the quantiles."""
    known = known_levels(P, Q, upper, levels)
    x, y = (law.quantile(levels[:known], upper=upper) for law in (P, Q))
    sizes, noise = np.abs(x - y), _NOISE * np.maximum(np.abs(x), np.abs(y))
    drowned = (levels[:known] < 2.0**-20) & (sizes < noise) & (sizes > 0)
    if not np.any(drowned):
        return max(known, 1), False
    first = int(np.argmax(drowned))
    return first, bool(sizes[first] > 1e-6 * np.max(sizes[:first]))


def _outlook(at: _Bounds) -> float:
    """What differences at 2^-1, 2^-2, ... may gain past the last: inf if they go on growing, nan if who knows.

    Their maxima over ever longer stretches rise by steps. Steps that do not shrink add up to no finite sum.
    """
    n = len(at.t)
    if n < 16:
        return math.nan
    most, least = at.most(at), at.apart()
    first, second, third = (float(np.max(least[n // k : 2 * n // k])) for k in (8, 4, 2))
    noise = float(np.max(most - least))
    before, last = max(second - first, 0.0), max(third - max(first, second), 0.0)
    if last <= 1e-6 * third + noise:
        return last
    if last >= 0.9 * before:
        return math.inf
    ratio = last / before
    return last * ratio / (1 - ratio) if ratio < 0.7 else math.nan


def _bounds(P: Law, Q: Law, t: np.ndarray, upper: bool) -> _Bounds:
    return _Bounds(t, *_range(P, t, upper), *_range(Q, t, upper))


def _range(law: Law, t: np.ndarray, upper: bool) -> tuple[np.ndarray, np.ndarray]:
    """The quantile at least and at most: if it is found at 1 - t, then to a rounding of that level."""
    if law.coarse[upper]:
        ends = [law.quantile(np.maximum(t + side * 2.0**-52, 2.0**-52), upper=upper) for side in (-1, 1)]
        low, high = np.minimum(*ends), np.maximum(*ends)
    else:
        low = high = law.quantile(t, upper=upper)
    return low - _RTOL * np.abs(low), high + _RTOL * np.abs(high)


def _narrowed(P: Law, Q: Law, at: _Bounds, upper: bool) -> tuple[float, float]:
    """At least and at most the largest difference between the first level and the last."""
    lower, highest = float(np.max(at.apart())), 0.0
    left, right = (_Bounds(*(z[part] for z in at)) for part in (slice(-1), slice(1, None)))
    for _ in range(64):
        most = left.most(right)
        wide = right.t - left.t > _SLIVER * right.t
        open_ = wide & (most > lower * (1 + _RTOL))
        highest = max(highest, float(np.max(most[wide & ~open_], initial=0.0)))
        if not np.any(open_) or np.count_nonzero(open_) > _MOST:
            return lower, max(lower, highest, float(np.max(most[open_], initial=0.0)))
        left, right = (_Bounds(*(z[open_] for z in side)) for side in (left, right))
        middle = _bounds(P, Q, (left.t + right.t) / 2, upper)
        lower = max(lower, float(np.max(middle.apart())))
        left, right = (_Bounds(*np.concatenate(pair, axis=1)) for pair in ((left, middle), (middle, right)))
    return lower, max(lower, highest, float(np.max(most)))
