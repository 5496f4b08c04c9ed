r"""W_p between samples on a circle: on the line, after the best turn.

On the circle of circumference T the ground metric is d(x, y) = min over k of |x - y + k T|. Continue quantiles
periodically, G^{-1}(t + 1) = G^{-1}(t) + T. Then, for every p >= 1,

.. math:: W_p^p = \min_\alpha C(\alpha), \qquad C(\alpha) = \int_0^1 |F^{-1}(t) - G^{-1}(t + \alpha)|^p \, dt,

and C is convex (Delon, Salomon and Sobolevski, 2010, doi:10.1137/090772708). Of samples it is linear between the
alpha = s_j - t_i at which two jumps meet, so its least value is found where two lines cross. At p = 1 it is the
integral of |F - G - c| at the median c of F - G (Cabrelli and Molter, J. Comput. Appl. Math. 57, 1995), and at p = inf
those alpha that keep all distances below r are an interval, which needs no costs.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ._arrays import Array, Floats, detached, is_tensor, namespace, to_numpy
from .coupling import SAME_JUMP, coupling_distance, cumulative, running_sum
from .rows import sort_samples

__all__ = ["circle_distance"]


def circle_distance(x: Array, y: Array, a: Array | None, b: Array | None, p: float, period: float) -> Array:
    """W_p of samples modulo ``period`` along the last axis; the other arguments as in ``coupling_distance``."""
    xp = namespace(x, y)
    shape = np.broadcast_shapes(*(tuple(z.shape[:-1]) for z in (x, y, a, b) if z is not None))
    (x, a), (y, b) = (_side(z, w, period, shape, xp) for z, w in ((x, a), (y, b)))
    if p == 1:
        return _by_median(x, y, a, b, period, xp)
    rows = [to_numpy(z).reshape(-1, z.shape[-1]) for z in (x, a, y, b)]
    turns = np.empty((len(rows[0]), 2))
    for k, (u, t, v, s) in enumerate(zip(*rows, strict=True)):
        t, s = cumulative(t, np), cumulative(s, np)
        turns[k] = _bottleneck_turn(u, t, v, s, period) if math.isinf(p) else _turn(u, t, v, s, p, period)
    alpha, share = (turns[:, k].reshape(shape) for k in (0, 1))

    def cost(side: float) -> Array:
        points, weights = _turned(y, b, alpha + side * SAME_JUMP / 2, period, xp)
        return coupling_distance(x, points, a, weights, p)

    if not is_tensor(x):
        return cost(0.0)
    # Where C has a kink, its two sides have derivatives by the weights of their own. In the proportion in which their
    # slopes cancel they are that of the least value.
    part = xp.asarray(share, device=x.device)
    return part * cost(-1.0) + (1 - part) * cost(1.0)


def _side(x: Array, weights: Array | None, period: float, shape: tuple[int, ...], xp: Any) -> tuple[Array, ...]:
    """Sorted points in [0, period] and their weights, written out over the whole batch."""
    x = xp.remainder(x, xp.asarray(period, dtype=x.dtype, device=x.device))
    weights = xp.ones_like(x) / x.shape[-1] if weights is None else weights
    return tuple(xp.broadcast_to(z, (*shape, x.shape[-1])) for z in sort_samples(x, weights, xp))


def _by_median(x: Array, y: Array, a: Array, b: Array, period: float, xp: Any) -> Array:
    """The least integral of |F - G - c|, taken as that of sign (F - G - c), which has its derivatives."""
    points = xp.concat([x, y], axis=-1)
    order = xp.argsort(detached(points), axis=-1, stable=True)
    points = xp.take_along_axis(points, order, axis=-1)
    steps = xp.take_along_axis(xp.concat([a, -b], axis=-1), order, axis=-1)
    apart = running_sum(steps, xp)  # F - G after each point; after the last it is 0, across the cut too
    gaps = xp.concat([points[..., 1:] - points[..., :-1], points[..., :1] + period - points[..., -1:]], axis=-1)
    heights, lengths = detached(apart), detached(gaps)
    ranks = xp.argsort(heights, axis=-1, stable=True)
    covered = xp.cumulative_sum(xp.take_along_axis(lengths, ranks, axis=-1), axis=-1)
    middle = xp.argmax(xp.astype(covered >= covered[..., -1:] / 2, xp.int64), axis=-1, keepdims=True)
    median = xp.take_along_axis(heights, xp.take_along_axis(ranks, middle, axis=-1), axis=-1)
    above = heights - median
    same = xp.abs(above) <= SAME_JUMP
    sign = xp.where(same, xp.zeros_like(above), xp.sign(above))
    # Where F - G is at its median the sign is what makes the integral of all signs 0.
    level = xp.sum(xp.where(same, lengths, xp.zeros_like(lengths)), axis=-1, keepdims=True)
    rest = -xp.sum(sign * lengths, axis=-1, keepdims=True) / xp.where(level > 0, level, xp.ones_like(level))
    sign = xp.where(same, xp.broadcast_to(xp.clip(rest, min=-1.0, max=1.0), same.shape), sign)
    level_gap = xp.where(same, apart - detached(apart), apart - median)
    return xp.sum(gaps * sign * level_gap, axis=-1)


def _turned(y: Array, b: Array, alpha: np.ndarray, period: float, xp: Any) -> tuple[Array, Array]:
    """The law with quantiles G^{-1}(t + alpha), t in (0, 1]: its points in order, the one that is cut at both ends."""
    m = y.shape[-1]
    s = cumulative(b, xp)
    whole = np.floor(alpha)[..., None]
    rest = alpha[..., None] - whole
    first = np.minimum(np.sum(to_numpy(s) <= rest, axis=-1, keepdims=True), m - 1)
    index = first + np.arange(m + 1)
    index, lift, rest, first = (
        xp.asarray(z, device=y.device) if is_tensor(y) else z
        for z in (index % m, (whole + index // m) * period, rest, first)
    )
    points = xp.take_along_axis(y, index, axis=-1) + lift
    mass = xp.take_along_axis(b, index, axis=-1)
    head = xp.take_along_axis(s, first, axis=-1) - rest
    return points, xp.concat([head, mass[..., 1:-1], mass[..., -1:] - head], axis=-1)


def _turn(x: np.ndarray, t: np.ndarray, y: np.ndarray, s: np.ndarray, p: float, period: float) -> tuple[float, float]:
    """The alpha of least cost, and the share of the derivative on its left there.

    Slopes say on which side the least cost lies. It is sought where the lines of both ends cross, which ends exactly at
    a kink, and at the middle in turns, so that an end is never far away. All of it is in units of the period.
    """
    x, y = x / period, y / period
    low, high = (_Line(x, t, y, s, p, end) for end in (-1.0, 1.0))
    for turn in range(200):
        if high.alpha - low.alpha <= SAME_JUMP / 2:
            break
        middle = low.alpha + (high.alpha - low.alpha) / 2
        crossing = _crossing(low, high, p)
        if turn % 2 == 0 and low.alpha < crossing < high.alpha:
            middle = crossing
        line = _Line(x, t, y, s, p, middle)
        if line.left.number <= 0 <= line.right.number:
            return middle, _share(line, p)
        low, high = (line, high) if line.right.number < 0 else (low, line)
    return (low.alpha + high.alpha) / 2, 0.5


class _Powers(NamedTuple):
    """number * scale^p, where the power may not fit into a float."""

    number: float
    scale: float

    def over(self, unit: float, p: float) -> float:
        """In units of unit^p, which may be inf."""
        return float(self.number * np.float64(self.scale / unit) ** p)

    @classmethod
    def total(cls, plus: np.ndarray, minus: np.ndarray, p: float, mass: np.ndarray | float = 1.0) -> _Powers:
        """The sum of mass * (plus^p - minus^p), its sign kept whatever p is."""
        scale = float(max(plus.max(), minus.max())) or 1.0
        return cls(float(np.sum(mass * ((plus / scale) ** p - (minus / scale) ** p))), scale)


class _Line:
    """The cost at alpha, and its slopes on both sides; jumps within SAME_JUMP / 4 of each other meet."""

    __slots__ = ("alpha", "cost", "left", "right")

    def __init__(self, x: np.ndarray, t: np.ndarray, y: np.ndarray, s: np.ndarray, p: float, alpha: float):
        self.alpha = alpha
        # At every jump from y to the next one: how far they are from what the other side has there.
        after = np.append(y[1:], y[0] + 1.0)
        left, right = (_lifted(x, t, s - alpha + side * SAME_JUMP / 4) for side in (1, -1))
        self.left, self.right = (_Powers.total(np.abs(z - after), np.abs(z - y), p) for z in (left, right))
        jumps = np.concatenate([t, (s - alpha) % 1.0])
        jumps.sort()
        mass = np.diff(jumps, prepend=0.0)
        inside = jumps - mass / 2
        apart = np.abs(_lifted(x, t, inside) - _lifted(y, s, inside + alpha))
        self.cost = _Powers.total(apart, np.zeros(1), p, mass)


def _crossing(low: _Line, high: _Line, p: float) -> float:
    """Where the two lines meet; nan or far away where powers do not fit into floats."""
    with np.errstate(all="ignore"):
        unit, width = low.cost.scale, high.alpha - low.alpha
        begin, end, down, up = (z.over(unit, p) for z in (low.cost, high.cost, low.right, high.left))
        return float(low.alpha + np.float64(begin - end + up * width) / (up - down))


def _share(line: _Line, p: float) -> float:
    """The share of the derivative on the left in a mean of both whose slope is 0."""
    with np.errstate(all="ignore"):
        left, right = (z.over(max(line.left.scale, line.right.scale), p) for z in (line.left, line.right))
    return right / (right - left) if right > left else 0.5


def _lifted(x: Floats, t: Floats, u: Floats) -> Floats:
    """The quantile at u, continued periodically, in units of the period."""
    whole = np.floor(u)
    return x[np.minimum(np.searchsorted(t, u - whole), len(x) - 1)] + whole


def _bottleneck_turn(x: np.ndarray, t: np.ndarray, y: np.ndarray, s: np.ndarray, period: float) -> tuple[float, float]:
    """An alpha at which no point goes farther than it must.

    All t go at most r when alpha is at least G((x_i - r)-) - t_{i-1} and at most G(x_i + r) - t_i for every i. The
    least such r is found among the floats, halving their order.
    """
    before = np.append(0.0, t[:-1])
    real = t > before  # points without mass forbid nothing
    x, t, before = x[real], t[real], before[real]
    points = np.concatenate([y - period, y, y + period])
    mass = np.concatenate([[-1.0], s - 1.0, s, s + 1.0])

    def interval(bits: int) -> tuple[float, float]:
        r = float(np.int64(bits).view(np.float64))
        low = mass[np.searchsorted(points, x - r, side="left")] - before
        high = mass[np.searchsorted(points, x + r, side="right")] - t
        return float(low.max()), float(high.min())

    below, enough = -1, int(np.float64(period * 0.5000000000000009).view(np.int64))
    while enough - below > 1:
        middle = (below + enough) // 2
        low, high = interval(middle)
        below, enough = (below, middle) if low <= high + SAME_JUMP / 2 else (middle, enough)
    low, high = interval(enough)
    return (low + high) / 2, 0.5
