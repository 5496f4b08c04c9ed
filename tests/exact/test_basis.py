"""The parts of the network simplex by themselves: trees, pivots, splits, greedy plans, lists of arcs, soft potentials.

A whole solve forgives much: a plan that is not good enough is found out by its certificate and improved. Here each part
has to do what it says.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.special import logsumexp

from wdist.exact import pivots
from wdist.exact.arcs import merged, with_added
from wdist.exact.averages import Averages, order_by_likeness
from wdist.exact.generation import Watch
from wdist.exact.greedy import greedy
from wdist.exact.levels import _divided, coarse_to_fine, first_of
from wdist.exact.masses import flows, integer_masses, leftovers
from wdist.exact.pivots import Arcs, optimise
from wdist.exact.soft import soft_potentials
from wdist.exact.tree import Forest, Tree, hang, split, subtree_sums
from wdist.masses import Masses
from wdist.search.cells import kd_order
from wdist.search.ground import MatrixCosts
from wdist.search.lists import Lists


def integers(rng: np.random.Generator, size: int, total: int) -> np.ndarray:
    """Positive integers of this sum."""
    cuts = np.sort(rng.choice(np.arange(1, total), size - 1, replace=False))
    return np.diff(cuts, prepend=0, append=total).astype(np.int64)


def all_arcs(cost: np.ndarray) -> Arcs:
    n, m = cost.shape
    return Arcs(np.arange(0, n * m + 1, m), np.tile(np.arange(m, dtype=np.int32), n), cost.ravel())


def some_forest(seed: int, n: int, m: int, arcs: Arcs | None = None) -> tuple[Forest, np.ndarray, np.ndarray]:
    """A greedy one, with its masses, many of them equal."""
    rng = np.random.default_rng(seed)
    a, b = integers(rng, n, 60), integers(rng, m, 60)
    arcs = arcs or all_arcs(rng.integers(0, 9, (n, m)).astype(float))
    return greedy(arcs, np.zeros(n), np.zeros(m), a, b), a, b


def check_plan(forest: Forest, a: np.ndarray, b: np.ndarray) -> None:
    """Positive flow, the right marginals, and no cycle."""
    assert np.all(forest.flow > 0)
    assert np.array_equal(np.bincount(forest.i, forest.flow, len(a)), a)
    assert np.array_equal(np.bincount(forest.j, forest.flow, len(b)), b)
    group = list(range(len(a) + len(b)))

    def leader(node: int) -> int:
        while group[node] != node:
            node = group[node]
        return node

    for i, j in zip(forest.i.tolist(), (len(a) + forest.j).tolist(), strict=True):
        one, other = leader(i), leader(j)
        assert one != other
        group[one] = other


def check_tree(tree: Tree, n: int, a: np.ndarray, b: np.ndarray) -> None:
    """Sizes are counts, flows are the net masses below, and an arc without flow points to the root."""
    nodes = len(tree.parent)
    count, below = np.zeros(nodes, dtype=int), np.zeros(nodes, dtype=int)
    mass = np.concatenate([a, -b, [0]])
    for node in range(nodes):
        up, steps = node, 0
        while up >= 0:
            count[up] += 1
            below[up] += mass[node]
            up, steps = tree.parent[up], steps + 1
            assert steps <= nodes, "a cycle"
    assert np.array_equal(tree.size, count)
    assert np.array_equal(tree.flow[:-1], np.where(np.arange(nodes - 1) < n, 1, -1) * below[:-1])
    assert np.all((tree.flow[:-1] > 0) | (np.arange(nodes - 1) < n))


def check_potentials(tree: Tree) -> None:
    root = len(tree.parent) - 1
    assert np.array_equal(tree.potential[:root], tree.potential[tree.parent[:root]] + tree.price[:root])


@pytest.mark.parametrize(("seed", "n", "m"), [(0, 1, 1), (1, 5, 3), (2, 9, 9), (3, 4, 20)])
def test_a_forest_hangs_on_the_root(seed: int, n: int, m: int) -> None:
    forest, a, b = some_forest(seed, n, m)
    cost, anchor = 1.0 + np.arange(len(forest.i)), np.arange(n) / 7
    tree = hang(forest, cost, anchor, m)
    check_tree(tree, n, a, b)
    back = tree.forest(n)
    found = dict(zip(zip(back.i.tolist(), back.j.tolist(), strict=True), back.flow.tolist(), strict=True))
    assert found == dict(zip(zip(forest.i.tolist(), forest.j.tolist(), strict=True), forest.flow.tolist(), strict=True))
    price = {(int(i), int(j)): c for i, j, c in zip(forest.i, forest.j, cost, strict=True)}
    for node in np.flatnonzero(tree.parent[:-1] < n + m):
        i, j = (int(end[0]) for end in tree.ends(np.array([node]), n))
        assert tree.price[node] == (1 if node < n else -1) * price[i, j]
    hung = np.flatnonzero(tree.parent[:-1] == n + m)
    assert np.all(hung < n)
    assert np.array_equal(tree.price[hung], anchor[hung])
    # The root carries one component of the forest an arc, and no flow.
    assert len(hung) == n + m - len(forest.i)
    assert np.all(tree.flow[hung] == 0)


def test_what_has_no_arcs_hangs_on_the_root() -> None:
    tree = hang(Forest(*np.empty((3, 0), dtype=np.int64)), np.empty(0), np.array([2.0, 3.0]), 0)
    assert tree.parent.tolist() == [2, 2, -1]
    assert tree.size.tolist() == [1, 1, 3]
    assert tree.price.tolist() == [2.0, 3.0, 0.0]


@pytest.mark.parametrize("often", [False, True])
@pytest.mark.parametrize(("seed", "n", "m"), [(0, 1, 1), (1, 2, 5), (2, 12, 12), (3, 30, 17), (4, 9, 40), (5, 40, 40)])
@pytest.mark.parametrize("values", [3, 1000])
def test_pivots_keep_the_tree_strongly_feasible_and_end_at_the_optimum(
    seed: int, n: int, m: int, values: int, often: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pivots, "_SLICE", 1.0)  # one batch at a time
    rng = np.random.default_rng(seed)
    cost = rng.integers(-values, values, (n, m)).astype(float)
    cost -= cost.min()
    arcs = all_arcs(cost)
    forest, a, b = some_forest(seed, n, m, arcs._replace(cost=-arcs.cost))  # greedy in the wrong sense
    tree = hang(forest, cost[forest.i, forest.j], cost.min(axis=1), m)
    made, before = 0, np.inf
    for found in optimise(tree, arcs, often):
        made += found
        check_tree(tree, n, a, b)
        assert np.abs(tree.price) @ tree.flow <= before
        before = np.abs(tree.price) @ tree.flow
        check_potentials(tree)
    plan = tree.forest(n)
    check_plan(plan, a, b)
    u, v = tree.potential[:n], -tree.potential[n:-1]
    assert np.all(u[:, None] + v <= cost)  # whole numbers: no rounding
    assert np.array_equal((u[:, None] + v)[plan.i, plan.j], cost[plan.i, plan.j])
    marginals = np.vstack([np.repeat(np.eye(n), m, axis=1), np.tile(np.eye(m), n)])
    lp = linprog(cost.ravel(), A_eq=marginals, b_eq=np.concatenate([a, b]))
    assert plan.flow @ cost[plan.i, plan.j] == pytest.approx(lp.fun, rel=1e-12)
    assert made > 0 or plan.flow @ cost[plan.i, plan.j] == forest.flow @ cost[forest.i, forest.j]
    assert list(optimise(tree, arcs, often)) == [0]


def test_arcs_that_are_not_listed_are_not_used() -> None:
    """Two sources, three targets; the cheap arc from 0 to 2 is left out."""
    arcs = Arcs(np.array([0, 2, 5]), np.array([0, 1, 0, 1, 2], dtype=np.int32), np.array([5.0, 1.0, 2.0, 3.0, 4.0]))
    forest = Forest(np.array([0, 1, 1]), np.array([0, 1, 2]), np.array([2, 1, 1], dtype=np.int64))
    tree = hang(forest, np.array([5.0, 3.0, 4.0]), np.zeros(2), 3)
    assert sum(optimise(tree, arcs)) >= 1
    plan = tree.forest(2)
    assert sorted(zip(plan.i.tolist(), plan.j.tolist(), plan.flow.tolist(), strict=True)) == [
        (0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 2, 1),
    ]  # fmt: skip


def test_a_rounding_is_no_improvement() -> None:
    """Around the cycle 0.1 + 0.2 - 0.3 is 5.6e-17: no reason to pivot, in whatever order it is summed."""
    cost = np.array([[0.1, 0.3], [0.2, 0.4]])
    forest = Forest(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([1, 1, 1], dtype=np.int64))
    tree = hang(forest, cost[forest.i, forest.j], np.zeros(2), 2)
    arcs = all_arcs(np.nextafter(cost, 0.0))
    assert sum(optimise(tree, arcs)) == 0


def test_small_improvements_are_made() -> None:
    """Whole numbers of units of 2^-44 beside 1: differences are exact, and far above roundings."""
    rng = np.random.default_rng(7)
    units = rng.integers(0, 50, (8, 8))
    cost = 1.0 + 2.0**-44 * units
    forest, a, b = some_forest(7, 8, 8, all_arcs(-cost))
    tree = hang(forest, cost[forest.i, forest.j], np.ones(8), 8)
    for _ in optimise(tree, all_arcs(cost)):
        pass
    plan = tree.forest(8)
    marginals = np.vstack([np.repeat(np.eye(8), 8, axis=1), np.tile(np.eye(8), 8)])
    least = linprog(units.ravel(), A_eq=marginals, b_eq=np.concatenate([a, b])).fun
    assert plan.flow @ units[plan.i, plan.j] == pytest.approx(least, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_splitting_hands_flow_to_the_parts_in_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = 6, 25
    forest, a, b = some_forest(seed, n, m)
    parts = [integers(rng, min(4, mass), mass) if mass > 1 else np.array([mass]) for mass in a]
    mass, owner = np.concatenate(parts), np.repeat(np.arange(n), [len(part) for part in parts])
    key = rng.permutation(len(forest.i)).astype(float)
    halves = split(forest, mass, key)
    check_plan(halves, mass, b)
    keys = {(int(i), int(j)): k for i, j, k in zip(forest.i, forest.j, key, strict=True)}
    flows = dict.fromkeys(keys, 0)
    order = []
    for i, j, flow in zip(halves.i.tolist(), halves.j.tolist(), halves.flow.tolist(), strict=True):
        flows[int(owner[i]), j] += flow
        order.append((i, keys[int(owner[i]), j]))
    assert flows == dict(zip(keys, forest.flow.tolist(), strict=True))
    assert order == sorted(order)


def test_splitting_sorts_long_rows() -> None:
    rng = np.random.default_rng(9)
    key = rng.random(200)
    forest = Forest(np.zeros(200, dtype=np.int64), np.arange(200), np.ones(200, dtype=np.int64))
    parts = split(forest, np.ones(200, dtype=np.int64), key)
    assert np.array_equal(parts.i, np.arange(200))
    assert np.array_equal(parts.j, np.argsort(key))


def test_subtree_sums_are_those_of_rational_numbers() -> None:
    rng = np.random.default_rng(5)
    forest = some_forest(5, 14, 11)[0]
    tree = hang(forest, np.ones(len(forest.i)), np.zeros(14), 11)
    high = rng.standard_normal(26) * 2.0 ** rng.integers(-40, 40, 26)
    low = high * 2.0**-54 * rng.random(26)
    kept = high.copy(), low.copy()
    total, rest, size = subtree_sums(tree, high, low)
    assert np.array_equal(high, kept[0])
    assert np.array_equal(low, kept[1])
    for node in range(26):
        members = [k for k in range(26) if node in _up(tree, k)]
        exact = sum((Fraction(high[k]) + Fraction(low[k]) for k in members), Fraction(0))
        lost = abs(Fraction(total[node]) + Fraction(rest[node]) - exact)
        assert size[node] == pytest.approx(sum(abs(high[k]) for k in members), rel=1e-14)
        assert lost <= Fraction(2.0**-98) * Fraction(size[node])
        assert abs(rest[node]) <= 2.0**-53 * abs(total[node])


def _up(tree: Tree, node: int) -> list[int]:
    path = []
    while node >= 0:
        path.append(node)
        node = int(tree.parent[node])
    return path


@pytest.mark.parametrize("seed", range(4))
def test_greedy_takes_the_smallest_reduced_costs_first(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = 7, 9
    a, b = integers(rng, n, 40), integers(rng, m, 40)
    target = np.sort(np.array([rng.choice(m, 3, replace=False) for _ in range(n)]), axis=1)
    arcs = Arcs(np.arange(0, 3 * n + 1, 3), target.astype(np.int32).ravel(), rng.random(3 * n))
    u, v = rng.random(n), rng.random(m)
    kept = a.copy(), b.copy()
    forest = greedy(arcs, u, v, a, b)
    assert np.array_equal(a, kept[0])
    assert np.array_equal(b, kept[1])
    check_plan(forest, a, b)
    left, room, expected = a.copy(), b.copy(), []
    reduced = {(i, int(t)): arcs.cost[3 * i + k] - u[i] - v[t] for i in range(n) for k, t in enumerate(target[i])}
    for i, j in sorted(reduced, key=reduced.__getitem__):
        if amount := min(left[i], room[j]):
            expected.append((i, j, int(amount)))
            left[i], room[j] = left[i] - amount, room[j] - amount
    taken = list(zip(forest.i.tolist(), forest.j.tolist(), forest.flow.tolist(), strict=True))
    assert taken[: len(expected)] == expected
    rest = [(i, j) for i, j, _ in taken[len(expected) :]]
    assert rest == sorted(rest)


@pytest.mark.parametrize("seed", range(4))
def test_lists_of_both_sides_are_merged_without_doubles(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = 8, 6
    which = np.array([rng.permutation(m)[:3] for _ in range(n)], dtype=np.int32)
    found = rng.integers(0, 4, n).astype(np.int32)
    lonely = np.array([0, 3, 5])
    back = np.array([rng.permutation(n)[:4] for _ in lonely], dtype=np.int32)
    back_found = np.array([4, 0, 3], dtype=np.int32)
    nothing = np.empty((0, 0))
    start, target = merged(Lists(which, nothing, found), Lists(back, nothing, back_found), lonely)
    expected = [set(which[i, : found[i]].tolist()) for i in range(n)]
    for q, j in enumerate(lonely.tolist()):
        for i in back[q, : back_found[q]].tolist():
            expected[i].add(j)
    rows = [target[s:e].tolist() for s, e in pairwise(start)]
    assert start[0] == 0
    assert [set(row) for row in rows] == expected
    assert [len(row) for row in rows] == [len(row) for row in expected]


def test_arcs_are_added_to_their_rows() -> None:
    start, target = np.array([0, 2, 2, 5]), np.array([7, 8, 1, 2, 3])
    i = np.array([0, 1, 1, 2])
    more, place = with_added(start, i)
    rows = np.insert(target, place, [90, 91, 92, 93])
    assert [rows[s:e].tolist() for s, e in pairwise(more)] == [[7, 8, 90], [91, 92], [1, 2, 3, 93]]


def test_soft_potentials_are_those_of_sinkhorn() -> None:
    """On all arcs: against the same iteration on whole matrices."""
    rng = np.random.default_rng(3)
    cost, v = rng.random((9, 12)), rng.random(12)
    a, b = rng.random(9) + 0.1, rng.random(12) + 0.1
    found = soft_potentials(all_arcs(cost), v, 5 * a, 3 * b, 0.7)
    a, b = a / a.sum(), b / b.sum()
    for share in (0.2, 0.05, 0.02):
        epsilon = share * 0.7
        for _ in range(20):
            u = epsilon * (np.log(a) - logsumexp((v - cost) / epsilon, axis=1))
            v = epsilon * (np.log(b) - logsumexp((u[:, None] - cost) / epsilon, axis=0))
    np.testing.assert_allclose(found, v, rtol=0, atol=1e-12)


def test_soft_potentials_know_only_the_arcs_of_the_list() -> None:
    """Of rows of unequal lengths: against whole matrices that are infinite elsewhere."""
    rng = np.random.default_rng(4)
    cost, v = rng.random((7, 5)), rng.random(5)
    cost[rng.random((7, 5)) < 0.5] = np.inf
    cost[:, 0], cost[2] = rng.random(7), rng.random(5)  # an arc, at least, for every source and target
    listed = np.isfinite(cost)
    assert len(set(listed.sum(axis=1))) > 2
    start = np.concatenate([[0], np.cumsum(listed.sum(axis=1))])
    arcs = Arcs(start, np.nonzero(listed)[1].astype(np.int32), cost[listed])
    a, b = rng.random(7) + 0.1, rng.random(5) + 0.1
    found = soft_potentials(arcs, v, a, b, 0.5)
    a, b = a / a.sum(), b / b.sum()
    for share in (0.2, 0.05, 0.02):
        epsilon = share * 0.5
        for _ in range(20):
            u = epsilon * (np.log(a) - logsumexp((v - cost) / epsilon, axis=1))
            v = epsilon * (np.log(b) - logsumexp((u[:, None] - cost) / epsilon, axis=0))
    np.testing.assert_allclose(found, v, rtol=0, atol=1e-12)


def test_soft_potentials_of_costs_as_good_as_equal_are_those_given() -> None:
    v = np.arange(4.0)
    cost = np.full((3, 4), 1e6)
    assert soft_potentials(all_arcs(cost), v, np.ones(3), np.ones(4), 1e-9) is v
    assert soft_potentials(all_arcs(cost), v, np.ones(3), np.ones(4), np.nan) is v


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


def test_integer_masses_are_the_weights() -> None:
    a, b = Masses.of(np.array([1.0, 2.0, 1e-30])), Masses.of(np.array([0.3, 0.7]))
    units, others = integer_masses(a, b)
    assert units.sum() == others.sum() == 2**60
    assert units[2] == 1
    np.testing.assert_allclose(units[:2] / 2.0**60, [1 / 3, 2 / 3], rtol=1e-15)
    equal = integer_masses(Masses.of(np.ones(4)), Masses.of(np.ones(6)))
    assert [mass.tolist() for mass in equal] == [[3] * 4, [2] * 6]


@pytest.mark.parametrize(("n", "m", "seed"), [(64, 64, 0), (100, 70, 2)])
def test_levels_end_at_the_optimum(n: int, m: int, seed: int) -> None:
    """Cells of 32 points of the plane first; whole numbers throughout."""
    rng = np.random.default_rng(seed)
    x, y = (points[kd_order(points)] for points in (rng.integers(0, 90, (size, 2)).astype(float) for size in (n, m)))
    cost = np.sum((x[:, None] - y) ** 2, axis=2)
    a, b = integers(rng, n, 900), integers(rng, m, 900)
    watch = Watch()
    tree, u, v = coarse_to_fine(Averages(MatrixCosts(cost)), (a, b), watch)
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


@pytest.mark.parametrize("faint", [1.0, 1e-9, 1e-18])
@pytest.mark.parametrize("seed", [0, 11, 25])
def test_flows_are_the_masses_below(faint: float, seed: int) -> None:
    """Of the weights themselves, in rational numbers; what the integer masses could not know is left out, and said."""
    rng = np.random.default_rng(seed)
    few, more = np.arange(7) < 5, np.arange(9) < 6
    weights = rng.random(7) * np.where(few, faint, 1.0), rng.random(9) * np.where(more, faint, 1.0)
    a, b = (Masses.of(w) for w in weights)
    units = integer_masses(a, b)
    cost = rng.random((7, 9))
    forest = greedy(all_arcs(cost), np.zeros(7), np.zeros(9), *units)
    tree = hang(forest, cost[forest.i, forest.j], np.zeros(7), 9)
    high, low, out = flows(tree, a, b)
    exact = [Fraction(w) / sum(map(Fraction, weights[0].tolist())) for w in weights[0].tolist()]
    exact += [-Fraction(w) / sum(map(Fraction, weights[1].tolist())) for w in weights[1].tolist()]
    below = [sum((exact[k] for k in range(16) if node in _up(tree, k)), Fraction(0)) for node in range(16)]
    for node in range(16):
        due = below[node] if node < 7 else -below[node]
        found = Fraction(high[node]) + Fraction(low[node])
        if tree.parent[node] == 16 or due < Fraction(2) ** -96:
            assert high[node] == low[node] == 0.0
            assert abs(Fraction(out[node]) - due) <= Fraction(2) ** -52 * abs(due) + Fraction(2) ** -95
        else:
            assert out[node] == 0.0
            assert abs(found - due) <= Fraction(2) ** -95


def test_leftovers_bring_every_point_what_it_lacks() -> None:
    """Flows that are too small at some points and left out at others: with the leftovers every mass has its place."""
    rng = np.random.default_rng(3)
    forest, a, b = some_forest(3, 8, 6)
    tree = hang(forest, np.ones(len(forest.i)), np.zeros(8), 6)
    out = np.zeros(14)
    dropped = rng.permutation(np.flatnonzero(tree.flow[:-1] > 0))[:5]
    out[dropped] = tree.flow[dropped]
    flow = np.where(np.append(out, 0.0) > 0, 0.0, tree.flow).astype(float)
    i, j, mass = leftovers(tree, flow, out, 8)
    child = np.flatnonzero(flow > 0)
    source, target = tree.ends(child, 8)
    total = np.zeros((8, 6))
    np.add.at(total, (source, target), flow[child])
    np.add.at(total, (i, j), mass)
    assert np.all(mass > 0)
    assert np.array_equal(total.sum(axis=1), a)
    assert np.array_equal(total.sum(axis=0), b)
