"""Masses in whole numbers, and the flows of the weights themselves on the tree that they leave."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from problems.forests import all_arcs, path_up, some_forest

from wdist.exact.greedy import greedy
from wdist.exact.masses import flows, integer_masses, leftovers
from wdist.exact.tree import hang
from wdist.masses import Masses


def test_integer_masses_are_the_weights() -> None:
    a, b = Masses.of(np.array([1.0, 2.0, 1e-30])), Masses.of(np.array([0.3, 0.7]))
    units, others = integer_masses(a, b)
    assert units.sum() == others.sum() == 2**60
    assert units[2] == 1
    np.testing.assert_allclose(units[:2] / 2.0**60, [1 / 3, 2 / 3], rtol=1e-15)
    equal = integer_masses(Masses.of(np.ones(4)), Masses.of(np.ones(6)))
    assert [mass.tolist() for mass in equal] == [[3] * 4, [2] * 6]


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
    below = [sum((exact[k] for k in range(16) if node in path_up(tree, k)), Fraction(0)) for node in range(16)]
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
