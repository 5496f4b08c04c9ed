"""From a tree to a Result: the bracket is true in rational numbers, and what is told is what was proved."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

from wdist import NotConvergedError
from wdist.coupling import Coupling
from wdist.exact.generation import Watch
from wdist.exact.given import on_given_arcs
from wdist.exact.masses import integer_masses
from wdist.exact.outcome import Outcome, conclude, judged, placed, sharper
from wdist.masses import Masses
from wdist.search.ground import MatrixCosts, PointCosts


def judgement(cost: np.ndarray, a: np.ndarray, b: np.ndarray) -> Outcome:
    """Of an optimal tree of a dense matrix."""
    (n, m), masses = cost.shape, (Masses.of(a), Masses.of(b))
    every = sparse.csr_array((cost.ravel(), np.tile(np.arange(m), n), np.arange(0, n * m + 1, m)), shape=(n, m))
    solved = on_given_arcs(MatrixCosts(every), integer_masses(*masses), Watch())
    return judged(MatrixCosts(cost), solved, *masses)


def outcome(lower: float, upper: float, size: float | None = None) -> Outcome:
    half = Coupling(np.arange(2), np.arange(2), np.full(2, 0.5))
    return Outcome(half, np.ones(2), np.zeros(2), upper, lower, upper, upper if size is None else size)


@pytest.mark.parametrize("faint", [1.0, 1e-9, 1e-17, 1e-30, 1e-200])
@pytest.mark.parametrize("seed", range(4))
def test_the_bracket_holds_the_optimum_of_the_weights_themselves(seed: int, faint: float) -> None:
    """One target takes all: the optimum is a sum of fractions, to which a faint source adds its faint part."""
    rng = np.random.default_rng(seed)
    cost, a = rng.random((5, 1)) + 1.0, rng.random(5)
    a[seed % 4] *= faint
    cost[seed % 4] = 1e6
    found = judgement(cost, a, np.ones(1))
    exact = sum(Fraction(w) * Fraction(c) for w, c in zip(a, cost[:, 0], strict=True)) / sum(map(Fraction, a))
    assert Fraction(found.lower) <= exact <= Fraction(found.upper)
    assert found.relative_gap <= 1e-10  # potentials of 1e6 have lost so much
    assert found.cost == pytest.approx(float(exact), rel=1e-15)


def test_the_bracket_holds_where_costs_are_negative() -> None:
    rng = np.random.default_rng(5)
    cost = rng.integers(-9, 9, (4, 4)) + 0.5
    cost[np.arange(4), np.arange(4)] -= 30.0  # so that the identity is the plan
    a = np.array([1.0, 2.0, 3.0, 1.0])
    found = judgement(cost, a, a)
    exact = sum(Fraction(w) * Fraction(c) for w, c in zip(a, np.diag(cost), strict=True)) / 7
    assert Fraction(found.lower) <= exact <= Fraction(found.upper)
    assert found.size == pytest.approx(-float(exact))
    assert found.relative_gap <= 1e-14


def test_mass_at_rest_beside_dear_arcs_costs_what_moves() -> None:
    """A millionth of a thousandth goes far: what rounding takes of a potential counts for all that rest."""
    x = np.linspace(0.0, 1.0, 30)[:, None]
    cost = np.abs(x - x.T)
    a, b = np.ones(30), np.ones(30)
    a[0] += 1e-9
    b[-1] += 1e-9
    found = judgement(cost, a, b)
    exact = (Fraction(a[0]) - 1) / sum(map(Fraction, a))
    assert Fraction(found.lower) <= exact <= Fraction(found.upper)
    assert found.relative_gap <= 1e-11


def test_what_a_gap_is_relative_to() -> None:
    assert outcome(1.0, 2.0).relative_gap == 0.5
    assert outcome(2.0, 1.0).relative_gap == 0.0  # the two ends, each rounded outward, have met
    assert outcome(0.0, 0.0).relative_gap == 0.0
    assert outcome(-1.0, 0.0, 0.0).relative_gap == math.inf
    assert outcome(-1.0, 1.0, 8.0).relative_gap == 0.25  # of terms that cancel


def test_the_narrower_bracket_is_the_sharper() -> None:
    wide, narrow = outcome(0.0, 2.0), outcome(1.0, 1.5)
    assert sharper(wide, narrow) is narrow
    assert sharper(narrow, wide) is narrow
    assert sharper(wide, other := outcome(1.0, 3.0)) is wide
    assert sharper(other, wide) is other


def test_points_without_mass_get_the_largest_potentials_that_are_feasible() -> None:
    rng = np.random.default_rng(6)
    cost = rng.random((6, 5))
    i, j = np.array([4, 1, 2]), np.array([0, 3])
    a, b = rng.random(3), rng.random(2)
    part = judgement(cost[np.ix_(i, j)], a, b)
    whole = placed(part, MatrixCosts(cost), i, j)
    np.testing.assert_array_equal(whole.plan.i, i[part.plan.i])
    np.testing.assert_array_equal(whole.plan.j, j[part.plan.j])
    np.testing.assert_array_equal(whole.plan.mass, part.plan.mass)
    np.testing.assert_array_equal(whole.f[i], part.f)
    np.testing.assert_array_equal(whole.g[j], part.g)
    assert np.all(whole.f[:, None] + whole.g <= cost + 1e-15)
    idle_f, idle_g = [0, 3, 5], [1, 2, 4]
    np.testing.assert_allclose(whole.f[idle_f], (cost[:, j] - part.g).min(axis=1)[idle_f], rtol=1e-14)
    np.testing.assert_allclose(whole.g[idle_g], (cost - whole.f[:, None]).min(axis=0)[idle_g], rtol=1e-14)
    assert (whole.cost, whole.lower, whole.upper) == (part.cost, part.lower, part.upper)


def test_points_without_arcs_get_zero() -> None:
    cost = MatrixCosts(sparse.csr_array(([3.0], ([1], [1])), shape=(3, 2)))
    one = Coupling(np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64), np.ones(1))
    part = Outcome(one, np.array([3.0]), np.array([0.0]), 3.0, 3.0, 3.0, 3.0)
    whole = placed(part, cost, np.array([1]), np.array([1]))
    np.testing.assert_array_equal(whole.f, [0.0, 3.0, 0.0])
    np.testing.assert_array_equal(whole.g, [0.0, 0.0])


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("scale", [1.0, 2.0**300, 2.0**-900])
def test_results_are_roots_of_costs_in_their_units(p: float, scale: float) -> None:
    result = conclude(outcome(8.0 - 1e-12, 8.0), p, scale, 7.0, 0.0, {"pivots": 3})
    assert (result.kind, result.method, result.p, result.stats) == ("exact", "exact", p, {"pivots": 3})
    assert result.distance == pytest.approx(scale * 8.0 ** (1 / p), rel=1e-15)
    assert result.lower <= result.distance <= result.upper
    lower, upper = (Fraction(v) / Fraction(scale) for v in (result.lower, result.upper))
    assert lower ** int(p) <= Fraction(8.0 - 1e-12)
    assert Fraction(8) <= upper ** int(p)
    assert upper - lower < 2e-12
    assert result.potentials is not None
    np.testing.assert_array_equal(result.potentials[0], [7.0, 7.0])


def test_the_ends_move_outward_where_units_are_rounded() -> None:
    result = conclude(outcome(2.0, 2.0), 1.0, 2.0**-1060, 1.0, 0.0, {})
    assert result.lower < result.distance < result.upper
    assert conclude(outcome(0.0, 0.0), 1.0, 2.0**-1060, 1.0, 0.0, {}).upper == 0.0


@pytest.mark.parametrize("unit", [0.0, math.inf])
def test_potentials_in_units_that_are_no_float_are_not_given(unit: float) -> None:
    assert conclude(outcome(1.0, 1.0), 1.0, 1.0, unit, 0.0, {}).potentials is None


def test_a_bracket_that_is_not_closed_is_a_bound_if_that_is_asked_for_and_else_an_error() -> None:
    result = conclude(outcome(0.81, 1.0), 2.0, 2.0, 1.0, 0.2, {})
    assert result.kind == "bound"
    assert float(result) == result.upper == pytest.approx(2.0)
    assert result.lower == pytest.approx(1.8)
    with pytest.raises(NotConvergedError, match=r"open by 1\.9e-01 of the cost: the distance lies in") as told:
        conclude(outcome(0.81, 1.0), 2.0, 2.0, 1.0, 0.1, {"pivots": 4})
    assert told.value.result.kind == "bound"
    assert told.value.result.stats == {"pivots": 4}
    with pytest.raises(NotConvergedError):
        conclude(outcome(1.0 - 2e-9, 1.0), 1.0, 1.0, 1.0, 0.0, {})
    assert conclude(outcome(1.0 - 0.9e-9, 1.0), 1.0, 1.0, 1.0, 0.0, {}).kind == "exact"


def test_what_is_positive_has_no_negative_bound() -> None:
    below = outcome(-1e-12, 1.0)._replace(cost=-1e-13)
    assert conclude(below, 2.0, 1.0, 1.0, 2.0, {}).lower == 0.0
    assert conclude(below._replace(lower=-0.5), 1.0, 1.0, 1.0, 2.0, {}, positive=False).lower == -0.5
    negative = outcome(-3.0, -3.0, 3.0)
    assert conclude(negative, 1.0, 1.0, 1.0, 0.0, {}, positive=False).distance == -3.0


def test_points_are_placed_like_matrices() -> None:
    rng = np.random.default_rng(7)
    x, y = rng.random((5, 2)), rng.random((4, 2))
    costs, i, j = PointCosts.between(x, y, 2.0, "euclidean"), np.array([0, 3]), np.array([1, 2])
    part = judgement(costs.select(i, j).rows(slice(None)), np.ones(2), np.ones(2))
    one, other = placed(part, costs, i, j), placed(part, MatrixCosts(costs.rows(slice(None))), i, j)
    np.testing.assert_allclose(one.f, other.f, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(one.g, other.g, rtol=1e-12, atol=1e-14)
