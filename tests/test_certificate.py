"""The certificate: bounds that hold whatever plan and potentials it is given, and named errors for what is neither."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

import wdist


def assignment(n: int = 12, p: float = 2.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Two clouds, the optimal plan between them, and its cost."""
    rng = np.random.default_rng(seed)
    x, y = rng.random((n, 2)), rng.random((n, 2))
    cost = cdist(x, y) ** p
    i, j = linear_sum_assignment(cost)
    plan = np.zeros((n, n))
    plan[i, j] = 1 / n
    return x, y, plan, float(cost[i, j].sum() / n)


@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_dual_bounds_the_truth_whatever_the_potentials(p: float, seed: int) -> None:
    x, y, plan, truth = assignment(p=p, seed=seed)
    rng = np.random.default_rng(seed + 100)
    potentials = rng.standard_normal(12), rng.standard_normal(12)
    found = wdist.certify(plan, potentials, x, y, p=p)
    assert found.dual <= truth <= found.primal
    assert found.violation > 0
    assert found.marginal_error < 1e-15


def test_infeasible_potentials_are_reported_by_their_largest_excess() -> None:
    cost = np.array([[1.0, 2.0], [3.0, 4.0]])
    found = wdist.certify_lp(np.eye(2) / 2, ([0.0, 1.0], [0.5, 3.5]), cost)
    assert found.violation == 1.5  # f[0] + g[1] - c[0, 1]
    assert found.primal == 2.5
    assert found.dual <= 2.5


def test_feasible_potentials_have_no_violation() -> None:
    found = wdist.certify_lp(np.eye(2) / 2, ([0.0, 0.0], [0.0, 0.0]), [[1.0, 2.0], [3.0, 4.0]])
    assert found.violation == 0.0


def test_suboptimal_plan_shows_its_gap() -> None:
    x, y, plan, truth = assignment()
    potentials = wdist.transport(x, y, p=2).potentials
    assert potentials is not None
    worse = plan[:, np.roll(np.arange(12), 1)]
    price = float(np.sum(worse * cdist(x, y, "sqeuclidean")))
    good, bad = (wdist.certify(pi, potentials, x, y, p=2) for pi in (plan, worse))
    assert 0 <= good.gap <= 1e-13
    assert bad.gap == pytest.approx(price - truth, rel=1e-12)


def test_wrong_marginals_are_reported() -> None:
    x, y, plan, _ = assignment()
    plan[0] *= 1.5
    found = wdist.certify(plan, (np.zeros(12), np.zeros(12)), x, y, p=2)
    assert found.marginal_error == pytest.approx(0.5 / 12)


def test_pair_at_rest_far_away_costs_nothing() -> None:
    """Its potentials, 1e14 and -1e14, cancel to the last bit, and the weights 1/7 do not sum to 1 in floats."""
    x = np.zeros((7, 1))
    x[0] = 1e7
    found = wdist.certify(np.eye(7) / 7, (np.r_[-1e14, np.zeros(6)], np.r_[1e14, np.zeros(6)]), x, x, p=2)
    # (x_i - y_0)^2 - 1e14 = 0 for the others only up to the rounding of the cost: that is what the bound concedes.
    assert found.primal == 0.0
    assert -1.0 < found.dual <= 0.0
    eased = wdist.certify(np.eye(7) / 7, (np.r_[-5e13, np.zeros(6)], np.r_[5e13, np.zeros(6)]), x, x, p=2)
    assert (eased.primal, eased.violation) == (0.0, 0.0)
    assert -1e-15 < eased.dual <= 0.0


@settings(max_examples=60)
@given(st.data())
def test_dual_is_below_the_exact_rational_value(data: st.DataObject) -> None:
    """Against exact arithmetic on the very floats, potentials of mixed magnitudes included."""
    n, m = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    number = st.floats(-1e14, 1e14, allow_subnormal=False)
    cost = np.array(data.draw(st.lists(st.lists(number, min_size=m, max_size=m), min_size=n, max_size=n)))
    g = np.array(data.draw(st.lists(number, min_size=m, max_size=m)))
    a = np.array(data.draw(st.lists(st.floats(0.01, 1), min_size=n, max_size=n)))
    b = np.array(data.draw(st.lists(st.floats(0.01, 1), min_size=m, max_size=m)))
    plan = np.outer(a, b)
    found = wdist.certify_lp(plan, (np.zeros(n), g), cost, a, b)
    C = [[Fraction(c) for c in row] for row in cost.tolist()]
    G, A, B = ([Fraction(v) for v in values.tolist()] for values in (g, a, b))
    below = (min(c - h for c, h in zip(row, G, strict=True)) for row in C)
    dual = sum(w * f for w, f in zip(A, below, strict=True)) / sum(A)  # of the weights as given
    dual += sum(w * h for w, h in zip(B, G, strict=True)) / sum(B)
    primal = sum(Fraction(w) * Fraction(c) for w, c in zip(plan.ravel().tolist(), cost.ravel().tolist(), strict=True))
    assert Fraction(found.dual) <= dual  # no tolerance: it is a bound
    assert Fraction(found.primal) >= primal
    size = float(np.max(np.abs(cost)) + np.max(np.abs(g)))
    assert float(dual - Fraction(found.dual)) <= 1e-15 * size + 1e-300


@pytest.mark.parametrize("scale", [1e-150, 1e-60, 1e60, 1e150])
def test_scale(scale: float) -> None:
    x, y, plan, truth = assignment()
    found = wdist.certify(plan, (np.zeros(12), np.zeros(12)), x * scale, y * scale, p=2)
    assert found.primal == pytest.approx(truth * scale**2, rel=1e-12)


@pytest.mark.parametrize("scale", [2.0**-400, 2.0**400])
def test_bounds_stay_on_their_sides_in_other_units(scale: float) -> None:
    """Costs and potentials that are whole numbers times the unit: nothing is rounded, or only outward."""
    x, y = scale * np.array([[0.0], [4.0]]), scale * np.array([[1.0], [7.0]])
    f, g = scale**2 * np.array([0.0, 4.0]), scale**2 * np.array([1.0, 5.0])
    found = wdist.certify(np.eye(2) / 2, (f, g), x, y, p=2)
    exact = 5 * Fraction(scale) ** 2
    assert Fraction(found.dual) <= exact <= Fraction(found.primal)
    assert float(Fraction(found.primal) / exact) == pytest.approx(1.0, rel=1e-14)
    assert float(Fraction(found.dual) / exact) == pytest.approx(1.0, rel=1e-14)


def test_scale_whose_power_is_no_float_is_refused() -> None:
    with pytest.raises(ValueError, match="Rescale"):
        wdist.certify([[1.0]], ([0.0], [0.0]), [[0.0, 0.0]], [[1e200, 1.0]], p=3)


def test_forbidden_arc_costs_infinity() -> None:
    cost = sparse.csr_array(([1.0, 1.0], ([0, 1], [0, 1])), shape=(2, 2))
    swap = np.array([[0.0, 0.5], [0.5, 0.0]])
    assert wdist.certify_lp(swap, ([0.0, 0.0], [0.0, 0.0]), cost).primal == np.inf
    found = wdist.certify_lp(np.eye(2) / 2, ([1.0, 1.0], [0.0, 0.0]), cost)
    assert (found.primal, found.dual, found.violation) == (1.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("plan", "potentials", "message"),
    [
        (np.ones((2, 3)), ([0, 0], [0, 0]), r"plan has shape \(2, 3\)"),
        ([[0.5, -0.1], [0, 0.5]], ([0, 0], [0, 0]), "plan has a negative entry, -0.1"),
        ([[0.5, np.nan], [0, 0.5]], ([0, 0], [0, 0]), "plan .*NaN"),
        (np.eye(2) / 2, ([0, 0, 0], [0, 0]), r"potentials\[0\] has shape"),
        (np.eye(2) / 2, ([0, 0], [0, np.inf]), r"potentials\[1\] .*infinite"),
        (np.eye(2) / 2, [0, 0, 0], "potentials is not a pair"),
        (np.eye(2) / 2, None, "potentials is not a pair"),
    ],
)
def test_malformed_input_is_named(plan: object, potentials: object, message: str) -> None:
    with pytest.raises(wdist.InvalidMeasureError, match=message):
        wdist.certify(plan, potentials, [0.0, 1.0], [0.0, 1.0], p=1)  # type: ignore[arg-type]
    with pytest.raises(wdist.InvalidMeasureError, match=message):
        wdist.certify_lp(plan, potentials, np.ones((2, 2)))  # type: ignore[arg-type]


def test_certify_refuses_unknown_metric_and_p() -> None:
    with pytest.raises(ValueError, match="euclidean, cityblock, chebyshev"):
        wdist.certify(np.eye(1), ([0], [0]), [0.0], [0.0], p=1, metric="cosine")
    with pytest.raises(ValueError, match=r"p is 0\.5"):
        wdist.certify(np.eye(1), ([0], [0]), [0.0], [0.0], p=0.5)
