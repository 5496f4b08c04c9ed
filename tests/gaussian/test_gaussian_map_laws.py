"""Laws of gaussian_map, each named: translation, scaling, swapping, splitting, and what it agrees with."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from problems.gaussians import spd

from wdist import Gaussian, Samples, gaussian_map, gaussian_w2, transport, wasserstein_1d


@pytest.fixture
def pair():
    rng = np.random.default_rng(11)
    return Gaussian(rng.normal(size=4), spd(rng, 4, 50.0)), Gaussian(rng.normal(size=4), spd(rng, 4, 9.0))


def test_translation_leaves_the_matrix(pair):
    P, Q = pair
    moved = Gaussian(P.mean + 7.0, P.cov), Gaussian(Q.mean - 3.0, Q.cov)
    np.testing.assert_array_equal(gaussian_map(*moved), gaussian_map(P, Q))


@pytest.mark.parametrize("unit", [1e-100, 1e-3, 1e100])
def test_scaling_of_both_leaves_the_matrix_and_of_one_scales_it(pair, unit):
    P, Q = pair
    far = [Gaussian(unit * law.mean, unit**2 * law.cov) for law in pair]
    np.testing.assert_allclose(gaussian_map(*far), gaussian_map(P, Q), rtol=1e-12)
    np.testing.assert_allclose(gaussian_map(P, far[1]), unit * gaussian_map(P, Q), rtol=1e-12)


def test_symmetry_the_way_back_is_the_inverse(pair):
    P, Q = pair
    np.testing.assert_allclose(gaussian_map(P, Q) @ gaussian_map(Q, P), np.eye(4), atol=1e-12)


def test_triangle_a_detour_by_maps_costs_no_less(pair):
    P, Q = pair
    R = Gaussian(np.zeros(4), np.diag([1.0, 2.0, 3.0, 4.0]))
    detour = gaussian_map(R, Q) @ gaussian_map(P, R) - np.eye(4)
    centred = [Gaussian(np.zeros(4), law.cov) for law in pair]
    assert np.trace(detour @ P.cov @ detour.T) >= gaussian_w2(*centred) ** 2


def test_mass_splitting_of_samples_leaves_the_map_of_their_fit():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(9, 2)), rng.normal(size=(12, 2))
    split = Samples(np.concatenate([x, x]), np.concatenate([np.full(9, 0.3), np.full(9, 0.7)]))
    expected = gaussian_map(Gaussian.fit(x), Gaussian.fit(y))
    np.testing.assert_allclose(gaussian_map(Gaussian.fit(split), Gaussian.fit(y)), expected, rtol=1e-12)


def test_agrees_with_the_exact_plan_between_points_and_their_image():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(30, 3))
    P = Gaussian.fit(x)
    Q = Gaussian(rng.normal(size=3), spd(rng, 3))
    image = Q.mean + (x - P.mean) @ gaussian_map(P, Q)
    plan = transport(x, image, p=2).plan.tocoo()
    np.testing.assert_array_equal(plan.row[plan.data > 0], plan.col[plan.data > 0])
    assert transport(x, image, p=2).distance == pytest.approx(gaussian_w2(P, Q), rel=1e-12)


def test_agrees_with_fifty_digits():
    rng = np.random.default_rng(5)
    cov1, cov2 = spd(rng, 5, 1e6), spd(rng, 5, 1e6)
    with mpmath.workdps(50):
        S, T = mpmath.matrix(cov1.tolist()), mpmath.matrix(cov2.tolist())
        half = _root(S)
        back = half**-1
        exact = back * _root(half * T * half) * back
        exact = np.array(exact.tolist(), dtype=float)
    found = gaussian_map(Gaussian(np.zeros(5), cov1), Gaussian(np.zeros(5), cov2))
    np.testing.assert_allclose(found, exact, rtol=1e-8, atol=1e-8 * np.abs(exact).max())


@pytest.mark.parametrize("seed", range(5))
def test_p_monotonicity_w2_of_gaussians_on_the_line_lies_between(seed):
    rng = np.random.default_rng(seed)
    P, Q = (Gaussian(rng.normal(), rng.exponential()) for _ in range(2))
    assert wasserstein_1d(P, Q, p=1) <= gaussian_w2(P, Q) * (1 + 1e-12)
    assert gaussian_w2(P, Q) <= wasserstein_1d(P, Q, p=3) * (1 + 1e-12)


def _root(matrix):
    values, vectors = mpmath.eigsy((matrix + matrix.T) / 2)
    return vectors * mpmath.diag([mpmath.sqrt(v) for v in values]) * vectors.T
