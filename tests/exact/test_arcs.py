"""Lists of arcs, and what a simplex on them begins with: a greedy plan, soft potentials."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from problems.forests import all_arcs, check_plan, integers
from scipy.special import logsumexp

from wdist.exact.arcs import lonely, merged, with_added
from wdist.exact.greedy import greedy
from wdist.exact.pivots import Arcs
from wdist.exact.soft import soft_potentials
from wdist.search.lists import Lists


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
    ends = np.array([0, 3, 5])
    back = np.array([rng.permutation(n)[:4] for _ in ends], dtype=np.int32)
    back_found = np.array([4, 0, 3], dtype=np.int32)
    nothing = np.empty((0, 0))
    start, source, target = merged(Lists(which, nothing, found), Lists(back, nothing, back_found), ends)
    expected = [set(which[i, : found[i]].tolist()) for i in range(n)]
    for q, j in enumerate(ends.tolist()):
        for i in back[q, : back_found[q]].tolist():
            expected[i].add(j)
    rows = [target[s:e].tolist() for s, e in pairwise(start)]
    assert start[0] == 0
    assert [set(row) for row in rows] == expected
    assert [len(row) for row in rows] == [len(row) for row in expected]
    np.testing.assert_array_equal(source, np.repeat(np.arange(n), np.diff(start)))


@pytest.mark.parametrize("few", [1, 2, 4])
def test_targets_that_few_sources_found_are_lonely(few: int) -> None:
    """What a list holds beyond its end does not count."""
    which = np.array([[0, 1, 2], [1, 2, 0], [1, 3, 3], [2, 4, 4]], dtype=np.int32)
    found = np.array([3, 2, 1, 1], dtype=np.int32)
    assert lonely(Lists(which, np.empty((4, 3)), found), 6, few).tolist() == {
        1: [3, 4, 5], 2: [0, 3, 4, 5], 4: [0, 1, 2, 3, 4, 5]
    }[few]  # fmt: skip


def test_arcs_are_added_to_their_rows() -> None:
    arcs = Arcs(np.array([0, 2, 2, 5]), np.array([7, 8, 1, 2, 3], dtype=np.int32), np.arange(5.0))
    i, j, cost = np.array([0, 1, 1, 2]), np.array([90, 91, 92, 93], dtype=np.int32), np.array([0.5, 1.5, 2.5, 3.5])
    more = with_added(arcs, i, j, cost)
    assert [more.target[s:e].tolist() for s, e in pairwise(more.start)] == [[7, 8, 90], [91, 92], [1, 2, 3, 93]]
    assert more.cost.tolist() == [0.0, 1.0, 0.5, 1.5, 2.5, 2.0, 3.0, 4.0, 3.5]
    more = with_added(arcs, i[3:], j[3:], cost[3:])
    assert [more.target[s:e].tolist() for s, e in pairwise(more.start)] == [[7, 8], [], [1, 2, 3, 93]]


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
