"""Small problems against rational arithmetic: the true cost lies in the bracket, compared without a rounding."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from problems.judge import assert_encloses
from problems.mixture import Problem
from problems.rational import best_permutation, optimal_cost, point_costs, problem_of, weighted_masses

from wdist import transport, transport_lp

EXACT_MASSES = ("equal", "dyadic")  # of which normalised weights are what was given


def check_points(problem: Problem) -> None:
    cost = optimal_cost(point_costs(problem), weighted_masses(problem.a), weighted_masses(problem.b))
    weights = {"x_weights": problem.a, "y_weights": problem.b}
    assert_encloses(transport(problem.x, problem.y, p=problem.p, metric=problem.metric, **weights), cost, problem)


def check_matrix(problem: Problem, costs: np.ndarray) -> None:
    """Whatever p is, costs are what they are; the root is taken of their mean."""
    exact = [[Fraction(c) for c in row] for row in costs.tolist()]
    cost = optimal_cost(exact, weighted_masses(problem.a), weighted_masses(problem.b))
    assert_encloses(transport_lp(costs, problem.a, problem.b, p=problem.p), cost, problem)


def integer_costs(problem: Problem, low: int = 0) -> np.ndarray:
    shape = len(problem.x), len(problem.y)
    return np.random.default_rng(len(problem.name)).integers(low, 12, shape).astype(float)


@pytest.mark.parametrize("masses", EXACT_MASSES)
@pytest.mark.parametrize("integer", [True, False], ids=["integer", "float"])
@pytest.mark.parametrize("seed", range(24))
def test_points(seed: int, integer: bool, masses: str) -> None:
    check_points(problem_of(seed, integer, masses))


@pytest.mark.parametrize("masses", EXACT_MASSES)
@pytest.mark.parametrize("seed", range(24))
def test_matrix(seed: int, masses: str) -> None:
    problem = problem_of(seed, False, masses)
    check_matrix(problem, integer_costs(problem))
    check_matrix(problem, np.random.default_rng(seed).random((len(problem.x), len(problem.y))))
    check_matrix(problem.but(p=1.0), integer_costs(problem, low=-12))


@pytest.mark.parametrize("masses", ["integer", "float"])
@pytest.mark.parametrize("integer", [True, False], ids=["integer", "float"])
def test_bracket_holds_for_the_weights_as_given(integer: bool, masses: str) -> None:
    """Weights whose division by their sum rounds: the true masses are those of the weights."""
    for seed in range(40):
        problem = problem_of(seed, integer, masses)
        check_points(problem)
        check_matrix(problem, integer_costs(problem))


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("counts", [[2, 7], [7, 2, 8], [6, 5, 3, 3]], ids=str)
def test_counts_are_repeated_points(counts: list[int], p: int) -> None:
    """A weighted point and as many copies of it are the same measure, at distance 0."""
    x = np.arange(len(counts), dtype=float)
    r = transport(x, np.repeat(x, counts), p=p, x_weights=counts)
    assert (r.lower, r.distance, r.upper) == (0, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("masses", EXACT_MASSES)
@pytest.mark.parametrize("seeds", [range(k, k + 100) for k in range(1000, 2000, 100)], ids=str)
def test_many(seeds: range, masses: str) -> None:
    for seed in seeds:
        problem = problem_of(seed, seed % 4 < 2, masses)
        check_points(problem)
        check_matrix(problem, integer_costs(problem))


@pytest.mark.parametrize("seed", range(5))
def test_the_reference_is_the_best_permutation(seed: int) -> None:
    """Successive shortest paths, which the tests above believe, against all 120 answers."""
    costs = np.random.default_rng(seed).integers(0, 20, (5, 5)).tolist()
    exact = [[Fraction(c) for c in row] for row in costs]
    assert optimal_cost(exact, [Fraction(1, 5)] * 5, [Fraction(1, 5)] * 5) == best_permutation(exact)


def test_the_reference_splits_masses() -> None:
    """Two sources of masses 3/4 and 1/4, two targets of masses 1/2: one plan is best, and seen by eye."""
    a, b = [Fraction(3, 4), Fraction(1, 4)], [Fraction(1, 2)] * 2
    assert optimal_cost([[Fraction(0), Fraction(5)], [Fraction(7), Fraction(1)]], a, b) == Fraction(6, 4)
