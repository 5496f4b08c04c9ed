"""Equal measures, told apart from nearly equal ones without rounding: all mass is at rest, and the distance is 0.

Where points lie close together, potentials that are rounded beside the largest costs cannot tell a distance of 1e-6
from 0, and no bracket of the simplex closes. That two measures are the same is a matter of integers: floats are
integers over a power of two, and a mass is its weight times the other side's total.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ..masses import Masses
from ..search.ground import extent

__all__ = ["at_rest"]

_CLOSE = 1e-12  # masses further apart are different, however they were added up


def at_rest(
    x: np.ndarray, a: np.ndarray, y: np.ndarray, b: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """A plan ``(i, j, mass)`` that moves nothing; None where the measures differ.

    Parameters
    ----------
    x, y : numpy.ndarray, shapes (n, d) and (m, d)
    a, b : numpy.ndarray, shapes (n,) and (m,)
        Weights as given, not all 0, of any sums.
    """
    i, j = np.flatnonzero(a), np.flatnonzero(b)
    some, other = (z if len(k) == len(z) else z[k] for z, k in ((x, i), (y, j)))
    if some.max() != other.max() or not all(map(np.array_equal, extent(some), extent(other))):
        return None  # nearly always
    i, j = i[_order(x[i], a[i])], j[_order(y[j], b[j])]
    x, a, y, b = x[i], a[i], y[j], b[j]
    mass, other = Masses.of(a).high, Masses.of(b).high
    if np.array_equal(a, b) and np.array_equal(x, y):
        return i, j, mass
    if not _roughly_equal(x, mass, y, other):
        return None
    matched = _matched(x, _integers(a), y, _integers(b))
    if matched is None:
        return None
    rows, columns, moved = matched
    return i[rows], j[columns], moved


def _order(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.lexsort((weights, *points.T))


def _roughly_equal(x: np.ndarray, mass: np.ndarray, y: np.ndarray, other: np.ndarray) -> bool:
    """Whether the places are the same and their masses nearly: integers are slow."""
    first, start = (np.flatnonzero(np.r_[True, np.any(np.diff(z, axis=0) != 0, axis=1)]) for z in (x, y))
    if not np.array_equal(x[first], y[start]):
        return False
    return bool(np.all(np.abs(np.add.reduceat(mass, first) - np.add.reduceat(other, start)) <= _CLOSE))


def _matched(
    x: np.ndarray, supply: list[int], y: np.ndarray, demand: list[int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Points in one order, with weights of any two sums, matched as long as they are at one place."""
    total, other = sum(supply), sum(demand)
    supply, demand = [w * other for w in supply], [w * total for w in demand]
    k = l = 0
    plan = []
    while k < len(supply):
        if np.any(x[k] != y[l]):
            return None
        mass = min(supply[k], demand[l])
        if share := mass / (total * other):  # of integers: rounded once
            plan.append((k, l, share))
        supply[k], demand[l] = supply[k] - mass, demand[l] - mass
        k, l = k + (supply[k] == 0), l + (demand[l] == 0)
    rows, columns, masses = zip(*plan, strict=True)
    return np.array(rows), np.array(columns), np.array(masses)


def _integers(weights: np.ndarray) -> list[int]:
    """In proportion to the weights, exactly."""
    exact = [Fraction(w) for w in weights.tolist()]
    whole = max(w.denominator for w in exact)  # powers of two: the largest is a multiple of the others
    return [w.numerator * (whole // w.denominator) for w in exact]
