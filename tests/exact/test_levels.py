"""From coarse to fine: cells, their averages, and how a cell hands its flow to its own."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from problems.forests import check_plan, integers, some_forest
from scipy.optimize import linprog

from wdist.exact.averages import Averages, order_by_likeness
from wdist.exact.generation import Watch
from wdist.exact.levels import _divided, coarse_to_fine, first_of
from wdist.search.cells import kd_order
from wdist.search.ground import MatrixCosts


def test_cells_of_twice_as_many_are_halves() -> None:
    for n, cells in ((100, 32), (33, 32), (4097, 512)):
        assert np.array_equal(first_of(n, 2 * cells)[::2], first_of(n, cells))
        assert first_of(n, cells)[0] == 0
        assert set(np.diff(first_of(n, cells), append=n).tolist()) <= {n // cells, n // cells + 1}


def test_averages_are_means_over_blocks() -> None:
    matrix = np.random.default_rng(1).random((37, 50))
    averages = Averages(MatrixCosts(matrix)).gathered((np.ones(37), np.ones(50)), 8).all.matrix
    rows, columns = np.append(first_of(37, 8), 37), np.append(first_of(50, 8), 50)
    means = [[matrix[r:s, t:u].mean() for t, u in pairwise(columns)] for r, s in pairwise(rows)]
    np.testing.assert_allclose(averages, means, rtol=1e-14)


@pytest.mark.parametrize(("n", "m", "seed"), [(64, 64, 0), (100, 70, 2)])
def test_levels_end_at_the_optimum(n: int, m: int, seed: int) -> None:
    """Cells of 32 points of the plane first; whole numbers throughout."""
    rng = np.random.default_rng(seed)
    x, y = (points[kd_order(points)] for points in (rng.integers(0, 90, (size, 2)).astype(float) for size in (n, m)))
    cost = np.sum((x[:, None] - y) ** 2, axis=2)
    a, b = integers(rng, n, 900), integers(rng, m, 900)
    watch = Watch()
    tree, u, v, _ = coarse_to_fine(Averages(MatrixCosts(cost)), (a, b), watch)
    plan = tree.forest(n)
    check_plan(plan, a, b)
    assert np.all(u[:, None] + v <= cost + 1e-9)
    assert plan.flow @ cost[plan.i, plan.j] == pytest.approx(u @ a + v @ b, rel=1e-13)
    assert watch.pivots < 2000


def test_random_costs_have_no_likeness() -> None:
    assert order_by_likeness(np.random.default_rng(0).random((80, 80))) is None


def test_a_cell_hands_its_flow_to_its_own_sources() -> None:
    rng = np.random.default_rng(4)
    forest, a, b = some_forest(4, 4, 6)
    mass = np.concatenate([integers(rng, 2, total) for total in a])
    x, y = rng.random(8), rng.random(6)
    halves = _divided(forest, mass, lambda i, j: np.abs(x[i] - y[j]))
    check_plan(halves, mass, b)
    inflow = np.zeros((4, 6))
    np.add.at(inflow, (halves.i // 2, halves.j), halves.flow)
    expected = np.zeros((4, 6))
    expected[forest.i, forest.j] = forest.flow
    assert np.array_equal(inflow, expected)
    # Between two sources the best is to hand out by the difference of their costs.
    for cell in range(4):
        mine = halves.i // 2 == cell
        flow = np.zeros((2, 6))
        flow[halves.i[mine] % 2, halves.j[mine]] = halves.flow[mine]
        cost = np.abs(x[2 * cell : 2 * cell + 2, None] - y)
        marginals = np.vstack([np.repeat(np.eye(2), 6, axis=1), np.tile(np.eye(6), 2)])
        least = linprog(cost.ravel(), A_eq=marginals, b_eq=np.concatenate([flow.sum(axis=1), flow.sum(axis=0)])).fun
        assert np.sum(flow * cost) == pytest.approx(least, rel=1e-9)
