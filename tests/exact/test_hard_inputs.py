"""Inputs at which solvers of linear programmes go wrong in silence, at sizes that need every part of this one.

The answers come from theorems and integers (problems.known, problems.integers), not from another solver.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from problems.integers import image, proved_cost
from problems.judge import assert_bracket, assert_encloses, near
from problems.known import (
    affine_map,
    at_rest_but_a_part,
    at_rest_but_a_stray,
    contraction,
    dyadic,
    pair_cost,
    paired,
    quartic_map,
    with_far_pairs,
)
from problems.mixture import METRICS, Problem, draw
from scipy.optimize import linear_sum_assignment
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

import wdist

slow = pytest.mark.slow


def solve(problem: Problem) -> wdist.Result:
    weights = {"x_weights": problem.a, "y_weights": problem.b}
    r = wdist.transport(problem.x, problem.y, p=problem.p, metric=problem.metric, **weights)
    assert_bracket(r, problem)
    return r


# --- Points far away ---


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("pairs", [1, 2])
@pytest.mark.parametrize("far", [1e4, 1e7])
@pytest.mark.parametrize("n", [150, 1500])
def test_far_pairs_at_rest_change_nothing(n: int, far: float, pairs: int, p: float) -> None:
    x, y = dyadic(1, n, 2), dyadic(2, n, 2)
    costs = cdist(x, y) ** p
    expected = math.fsum(costs[linear_sum_assignment(costs)]) / (n + pairs)
    u, v = with_far_pairs(x, y, far, pairs)
    assert solve(paired("far", u, v, p, "euclidean")).cost == near(expected, rel=1e-13)


@pytest.mark.parametrize(("p", "metric"), [(1, "cityblock"), (1, "chebyshev"), (2, "euclidean")])
@pytest.mark.parametrize("far", [1e4, 1e7])
@pytest.mark.parametrize("n", [150, 1500, pytest.param(20_000, marks=slow)])
def test_far_pairs_of_random_weights_stay(n: int, far: float, p: int, metric: str) -> None:
    x = dyadic(3, n, 2)
    u, v = with_far_pairs(x, contraction(x), far, 2)
    w = 1.0 + np.random.default_rng(4).multinomial(2**20 - n - 2, np.full(n + 2, 1 / (n + 2)))
    assert_encloses(solve(paired("far", u, v, p, metric, w)), pair_cost(u, v, p, metric, w))


@pytest.mark.parametrize(
    ("far", "p", "metric"),
    [(1e4, 1, "cityblock"), (1e7, 1, "cityblock"), (1e7, 1, "chebyshev"), (1e4, 2, "euclidean")],
)
@pytest.mark.parametrize("n", [150, 1500])
def test_far_pair_of_unequal_weights(n: int, far: float, p: float, metric: str) -> None:
    """What one side has too much of it out there has to travel, beside much that moves little."""
    rng = np.random.default_rng(5)
    x, y = with_far_pairs(2**10 * dyadic(6, n, 2, 10), 2**10 * dyadic(7, n, 2, 10), 2**10 * far, 1)
    a, b = (rng.multinomial(2**16, rng.dirichlet(np.ones(n + 1))) for _ in range(2))
    assert a[0] != b[0]
    problem = Problem("far", x, y, a.astype(float), b.astype(float), p, metric)
    r = solve(problem)
    assert_encloses(r, proved_cost(r, problem))


# --- Offsets and scales ---


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("p", [1, 2, 3])
def test_offset_changes_nothing(p: float, metric: str) -> None:
    x, y = dyadic(8, 500, 3), dyadic(9, 400, 3)
    expected = wdist.transport(x, y, p=p, metric=metric).cost
    moved = wdist.transport(x + 1e8, y + 1e8, p=p, metric=metric)  # exact: 2^-20 fits beside 1e8
    assert_bracket(moved)
    assert moved.cost == near(expected, rel=1e-13)


@pytest.mark.parametrize("scale", [1e-150, 1e-75, 1e-20, 1e20, 1e75, 1e150])
@pytest.mark.parametrize("p", [1, 2, 3])
def test_scale_is_a_factor(p: float, scale: float) -> None:
    x, y = dyadic(10, 400, 2), dyadic(11, 500, 2)
    r = wdist.transport(scale * x, scale * y, p=p)
    assert_bracket(r)
    assert r.distance == near(scale * wdist.transport(x, y, p=p).distance, rel=1e-13)


# --- Nearly and entirely at rest ---


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("part", [1e-10, 1e-16])
@pytest.mark.parametrize("n", [2, 1000])
def test_all_mass_at_rest_but_a_stray(n: int, part: float, p: float) -> None:
    problem, expected = at_rest_but_a_stray(dyadic(12, n, 2), part, p)
    assert solve(problem).cost == near(expected, rel=1e-12)


@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize("part", [1e-10, 1e-16])
@pytest.mark.parametrize("n", [2, 20, 1000])
def test_all_mass_at_rest_but_a_part(n: int, part: float, p: float) -> None:
    """One place has more mass by ``part``: beyond double precision perhaps, but then the bracket says so."""
    problem, expected = at_rest_but_a_part(dyadic(12, n, 2), part, p)
    try:
        r = solve(problem)
    except wdist.NotConvergedError as error:
        r = error.result
    assert r.lower <= expected ** (1 / p) * (1 + 1e-12)
    assert r.upper >= expected ** (1 / p) * (1 - 1e-12)


def test_tiny_masses_at_rest() -> None:
    """Masses of 1e-19, smaller than a unit of 2^-60, beside the same in another order."""
    drawn = draw(21765, 20, 80)
    order = np.random.default_rng(0).permutation(len(drawn.x))
    r = solve(drawn.but(y=drawn.x[order], b=drawn.a[order]))
    assert (r.lower, r.distance, r.upper) == (0, 0, 0)


@pytest.mark.parametrize(
    ("p", "metric"),
    [(1, "euclidean"), (1.5, "euclidean"), (2, "euclidean"), (3, "euclidean"), (1, "cityblock"), (2, "chebyshev")],
)
@pytest.mark.parametrize("bits", [14, 20, 27, 33, 40, 46])  # 6e-5 to 1.4e-14
def test_shift_of_a_whole_cloud(bits: int, p: float, metric: str) -> None:
    """Every point moves by exactly 2^-bits along an axis, and so does the cloud."""
    x, shift = dyadic(13, 1000, 2), 2.0**-bits
    r = solve(paired("shift", x, x + np.array([0.0, shift]), p, metric))
    assert 0 <= r.lower <= shift <= r.upper
    assert r.distance == near(shift, rel=1e-9)


@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize("shift", [1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14])
def test_rounded_shift_of_a_whole_cloud(shift: float, p: int) -> None:
    """x + shift is rounded, at 1e-14 by parts in a hundred: the points move by what was made of it."""
    x = np.random.default_rng(14).random((1400, 2))
    x = x[KDTree(x).query(x, k=2)[0][:, 1] > 4e-3][:1000]  # so that all are nearer to their images than to any other
    y = x + np.array([shift, 0.0])
    r = solve(paired("shift", x, y, p, "euclidean"))
    assert_encloses(r, pair_cost(x, y, p, "chebyshev"))  # all move along one axis


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
@pytest.mark.parametrize("d", [1, 2, 20])
def test_identical_clouds(d: int, p: float, metric: str) -> None:
    rng = np.random.default_rng(15)
    x, w = rng.standard_normal((700, d)), rng.random(700)
    r = solve(paired("identical", x, x, p, metric, w))
    assert (r.lower, r.distance, r.upper) == (0, 0, 0)


# --- Degenerate shapes ---


@pytest.mark.parametrize(("p", "metric"), [(1, "cityblock"), (1, "chebyshev"), (2, "euclidean"), (2, "chebyshev")])
@pytest.mark.parametrize("side", [32, pytest.param(64, marks=slow)])
def test_images(side: int, p: float, metric: str) -> None:
    (x, a), (y, b) = (image(seed, side, 2**14, empty=0.3) for seed in (16, 17))
    assert np.any(a == 0)
    problem = Problem("image", x, y, a.astype(float), b.astype(float), p, metric)
    r = solve(problem)
    assert_encloses(r, proved_cost(r, problem))


@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
def test_collinear_points(p: float) -> None:
    """Points t (3, 4) are five times as far apart as the numbers t."""
    rng = np.random.default_rng(18)
    s, t = dyadic(19, 1200, 1, 16), dyadic(20, 900, 1, 16)
    a, b = rng.random(1200), rng.random(900)
    r = solve(Problem("line", s * [3.0, 4.0], t * [3.0, 4.0], a, b, p, "euclidean"))
    on_the_line = wdist.wasserstein_1d(s[:, 0], t[:, 0], p=p, u_weights=a, v_weights=b)
    assert r.distance == near(5 * on_the_line, rel=1e-12)
    if p == 1:
        assert r.distance == near(5 * scipy.stats.wasserstein_distance(s[:, 0], t[:, 0], a, b), rel=1e-12)


@pytest.mark.parametrize("n", [1200, pytest.param(10_000, marks=slow)])
def test_identical_points(n: int) -> None:
    rng = np.random.default_rng(21)
    x, y = np.tile([[0.1, 0.7]], (n, 1)), np.tile([[3.1, 4.7]], (n - 1, 1))
    a, b = rng.random(n), rng.random(n - 1)
    r = solve(Problem("points", x, x[1:], a, b, 2, "euclidean"))
    assert (r.lower, r.distance, r.upper) == (0, 0, 0)
    assert solve(Problem("points", x, y, a, b, 2, "euclidean")).distance == near(5.0, rel=1e-14)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("p", [1, 2, 4.7])
def test_one_point_against_ten_thousand(p: float, metric: str) -> None:
    rng = np.random.default_rng(22)
    x, y, w = rng.random((1, 3)), rng.standard_normal((10_000, 3)), rng.random(10_000)
    expected = math.fsum(w * cdist(x, y, metric)[0] ** p) / math.fsum(w)
    assert solve(Problem("star", x, y, np.ones(1), w, p, metric)).cost == near(expected, rel=1e-13)
    assert solve(Problem("star", y, x, w, np.ones(1), p, metric)).cost == near(expected, rel=1e-13)


@pytest.mark.parametrize("p", [1, 2])
def test_five_copies_of_every_point(p: float) -> None:
    x, y = dyadic(23, 300, 2), dyadic(24, 300, 2)
    costs = cdist(x, y) ** p
    expected = math.fsum(costs[linear_sum_assignment(costs)]) / 300
    r = solve(paired("copies", np.repeat(x, 5, axis=0), np.repeat(y, 5, axis=0), p, "euclidean"))
    assert r.cost == near(expected, rel=1e-13)


# --- Pairs that a theorem makes optimal ---


@pytest.mark.parametrize("d", [2, 3, 5, 10, 50])
@pytest.mark.parametrize("n", [2000, pytest.param(10_000, marks=slow)])
def test_affine_pairs(n: int, d: int) -> None:
    x = 2 * dyadic(25, n, d, 10) - 1
    y = affine_map(26, d)(x)
    assert_encloses(solve(paired("affine", x, y, 2, "euclidean")), pair_cost(x, y, 2, "euclidean"))


@pytest.mark.parametrize("d", [2, 3])
def test_quartic_pairs(d: int) -> None:
    x = 2 * dyadic(27, 2000, d, 12) - 1
    y = quartic_map(x)
    assert_encloses(solve(paired("quartic", x, y, 2, "euclidean")), pair_cost(x, y, 2, "euclidean"))


@pytest.mark.parametrize(("p", "metric"), [(1, "cityblock"), (1, "chebyshev"), (2, "euclidean"), (3, "cityblock")])
def test_contraction(p: int, metric: str) -> None:
    x = dyadic(28, 1500, 3)
    y = contraction(x)
    assert_encloses(solve(paired("contraction", x, y, p, metric)), pair_cost(x, y, p, metric))
