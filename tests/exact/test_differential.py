"""Thousands of random problems: against POT and HiGHS, and every result proved optimal apart from the solver."""

from __future__ import annotations

import numpy as np
import pytest
from problems.judge import EPS, assert_optimal, cost_error
from problems.mixture import Problem, draw
from problems.references import highs, pot

from wdist import certify, certify_lp, transport, transport_lp

SMALL, MIDDLE, LARGE = (1, 40), (100, 600), (1400, 1600)  # points a side


def chunks(count: int, size: int, first: int = 0) -> list[range]:
    return [range(k, min(k + size, first + count)) for k in range(first, first + count, size)]


def check_all(seeds: range, sizes: tuple[int, int]) -> None:
    """Check the problems of some seeds, each of which can be had again by its name, and name all that fail."""
    failures = []
    for seed in seeds:
        try:
            check(draw(seed, *sizes))
        except Exception as error:
            failures.append(f"draw({seed}, {sizes[0]}, {sizes[1]}): {type(error).__name__}: {error}")
    assert not failures, "\n".join([f"{len(failures)} of {len(seeds)} problems", *failures])


def check(problem: Problem) -> None:
    (a, b), costs, error = problem.masses, problem.costs, cost_error(problem)
    x, y, p, metric = problem.x, problem.y, problem.p, problem.metric
    given = {"p": p, "x_weights": problem.a, "y_weights": problem.b, "metric": metric}
    by_points = transport(x, y, **given)
    assert_optimal(by_points, costs, a, b, problem, error)
    by_matrix = transport_lp(costs, problem.a, problem.b, p=p)
    assert_optimal(by_matrix, costs, a, b, problem)
    for found in (
        certify(by_points.plan, by_points.potentials, x, y, **given),
        certify_lp(by_matrix.plan, by_matrix.potentials, costs, problem.a, problem.b),
    ):
        assert found.violation <= error * costs.max(), f"{problem}: violation {found.violation:.2e}"
        assert found.gap <= 1e-9 * found.primal, f"{problem}: gap {found.gap:.2e} of {found.primal:.2e}"
        # One point against 500: a sum of 500 terms.
        assert found.marginal_error <= EPS * max(costs.shape), f"{problem}: marginals {found.marginal_error:.2e}"
    compare(problem, costs, a, b, by_points.cost, by_matrix.cost)


def compare(problem: Problem, costs: np.ndarray, a: np.ndarray, b: np.ndarray, *found: float) -> None:
    """Against the references, whose tolerances are relative to the largest cost.

    POT's potentials gather roundings from pivot to pivot, so that it may stop short of the optimum, and never below.
    """
    expected, rounding = pot(costs, a, b), EPS * costs.max()
    high, low = expected * (1 + 1e-12) + rounding, expected * (1 - 1e-12) - 8 * rounding * sum(costs.shape)
    for cost in found:
        assert low <= cost <= high, f"{problem}: {cost!r}, POT {expected!r}"
    if costs.size <= 600:
        expected = highs(costs, a, b)
        for cost in found:
            assert abs(cost - expected) <= 1e-9 * costs.max(), f"{problem}: {cost!r}, HiGHS {expected!r}"


@pytest.mark.parametrize("seeds", chunks(480, 60), ids=str)
def test_small(seeds: range) -> None:
    check_all(seeds, SMALL)


@pytest.mark.parametrize("seeds", chunks(36, 9), ids=str)
def test_middle(seeds: range) -> None:
    check_all(seeds, MIDDLE)


@pytest.mark.parametrize("seeds", chunks(8, 1), ids=str)
def test_large(seeds: range) -> None:
    check_all(seeds, LARGE)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", chunks(10_000, 500, first=1000), ids=str)
def test_many_small(seeds: range) -> None:
    check_all(seeds, SMALL)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", chunks(600, 50, first=1000), ids=str)
def test_many_middle(seeds: range) -> None:
    check_all(seeds, MIDDLE)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", chunks(60, 10, first=1000), ids=str)
def test_many_large(seeds: range) -> None:
    check_all(seeds, LARGE)
