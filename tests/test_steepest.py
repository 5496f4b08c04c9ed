"""The max-sliced distance: a certain lower bound of W_p, near the best of all directions, sometimes proven so."""

from __future__ import annotations

import math

import numpy as np
import ot
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import wdist
from wdist._ascent import climb
from wdist._two_clouds import Clouds


def problem(seed: int, n: int = 40, m: int = 30, dim: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, dim)), rng.normal(size=(m, dim)) * rng.random(dim) * 2 + rng.normal(size=dim)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from([1, 1.5, 2, 3, 6]), st.integers(1, 5), st.booleans())
def test_between_sliced_and_the_distance(seed, p, dim, weighted):
    x, y = problem(seed, dim=dim)
    X = wdist.Samples(x, np.random.default_rng(seed).random(len(x))) if weighted else x
    r = wdist.max_sliced(X, y, p=p, rng=0)
    assert (r.kind, r.method) == ("bound", "max_sliced")
    assert r.lower <= r.distance <= r.upper
    assert r.lower <= wdist.wasserstein(X, y, p=p).upper
    assert r.distance >= wdist.sliced(X, y, p=p, rng=1).distance * (1 - 1e-14)


@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize("seed", range(6))
def test_the_best_of_all_angles_in_the_plane(p, seed):
    x, y = problem(seed, dim=2)
    angles = np.linspace(0, math.pi, 4001)
    thetas = np.stack([np.cos(angles), np.sin(angles)])
    best = np.max(wdist.wasserstein_1d(x @ thetas, y @ thetas, p=p, axis=0))
    # Of few points the maximum is a kink, where a search that goes by gradients stops a little short.
    assert wdist.max_sliced(x, y, p=p, rng=0).distance >= best * (1 - 1e-4)


@pytest.mark.parametrize("dim", [1, 2, 10, 60])
def test_translations_are_proven(dim):
    rng = np.random.default_rng(dim)
    x, t = rng.normal(size=(50, dim)), 5 * rng.normal(size=dim)
    r = wdist.max_sliced(x, x + t, p=2, rng=0)
    length = np.linalg.norm(t)
    assert r.lower <= length * (1 + 1e-15)
    assert length * (1 - 1e-15) <= r.upper
    assert r.gap < 1e-9 * length  # nothing is above it, and the direction is the translation's
    np.testing.assert_allclose(abs(r.stats["direction"] @ t), length, rtol=1e-9)


@pytest.mark.parametrize("offset", [0.0, 1e8, -3e15])
@pytest.mark.parametrize("scale", [2.0**-600, 1.0, 2.0**600])
def test_the_lower_bound_is_rounded_down(offset, scale):
    # Integers moved by (3, 4): W_p is 5 for every p, and so is the best shadow.
    for seed in range(20):
        x = np.random.default_rng(seed).integers(-9, 9, size=(20, 2)) + offset
        r = wdist.max_sliced(scale * x, scale * (x + np.array([3, 4])), p=1.5, rng=seed)
        assert r.lower <= 5 * scale <= r.upper
        assert r.lower >= 5 * scale * (1 - 1e-9)


@pytest.mark.parametrize("dim", [5, 30])
def test_far_above_the_best_of_many_random_directions(dim):
    x, y = problem(3, 800, 800, dim)
    ours = wdist.max_sliced(x, y, p=2, rng=0)
    theirs = ot.max_sliced_wasserstein_distance(x, y, n_projections=2000, p=2, seed=0)
    assert ours.distance > theirs
    assert ours.stats["climbs"] >= 4


def test_without_climbs_it_is_the_best_direction_looked_at():
    x, y = problem(2, 600, 600, 6)
    r = wdist.max_sliced(x, y, p=2, n_starts=0, rng=0)
    assert r.stats["climbs"] == 0
    assert r.distance <= wdist.max_sliced(x, y, p=2, rng=0).distance


@pytest.mark.parametrize("weighted", [False, True])
def test_large_samples_are_searched_in_part_and_scored_whole(weighted):
    x, y = problem(7, 5000, 3000, 4)
    rng = np.random.default_rng(0)
    a, b = (rng.random(len(z)) if weighted else None for z in (x, y))
    r = wdist.max_sliced(wdist.Samples(x, a), wdist.Samples(y, b), p=2, rng=0)
    u, v = x @ r.stats["direction"], y @ r.stats["direction"]
    assert r.distance == pytest.approx(wdist.wasserstein_1d(u, v, p=2, u_weights=a, v_weights=b), rel=1e-10)
    nearby = r.stats["direction"] + 1e-3 * rng.standard_normal((50, 4))
    nearby /= np.linalg.norm(nearby, axis=1, keepdims=True)
    around = wdist.wasserstein_1d(nearby @ x.T, nearby @ y.T, p=2, u_weights=a, v_weights=b)
    assert r.distance >= np.max(around) * (1 - 1e-7)  # a maximum among its neighbours


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from([1, 2]))
def test_scale_and_translation(seed, p):
    x, y = problem(seed)
    plain = wdist.max_sliced(x, y, p=p, rng=0).distance
    moved = wdist.max_sliced(4 * x + 1, 4 * y + 1, p=p, rng=0).distance
    assert moved == pytest.approx(4 * plain, rel=1e-3)  # rounding may send a climb to another ridge


def test_small_differences_between_large_clouds_are_climbed():
    # Heavy ends that all but agree: the difference is 1e-6 of the size, in one direction of eight.
    x = np.random.default_rng(3).normal(size=(300, 8)) * 10
    y = x.copy()
    y[:, 0] += 1e-5 * np.abs(x[:, 1])
    r = wdist.max_sliced(x, y, p=2, rng=0)
    best = wdist.wasserstein_1d(x[:, 0], y[:, 0], p=2)
    assert r.distance >= best * (1 - 1e-9)
    assert abs(r.stats["direction"][0]) > 0.7


def test_equal_clouds_and_single_points():
    x, _ = problem(0)
    same = wdist.max_sliced(x, x, p=2, rng=0)
    assert (same.distance, same.lower) == (0.0, 0.0)
    assert same.upper < 1e-12
    two = wdist.max_sliced([[0.0, 0.0]], [[3.0, 4.0]], p=3, rng=0)
    assert two.distance == pytest.approx(5, rel=1e-12)
    assert two.lower <= 5 <= two.upper


@pytest.mark.parametrize("p", [1, 2, 3])
def test_gradient_is_that_of_the_maximum(p):
    """By central differences of the searched maximum itself."""
    x, y = problem(1, 12, 9, 2)
    X, Y = (torch.tensor(z, requires_grad=True) for z in (x, y))
    wdist.max_sliced(X, Y, p=p, rng=0).distance.backward()
    rng = np.random.default_rng(1)
    for _ in range(5):
        dx, dy, h = rng.normal(size=x.shape), rng.normal(size=y.shape), 1e-5
        up, down = (wdist.max_sliced(x + s * dx, y + s * dy, p=p, rng=0).distance for s in (h, -h))
        slope = float((X.grad * torch.tensor(dx)).sum() + (Y.grad * torch.tensor(dy)).sum())
        assert slope == pytest.approx((up - down) / (2 * h), abs=1e-4)


def test_tensors_keep_their_type():
    x, y = problem(1)
    r = wdist.max_sliced(torch.tensor(x, dtype=torch.float32), y, p=2, rng=0)
    assert r.distance.dtype == torch.float32
    assert r.lower <= float(r) <= r.upper


@pytest.mark.parametrize("dim", [2, 9, 40])
def test_a_climb_finds_the_largest_singular_value(dim):
    """|A t| is homogeneous in t, smooth, and has one maximum on the half sphere."""
    rng = np.random.default_rng(dim)
    A = rng.normal(size=(60, dim))
    start = rng.normal(size=dim)

    def rise(theta):
        image = A @ theta
        return np.linalg.norm(image), A.T @ image / np.linalg.norm(image)

    top = climb(rise, start / np.linalg.norm(start), gain=1e-14, patience=5, steps=200)
    assert np.linalg.norm(top) == pytest.approx(1, rel=1e-12)
    assert rise(top)[0] == pytest.approx(np.linalg.norm(A, 2), rel=1e-10)
    early = climb(rise, start / np.linalg.norm(start), gain=1e-14, patience=5, steps=2)
    assert rise(start / np.linalg.norm(start))[0] < rise(early)[0] <= rise(top)[0]


@pytest.mark.parametrize("p", [1, 1.5, 2, 4])
@pytest.mark.parametrize(("m", "weighted"), [(30, False), (20, False), (20, True)])
def test_the_slope_that_climbs_follow_is_that_of_the_shadows(p, m, weighted):
    """By central differences of ``wasserstein_1d``, along the sphere and off it."""
    x, y = problem(4, 30, m)
    weights = np.random.default_rng(0).random(30) if weighted else None
    clouds, unit = Clouds.of(wdist.Samples(x, weights), wdist.Samples(y))
    theta, h = np.array([0.6, 0.0, 0.8]), 1e-6
    value, slope = clouds.rise(theta, p)

    def along(t):
        return wdist.wasserstein_1d(x @ t, y @ t, p=p, u_weights=weights)

    assert unit * value == pytest.approx(along(theta), rel=1e-12)
    for way in np.eye(3):
        rate = (along(theta + h * way) - along(theta - h * way)) / (2 * h)
        assert unit * slope @ way == pytest.approx(rate, abs=1e-6)


def test_seeded():
    x, y = problem(5, 3000, 3000, 8)
    first, again = (wdist.max_sliced(x, y, p=2, rng=3).distance for _ in range(2))
    assert first == again


def test_bad_input_is_refused():
    z = np.zeros((3, 2))
    with pytest.raises(wdist.InvalidMeasureError, match="dimension 2 and y in dimension 3"):
        wdist.max_sliced(z, np.zeros((3, 3)), p=2)
    with pytest.raises(ValueError, match="n_projections is 0: give a whole number of at least 1"):
        wdist.max_sliced(z, z, p=2, n_projections=0)
    with pytest.raises(ValueError, match="n_starts is -1: give a whole number of at least 0"):
        wdist.max_sliced(z, z, p=2, n_starts=-1)
    with pytest.raises(ValueError, match="p is inf"):
        wdist.max_sliced(z, z, p=math.inf)
