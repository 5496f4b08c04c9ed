"""The network simplex by itself: trees, pivots, splits.

A whole solve forgives much: a plan that is not good enough is found out by its certificate and improved. Here each part
has to do what it says.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from problems.forests import all_arcs, check_plan, integers, path_up, some_forest
from scipy.optimize import linprog

from wdist.exact import pivots
from wdist.exact.pivots import Arcs, optimise
from wdist.exact.tree import Forest, Tree, hang, split, subtree_sums


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


@pytest.mark.parametrize(("seed", "n", "m"), [(0, 1, 1), (1, 2, 5), (2, 12, 12), (3, 30, 17), (4, 9, 40), (5, 40, 40)])
@pytest.mark.parametrize("values", [3, 1000])
def test_pivots_keep_the_tree_strongly_feasible_and_end_at_the_optimum(
    seed: int, n: int, m: int, values: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pivots, "_SLICE", 1.0)  # one batch at a time
    rng = np.random.default_rng(seed)
    cost = rng.integers(-values, values, (n, m)).astype(float)
    cost -= cost.min()
    arcs = all_arcs(cost)
    forest, a, b = some_forest(seed, n, m, arcs._replace(cost=-arcs.cost))  # greedy in the wrong sense
    tree = hang(forest, cost[forest.i, forest.j], cost.min(axis=1), m)
    made, before = 0, np.inf
    for found in optimise(tree, arcs):
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
    assert list(optimise(tree, arcs)) == [0]


@pytest.mark.parametrize(("seed", "n", "m"), [(1, 7, 5), (2, 25, 25), (3, 50, 9), (4, 60, 60)])
def test_stale_potentials_are_known_from_the_pieces(
    seed: int, n: int, m: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole numbers, without rounding: reduced costs are those of the tree of now, and only what improves enters."""
    rng = np.random.default_rng(seed)
    cost = rng.integers(0, 1000, (n, m)).astype(float)
    arcs = all_arcs(cost)
    forest, *_ = some_forest(seed, n, m, arcs._replace(cost=-arcs.cost))
    tree = hang(forest, cost[forest.i, forest.j], np.zeros(n), m)
    since, turn, lift = pivots.since, pivots._turn, pivots.lift
    seen = {"asked": 0, "stale": 0, "turned": 0, "lifted": 0}

    def fresh(u: int) -> float:
        return float(sum(tree.price[node] for node in path_up(tree, u)))

    def checked_since(r: float, x: int, y: int, *pieces: object) -> float:
        now = since(r, x, y, *pieces)
        assert now == r + tree.potential[x] - tree.potential[y] - fresh(x) + fresh(y)
        seen["asked"] += 1
        seen["stale"] += now != r
        return now

    def checked_turn(inside: int, leaving: int, outside: int, delta: int, step: float, of: tuple) -> None:
        assert (step - fresh(inside) + fresh(outside)) * (1 if inside < n else -1) < 0
        seen["turned"] += 1
        turn(inside, leaving, outside, delta, step, of)

    def checked_lift(*pieces: object) -> None:
        lift(*pieces)
        assert np.array_equal(tree.potential, [fresh(u) for u in range(n + m + 1)])
        seen["lifted"] += 1

    monkeypatch.setattr(pivots, "_pivots", pivots._pivots.function)  # as plain Python, which calls what stands below
    monkeypatch.setattr(pivots, "since", checked_since)
    monkeypatch.setattr(pivots, "lift", checked_lift)
    monkeypatch.setattr(pivots, "_turn", checked_turn)
    assert sum(optimise(tree, arcs)) == seen["turned"] > 0
    assert seen["asked"] > seen["stale"] > 0
    assert 0 < seen["lifted"] < seen["turned"]


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1]])
def test_an_arc_that_may_be_rounding_hides_no_other(order: list[int]) -> None:
    """A reduced cost of -256 at costs of 2^60 may be one, those of -0.75 and -0.5 at costs of 1 are none."""
    cost, v = np.array([2.0**60, 1.0, 1.0])[order], np.array([2.0**60 + 256, 0.5, 0.75])
    potential = np.array([1.0, *-v, 0.0])
    row, arc = np.zeros(5, dtype=np.int32), np.zeros(5, dtype=np.uintp)
    assert pivots._queue(np.array([0, 3]), np.array(order), cost, potential, row, arc, 0, 1) == (1, 0)
    assert order[arc[0]] == 2
    potential[[2, 3]] = 0.0  # now the others do not improve
    assert pivots._queue(np.array([0, 3]), np.array(order), cost, potential, row, arc, 0, 1) == (0, 0)


@pytest.mark.parametrize("slice_", [10.0, 2.0**23])
def test_potentials_are_those_of_the_tree_to_the_last_digit(slice_: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of costs that round, whenever the caller looks at them, and however often pieces were lifted before."""
    monkeypatch.setattr(pivots, "_SLICE", slice_)
    cost = np.exp(np.random.default_rng(7).standard_normal((60, 55)))
    arcs = all_arcs(cost)
    forest, *_ = some_forest(7, 60, 55, arcs._replace(cost=-arcs.cost))
    tree, made = hang(forest, cost[forest.i, forest.j], np.zeros(60), 55), []
    for more in optimise(tree, arcs):
        made.append(more)
        above = tree.parent[:-1]
        np.testing.assert_array_equal(tree.potential[:-1], tree.potential[above] + tree.price[:-1])
    assert sum(made) > 100
    assert (len(made) > 5) == (slice_ == 10.0)
    u, v = tree.potential[:60], -tree.potential[60:-1]
    assert np.all(u[:, None] + v <= cost + 2.0**-44)


@pytest.mark.parametrize("rows", [1, 7, 40])
def test_no_row_is_left_out_however_few_are_priced_at_once(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of 40 have sent their mass to each other's target, and they are the last that are looked at."""
    monkeypatch.setattr(pivots, "_SHORTEST", rows)
    monkeypatch.setattr(pivots, "_QUEUES", 40)
    cost, there, ones = 1.0 - np.eye(40), np.arange(40), np.ones(40, dtype=np.int64)
    there[[35, 38]] = 38, 35
    tree = hang(Forest(np.arange(40), there, ones), cost[np.arange(40), there], np.zeros(40), 40)
    assert sum(optimise(tree, all_arcs(cost))) > 0
    assert np.abs(tree.price) @ tree.flow == 0.0


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
        members = [k for k in range(26) if node in path_up(tree, k)]
        exact = sum((Fraction(high[k]) + Fraction(low[k]) for k in members), Fraction(0))
        lost = abs(Fraction(total[node]) + Fraction(rest[node]) - exact)
        assert size[node] == pytest.approx(sum(abs(high[k]) for k in members), rel=1e-14)
        assert lost <= Fraction(2.0**-98) * Fraction(size[node])
        assert abs(rest[node]) <= 2.0**-53 * abs(total[node])
