"""The known answers, checked by an assignment solver, by sampling and by quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from benchmarks.problems import PROBLEMS, Problem

every_problem = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)


@every_problem
def test_pairs_are_optimally_coupled(problem: Problem) -> None:
    x, y = problem.paired(80, np.random.default_rng(3))
    cost = cdist(x, y)
    best = cost[linear_sum_assignment(cost)].mean()
    assert cost.trace() / len(x) == pytest.approx(best, rel=1e-12)


@every_problem
def test_known_distance_is_the_mean_over_pairs(problem: Problem) -> None:
    x, y = problem.paired(40_000, np.random.default_rng(4))
    length = np.linalg.norm(x - y, axis=1)
    stderr = length.std() / np.sqrt(len(length))
    assert problem.w1 == pytest.approx(length.mean(), abs=4.5 * stderr + 1e-12)


@every_problem
def test_independent_samples_have_the_laws_of_the_pairs(problem: Problem) -> None:
    for side in (0, 1):
        pairs = problem.paired(20_000, np.random.default_rng(5))[side]
        alone = problem.independent(20_000, np.random.default_rng(6))[side]
        assert alone.shape == pairs.shape == (20_000, problem.dim)
        stderr = np.sqrt(2.0 / 20_000) * pairs.std(axis=0)
        np.testing.assert_array_less(np.abs(alone.mean(axis=0) - pairs.mean(axis=0)), 5.0 * stderr)
        np.testing.assert_allclose(alone.std(axis=0), pairs.std(axis=0), rtol=0.1)


def test_independent_samples_do_not_leak_the_plan() -> None:
    problem = PROBLEMS["funnel-2d"]
    x, y = problem.independent(20_000, np.random.default_rng(7))
    assert abs(np.corrcoef(x[:, 0], y[:, 0])[0, 1]) < 4.5 / np.sqrt(20_000)


def test_homothety_of_gaussians_by_quadrature() -> None:
    """In d = 2 with |t| = 1.5 and s - 1 = 1: E |Z + 1.5 e|, the mean of Rice's law."""
    from scipy.special import i0e

    mean, _ = quad(lambda r: r**2 * np.exp(-0.5 * (r - 1.5) ** 2) * i0e(1.5 * r), 0.0, np.inf)
    assert PROBLEMS["homothety-2d"].w1 == pytest.approx(mean, rel=1e-9)
