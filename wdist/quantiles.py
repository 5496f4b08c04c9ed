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

import numpy as np

from ._arrays import power_of_two, to_numpy
from .histograms import bins_distance
from .laws import Bins, Law
from .measures import Samples
from .slivers import Bracketed
from .suprema import supremum
from .tails import DEEPEST, MIDDLES, known_levels, outlook

__all__ = ["Bracketed", "differ_by_shift", "law_distance", "law_of_samples"]

_ORDER = 20
_NOISE = 2.0**-45  # far out, a relative difference below it is rounding
_QUANTILE_RTOL = 1e-12  # what quantile functions in use are taken to be good to


_LEVEL = 2.0**-52  # what 1 - t is off by, as a level

Half = Callable[[np.ndarray], np.ndarray]  # of t in (0, 1/2], from one of the two ends


def law_distance(P: Law, Q: Law, p: float) -> Bracketed:
    """W_p of two laws, with the error estimate of the quadrature; inf where the integral diverges.

    Two laws with piecewise linear quantiles need no quadrature: their distance is exact, its bracket rounding.
    """
    if P.bins is not None and Q.bins is not None:
        return Bracketed(*bins_distance(P.bins, Q.bins, p))
    same = P.family is not None and P.family == Q.family
    if differ_by_shift(P, Q):
        return _difference(P.loc, Q.loc)

    def difference(t: np.ndarray, upper: bool) -> np.ndarray:
        if same:  # (loc + scale z) - (loc' + scale' z), with no cancellation far out
            z = Law(P.ppf, P.isf).quantile(t, upper=upper)
            return (P.loc - Q.loc) + _stretch(P, Q) * z
        x, y = P.quantile(t, upper=upper), Q.quantile(t, upper=upper)
        delta = x - y
        noise = _NOISE * np.maximum(np.abs(x), np.abs(y))
        far = t < 2.0**-20  # only there can cancellation pass for a tail; a crossing in the middle is no noise
        return np.where(far & (np.abs(delta) < noise), 0.0, delta)  # _doubt bounds what this drops

    if math.isinf(p):
        if same:  # affine in Z: the largest at one of its ends
            z = Law(P.ppf, P.isf)
            ends = [float(z.quantile(np.zeros(1), upper=upper)[0]) for upper in (False, True)]
            largest = max(abs((P.loc - Q.loc) + _stretch(P, Q) * end) for end in ends)
            return Bracketed(largest, largest * (1 - 2.0**-50), largest * (1 + 2.0**-50))
        breaks = [np.concatenate(_breaks(P, Q, upper)) for upper in (False, True)]
        return Bracketed(*supremum(P, Q, (breaks[0], breaks[1])))
    with np.errstate(all="ignore"):
        return _integral(P, Q, difference, p)


def differ_by_shift(P: Law, Q: Law) -> bool:
    """Whether the one is the other, moved."""
    return P.family is not None and P.family == Q.family and _stretch(P, Q) == 0.0


def _stretch(P: Law, Q: Law) -> float:
    """The difference of two scales, with all its digits: as floats they may be one, and are not."""
    return (P.scale - Q.scale) + (P.rest - Q.rest)


def _difference(x: float, y: float) -> Bracketed:
    """|x - y| between the floats next to it, or by itself where it is one."""
    found = abs(x - y)
    rest = math.fsum([max(x, y), -min(x, y), -found]) if found < math.inf else 0.0
    lower, upper = (math.nextafter(found, side * math.inf) if side * rest > 0 else found for side in (-1, 1))
    return Bracketed(found, lower, upper)


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
    sizes = [np.abs(difference(MIDDLES[: known_levels(P, Q, upper)], upper)) for upper in (False, True)]
    scale = _unit(difference, sizes, p)
    tails = [outlook(size / scale, p) for size in sizes]
    if any(math.isinf(tail.least) for tail in tails):
        return Bracketed(math.inf, math.inf, math.inf)
    halves = [_scaled(difference, upper, scale) for upper in (False, True)]
    total = error = 0.0
    for upper, half, tail in zip((False, True), halves, tails, strict=True):
        edges = np.unique(np.concatenate([2.0 ** -np.arange(1.0, tail.depth + 1), *_breaks(P, Q, upper)]))
        edges = edges[edges >= 2.0**-tail.depth]
        edges = np.union1d(edges, _crossings(half, edges))
        f = _powers(half, p)
        coarse = P.coarse[upper] or Q.coarse[upper]
        value, defect = _quadrature(f, edges, p * _LEVEL if coarse else 0.0)
        # Levels off by so much move the integral by that times the variation of what is integrated.
        slip = 2 * _LEVEL * float(np.sum(np.abs(np.diff(f(edges))))) if coarse else 0.0
        total, error = total + value, error + defect + slip
    if not math.isfinite(total + error):
        raise ValueError(
            "the quantiles of P or Q are not finite numbers inside (0, 1), where a law's are: check its parameters, or "
            "give it as samples or as a wdist.Histogram"
        )
    doubt = 0.0 if P.family is not None and P.family == Q.family else _doubt(P, Q, halves, scale, p)
    least, rest, most = (sum(getattr(tail, name) for tail in tails) for name in ("least", "rest", "most"))
    costs = total + rest, total - error + least, total + error + doubt + most
    distance, lower, upper = (scale * max(cost, 0.0) ** (1 / p) for cost in costs)
    slack = 1 + _QUANTILE_RTOL
    return Bracketed(distance, lower / slack, upper * slack)


def _unit(difference: Callable[[np.ndarray, bool], np.ndarray], sizes: list[np.ndarray], p: float) -> float:
    """A power of two, in units of which no power on the way overflows, and the integral is no tiny number."""
    centre = [np.abs(difference(2.0 ** -np.arange(1.0, 41.0), upper)) for upper in (False, True)]
    # A block far out may have nearly all of the integral.
    far = [size * 2.0 ** (-np.arange(1.0, len(size) + 1) / p) for size in sizes]
    return power_of_two(float(np.nanmax(np.concatenate(centre + far))))


def _doubt(P: Law, Q: Law, halves: list[Half], scale: float, p: float) -> float:
    """At most what the differences taken for rounding add to the integral; inf where that does not die out."""
    k = np.arange(20.0, DEEPEST)
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


def _powers(difference: Half, p: float) -> Half:
    return lambda t: np.abs(difference(t)) ** p


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


def _quadrature(f: Half, edges: np.ndarray, rough: float) -> tuple[float, float]:
    """Integral over [edges[0], edges[-1]] and its error: two rules, halving where they differ.

    ``rough``, over t, is the relative noise of f, below which there is nothing to be found.
    """
    low, high = edges[:-1], edges[1:]
    total = error = 0.0
    for halvings in range(48):
        coarse, fine = (_applied(f, low, high, rule) for rule in (_WITH_ENDS, _GAUSS))
        defect = np.abs(fine - coarse)
        scale = total + float(np.sum(np.abs(fine)))
        done = (defect <= 1e-14 * scale / math.sqrt(len(edges))) | (defect <= (1e-14 + rough / low) * np.abs(fine))
        done |= high - low <= 4e-16 * high
        if len(low) > max(20_000, 4 * len(edges)):  # too rough to resolve: the estimate of the error says so
            done[:] = True
        total += float(np.sum(fine[done]))
        # Beside a jump the rules may agree by chance, the more so the more often they are asked.
        error += (64 if halvings > 8 else 1) * float(np.sum(defect[done])) + 1e-16 * float(np.sum(np.abs(fine[done])))
        if done.all():
            break
        low, high = low[~done], high[~done]
        middle = (low + high) / 2
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
    else:
        left = float(np.sum(_applied(f, low, high, _GAUSS)))
        total, error = total + left, error + left
    return total, error


def _rule_with_ends() -> tuple[np.ndarray, np.ndarray]:
    """Lobatto's nodes, the outermost a little inside, and their weights: a jump beside an end is seen, one at it not.

    Their number is odd, that of Gauss's even: a jump near the middle would halve both, wherever it is.
    """
    slope = np.polynomial.legendre.Legendre.basis(_ORDER - 4).deriv()
    nodes = np.concatenate([[2.0**-40 - 1], np.sort(np.real(slope.roots())), [1 - 2.0**-40]])
    powers = np.polynomial.legendre.legvander(nodes, len(nodes) - 1)
    return nodes, np.linalg.solve(powers.T, 2.0 * (np.arange(len(nodes)) == 0))


def _applied(f: Half, low: np.ndarray, high: np.ndarray, rule: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    nodes, weights = rule
    half = (high - low) / 2
    t = (low + half)[:, None] + half[:, None] * nodes
    # Jumps are at edges, to a rounding of them: no node is.
    values = f(np.clip(t, (low * (1 + 2.0**-50))[:, None], (high * (1 - 2.0**-50))[:, None]))
    return np.asarray(half * (values @ weights))


_GAUSS = np.polynomial.legendre.leggauss(_ORDER)
_WITH_ENDS = _rule_with_ends()
