"""What a level hands to the next: against all pairs, by NumPy."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from wdist.exact.clouds import Clouds
from wdist.exact.generation import Solved, Watch, first_arcs, generate
from wdist.exact.handed import limits_of_lists, potentials_along_arcs
from wdist.exact.levels import first_of
from wdist.exact.pivots import Arcs
from wdist.search.cells import Cells, kd_order
from wdist.search.ground import Ground, PointCosts
from wdist.search.nearest import nearest

EUCLIDEAN = [("euclidean", 2.0, 2), ("euclidean", 1.0, 3), ("euclidean", 2.5, 4)]
CASES = [*EUCLIDEAN, ("cityblock", 1.0, 2), ("chebyshev", 2.0, 3)]


def some_arcs(rng: np.random.Generator, n: int, m: int) -> Arcs:
    """One to four from every source, in no order, and every target has some."""
    rows = [rng.permutation(m)[: rng.integers(1, 5)].tolist() for _ in range(n)]
    for j in range(m):
        row = rows[rng.integers(n)]
        if j not in row:
            row.append(j)
    target = np.array([j for row in rows for j in row], dtype=np.int32)
    start = np.append(0, np.cumsum([len(row) for row in rows])).astype(np.int64)
    return Arcs(start, target, np.zeros(len(target)))


def joined(arcs: Arcs, n: int, m: int) -> np.ndarray:
    """Which of n sources and m targets lie in cells that an arc joins."""
    cells = len(arcs.start) - 1
    rows, columns = np.append(first_of(n, cells), n), np.append(first_of(m, cells), m)
    found = np.zeros((n, m), dtype=bool)
    for c, (first, last) in enumerate(pairwise(rows)):
        for t in arcs.target[arcs.start[c] : arcs.start[c + 1]]:
            found[first:last, columns[t] : columns[t + 1]] = True
    return found


def problem(metric: str, p: float, d: int, n: int, m: int, seed: int) -> tuple[PointCosts, Ground]:
    rng = np.random.default_rng(seed)
    x, y = rng.random((n, d)), rng.random((m, d))
    costs = PointCosts.between(x[kd_order(x)], y[kd_order(y)], p, metric)
    return costs, costs.ground()


def lowered(costs: PointCosts, ground: Ground) -> tuple[np.ndarray, Ground]:
    """Costs of all pairs that are taken too small, as a certificate does, but by much."""
    return np.maximum(0.75 * costs.rows(slice(None)) - 0.01, 0.0), ground._replace(factor=0.75, offset=0.01)


@pytest.mark.parametrize(("metric", "p", "d"), CASES)
@pytest.mark.parametrize(("cells", "m"), [(7, 7), (7, 30), (16, 333)])
def test_potentials_are_smallest_along_the_arcs(metric: str, p: float, d: int, cells: int, m: int) -> None:
    costs, ground = problem(metric, p, d, cells, m, 1)
    rng = np.random.default_rng(2)
    arcs, u = some_arcs(rng, cells, cells), rng.normal(size=cells)
    cost, ground = lowered(costs, ground)
    reduced = np.where(joined(arcs, cells, m), cost - u[:, None], np.inf)
    found = potentials_along_arcs(arcs, costs.x, costs.y, u, ground)
    np.testing.assert_allclose(found, reduced.min(axis=0), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(("metric", "p", "d"), CASES)
@pytest.mark.parametrize(("n", "m"), [(9, 9), (41, 23), (30, 300)])
def test_limits_are_means_along_the_arcs(metric: str, p: float, d: int, n: int, m: int) -> None:
    costs, ground = problem(metric, p, d, n, m, 3)
    rng = np.random.default_rng(4)
    arcs, v = some_arcs(rng, 9, 9), rng.normal(size=m)
    cost, ground = lowered(costs, ground)
    reduced = cost - v
    near = joined(arcs, n, m)
    means = np.where(near, reduced, 0.0).sum(axis=1) / near.sum(axis=1)
    found = limits_of_lists(arcs, costs.x, costs.y, v, ground)
    np.testing.assert_allclose(found, means, rtol=1e-12, atol=1e-12)
    assert np.all(found > reduced.min(axis=1))


@pytest.mark.parametrize("shift", [0.0, 1e6, -1e12, -0.1, -0.7, -1 / 3])
@pytest.mark.parametrize("spacing", [0.0, 1.0, 1 / 3])
@pytest.mark.parametrize("p", [1.0, 2.0])
def test_a_search_below_the_limits_finds_something(p: float, spacing: float, shift: float) -> None:
    """Also where all costs are equal, or potentials are so large that rounding decides."""
    side = spacing * np.arange(12.0)
    x = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    costs = PointCosts.between(x[kd_order(x)], x[kd_order(x)] + spacing / 7, p, "euclidean")
    arcs = Arcs(np.arange(13), np.arange(12, dtype=np.int32), np.zeros(12))
    v = np.full(144, shift)
    limit = limits_of_lists(arcs, costs.x, costs.y, v, costs.ground())
    lists = nearest(costs.x, Cells.of(costs.y), v, 5, costs.ground(), limit)
    assert lists.found.min() > 0
    reduced = costs.rows(slice(None)) - v
    np.testing.assert_allclose(lists.value[:, 0], reduced.min(axis=1), rtol=1e-13, atol=1e-13)


def test_arcs_that_are_there_twice_change_nothing_but_the_mean() -> None:
    """Every pair of cells three times: more targets along the arcs of a cell than there are targets."""
    costs, ground = problem("euclidean", 2.0, 2, 30, 23, 10)
    once = Arcs(np.arange(0, 50, 7), np.tile(np.arange(7, dtype=np.int32), 7), np.zeros(49))
    thrice = Arcs(3 * once.start, np.repeat(once.target, 3), np.repeat(once.cost, 3))
    cells, u, v = costs.x[:7].copy(), np.arange(7.0), np.arange(23.0)
    found, again = (potentials_along_arcs(arcs, cells, costs.y, u, ground) for arcs in (once, thrice))
    np.testing.assert_array_equal(found, again)
    limits, again = (limits_of_lists(arcs, costs.x, costs.y, v, ground) for arcs in (once, thrice))
    np.testing.assert_allclose(limits, again, rtol=1e-14)


@pytest.mark.parametrize("p", [1.0, 2.0])
def test_a_search_finds_the_only_target_of_an_arc(p: float) -> None:
    """Which it may round otherwise: in many dimensions it adds coordinates in another order."""
    rng = np.random.default_rng(8)
    x = rng.random((400, 9))
    x = x[kd_order(x)]
    costs = PointCosts.between(x, x + 0.01 * rng.random((400, 9)), p, "euclidean")
    arcs = Arcs(np.arange(401), np.arange(400, dtype=np.int32), np.zeros(400))
    limit = limits_of_lists(arcs, costs.x, costs.y, np.zeros(400), costs.ground())
    assert nearest(costs.x, Cells.of(costs.y), np.zeros(400), 3, costs.ground(), limit).found.min() > 0


@pytest.mark.parametrize(("n", "cells"), [(9, 9), (41, 8), (300, 64)])
def test_cells_stand_where_their_mass_is(n: int, cells: int) -> None:
    rng = np.random.default_rng(n)
    costs, ground = problem("euclidean", 2.0, 3, n, n + 5, seed=n)
    masses = rng.integers(1, 2**40, n), rng.integers(1, 2**40, n + 5)
    coarse = Clouds(Cells.of(costs.x), Cells.of(costs.y), ground).gathered(masses, cells)
    for points, mass, side in ((costs.x, masses[0], coarse.x), (costs.y, masses[1], coarse.y)):
        parts = np.split(np.arange(len(points)), first_of(len(points), cells)[1:])
        means = [np.average(points[part], axis=0, weights=mass[part]) for part in parts]
        np.testing.assert_allclose(side.points, means, rtol=1e-14)


@pytest.mark.parametrize(("metric", "p", "d"), CASES)
def test_what_a_level_is_handed(metric: str, p: float, d: int) -> None:
    """The c-transform over all cells, and lists of the smallest c - v, each below its limit."""
    costs, ground = problem(metric, p, d, 500, 420, 5)
    fine = Clouds(Cells.of(costs.x), Cells.of(costs.y), ground)
    a, b = np.full(500, 42), np.full(420, 50)
    coarse = fine.gathered((a, b), 64)
    masses = np.add.reduceat(a, first_of(500, 64)), np.add.reduceat(b, first_of(420, 64))
    solved = generate(coarse, masses, None, np.zeros(64), Watch(), rough=True)
    v, below = fine.handed(coarse, solved)
    between = PointCosts.between(coarse.x.points, costs.y, p, metric).rows(slice(None))
    np.testing.assert_allclose(v, np.min(between - solved.u[:, None], axis=0), rtol=1e-12, atol=1e-12)

    arcs, u, _ = first_arcs(fine, v, (6, 3), below)
    reduced = costs.rows(slice(None)) - v
    np.testing.assert_allclose(u, reduced.min(axis=1), rtol=1e-12, atol=1e-12)
    incoming = np.bincount(arcs.target, minlength=420)
    assert incoming.min() > 0
    for i in range(500):
        mine = arcs.target[arcs.start[i] : arcs.start[i + 1]]
        smallest = np.sort(reduced[i, reduced[i] < below[i] - 1e-12])[:6]
        np.testing.assert_allclose(np.sort(reduced[i, mine])[: len(smallest)], smallest, rtol=1e-12, atol=1e-12)
        beyond = mine[reduced[i, mine] > below[i] + 1e-12]
        assert np.all(incoming[beyond] <= 3 + 3)  # they are here because few others have found them


def test_the_arcs_of_a_rough_level_hold_what_still_violates() -> None:
    """So that the next level hears of it."""
    costs, ground = problem("euclidean", 2.0, 2, 300, 300, 6)
    rough = Clouds(Cells.of(costs.x), Cells.of(costs.y), ground)
    rng = np.random.default_rng(7)
    a, b = (rng.multinomial(10**6, np.full(300, 1 / 300)) for _ in range(2))
    solved: Solved = generate(rough, (a, b), None, np.zeros(300), Watch(), rough=True)
    reduced = costs.rows(slice(None)) - solved.u[:, None] - solved.v
    known = np.zeros((300, 300), dtype=bool)
    known[np.repeat(np.arange(300), np.diff(solved.arcs.start)), solved.arcs.target] = True
    worst = np.flatnonzero(np.min(reduced, axis=1) < -1e-12)
    assert len(worst) > 0
    assert all(known[i, np.argmin(reduced[i])] for i in worst)
