"""Centred squares of distances, against assignments by SciPy and closed forms."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from wdist.inference.centring import Halves, centred_square, unexplained_square


def distance(x: np.ndarray, y: np.ndarray, p: float) -> float:
    cost = cdist(x, y) ** p
    return float(cost[linear_sum_assignment(cost)].mean() ** (1 / p))


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("sizes", [(16, 16), (17, 23), (20, 12)])
def test_halves_are_of_the_first_points_and_equally_many(p: float, sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((sizes[0], 2)), 2.0 + rng.standard_normal((sizes[1], 2))
    k = min(sizes) // 2
    parts = [x[:k], x[k : 2 * k]], [y[:k], y[k : 2 * k]]
    found = Halves.of(x, y, p)
    for i, j in product(range(2), repeat=2):
        assert found.across[i][j].distance == pytest.approx(distance(parts[0][i], parts[1][j], p))
    within = [distance(*part, p) for part in parts]
    assert found.within == pytest.approx(within)
    across = [distance(u, v, p) ** 2 for u, v in product(*parts)]
    assert centred_square(found) == pytest.approx(np.mean(across) - within[0] * within[1])


def test_what_the_true_map_explains_is_not_estimated() -> None:
    """Of y = A x + t the rest is x' against itself, whose halves give minus half of their squared distance."""
    rng = np.random.default_rng(1)
    x, root = rng.standard_normal((20, 3)), rng.standard_normal((3, 3))
    A, t = root @ root.T + 0.5 * np.eye(3), np.array([1.0, -2.0, 2.0])
    y = x @ A + t
    values, vectors = np.linalg.eigh(A)
    rest = (x - x.mean(axis=0)) @ (vectors * np.sqrt(values)) @ vectors.T
    truth = np.mean(np.sum((x - y) ** 2, axis=1))
    assert unexplained_square(x, y, A) == pytest.approx(truth - 0.5 * distance(rest[:10], rest[10:], 2.0) ** 2)


def test_the_identity_explains_the_shift_of_the_means() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((12, 2)), 3.0 * rng.standard_normal((12, 2)) + 5.0
    shift = x.mean(axis=0) - y.mean(axis=0)
    centred = centred_square(Halves.of(x - x.mean(axis=0), y - y.mean(axis=0), 2.0))
    assert unexplained_square(x, y, np.eye(2)) == pytest.approx(shift @ shift + centred)
