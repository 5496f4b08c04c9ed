"""Convex potentials: feasible everywhere, tight on the maps that they stand for, conjugate to each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.spatial.distance import cdist

from wdist.inference.convex import convex_pairs, quadratic_maps
from wdist.inference.curves import Curve, quantile_curve


def points(seed: int, n: int = 40, d: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + 3.0 * rng.standard_normal(d)


@pytest.mark.parametrize("d", [1, 2, 4])
def test_feasible_at_points_far_from_the_fit(d: int) -> None:
    pairs = dict(convex_pairs(points(0, d=d), points(1, n=30, d=d)))
    names = {"a translation", "a homothety", "maps of the coordinates"}
    assert set(pairs) == names | ({"an affine map", "a radial map"} if d > 1 else set())
    x, y = (np.concatenate([points(s, 50, d), 30.0 * points(s + 1, 50, d)]) for s in (2, 4))
    for f, g in pairs.values():
        slack = cdist(x, y, "sqeuclidean") - f(x)[:, None] - g(y)[None, :]
        assert slack.min() >= -1e-9 * np.abs(cdist(x, y, "sqeuclidean")).max()


@pytest.mark.parametrize(("name", "scale"), [("a translation", 1.0), ("a homothety", 2.5), ("a homothety", 0.2)])
def test_tight_where_the_map_is_of_the_family(name: str, scale: float) -> None:
    x, t = points(5), np.array([1.0, -4.0, 2.0])
    y = scale * x + t
    f, g = dict(convex_pairs(x, y))[name]
    assert f(x) + g(y) == pytest.approx(np.sum((x - y) ** 2, axis=1), rel=1e-9)


def test_an_affine_map_is_near_that_of_the_gaussians() -> None:
    """As far as few points say: their covariances are made rounder by the share d / n."""
    x = np.random.default_rng(6).standard_normal((3000, 2))
    A = np.array([[2.0, 0.5], [0.5, 1.0]])
    np.testing.assert_allclose(quadratic_maps(x, x @ A)["an affine map"], A, rtol=0.02)
    few, image = points(7, n=4, d=2), points(8, n=4, d=2)
    values = np.linalg.eigvalsh(quadratic_maps(few, image)["an affine map"])
    assert values[0] > 0.0
    assert values[-1] < 100 * values[0]
    flat = few * np.array([1.0, 0.0])  # without a second direction, half of the covariance is round
    for one, other in ((few, flat), (flat, few)):
        assert np.linalg.eigvalsh(quadratic_maps(one, other)["an affine map"])[0] > 1e-3


def test_maps_of_points_at_rest_are_translations() -> None:
    x, rest = points(9), np.ones((20, 3))
    for one, other in ((x, rest), (rest, x)):
        assert list(quadratic_maps(one, other)) == ["a translation"]
    assert set(quadratic_maps(points(10, d=1), points(11, d=1))) == {"a translation", "a homothety"}


def test_of_equal_ratios_the_homothety_is_the_root_of_that_of_the_traces() -> None:
    x = points(12)
    np.testing.assert_allclose(quadratic_maps(x, 5.0 - 3.0 * x)["a homothety"], 3.0 * np.eye(3), rtol=1e-12)


def test_coordinates_and_rays_that_are_scaled() -> None:
    """Quantiles of a multiple are multiples, so that the curves of coordinates and radii are lines."""
    x = points(13, d=2)
    f, g = dict(convex_pairs(x, y := x * np.array([3.0, 0.5]) + 1.0))["maps of the coordinates"]
    assert f(x) + g(y) == pytest.approx(np.sum((x - y) ** 2, axis=1), rel=1e-9)
    f, g = dict(convex_pairs(x, y := 2.0 * x - 7.0))["a radial map"]
    assert f(x) + g(y) == pytest.approx(np.sum((x - y) ** 2, axis=1), rel=1e-9)


# --- curves ---

CURVE = Curve.through(np.array([-1.0, 0.0, 0.0, 2.0, 3.0]), np.array([-2.0, -1.0, 0.5, 0.5, 4.0]), 0.5, start=1.0)


@pytest.mark.parametrize("u", [-4.0, -1.0, -0.5, 0.0, 0.7, 2.0, 2.5, 3.0, 6.0])
def test_the_integral_is_that_of_the_polygon(u: float) -> None:
    def polygon(t: float) -> float:
        if t < -1.0:
            return -2.0 + 0.5 * (t + 1.0)
        if t < 0.0:
            return -2.0 + (t + 1.0)
        if t < 2.0:
            return 0.5
        return 0.5 + 3.5 * (t - 2.0) if t < 3.0 else 4.0 + 0.5 * (t - 3.0)

    knots = [k for k in (-1.0, 0.0, 2.0, 3.0) if min(-1.0, u) < k < max(-1.0, u)]
    area = quad(polygon, -1.0, u, points=knots or None)[0]
    assert CURVE.integral(np.array([u])) == pytest.approx([1.0 + area], abs=1e-12)


def test_conjugates_of_curves_are_conjugates() -> None:
    grid = np.linspace(-40.0, 40.0, 400_001)
    v = np.array([-5.0, -2.0, -1.5, -1.0, 0.0, 0.5, 1.0, 4.0, 9.0])
    highest = np.max(v[:, None] * grid - CURVE.integral(grid), axis=1)
    np.testing.assert_allclose(CURVE.conjugate().integral(v), highest, atol=1e-6)
    np.testing.assert_allclose(CURVE.conjugate().conjugate().integral(grid[::1000]), CURVE.integral(grid[::1000]))


def test_quantile_curves() -> None:
    x = np.random.default_rng(14).exponential(1.0, 50)
    curve = quantile_curve(x, 2.0 * x + 1.0, 9)
    assert curve.u == pytest.approx(np.quantile(x, np.arange(1, 18, 2) / 18))
    assert curve.v == pytest.approx(2.0 * curve.u + 1.0)
    assert curve.slope == pytest.approx(2.0)
    radial = quantile_curve(x, 2.0 * x, 9, radial=True)
    assert (radial.u[0], radial.v[0], len(radial.u)) == (0.0, 0.0, 10)
    assert quantile_curve(x, np.ones(3), 4).slope == quantile_curve(np.ones(3), x, 4).slope == 1.0
