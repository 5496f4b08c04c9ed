"""Distances between two sides of one pool, by each of the ways that a choice of sides may take."""

from __future__ import annotations

import numpy as np
import ot
import pytest

import wdist
from wdist.exact.exchanged import Pool


def pool_of(kind: str, count: int, dim: int) -> np.ndarray:
    rng = np.random.default_rng(dim)
    points = rng.standard_normal((count, dim))
    if kind == "flat":
        points[:, 2:] *= 1e-3
    elif kind == "tied":
        points = np.round(points)
    elif kind == "tiny":
        points = points * 1e-150
    return points


@pytest.mark.parametrize(
    ("kind", "n", "m", "dim", "way"),
    [
        ("normal", 30, 25, 3, "costs"),
        ("normal", 290, 260, 5, "problem"),
        ("normal", 290, 260, 3, "transport"),
        ("flat", 290, 260, 6, "transport"),
        ("tied", 290, 260, 5, "problem"),
        ("normal", 420, 400, 9, "problem"),
        ("tiny", 290, 260, 5, "transport"),
    ],
)
@pytest.mark.parametrize("p", [1.0, 2.0])
def test_a_choice_of_sides_costs_what_pot_says(kind: str, n: int, m: int, dim: int, way: str, p: float) -> None:
    points = pool_of(kind, n + m, dim)
    pool = Pool.of(points, n, p)
    assert (pool.costs is not None, pool.problem is not None) == (way == "costs", way == "problem")
    rng = np.random.default_rng(1)
    for _ in range(2):
        side = rng.permutation(n + m) < n
        unit = 1e-150 if kind == "tiny" else 1.0
        cost = ot.dist(points[side] / unit, points[~side] / unit, "sqeuclidean") ** (p / 2)
        assert pool.distance(side) == pytest.approx(unit * float(ot.emd2([], [], cost)) ** (1 / p), rel=1e-9)


def test_equal_points_and_other_exponents_go_to_the_engine() -> None:
    points = np.repeat(pool_of("normal", 300, 5), 2, axis=0)
    side = np.arange(600) % 2 == 0
    assert Pool.of(points, 300, 1.0).distance(side) == 0.0
    other = Pool.of(pool_of("normal", 560, 5), 280, 3.0)
    assert other.problem is None
    side = np.random.default_rng(0).permutation(560) < 280
    assert other.distance(side) == wdist.transport(other.points[side], other.points[~side], p=3).distance
