"""The known answers, checked by an assignment solver, by sampling, by quadrature and by their critics."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from benchmarks.problems import (
    CRITICS,
    FUNNELS,
    PROBLEMS,
    SEEDS,
    BudgetError,
    Problem,
    critic_problem,
    streams,
)

EVERY = {
    **{name: lambda problem=problem: problem for name, problem in PROBLEMS.items()},
    **{name: lambda name=name: critic_problem(name) for name in CRITICS},
}
every_problem = pytest.mark.parametrize("build", EVERY.values(), ids=EVERY)
Build = Callable[[], Problem]


@every_problem
def test_pairs_are_optimally_coupled(build: Build) -> None:
    x, y = build().paired(80, np.random.default_rng(3))
    cost = cdist(x, y)
    best = cost[linear_sum_assignment(cost)].mean()
    assert cost.trace() / len(x) == pytest.approx(best, rel=1e-12)


@every_problem
def test_known_distance_is_the_mean_over_pairs(build: Build) -> None:
    problem = build()
    x, y = problem.paired(20_000, np.random.default_rng(4))
    length = np.linalg.norm(x - y, axis=1)
    stderr = length.std() / np.sqrt(len(length))
    assert problem.w1 == pytest.approx(length.mean(), abs=4.5 * stderr + 1e-12)
    assert problem.w1_error < 3e-4


@every_problem
def test_pairs_are_optimal_for_squared_distances_where_w2_is_known(build: Build) -> None:
    problem = build()
    x, y = problem.paired(400, np.random.default_rng(3))
    cost = cdist(x, y, "sqeuclidean")
    best = cost[linear_sum_assignment(cost)].mean()
    known = cost.trace() / len(x) == pytest.approx(best, rel=1e-12)
    assert known or problem.w2 is None
    if problem.w2 is not None:
        x, y = problem.paired(20_000, np.random.default_rng(4))
        square = np.sum((x - y) ** 2, axis=1)
        stderr = square.std() / np.sqrt(len(square))
        assert problem.w2**2 == pytest.approx(square.mean(), abs=4.5 * stderr + 1e-12)


@every_problem
def test_independent_samples_have_the_laws_of_the_pairs(build: Build) -> None:
    problem, n = build(), 5_000
    for side in (0, 1):
        pairs = problem.paired(n, np.random.default_rng(5))[side]
        alone = problem.independent(n, np.random.default_rng(6))[side]
        assert alone.shape == pairs.shape == (n, problem.dim)
        stderr = np.sqrt(2.0 / n) * pairs.std(axis=0)
        np.testing.assert_array_less(np.abs(alone.mean(axis=0) - pairs.mean(axis=0)), 5.0 * stderr)
        np.testing.assert_allclose(alone.std(axis=0), pairs.std(axis=0), rtol=0.15)


@every_problem
def test_critic_climbs_every_pair_at_full_slope(build: Build) -> None:
    problem = build()
    x, y = problem.paired(1000, np.random.default_rng(7))
    np.testing.assert_allclose(problem.critic(x) - problem.critic(y), np.linalg.norm(x - y, axis=1), atol=1e-12)


@every_problem
def test_critic_is_1_lipschitz(build: Build) -> None:
    """Between strangers, and between neighbours, where the slope is steepest."""
    problem = build()
    rng = np.random.default_rng(8)
    x, y = problem.independent(1000, rng)
    for other in (y, x + 1e-3 * rng.standard_normal(x.shape)):
        rise = np.abs(problem.critic(x) - problem.critic(other))
        assert (rise <= np.linalg.norm(x - other, axis=1) + 1e-12).all()


@every_problem
def test_gradient_is_the_critics(build: Build) -> None:
    """Along a short step from the middle of a pair, off the kinks; and a unit vector."""
    problem = build()
    rng = np.random.default_rng(9)
    x, y = problem.paired(300, rng)
    middle, step = 0.5 * (x + y), 1e-6 * rng.standard_normal(x.shape)
    slope = problem.gradient(middle)
    np.testing.assert_allclose(np.linalg.norm(slope, axis=1), 1.0, rtol=1e-12)
    risen = problem.critic(middle + step) - problem.critic(middle - step)
    close = np.isclose(risen, 2.0 * (slope * step).sum(axis=1), rtol=0.0, atol=2e-9)
    assert close.mean() > 0.99  # a step may cross into another funnel


def test_independent_samples_do_not_leak_the_plan() -> None:
    problem = PROBLEMS["funnel-2d"]
    x, y = problem.independent(20_000, np.random.default_rng(7))
    assert abs(np.corrcoef(x[:, 0], y[:, 0])[0, 1]) < 4.5 / np.sqrt(20_000)


def test_homothety_of_gaussians_by_quadrature() -> None:
    """In d = 2 with |t| = 1.5 and s - 1 = 1: E |Z + 1.5 e|, the mean of Rice's law."""
    from scipy.special import i0e

    mean, _ = quad(lambda r: r**2 * np.exp(-0.5 * (r - 1.5) ** 2) * i0e(1.5 * r), 0.0, np.inf)
    assert PROBLEMS["homothety-2d"].w1 == pytest.approx(mean, rel=1e-9)


@pytest.mark.parametrize("count", [4, 16])
def test_funnels_in_the_plane_by_quadrature(count: int) -> None:
    """The mean rise of the critic over a fine grid of the square, cell by cell its midpoint."""
    problem, side = critic_problem(f"funnels{count}-2d"), 600
    ticks = np.sqrt(3.0) * ((np.arange(side) + 0.5) * 2.0 / side - 1.0)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    rise = problem.critic(problem.transport(grid)) - problem.critic(grid)
    assert problem.w1 == pytest.approx(rise.mean(), rel=3e-4)


@pytest.mark.parametrize("name", FUNNELS)
def test_every_funnel_is_used(name: str) -> None:
    """A pair of points slides to one anchor exactly if they share it: their lines meet there."""
    problem, count = critic_problem(name), int(name.removeprefix("funnels").partition("-")[0])
    x, y = problem.paired(4000, np.random.default_rng(10))
    anchors = np.unique(np.round(y + (x - y) / 0.7, 6) + 0.0, axis=0, return_counts=True)
    assert len(anchors[0]) == count
    assert anchors[1].min() > 4000 * 0.15 / count
    assert np.abs(anchors[0].mean(axis=0)).max() < 1e-5


def test_streams_are_seeded_independent_and_counted() -> None:
    problem = critic_problem("funnels4-8d")
    draws = {}
    for seed in SEEDS[:2]:
        x, y = streams(problem, seed)
        draws[seed] = np.concatenate([x(3000), x(2000)]), y(5000)
        assert (x.drawn, y.drawn) == (5000, 5000)
    again = streams(problem, SEEDS[0])[0]
    np.testing.assert_array_equal(again(3000), draws[SEEDS[0]][0][:3000])
    everything = [sample[:, 0] for pair in draws.values() for sample in pair]
    correlations = np.corrcoef(everything)[np.triu_indices(4, 1)]
    assert np.abs(correlations).max() < 4.5 / np.sqrt(5000)
    for pair in draws.values():
        rise = problem.critic(pair[0]).mean() - problem.critic(pair[1]).mean()
        assert rise == pytest.approx(problem.w1, rel=0.03)


def test_a_stream_ends_with_its_budget() -> None:
    x, _ = streams(critic_problem("shear-2d"), 0, budget=100)
    assert x(99).shape == (99, 2)
    with pytest.raises(BudgetError, match=r"99 \+ 2 points are more than the 100"):
        x(2)
    assert x(1).shape == (1, 2)
