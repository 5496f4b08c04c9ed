r"""How far neighbouring sources reach together: their box, a plane above their limits, and what may lie below it.

A source looks for targets with :math:`c(x_i, y) - v(y)` below its limit. Limits are potentials, or nearly: where mass
goes one way they rise that way, and the largest of some is far above the others. A plane is not, so
:math:`\beta + \langle t, x - o \rangle` is put above those of the sources in a box around o. Then only targets count
for which :math:`c(x, y) - v(y) - \langle t, x - o \rangle < \beta` somewhere in the box: what is the same shift for all
takes part in nothing. At p = 2 that is a minimum coordinate by coordinate, at p = 1 a tangent of the distance bounds
it. Functions for kernels.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..compilation import index
from .cells import SLACK

__all__ = ["around", "box_bounds", "plane_above", "within"]

_THIN = 2.0**-30  # of the width, squared: a spread below it may be rounding


def around(x: Any, begin: int, end: int, middle: Any, wide: Any) -> None:
    """The box of some sources: its middle and half widths, which have room for the rounding."""
    for t in range(x.shape[1]):
        least = most = x[begin, t]
        for i in range(begin, end):
            least, most = min(least, x[i, t]), max(most, x[i, t])
        middle[t] = 0.5 * least + 0.5 * most
        wide[t] = max(most - middle[t], middle[t] - least) * (1.0 + 2.0**-50)


def plane_above(x: Any, begin: Any, end: Any, limit: Any, middle: Any, wide: Any, tilt: Any, rest: Any) -> float:
    """The slope of a plane above the limits of some sources, and how high it is at the middle of their box.

    One coordinate after the other is fitted to what those before it have left: nearly least squares, and never worse
    than no slope at all.
    """
    d, share, mean, rise, height = index(x.shape[1]), 1.0 / (end - begin), 0.0, 0.0, -np.inf
    for i in range(begin, end):
        mean += share * limit[i]
    for i in range(begin, end):
        rest[i - begin] = limit[i] - mean if mean < np.inf else 0.0
    for t in range(d):
        first = second = both = 0.0
        for i in range(begin, end):
            at = x[i, t] - middle[t]
            first, second, both = first + at, second + at * at, both + at * rest[i - begin]
        first *= share
        second -= first * first / share
        tilt[t] = both / second if second > _THIN * wide[t] * wide[t] else 0.0
        rise += abs(tilt[t]) * wide[t]
        for i in range(begin, end):
            rest[i - begin] -= tilt[t] * (x[i, t] - middle[t] - first)
    for i in range(begin, end):
        above = limit[i] + SLACK * (abs(limit[i]) + rise)
        for t in range(d):
            above -= tilt[t] * (x[i, t] - middle[t])
        height = max(height, above)
    return height


def box_bounds(middle: Any, wide: Any, tilt: Any, cell: Any, first: int, p: float, low: Any) -> None:
    """Lower bounds of ``c(x, y) - v(y) - <tilt, x - middle>`` for x in a box, y in those of nodes from ``first`` on."""
    d, count = index(middle.shape[0]), low.shape[0]
    if p == 2.0:
        alpha = cell[3, 0, first : first + count]
        for q in range(count):
            low[q] = -alpha[q]
        for t in range(d):
            at, w, lean = middle[t], wide[t], tilt[t]
            centre, half = cell[0, t, first : first + count], cell[1, t, first : first + count]
            slope = cell[2, t, first : first + count]
            for q in range(count):
                apart, h, s = at - centre[q], half[q], slope[q]
                there = apart + 0.5 * s + (w if s + lean > 0.0 else -w)  # best y, as both slopes together pull x
                there = there if there > -h else -h
                there = there if there < h else h
                here = there - apart + 0.5 * lean  # best x beside it
                here = here if here > -w else -w
                here = here if here < w else w
                gap = apart + here - there
                blur = 2.0**-50 * (w + h)  # rounding of the gap
                low[q] += gap * gap - s * there - lean * here - blur * (abs(gap) + abs(s) + abs(lean) + blur)
        return
    for q in range(index(first), index(first + count)):
        far = rise = 0.0
        for t in range(d):
            apart = middle[t] - cell[0, t, q]
            far += apart * apart
        far = math.sqrt(far)
        scale = 1.0 / far if far > 0.0 else 0.0
        for t in range(d):
            tangent = scale * (middle[t] - cell[0, t, q])
            rise += abs(tangent + cell[2, t, q]) * cell[1, t, q] + abs(tangent - tilt[t]) * wide[t]
        low[q - index(first)] = far - rise - 2.0**-48 * (far + rise) - cell[3, 0, q]


def within(
    y: Any, v: Any, first: Any, last: Any, middle: Any, wide: Any, tilt: Any, height: float, p: float, which: Any,
    length: int,
) -> Any:  # fmt: skip
    """Targets that lie below the plane somewhere in the box are added to ``which``; how many it holds then."""
    d = index(y.shape[1])
    if p == 2.0:
        for j in range(first, last):
            near = gain = 0.0
            for t in range(d):
                apart, w, lean = middle[t] - y[j, t], wide[t], tilt[t]
                here = min(max(0.5 * lean - apart, -w), w)
                near, gain = near + (apart + here) * (apart + here), gain + lean * here
            which[length] = j
            length += near * (1.0 - SLACK) - gain <= height + v[j] + SLACK * abs(v[j])
        return length
    for j in range(first, last):
        far = rise = 0.0
        for t in range(d):
            far += (middle[t] - y[j, t]) * (middle[t] - y[j, t])
        far = math.sqrt(far)
        scale = 1.0 / far if far > 0.0 else 0.0
        for t in range(d):
            rise += abs(scale * (middle[t] - y[j, t]) - tilt[t]) * wide[t]
        which[length] = j
        length += far - rise - SLACK * (far + rise) <= height + v[j] + SLACK * abs(v[j])
    return length
