"""Lower bounds from the line, each by itself: what they are equal to where theory says so."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

import wdist
from wdist.brackets.shadows import (
    Cloud,
    affine_map,
    aligned,
    axes_below,
    explained_below,
    homothety_centre,
    shadow_below,
)


def cloud(seed: int, n: int = 12, d: int = 3, weighted: bool = True) -> Cloud:
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + rng.standard_normal(d)
    return Cloud.of(points, rng.random(n) + 0.1 if weighted else None)


def positive(seed: int, d: int = 3) -> np.ndarray:
    root = np.random.default_rng(seed).standard_normal((d, d))
    return root @ root.T + 0.5 * np.eye(d)


def test_moments_of_a_cloud() -> None:
    z = cloud(0)
    assert z.weights is not None
    assert z.mass == pytest.approx(z.weights / z.weights.sum())
    assert z.mean() == pytest.approx(np.average(z.points, axis=0, weights=z.weights))
    assert z.square() == pytest.approx(np.average((z.points**2).sum(axis=1), weights=z.weights))
    assert z.spread() == pytest.approx(math.sqrt(np.trace(np.cov(z.points.T, aweights=z.weights, ddof=0))))
    assert Cloud.of(z.points, None).mean() == pytest.approx(z.points.mean(axis=0))
    assert Cloud.of(z.points, 1e307 * z.weights).mass == pytest.approx(z.mass)  # whose sum is no float


@pytest.mark.parametrize("weighted", [True, False])
def test_a_part_of_a_cloud_is_one(weighted: bool) -> None:
    z = cloud(1, weighted=weighted)
    part = z.taken(np.array([7, 2, 3]))
    expected = Cloud.of(z.points[[7, 2, 3]], None if z.weights is None else z.weights[[7, 2, 3]])
    assert (part.weights is None) == (not weighted)
    np.testing.assert_array_equal(part.points, expected.points)
    assert part.mass == pytest.approx(expected.mass)
    assert part.mass.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("weighted", [True, False])
def test_a_shadow_is_the_distance_on_the_line(weighted: bool) -> None:
    x, y = cloud(2, weighted=weighted), cloud(3, n=9, weighted=weighted)
    for u, v in ((x.points[:, 0], y.points[:, 0]), (1e6 + x.points[:, 1], 1e6 + y.points[:, 1])):
        found, exact = shadow_below(x, y, u, v, 1.0), scipy.stats.wasserstein_distance(u, v, x.mass, y.mass)
        assert found == pytest.approx(exact, rel=1e-12, abs=1e-7 if u[0] > 1e5 else 0.0)
        assert 0.0 < found <= exact * (1 + 1e-15)  # what rounding may have done is taken off
    assert shadow_below(x, x, x.points[:, 0], x.points[:, 0], 2.0) == 0.0


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 5.0])
def test_axes_see_every_translation_in_full(p: float) -> None:
    x, t = cloud(4), np.array([2.0, -1.0, 2.0])
    assert axes_below(x, x._replace(points=x.points + t), p) == pytest.approx(3.0, rel=1e-9)


@pytest.mark.parametrize("p", [1.0, 2.0, 4.0])
def test_axes_are_a_sum_of_squares(p: float) -> None:
    """Of distances of the order min(p, 2): that of 4 would be too much."""
    x, y = cloud(5, n=10, weighted=False), cloud(6, n=10, weighted=False)
    q, gaps = min(p, 2.0), np.abs(np.sort(x.points, axis=0) - np.sort(y.points, axis=0))
    sides = np.mean(gaps**q, axis=0) ** (1 / q)
    assert axes_below(x, y, p) == pytest.approx(np.linalg.norm(sides), rel=1e-12)


@pytest.mark.parametrize("differ", ["means", "deviations"])
def test_axes_that_differ_are_found_among_many(differ: str) -> None:
    """Of 30 coordinates 24 are looked at: those that differ are the last ones."""
    rng = np.random.default_rng(7)
    points = rng.standard_normal((15, 30))
    points -= points.mean(axis=0)
    other = points.copy()
    if differ == "means":
        other[:, 6:] += 1.0
        truth = math.sqrt(24)
    else:
        other[:, 6:] *= 3.0
        truth = 2.0 * math.sqrt(np.mean(np.sum(points[:, 6:] ** 2, axis=1)))
    assert axes_below(Cloud.of(points, None), Cloud.of(other, None), 2.0) == pytest.approx(truth, rel=1e-9)


@pytest.mark.parametrize("weighted", [True, False])
def test_what_an_affine_map_explains_is_all_of_it_where_it_is_the_map(weighted: bool) -> None:
    """Of y = A x + t, A symmetric and positive, x to y is optimal (Brenier)."""
    x, A, t = cloud(8, weighted=weighted), positive(9), np.array([1.0, 0.0, -2.0])
    y = x._replace(points=x.points @ A + t)
    truth = math.sqrt(x.mass @ np.sum((y.points - x.points) ** 2, axis=1))
    found = explained_below(x, y, A)
    assert found == pytest.approx(truth, rel=1e-9)
    assert found <= truth


@pytest.mark.parametrize("seed", range(6))
def test_any_positive_matrix_gives_a_lower_bound(seed: int) -> None:
    x, y = cloud(seed, n=7, d=2), cloud(seed + 10, n=6, d=2)
    exact = wdist.transport(x.points, y.points, p=2, x_weights=x.weights, y_weights=y.weights)
    for A in (positive(seed, 2), np.eye(2), affine_map(x, y)):
        assert explained_below(x, y, A) <= exact.upper * (1 + 1e-12)
    gelbrich = wdist.gelbrich(wdist.Samples(x.points, x.weights), wdist.Samples(y.points, y.weights))
    assert explained_below(x, y, affine_map(x, y)) >= gelbrich * (1 - 1e-3)  # and the shadows of the rest on top


def test_aligned_clouds_have_the_products_of_the_centred_ones() -> None:
    x, y, A = cloud(11), cloud(12, n=8), positive(13)
    u, v = aligned(x, y, A)
    p, q = x.points - x.mean(), y.points - y.mean()
    np.testing.assert_allclose(u.points @ u.points.T, p @ A @ p.T, atol=1e-12)
    np.testing.assert_allclose(v.points @ v.points.T, q @ np.linalg.inv(A) @ q.T, atol=1e-12)
    np.testing.assert_allclose(u.points @ v.points.T, p @ q.T, atol=1e-12)
    axes = (u.points.T * u.mass) @ u.points
    np.testing.assert_allclose(axes, np.diag(np.diag(axes)), atol=1e-12)
    np.testing.assert_array_equal(u.mass, x.mass)
    np.testing.assert_array_equal(v.mass, y.mass)


@pytest.mark.parametrize("weighted", [True, False])
def test_the_map_of_an_affine_image_is_found(weighted: bool) -> None:
    x, A = cloud(14, weighted=weighted), positive(15)
    np.testing.assert_allclose(affine_map(x, x._replace(points=3.0 + x.points @ A)), A, rtol=1e-3, atol=1e-3)


def test_maps_are_of_mild_condition() -> None:
    flat, x = cloud(16), cloud(17)
    flat = flat._replace(points=flat.points * np.array([1.0, 1.0, 0.0]))
    for one, other in ((x, flat), (flat, x)):
        A = affine_map(one, other)
        values = np.linalg.eigvalsh(A)
        np.testing.assert_allclose(A, A.T, atol=1e-12)
        assert 0.999e-3 * values[-1] <= values[0]
    rest = x._replace(points=np.ones_like(x.points))
    for one, other in ((x, rest), (rest, x), (rest, rest)):
        np.testing.assert_array_equal(affine_map(one, other), np.eye(3))


@pytest.mark.parametrize("scale", [0.25, 3.0])
def test_the_centre_of_a_homothety_rests(scale: float) -> None:
    x, centre = cloud(18), np.array([5.0, -3.0, 1.0])
    y = x._replace(points=centre + scale * (x.points - centre))
    np.testing.assert_allclose(homothety_centre(x, y), centre, rtol=1e-9)


def test_without_a_centre_the_distance_from_far_away_sees_the_translation() -> None:
    x = cloud(19)
    point = x._replace(points=np.broadcast_to(x.points[:1], x.points.shape).copy())
    t = np.array([0.0, 3.0, 4.0])
    for z in (x, point):
        y = z._replace(points=z.points + t)
        centre = homothety_centre(z, y)
        radii = [np.linalg.norm(law.points - centre, axis=1) for law in (z, y)]
        assert shadow_below(z, y, *radii, 1.0) == pytest.approx(5.0, rel=1e-4)
