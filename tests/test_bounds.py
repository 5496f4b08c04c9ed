"""The cheap bracket: it encloses the exact distance of any points, and closes where theorems say so."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wdist
import wdist.brackets.sandwich
from wdist.brackets.couplings import coupling_above, cut_coupling, improved
from wdist.brackets.shadows import Cloud, affine_map, axes_below, explained_below, homothety_centre, shadow_below
from wdist.search.ground import PointCosts


def clouds(seed: int, weighted: bool) -> tuple[wdist.Samples, wdist.Samples]:
    """Points of random sizes: turned, stretched, heavy-tailed, tied, flat or far away."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 5))
    found = []
    for _ in range(2):
        n = int(rng.integers(1, 30))
        points = rng.standard_t(3, (n, d)) @ rng.standard_normal((d, d)) + 2 * rng.standard_normal(d)
        if rng.random() < 0.2:
            points = np.round(points)
        if rng.random() < 0.2:
            points[:, 0] = 1.0
        if rng.random() < 0.2:
            points *= 10.0 ** rng.integers(-6, 7)
        found.append(wdist.Samples(points, rng.random(n) ** 3 + 1e-6 if weighted else None))
    return found[0], found[1]


@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([1.0, 1.5, 2.0, 4.0]))
@settings(max_examples=60, deadline=None)
def test_exact_distance_is_inside(seed: int, weighted: bool, p: float) -> None:
    x, y = clouds(seed, weighted)
    exact = wdist.transport(x, y, p=p)
    lower, upper = wdist.bounds(x, y, p=p)
    assert lower <= exact.upper
    assert exact.lower <= upper


@pytest.mark.parametrize("offset", [0.0, 1e8])
@pytest.mark.parametrize("p", [1, 2, 3])
def test_moving_points_by_one_vector_leaves_no_room_below(p: int, offset: float) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 3)) + offset
    t = np.array([1.0, -2.0, 2.0])
    lower, upper = wdist.bounds(x, x + t, p=p)
    assert lower <= 3.0 + 1e-6
    assert lower == pytest.approx(3.0, abs=1e-6)
    assert upper >= 3.0 - 1e-6


@pytest.mark.parametrize("p", [1, 2])
def test_homothety_leaves_no_room_below(p: int) -> None:
    """Pairs (x, 2 x): along the distance from the centre, and at p = 2 by Gelbrich's bound."""
    x = np.random.default_rng(1).standard_normal((80, 4))
    truth = float(np.mean(np.linalg.norm(x, axis=1) ** p) ** (1 / p))
    lower, _ = wdist.bounds(x, 2.0 * x, p=p)
    assert lower == pytest.approx(truth, rel=0.04 if p == 1 else 1e-6)  # the centre is that of the moments
    assert lower <= truth * (1 + 1e-9)


def test_above_gelbrich() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((200, 3)), rng.exponential(1.0, (150, 3)) @ rng.standard_normal((3, 3))
    assert wdist.bounds(x, y, p=2)[0] >= wdist.gelbrich(x, y) * (1 - 1e-9)


@pytest.mark.parametrize("d", [2, 5])
@pytest.mark.parametrize("p", [1.0, 2.0])
def test_exchanges_pay_and_keep_the_masses(d: int, p: float) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((100, d)), 2 * rng.standard_normal((70, d))
    a, b = (w / w.sum() for w in (rng.random(100), rng.random(70)))
    first = cut_coupling(x, y, a, b)
    ground = PointCosts.between(x, y, p, "euclidean")
    better = improved(ground, first, rng)
    for pairs in (first, better):
        assert np.all(pairs.mass > 0)
        np.testing.assert_allclose(np.bincount(pairs.i, pairs.mass, 100), a, atol=1e-15)
        np.testing.assert_allclose(np.bincount(pairs.j, pairs.mass, 70), b, atol=1e-15)
    costs = [coupling_above(ground, pairs, rounded=True) for pairs in (first, better)]
    assert wdist.transport(x, y, p=p, x_weights=a, y_weights=b).distance <= costs[1] < costs[0]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_every_lower_bound_is_one(seed: int) -> None:
    x, y = clouds(seed, weighted=True)
    X, Y = (Cloud.of(z.points / 8, z.given) for z in (x, y))
    cost = [wdist.transport(x.points / 8, y.points / 8, p=p, x_weights=x.given, y_weights=y.given) for p in (1, 2)]
    centre = homothety_centre(X, Y)
    radii = [np.linalg.norm(z.points - centre, axis=1) for z in (X, Y)]
    slack = 1e-12 * float(np.abs(X.points).max() + np.abs(Y.points).max())
    for k, p in enumerate((1.0, 2.0)):
        assert axes_below(X, Y, p) <= cost[k].upper + slack
        assert shadow_below(X, Y, *radii, p) <= cost[k].upper + slack
    assert explained_below(X, Y, affine_map(X, Y)) <= cost[1].upper + slack


def test_tight_in_the_plane() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((5_000, 2)), 2 * rng.standard_normal((5_000, 2))
    lower, upper = wdist.bounds(x, y, p=2)
    assert 0.99 * upper < lower <= wdist.transport(x, y, p=2).distance <= upper


def test_same_answer_without_rng_and_no_global_state() -> None:
    x, y = np.random.default_rng(5).standard_normal((2, 50, 3))
    assert wdist.bounds(x, y, p=1) == wdist.bounds(x, y, p=1)
    lower, upper = wdist.bounds(x, y, p=1, rng=7)
    assert lower <= wdist.transport(x, y, p=1).distance <= upper


def test_points_at_rest_and_ends_of_the_range() -> None:
    assert wdist.bounds([[1.0, 2.0]], [[1.0, 2.0]], p=2) == (0.0, 0.0)
    assert wdist.bounds([1.0, 2.0], [2.0, 1.0], p=1) == (0.0, 0.0)
    for size in (1e-290, 1e290):
        x = size * np.array([[0.0, 0.0], [1.0, 0.0]])
        lower, upper = wdist.bounds(x, x + size * np.array([3.0, 4.0]), p=2)
        assert lower <= 5.0 * size <= upper * (1 + 1e-12)
        assert lower == pytest.approx(5.0 * size, rel=1e-5)


def test_tensors() -> None:
    torch = pytest.importorskip("torch")
    x = torch.rand((30, 2), generator=torch.Generator().manual_seed(0), requires_grad=True)
    lower, upper = wdist.bounds(x, torch.zeros((3, 2)), p=2)
    assert type(lower) is type(upper) is float
    assert lower <= float(wdist.transport(x, torch.zeros((3, 2)), p=2)) * (1 + 1e-6)


def test_the_docstring_is_true() -> None:
    assert doctest.testmod(wdist.brackets.sandwich).failed == 0


def test_bad_input_is_named() -> None:
    with pytest.raises(wdist.InvalidMeasureError, match="x lives in dimension 2 and y in dimension 1"):
        wdist.bounds([[1.0, 2.0]], [1.0], p=1)
    with pytest.raises(wdist.InvalidMeasureError, match="y is a Gaussian"):
        wdist.bounds([1.0], wdist.Gaussian(0, 1), p=1)
    with pytest.raises(ValueError, match="p is inf"):
        wdist.bounds([1.0], [1.0], p=np.inf)
