r"""What rounding leaves open of a distance between samples on the line.

The sum of :mod:`wdist.coupling` has non-negative terms, so it is good to a few eps, but for two things. Each cumulative
weight is off by some tau: by summation by parts that moves W_p^p by at most tau times the total variation of the
pieces' costs. And jumps of the two sides that lie within a rounding of each other may be in another order, or have mass
between them that the floats do not show: what is matched there, at most the ends of the two runs, may belong in.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ._arrays import Array, is_tensor, namespace, to_numpy
from .coupling import SAME_JUMP, Coupling, monotone_coupling

__all__ = ["Bracketed", "Side", "bracket_of_equal", "hidden_costs", "samples_bracket"]

_EPS = 2.0**-52
_LARGEST = float(np.finfo(np.float64).max)
_TINY = 2.0**-1000  # of what is smaller a rounding may not be relative


class Bracketed(NamedTuple):
    """A distance with the interval that the method's own error estimate gives it."""

    distance: Any  # a float; a tensor where points were tensors
    lower: float
    upper: float


class Side(NamedTuple):
    """Ascending points, or intervals, that have mass; their masses, and the weights that these come from."""

    low: np.ndarray
    high: np.ndarray
    mass: np.ndarray | None
    given: np.ndarray

    @classmethod
    def of_points(cls, points: Array, mass: Array | None, given: Array | None) -> Side:
        """Of points, in any order, of weights over their sum, and before (None: equal ones, and not known)."""
        x = to_numpy(points)
        if mass is None:
            x = np.sort(x)
            return cls(x, x, None, np.ones(len(x)))
        weights, w = (to_numpy(z) for z in (mass if given is None else given, mass))
        held = np.flatnonzero(weights > 0)
        order = held[np.argsort(x[held], kind="stable")]
        return cls(x[order], x[order], w[order], weights[order])


def bracket_of_equal(distance: float, n: int, m: int) -> Bracketed:
    """The interval that rounding leaves around a distance of n and m points, which of a side weigh the same."""
    relative = _relative(n, m)
    return Bracketed(distance, distance * (1 - relative), distance * (1 + relative))


def _relative(n: int, m: int) -> float:
    """Error of a pairwise sum of so many terms, and of what is done with it."""
    return (8 + math.log2(n + m)) * _EPS


def samples_bracket(
    x: Array, y: Array, a: Array | None, b: Array | None, p: float, distance: float, given: tuple[Array | None, ...]
) -> Bracketed:
    """The interval that rounding leaves around the ``distance`` of points (n,) and (m,).

    ``a`` and ``b`` are weights over their sums, None for equal ones; ``given`` what they were before, as far as known.
    """
    equal = a is None and b is None
    if equal and distance > _TINY:
        return bracket_of_equal(distance, len(x), len(y))
    relative = _relative(len(x), len(y))
    tau = (2 if not (is_tensor(a) or is_tensor(b)) else len(x) + len(y)) * _EPS
    left, right = Side.of_points(x, a, given[0]), Side.of_points(y, b, given[1])
    u, v = left.low, right.low
    pieces = monotone_coupling(left.mass, right.mass, len(u), len(v), namespace(u), u)
    width = 0.0 if equal else max(SAME_JUMP, 2 * tau)
    z = np.abs(u[pieces.i] - v[pieces.j])[pieces.mass > width]
    hidden = [] if equal else list(hidden_costs(pieces, left, right, width, tau))
    scale, farthest = float(z.max()), max((reach for _, reach in hidden), default=0.0)
    if scale == farthest == 0.0:
        return Bracketed(distance, 0.0, 0.0)
    if math.isinf(p):
        lower, upper = distance, max(distance, farthest)
    else:
        unit = max(scale, distance) or farthest
        variation = float(np.sum(np.abs(np.diff((z / unit) ** p))))
        if p == 1:  # the area between two distribution functions, each of whose steps reaches across a gap
            variation = sum(float(np.ptp(to_numpy(points) / unit)) for points in (x, y))
        slip = tau * variation if distance > 0 and not equal else 0.0
        lower = unit * max((distance / unit) ** p - slip, 0.0) ** (1 / p)
        far = max(unit, farthest)
        more = math.fsum(mass * (reach / far) ** p for mass, reach in hidden)
        upper = far * ((distance / far) ** p + slip * (unit / far) ** p + more) ** (1 / p)
    # The last rounding is one of 2^-1074 where the result has left the normal range.
    least = math.ulp(0.0) if scale < _TINY else 0.0
    lower = max(min(lower, distance) * (1 - relative) - least, 0.0)
    return Bracketed(distance, lower, max(upper, distance) * (1 + relative) + least)


def hidden_costs(pieces: Coupling, left: Side, right: Side, width: float, tau: float) -> Iterator[tuple[float, float]]:
    """Of every run of jumps no more than ``width`` apart: a mass, and how far what it is matched to may be."""
    narrow = pieces.mass <= width
    edges = np.diff(narrow.astype(np.int8), prepend=0, append=0)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    masses = np.add.reduceat(np.append(pieces.mass, 0.0), np.stack([starts, ends], axis=-1).ravel())[::2]
    # What is matched before a run and what after it: i0 to i1 of the left meet j0 to j1 of the right.
    before = (np.append(0, k)[starts] for k in (pieces.i, pieces.j))
    after = (np.append(k, len(z.low) - 1)[ends] for k, z in ((pieces.i, left), (pieces.j, right)))
    runs = np.stack([starts == 0, ends == len(narrow), *before, *after], axis=-1).tolist()
    exact = None
    for (at_0, at_1, i0, j0, i1, j1), mass in zip(runs, masses.tolist(), strict=True):
        if (i0, j0) == (i1, j1) and not at_0:
            continue
        exact = exact or (_exact_jumps(left.given), _exact_jumps(right.given))
        (s, all_s), (t, all_t) = exact
        same = [k * all_t for k in s[i0:i1]] == [k * all_s for k in t[j0:j1]]
        if same and mass == 0.0 and i1 - i0 == 1 and not at_0 and not at_1:
            continue  # one jump of both sides
        x, y = (z.low[k : to + 1] for z, k, to in ((left, i0, i1), (right, j0, j1)))
        u, v = (z.high[k : to + 1] for z, k, to in ((left, i0, i1), (right, j0, j1)))
        if same:  # whatever the floats say
            begin, end = np.abs(x - y), np.abs(u - v)
            first, last = 0 if at_0 else 1, len(x) if at_1 else -1
            yield mass, float(max(end[0], begin[-1]))
            yield mass + 2 * tau, float(np.max([*begin[first:last], *end[first:last]], initial=0.0))
        else:  # in whatever order: the ends of both runs are the farthest apart
            (x0, y0), (x1, y1) = (x[0], y[0]) if at_0 else (u[0], v[0]), (u[-1], v[-1]) if at_1 else (x[-1], y[-1])
            with np.errstate(over="ignore"):
                yield mass + 2 * tau, min(float(max(x1 - y0, y1 - x0, 0.0)), _LARGEST)


def _exact_jumps(weights: np.ndarray) -> tuple[list[int], int]:
    """Cumulative weights and their total, as whole numbers of one unit."""
    fractions, exponents = np.frexp(weights)
    whole = np.ldexp(fractions, 53).astype(np.int64).tolist()
    shifts = (exponents - exponents.min()).tolist()
    jumps = list(itertools.accumulate(k << shift for k, shift in zip(whole, shifts, strict=True)))
    return jumps, jumps[-1]
