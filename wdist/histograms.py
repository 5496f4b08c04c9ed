r"""W_p between laws on the line whose quantile functions are piecewise linear: histograms and samples, exactly.

Merged, the cumulative masses of both sides cut (0, 1] into pieces on which the difference of the quantiles is linear,
from d to e over a mass delta, and

.. math:: \int |F^{-1} - G^{-1}|^p \, dt = \sum_k \delta_k \, m_p(d_k, e_k), \qquad
          m_p(d, e) = \int_0^1 |d + (e - d) u|^p \, du = \frac{e|e|^p - d|d|^p}{(p + 1)(e - d)}

(Villani, Topics in Optimal Transportation, 2003, theorem 2.18). The quotient cancels where d is near e: there it is
rewritten by expm1 and log1p, which do not. Points are bins of no width.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ._arrays import namespace, power_of_two
from .coupling import monotone_coupling
from .laws import Bins
from .slivers import Side, hidden_costs

__all__ = ["bins_distance", "mean_power"]

_EPS = 2.0**-52
_TAU = 4 * _EPS  # what a normalised, then cumulated, mass is off by, at most
_SLIVER = 2.0**-48  # cumulative masses of the two sides that agree to this are one jump, as they are for samples

Hidden = list[tuple[float, float]]


class _Pieces(NamedTuple):
    mass: np.ndarray
    start: np.ndarray  # difference of the quantiles where the piece begins, and where it ends
    end: np.ndarray
    rise: np.ndarray  # by how much both quantiles rise on the piece and in the jumps at its two ends
    slack: np.ndarray  # how far rounding may have moved the difference


def bins_distance(P: Bins, Q: Bins, p: float) -> tuple[float, float, float]:
    """W_p of two laws by their bins, with the interval that rounding leaves around it; O(k log k)."""
    unit = power_of_two(max(float(np.max(np.abs(z))) for z in (P.low, P.high, Q.low, Q.high)))
    P, Q = (Bins(B.mass, B.low / unit, B.high / unit) for B in (P, Q))
    pieces = _merged(P, Q)
    distance, lower, upper = (_supremum if math.isinf(p) else _mean)(pieces, p, _hidden(P, Q))
    with np.errstate(over="ignore", under="ignore"):
        return tuple(float(np.float64(z) * unit) for z in (distance, lower, upper))  # type: ignore[return-value]


def mean_power(d: np.ndarray, e: np.ndarray, p: float) -> np.ndarray:
    """The mean of |z|^p for z uniform between d and e, good to a few eps for any p >= 1."""
    small, large = np.sort(np.abs([d, e]), axis=0)
    with np.errstate(divide="ignore", invalid="ignore", under="ignore"):
        gap = np.where(large > 0, (large - small) / large, 0.0)
        same_sign = np.where(gap > 0, -np.expm1((p + 1) * np.log1p(-gap)) / ((p + 1) * gap), 1.0)
        ratio = np.where(large > 0, small / large, 0.0)
        across = (1 + ratio ** (p + 1)) / ((p + 1) * (1 + ratio))
        mean: np.ndarray = large**p * np.where(np.sign(d) * np.sign(e) < 0, across, same_sign)
    return mean


def _mean(pieces: _Pieces, p: float, hidden: Hidden) -> tuple[float, float, float]:
    size = np.maximum(np.abs(pieces.start), np.abs(pieces.end))
    farthest = max((reach for _, reach in hidden), default=0.0)
    scale = float(np.max(size)) or farthest
    if scale == 0.0:
        return 0.0, 0.0, float(np.max(pieces.slack))
    unit = max(scale, farthest)
    with np.errstate(under="ignore"):
        cost = math.fsum(pieces.mass * mean_power(pieces.start / scale, pieces.end / scale, p))
        # A cumulative mass off by tau, or a difference off by its slack, moves |z|^p by at most p max |z|^(p - 1) times
        # what it moves z by. Beside a sliver the largest z may be anywhere near: take the largest of all.
        reach = (size + pieces.slack) / scale
        around = np.max([reach, np.append(reach[1:], 0.0), np.append(0.0, reach[:-1])], axis=0)
        around[pieces.mass <= _SLIVER] = np.max(reach)
        moved = 4 * _TAU * pieces.rise + np.minimum(pieces.mass, 1.0) * pieces.slack
        slip = float(np.sum(p * around ** (p - 1) * moved / scale)) + cost * (8 + 4 * p) * _EPS
        more = math.fsum(mass * (reach / unit) ** p for mass, reach in hidden)
    root = 1 / p
    lower = scale * max(cost - slip, 0.0) ** root
    upper = unit * ((cost + slip) * (scale / unit) ** p + more) ** root
    distance = scale * cost**root
    return distance, min(lower * (1 - 4 * _EPS), distance), max(upper * (1 + 4 * _EPS), distance)


def _supremum(pieces: _Pieces, _: float, hidden: Hidden) -> tuple[float, float, float]:
    size = np.maximum(np.abs(pieces.start), np.abs(pieces.end))
    broad = pieces.mass > _SLIVER
    distance = float(np.max(size[broad]))
    lower = float(np.max(np.maximum(size - pieces.slack, 0.0)[broad]))
    upper = max([float(np.max(size + pieces.slack)), *(reach * (1 + 2 * _EPS) for _, reach in hidden)])
    return distance, min(lower, distance), upper


def _hidden(P: Bins, Q: Bins) -> Hidden:
    """Masses that the cumulative ones do not show, and how far they may be from what they are matched to."""
    held = [B.mass > 0 for B in (P, Q)]
    left, right = (Side(B.low[at], B.high[at], B.mass[at], B.mass[at]) for B, at in zip((P, Q), held, strict=True))
    pieces = monotone_coupling(left.mass, right.mass, len(left.low), len(right.low), namespace(P.mass), P.mass)
    return list(hidden_costs(pieces, left, right, _SLIVER, _TAU))


def _merged(P: Bins, Q: Bins) -> _Pieces:
    (s, x0, x1), (t, y0, y1) = _cumulative(P), _cumulative(Q)
    jumps = np.concatenate([s, t])
    order = np.argsort(jumps, kind="stable")
    from_x = order < len(s)
    i = np.minimum(np.cumsum(from_x) - from_x, len(s) - 1)
    j = np.minimum(np.cumsum(~from_x) - ~from_x, len(t) - 1)
    ends = jumps[order]
    starts = np.append(0.0, ends[:-1])
    kept = ends > starts
    i, j, starts, ends = i[kept], j[kept], starts[kept], ends[kept]
    x, y = _quantile(s, x0, x1, i, starts, ends), _quantile(t, y0, y1, j, starts, ends)
    rise = np.zeros(len(i))
    for low, high, _ in (x, y):
        jump = np.append(low[1:] - high[:-1], 0.0)
        rise += (high - low) + jump + np.append(0.0, jump[:-1])
    return _Pieces(ends - starts, x[0] - y[0], x[1] - y[1], rise, x[2] + y[2])


def _quantile(
    t: np.ndarray, low: np.ndarray, high: np.ndarray, k: np.ndarray, starts: np.ndarray, ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The quantile where each piece starts and ends, inside bin k, and how far rounding may have moved it."""
    before = np.append(0.0, t[:-1])[k]
    mass, low, high = t[k] - before, low[k], high[k]
    at = []
    for end in (starts, ends):
        share = np.clip((end - before) / mass, 0.0, 1.0)
        at.append(low * (1 - share) + high * share)  # exact at both ends of the bin
    slip = np.minimum(4 * _TAU / mass, 1.0) * (high - low)
    return at[0], at[1], slip + 4 * _EPS * np.maximum(np.abs(low), np.abs(high))


def _cumulative(P: Bins) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cumulative masses up to 1, the rounding of each addition carried along, of the bins that hold any."""
    held = P.mass > 0
    mass = P.mass[held]
    total = np.cumsum(mass)
    before = np.append(0.0, total[:-1])
    taken = total - before  # two-sum: what each addition lost, exactly
    lost = (before - (total - taken)) + (mass - taken)
    t = np.maximum.accumulate(np.minimum(total + np.cumsum(lost), 1.0))
    t[-1] = 1.0
    kept = np.diff(t, prepend=0.0) > 0
    return t[kept], P.low[held][kept], P.high[held][kept]
