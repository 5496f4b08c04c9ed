"""What every exact result promises, checked by NumPy over all pairs.

A plan with the right marginals and feasible potentials of the same value are optimal, by weak duality: no solver is
asked. Tolerances count roundings (EPS is one) of the quantities that are compared, never of the largest cost.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from .mixture import Problem

__all__ = ["EPS", "assert_bracket", "assert_encloses", "assert_optimal", "cost_error", "near"]

EPS = 2.0**-52


def near(expected: float, rel: float) -> Any:
    """``pytest.approx`` without its absolute tolerance of 1e-12, beside which a small distance is nothing."""
    return pytest.approx(expected, rel=rel, abs=0.0)


def cost_error(problem: Problem) -> float:
    """Relative error of ``cdist ** p``: a sum of d terms, its root, and the power, which multiplies errors."""
    return EPS * (problem.p * (problem.x.shape[1] / 2 + 3) + 3)


def assert_bracket(r: Any, label: object = "") -> None:
    """An exact result, whose bracket is ordered and as narrow as the word exact says."""
    assert r.kind == "exact", f"{label}: kind {r.kind}"
    assert r.lower <= float(r) <= r.upper, f"{label}: {float(r)!r} outside [{r.lower!r}, {r.upper!r}]"
    width, size = r.upper - r.lower, max(abs(r.lower), abs(r.upper))
    assert width <= 2e-9 * size, f"{label}: bracket [{r.lower!r}, {r.upper!r}] is wide"


def assert_encloses(r: Any, cost: Fraction, label: object = "") -> None:
    """``lower ** p <= cost <= upper ** p`` as rational numbers, and a distance that is right to rounding."""
    assert_bracket(r, label)
    p = int(r.p)
    low, high = Fraction(r.lower) ** p, Fraction(r.upper) ** p
    assert low <= cost, f"{label}: lower is {float((low - cost) / abs(cost or 1)):.1e} above"
    assert cost <= high, f"{label}: upper is {float((cost - high) / abs(cost or 1)):.1e} below"
    # Sums of the products of masses and costs are correctly rounded; the rest are a few roundings, times p.
    assert abs(Fraction(r.distance) ** p - cost) <= Fraction(1e-14) * p * abs(cost), f"{label}: {r.distance!r}"
    if cost == 0:
        assert (r.lower, r.distance, r.upper) == (0, 0, 0), label


def assert_optimal(
    r: Any, cost: np.ndarray, a: np.ndarray, b: np.ndarray, label: object = "", error: float = 0.0
) -> None:
    """Prove ``r`` optimal for masses a and b of sum 1 and a cost matrix of relative error ``error``."""
    assert_bracket(r, label)
    _assert_marginals(r.plan, a, b, label)
    f, g = r.potentials
    assert np.all(np.isfinite(f)), f"{label}: f"
    assert np.all(np.isfinite(g)), f"{label}: g"
    excess = (f[:, None] + g) - cost - (error * cost + EPS * (np.abs(f)[:, None] + np.abs(g)))
    assert excess.max() <= 0, f"{label}: f + g exceeds the cost by {excess.max():.2e}, rounding apart"
    primal = math.fsum(r.plan.data * cost[r.plan.row, r.plan.col])
    dual = math.fsum(np.r_[a * f, b * g])
    size = math.fsum(np.r_[a * np.abs(f), b * np.abs(g)])
    # Masses and products are rounded. f was lowered by the error of a cost on the tree, be its flow as small as it may.
    lowered = math.fsum(a * _largest(r.plan.row, cost[r.plan.row, r.plan.col], len(a)))
    tolerance = 1e-12 * primal + 4 * EPS * size + 2 * error * lowered
    assert abs(primal - dual) <= tolerance, f"{label}: plan {primal!r}, potentials {dual!r}"
    # The root and the power of .cost: p roundings, and p more of the logarithm inside.
    assert abs(r.cost - primal) <= (1e-14 * r.p + error) * primal, f"{label}: cost {r.cost!r}, plan {primal!r}"


def _largest(groups: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    result = np.zeros(count)
    np.maximum.at(result, groups, values)
    return result


def _assert_marginals(plan: Any, a: np.ndarray, b: np.ndarray, label: object) -> None:
    """Each to rounding of its own mass, and to 2^-56 of all mass, which is what a flow may gather on its way."""
    assert plan.shape == (len(a), len(b)), f"{label}: plan of shape {plan.shape}"
    assert np.all(plan.data > 0), f"{label}: plan has entries that are not positive"
    for axis, ends, mass in ((0, plan.row, a), (1, plan.col, b)):
        carried = _group_sums(ends, plan.data, len(mass))
        worst = np.max(np.abs(carried - mass) - 4 * EPS * mass)
        assert worst <= 2.0**-56, f"{label}: marginal {axis} is off by {worst:.2e}"
        assert not np.any(carried[mass == 0]), f"{label}: plan uses a point without mass"


def _group_sums(groups: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """Correctly rounded sums: those of NumPy, of 500 equal parts, are off by more than the parts are."""
    order = np.argsort(groups, kind="stable")
    parts = np.split(values[order], np.cumsum(np.bincount(groups, minlength=count))[:-1])
    return np.array([math.fsum(part) for part in parts])
