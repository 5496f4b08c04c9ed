r"""W_p between two laws on the line that are given by quantile functions.

.. math:: W_p^p = \int_0^1 |F^{-1}(t) - G^{-1}(t)|^p \, dt

(Villani, Topics in Optimal Transportation, 2003, theorem 2.18). Each half of (0, 1) is cut at the powers of two, so
that the block [2^-(k+1), 2^-k] sees the tail at its own scale, and at the jumps of the quantiles. How the blocks' terms
decay tells whether the integral is finite at all. The same cuts serve p = inf, where monotone quantiles bracket the
supremum.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ._arrays import power_of_two, to_numpy
from .histograms import bins_distance
from .laws import Bins, Law
from .measures import Samples

__all__ = ["Bracketed", "law_distance", "law_of_samples"]

_DEEPEST = 1000  # 2^-1000: past it, quantiles overflow before any moment of interest does
_LOW, _HIGH = (np.polynomial.legendre.leggauss(k) for k in (10, 20))
_NOISE = 2.0**-45  # far out, a relative difference below it is rounding
_QUANTILE_RTOL = 1e-12  # what quantile functions in use are taken to be good to


Half = Callable[[np.ndarray], np.ndarray]  # of t in (0, 1/2], from one of the two ends


class Bracketed(NamedTuple):
    """A distance with the interval that the method's own error estimate gives it."""

    distance: Any  # a float; a tensor where points were tensors
    lower: float
    upper: float


class _Tail(NamedTuple):
    depth: int  # integrate down to 2^-depth
    remainder: float  # estimate of the rest; inf where the integral diverges
    trusted: bool  # whether the rest was seen to die out


def law_distance(P: Law, Q: Law, p: float) -> Bracketed:
    """W_p of two laws, with the error estimate of the quadrature; inf where the integral diverges.

    Two laws with piecewise linear quantiles need no quadrature: their distance is exact, its bracket rounding.
    """
    if P.bins is not None and Q.bins is not None:
        return Bracketed(*bins_distance(P.bins, Q.bins, p))
    same = P.family is not None and P.family == Q.family
    if same and P.scale == Q.scale:
        shift = abs(P.loc - Q.loc)
        return Bracketed(shift, shift, shift)

    def difference(t: np.ndarray, upper: bool) -> np.ndarray:
        if same:  # (loc + scale z) - (loc' + scale' z), with no cancellation far out
            z = Law(P.ppf, P.isf).quantile(t, upper=upper)
            return (P.loc - Q.loc) + (P.scale - Q.scale) * z
        x, y = P.quantile(t, upper=upper), Q.quantile(t, upper=upper)
        delta = x - y
        noise = _NOISE * np.maximum(np.abs(x), np.abs(y))
        far = t < 2.0**-20  # only there can cancellation pass for a tail; a crossing in the middle is no noise
        return np.where(far & (np.abs(delta) < noise), 0.0, delta)  # _doubt bounds what this drops

    if math.isinf(p):
        if same:  # affine in Z: the largest at one of its ends
            z = Law(P.ppf, P.isf)
            ends = [float(z.quantile(np.zeros(1), upper=upper)[0]) for upper in (False, True)]
            largest = max(abs((P.loc - Q.loc) + (P.scale - Q.scale) * end) for end in ends)
            return Bracketed(largest, largest * (1 - 2.0**-50), largest * (1 + 2.0**-50))
        return _supremum(P, Q, difference)
    with np.errstate(all="ignore"):
        return _integral(P, Q, difference, p)


def law_of_samples(samples: Samples) -> Law:
    """Weighted points on the line by their quantile function, a step function."""
    points, weights = to_numpy(samples.points)[:, 0], to_numpy(samples.mass)
    order = np.argsort(points)
    points, weights = points[order], weights[order]
    t, s = np.cumsum(weights), np.cumsum(weights[::-1])
    t, s = t / t[-1], s / s[-1]
    last = len(points) - 1
    return Law(
        lambda q: points[np.searchsorted(t, q).clip(0, last)],
        lambda q: points[::-1][np.searchsorted(s, q, side="right").clip(0, last)],
        lambda x: np.append(0.0, t)[np.searchsorted(points, x, side="right")],
        breaks=np.unique(t[t <= 0.5]),
        upper_breaks=np.unique(s[s <= 0.5]),
        bins=Bins(weights, points, points),
    )


def _integral(P: Law, Q: Law, difference: Callable[[np.ndarray, bool], np.ndarray], p: float) -> Bracketed:
    centre = np.concatenate([difference(2.0 ** -np.arange(1.0, 41.0), upper) for upper in (False, True)])
    scale = power_of_two(float(np.nanmax(np.abs(centre))))
    halves = [_scaled(difference, upper, scale) for upper in (False, True)]
    tails = [_tail(half, p) for half in halves]
    if any(math.isinf(tail.remainder) for tail in tails):
        return Bracketed(math.inf, math.inf, math.inf)
    total = error = rest = 0.0
    for upper, half, tail in zip((False, True), halves, tails, strict=True):
        edges = np.unique(np.concatenate([2.0 ** -np.arange(1.0, tail.depth + 1), *_breaks(P, Q, upper)]))
        edges = edges[edges >= 2.0**-tail.depth]
        edges = np.union1d(edges, _crossings(half, edges))
        value, defect = _quadrature(lambda t, half=half: np.abs(half(t)) ** p, edges)  # type: ignore[misc]
        total, error, rest = total + value, error + defect, rest + tail.remainder
    if not math.isfinite(total + error):
        raise ValueError(
            "the quantiles of P or Q are not finite numbers inside (0, 1), where a law's are: check its parameters, or "
            "give it as samples or as a wdist.Histogram"
        )
    doubt = 0.0 if P.family is not None and P.family == Q.family else _doubt(P, Q, halves, scale, p)
    trusted = all(tail.trusted for tail in tails)
    # The integrand is not negative: what was not integrated can only add.
    lower, upper_end = max(total - error, 0.0), total + error + 2 * rest + doubt
    total += rest
    root = lambda c: scale * c ** (1 / p)  # noqa: E731
    slack = 1 + _QUANTILE_RTOL
    return Bracketed(root(total), root(lower) / slack, root(upper_end) * slack if trusted else math.inf)


def _doubt(P: Law, Q: Law, halves: list[Half], scale: float, p: float) -> float:
    """At most what the differences taken for rounding add to the integral; inf where that does not die out."""
    k = np.arange(20.0, _DEEPEST)
    found = 0.0
    for upper, half in zip((False, True), halves, strict=True):
        x, y = (np.abs(law.quantile(2.0 ** -(k + 1), upper=upper)) for law in (P, Q))
        largest = np.maximum(x, y) / scale
        dropped = (half(0.75 * 2.0**-k) == 0) & np.isfinite(largest)
        terms = np.where(dropped, 2.0**-k * (_NOISE * largest) ** p, 0.0)
        total = float(np.sum(terms))
        found += math.inf if terms[-1] > 1e-6 * total else total
    return found


def _scaled(difference: Callable[[np.ndarray, bool], np.ndarray], upper: bool, scale: float) -> Half:
    return lambda t: difference(t, upper) / scale


def _breaks(P: Law, Q: Law, upper: bool) -> list[np.ndarray]:
    """Jumps and kinks of both quantiles, and where a step of one crosses the other."""
    found = [law.upper_breaks if upper else law.breaks for law in (P, Q)]
    for law, steps, at in ((P, Q, found[1]), (Q, P, found[0])):
        if law.cdf is not None and len(at):
            values = steps.quantile(at * (1 - 1e-12), upper=upper)
            t = np.asarray(law.cdf((values - law.loc) / law.scale if law.scale else values - law.loc), dtype=float)
            t = 1 - t if upper else t
            found.append(t[(t > 0) & (t <= 0.5)])
    return found


def _crossings(difference: Half, edges: np.ndarray) -> np.ndarray:
    """The t where the quantiles cross: |difference| has a kink there, which between node and edge no rule would see."""
    steps = np.linspace(0.0, 1.0, 32, endpoint=False)
    t = np.append((edges[:-1, None] + np.diff(edges)[:, None] * steps).ravel(), edges[-1])
    sign = np.sign(difference(t))
    k = np.flatnonzero(sign[:-1] * sign[1:] < 0)
    low, high, below = t[k], t[k + 1], sign[k]
    for _ in range(60):
        middle = (low + high) / 2
        same = np.sign(difference(middle)) == below
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return high


def _tail(difference: Half, p: float) -> _Tail:
    """How far down one half to integrate, and what is left below.

    With L_k = log2 of the k-th block's term, a slope of L at the far end that is not negative means divergence.
    """
    k = np.arange(1.0, _DEEPEST + 1)
    size = np.abs(difference(0.75 * 2.0**-k))
    known = len(k) if np.all(np.isfinite(size)) else int(np.argmin(np.isfinite(size)))
    known = _before_breakdown(size[:known])
    if known < 8:
        return _Tail(max(known, 1), 0.0, False)
    terms = -k[:known] + p * np.log2(np.maximum(size[:known], 1e-300))
    if not np.any(size[:known] > 0):
        return _Tail(min(60, known), 0.0, True)
    # Far out, quantile functions lose their digits (1 - 2^-53 has none left, and SciPy's own give out near 1e-200):
    # judge before that. A power law has a steady slope; a slope still falling (log-normal) may yet turn negative.
    end = known // 2 if known > 100 else max(known - 12, 8)
    slope, before = (float((terms[k - 1] - terms[k // 2 - 1]) / (k - k // 2)) for k in (end, end // 2))
    growing = slope >= (-1e-6 if known > 100 else -2e-3)
    if growing and slope >= before - 0.01:
        return _Tail(1, math.inf, True)
    alive = np.flatnonzero(terms > np.max(terms) - 70)
    # At least 60 blocks: where steps meet, a probe may see no difference beside one that it misses.
    depth = int(min(max(alive[-1] + 3, 60), known))
    local = terms[depth - 1] - terms[max(depth // 2 - 1, 0)]
    ratio = 2.0 ** min(local / max(depth - max(depth // 2, 1), 1), -1e-6)
    # A block has half the mass of all below its upper edge.
    remainder = float(2.0 ** (terms[depth - 1] - 1) * ratio / (1 - ratio))
    # The rest is a fair estimate while it is a small part of the whole; a tail that hardly dies out is not.
    settled = not growing and remainder < 1e-2 * float(np.sum(2.0 ** terms[:depth]))
    return _Tail(depth, remainder, settled)


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


def _quadrature(f: Half, edges: np.ndarray) -> tuple[float, float]:
    """Integral over [edges[0], edges[-1]] and its error: Gauss-Legendre of two orders, halving where they differ."""
    low, high = edges[:-1], edges[1:]
    total = error = 0.0
    for _ in range(48):
        coarse, fine = (_gauss(f, low, high, rule) for rule in (_LOW, _HIGH))
        defect = np.abs(fine - coarse)
        scale = total + float(np.sum(np.abs(fine)))
        done = (defect <= 1e-14 * scale / math.sqrt(len(edges))) | (defect <= 1e-14 * np.abs(fine))
        done |= high - low <= 4e-16 * high
        if len(low) > max(20_000, 4 * len(edges)):  # too rough to resolve: the estimate of the error says so
            done[:] = True
        total += float(np.sum(fine[done]))
        error += float(np.sum(defect[done])) + 1e-16 * float(np.sum(np.abs(fine[done])))
        if done.all():
            break
        low, high = low[~done], high[~done]
        middle = (low + high) / 2
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
    else:
        total += float(np.sum(_gauss(f, low, high, _HIGH)))
        error += float(np.sum(np.abs(_gauss(f, low, high, _HIGH))))
    return total, error


def _gauss(f: Half, low: np.ndarray, high: np.ndarray, rule: tuple) -> np.ndarray:
    nodes, weights = rule
    half = (high - low) / 2
    values = f((low + half)[:, None] + half[:, None] * nodes)
    return half * (values @ weights)


def _supremum(P: Law, Q: Law, difference: Callable[[np.ndarray, bool], np.ndarray]) -> Bracketed:
    """sup |F^-1 - G^-1|: on a cell, monotone quantiles keep it below what the far corners give."""
    lowest = highest = 0.0
    for upper in (False, True):
        breaks = np.concatenate(_breaks(P, Q, upper))
        beside = np.outer([1 - 2.0**-50, 1, 1 + 2.0**-50], breaks).ravel()  # a jump has two sides
        t = np.concatenate([[0.0], 2.0 ** -np.arange(1.0, 61.0), np.linspace(0, 0.5, 4097)[1:], beside])
        t = np.unique(np.minimum(t, 0.5))
        x, y = P.quantile(t, upper=upper), Q.quantile(t, upper=upper)
        if math.isfinite(x[0]) != math.isfinite(y[0]) and not np.isnan(x[0] + y[0]):
            return Bracketed(math.inf, math.inf, math.inf)
        if not (math.isfinite(x[0]) and math.isfinite(y[0])):
            raise ValueError(
                "p is inf and both laws reach to infinity at the same end: whether they stay within a finite distance "
                "cannot be read off their quantiles. Take a finite p, or laws of one family (or bounded ones)"
            )
        lowest = max(lowest, float(np.max(np.abs(difference(t[1:], upper)))), abs(float(x[0] - y[0])))
        inner = np.maximum(np.abs(x[1:] - y[:-1]), np.abs(x[:-1] - y[1:]))
        highest = max(highest, float(np.max(inner)))
    return Bracketed(lowest, lowest * (1 - _QUANTILE_RTOL), max(highest, lowest) * (1 + _QUANTILE_RTOL))
