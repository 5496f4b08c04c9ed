"""Couplings without a solver: their marginals are right, they are as good as theory says, their cost is a bound."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from wdist.brackets.couplings import coupling_above, cut_coupling, improved
from wdist.coupling import Coupling
from wdist.search.ground import PointCosts


def check_marginals(pairs: Coupling, a: np.ndarray, b: np.ndarray) -> None:
    assert np.all(pairs.mass > 0)
    np.testing.assert_allclose(np.bincount(pairs.i, pairs.mass, len(a)), a, atol=1e-15)
    np.testing.assert_allclose(np.bincount(pairs.j, pairs.mass, len(b)), b, atol=1e-15)


def cost(costs: PointCosts, pairs: Coupling) -> float:
    return float(pairs.mass @ costs.pairs(pairs.i, pairs.j))


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 6), (7, 1), (12, 12), (16, 9)])
@pytest.mark.parametrize("kind", ["equal", "weighted", "with zeros"])
@pytest.mark.parametrize("d", [1, 3])
def test_cuts_couple_all_mass(n: int, m: int, kind: str, d: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.standard_normal((n, d)), rng.standard_normal((m, d))
    a, b = (None, None) if kind == "equal" else (rng.random(n) + 0.1, rng.random(m) + 0.1)
    if a is not None and b is not None:
        if kind == "with zeros":
            a[1:3], b[2:4] = 0.0, 0.0
        a, b = a / a.sum(), b / b.sum()
    pairs = cut_coupling(x, y, a, b)
    check_marginals(pairs, np.full(n, 1 / n) if a is None else a, np.full(m, 1 / m) if b is None else b)
    assert len(pairs.mass) <= n + m - 1


@pytest.mark.parametrize("n", [5, 8, 33])
def test_on_the_line_equal_masses_go_in_order(n: int) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((n, 1)), 3.0 * rng.standard_normal((n, 1))
    pairs = cut_coupling(x, y, None, None)
    np.testing.assert_array_equal(np.sort(x[:, 0]), x[pairs.i, 0][order := np.argsort(x[pairs.i, 0])])
    np.testing.assert_array_equal(np.sort(y[:, 0]), y[pairs.j, 0][order])


def test_clusters_are_matched_along_the_widest_axis() -> None:
    """Two clusters a side, 100 apart in one coordinate: no mass crosses, however the points are listed."""
    rng = np.random.default_rng(1)
    far = np.array([0.0, 100.0, 0.0])
    x, y = (np.concatenate([z[:k], z[k:] + far]) for k, z in ((8, rng.random((16, 3))), (4, rng.random((8, 3)))))
    pairs = cut_coupling(x[::-1], y, None, None)
    assert np.abs(x[::-1][pairs.i] - y[pairs.j]).max() < 2.0


def test_points_that_coincide_are_cut_nowhere() -> None:
    pairs = cut_coupling(np.ones((5, 2)), np.ones((4, 2)), None, None)
    check_marginals(pairs, np.full(5, 0.2), np.full(4, 0.25))


@pytest.mark.parametrize("p", [1.5, 2.0, 3.0])
def test_on_the_line_exchanges_end_at_the_optimum(p: float) -> None:
    """All pairs of pairs are looked at, and where no exchange pays on the line, the order is monotone."""
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((9, 1)), rng.standard_normal((9, 1))
    costs = PointCosts.between(x, y, p, "euclidean")
    better = improved(costs, Coupling(np.arange(9), rng.permutation(9), np.full(9, 1 / 9)), rng)
    check_marginals(better, np.full(9, 1 / 9), np.full(9, 1 / 9))
    optimum = np.mean(np.abs(np.sort(x[:, 0]) - np.sort(y[:, 0])) ** p)
    assert cost(costs, better) == pytest.approx(optimum, rel=1e-12)


def test_of_unequal_masses_a_part_is_exchanged() -> None:
    """Two pairs that cross: what both have goes the short ways, and the rest stays."""
    x, y = np.array([[0.0], [10.0]]), np.array([[10.0], [0.0]])
    costs, mass = PointCosts.between(x, y, 2.0, "euclidean"), np.array([0.7, 0.3])
    better = improved(costs, Coupling(np.arange(2), np.arange(2), mass), np.random.default_rng(0))
    check_marginals(better, mass, mass)
    assert cost(costs, better) == pytest.approx(0.4 * 100.0)


@pytest.mark.parametrize("seed", range(4))
def test_exchanges_of_unequal_masses_never_cost_more(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y, mass = rng.standard_normal((20, 2)), rng.standard_normal((20, 2)), rng.random(20) + 0.1
    mass /= mass.sum()
    costs, start = PointCosts.between(x, y, 2.0, "euclidean"), Coupling(np.arange(20), rng.permutation(20), mass)
    better = improved(costs, start, rng)
    check_marginals(better, mass, np.bincount(start.j, mass, 20))
    assert cost(costs, better) < cost(costs, start)


@pytest.mark.parametrize("p", [1.0, 2.0])
def test_exchanges_find_a_permutation_of_few_points(p: float) -> None:
    """And never make it dearer, in any dimension."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((12, 3))
    y = x + 0.01 * rng.standard_normal((12, 3))
    costs = PointCosts.between(x, y, p, "euclidean")
    start = Coupling(np.arange(12), rng.permutation(12), np.full(12, 1 / 12))
    better = improved(costs, start, rng)
    every = cdist(x, y) ** p
    optimum = every[linear_sum_assignment(every)].mean()
    assert optimum * (1 - 1e-12) <= cost(costs, better) < cost(costs, start)
    assert cost(costs, better) == pytest.approx(optimum, rel=1e-12)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("rounded", [True, False])
def test_the_bound_is_above_the_cost_in_fractions(p: float, rounded: bool) -> None:
    x, y = np.array([[0.0], [3.0], [7.0]]), np.array([[1.0], [8.0]])
    pairs = Coupling(np.array([0, 1, 2]), np.array([0, 0, 1]), np.array([0.25, 0.5, 0.25]))
    above = coupling_above(PointCosts.between(x, y, p, "euclidean"), pairs, rounded)
    exact = Fraction(1, 4) + 2 ** int(p) * Fraction(1, 2) + Fraction(1, 4)
    assert exact <= Fraction(above) ** int(p)
    assert above == pytest.approx(float(exact) ** (1 / p), rel=1e-9)


def test_masses_that_were_rounded_get_room_to_go_far() -> None:
    """A mass of 1e-16 of the whole may be missing, and its way a long one."""
    x, y = np.array([[0.0], [1e9]]), np.array([[0.0], [1e9]])
    pairs = Coupling(np.arange(2), np.arange(2), np.array([0.5, 0.5]))
    costs = PointCosts.between(x, y, 1.0, "euclidean")
    assert coupling_above(costs, pairs, rounded=False) == 0.0
    assert coupling_above(costs, pairs, rounded=True) >= 2.0**-52 * 1e9
