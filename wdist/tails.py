r"""The far ends of a quantile formula: whether they add up, and to what.

Block k of one half of (0, 1), from 2^-(k+1) to 2^-k, has the term 2^-k |F^{-1} - G^{-1}|^p at its middle, up to a
factor. With L_k its logarithm to base 2, the integral is finite where L falls in the end. Power laws have a steady
slope, which tells the rest; those of lighter tails have one that goes on falling.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .laws import Law

__all__ = ["DEEPEST", "MIDDLES", "Tail", "known_levels", "outlook"]

DEEPEST = 1000  # 2^-1000: past it, quantiles overflow before any moment of interest does
MIDDLES = 0.75 * 2.0 ** -np.arange(1.0, DEEPEST + 1)
_ALIVE = 70  # a block whose term is this many times smaller, in doublings, than the largest is nothing


class Tail(NamedTuple):
    """How a half goes on past the blocks that are integrated."""

    depth: int  # integrate down to 2^-depth
    rest: float  # an estimate of what is left; inf where the integral diverges
    least: float
    most: float  # inf where it was not seen to die out


def known_levels(P: Law, Q: Law, upper: bool, levels: np.ndarray = MIDDLES) -> int:
    """How many falling levels there are before a quantile function has no number, turns back, or drowns in noise."""
    values = [law.quantile(levels, upper=upper) for law in (P, Q)]
    stops = [~np.isfinite(x) for x in values]
    with np.errstate(invalid="ignore"):
        for x in values:
            ahead = x if upper else -x
            stops.append(np.append(False, np.diff(ahead) < -1e-9 * np.abs(ahead[1:])))
        noise = 4 * (_noise(P, levels, upper) + _noise(Q, levels, upper))
        size = np.abs(values[0] - values[1])
        stops.append((levels < 2.0**-20) & (size > 0) & (size < noise))
    stop = np.any(stops, axis=0)
    return int(np.argmax(stop)) if np.any(stop) else len(levels)


def _noise(law: Law, levels: np.ndarray, upper: bool) -> np.ndarray:
    """How far a quantile moves where its level is off by a rounding of 1."""
    if not law.coarse[upper]:
        return np.zeros(len(levels))
    return np.abs(law.quantile(levels + 2.0**-52, upper=upper) - law.quantile(levels, upper=upper))


def outlook(size: np.ndarray, p: float) -> Tail:
    """Of the differences in the middles of the blocks that are known."""
    known = _before_breakdown(size)
    if known < DEEPEST:  # where a function gives out, the last digits before are doubtful
        known -= min(known // 8, 12)
    if known < 8:
        return Tail(max(known, 1), 0.0, 0.0, math.inf)
    size = size[:known]
    if not np.any(size > 0):
        return Tail(min(60, known), 0.0, 0.0, 0.0)
    k = np.arange(1.0, known + 1)
    terms = -k + p * np.log2(np.maximum(size, 1e-300))
    alive = np.flatnonzero(terms > np.max(terms) - _ALIVE)
    # At least 60 blocks: where steps meet, a probe may see no difference beside one that it misses.
    depth = int(min(max(alive[-1] + 3, 60), known))
    if alive[-1] + 3 < known:  # what is left is seen to the last level, and nothing
        left = float(np.sum(2.0 ** terms[depth - 1 :])) + _power_law(terms[-1], min(_slope(terms, 0.25), -0.01))
        return Tail(depth, left, 0.0, 2 * left)
    if _diverges(terms):
        # Of few blocks, or of those of a law on the integers, a slope near 0 is no proof.
        return Tail(known, math.inf, math.inf if known > 100 else 0.0, math.inf)
    last, before = _slope(terms, 0.5), _slope(terms[: known - known // 2], 0.5)
    # A slope that falls may fall on; one that rises is taken to rise once more by as much.
    steep, change = _slope(terms, 0.25), abs(last - before) + 1e-12
    slopes = min(steep, last) - change, steep, max(steep, last) + (change if last > before else 1e-12)
    least, rest, most = (_power_law(terms[-1], slope) for slope in slopes)
    steady = change < 0.01 * abs(last)
    rough = 1 + 1e-9 + 4 * float(np.max(np.abs(np.diff(terms[-(known // 4) - 2 :], n=2))))
    return Tail(known, rest if math.isfinite(rest) else 0.0, least / rough if steady else 0.0, most * rough)


def _diverges(terms: np.ndarray) -> bool:
    known = len(terms)
    # Of many blocks the far half is left out, where quantile functions lose their digits (SciPy's near 1e-200).
    end = known // 2 if known > 100 else known
    early, late, last = (_slope(terms[: k * end // 4], 1 / k) for k in (2, 3, 4))
    # A power law's slope is steady, or settles quickly; one that falls on and on (log-normal) may yet turn negative.
    fall = max(late - last, 0.0)
    settled = fall <= 0.005 or fall <= 0.3 * (early - late)
    return settled and last - fall / 2 >= (-1e-6 if known > 100 else -2e-3)


def _slope(terms: np.ndarray, share: float) -> float:
    """The mean slope over the last share of the terms."""
    n = len(terms)
    back = max(int(n * share), 1)
    return float((terms[-1] - terms[-1 - back]) / back) if n > back else 0.0


def _power_law(term: float, slope: float) -> float:
    """The integral from 0 to 2^-depth of what has that term in the middle of the block below, and keeps its slope."""
    return float(2.0**term * 0.75 ** (1 + slope) / -slope) if slope < 0 else math.inf


def _before_breakdown(size: np.ndarray) -> int:
    """How many blocks there are before a quantile function gives out.

    Far out, some of SciPy's stick at one value, or jump: known by a kink after 20 blocks of steady growth, where
    no quantile in use has one.
    """
    slope = np.diff(np.log2(np.maximum(size, 1e-300)))
    bend = np.abs(np.diff(slope))
    for k in np.flatnonzero(bend > 0.02):
        if k > 60 and slope[k] > 1e-3 and np.max(bend[k - 20 : k]) < 1e-3:
            return int(k)
    return len(size)
