"""The optimal map between Gaussians: what it does, and where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from problems.gaussians import spd

from wdist import Gaussian, gaussian_map, gaussian_w2


@pytest.mark.parametrize("d", [1, 2, 8])
@pytest.mark.parametrize("condition", [1.0, 1e4])
def test_the_map_is_symmetric_and_pushes_forward(d, condition):
    rng = np.random.default_rng(d)
    cov1, cov2 = spd(rng, d, condition), spd(rng, d, condition)
    A = gaussian_map(Gaussian(np.zeros(d), cov1), Gaussian(np.ones(d), cov2))
    np.testing.assert_allclose(A, A.T, rtol=0, atol=1e-10 * np.abs(A).max())
    assert np.linalg.eigvalsh((A + A.T) / 2)[0] > 0
    np.testing.assert_allclose(A @ cov1 @ A, cov2, rtol=0, atol=1e-10)


def test_the_map_pays_the_distance():
    rng = np.random.default_rng(3)
    cov1, cov2 = spd(rng, 4), spd(rng, 4)
    P, Q = Gaussian(np.zeros(4), cov1), Gaussian(np.zeros(4), cov2)
    step = np.eye(4) - gaussian_map(P, Q)
    assert math.sqrt(np.trace(step @ cov1 @ step)) == pytest.approx(gaussian_w2(P, Q), rel=1e-12)


def test_the_map_may_collapse_a_direction():
    P, Q = Gaussian([0, 0], np.diag([1.0, 4.0])), Gaussian([0, 0], np.diag([9.0, 0.0]))
    np.testing.assert_allclose(gaussian_map(P, Q), np.diag([3.0, 0.0]), atol=1e-12)
    point = Gaussian.from_factor([0, 0], np.empty((2, 0)))
    np.testing.assert_array_equal(gaussian_map(P, point), np.zeros((2, 2)))


def test_the_map_within_the_range_of_a_degenerate_law():
    F = np.array([[1.0], [1.0]])
    A = gaussian_map(Gaussian.from_factor([0, 0], F), Gaussian.from_factor([0, 0], 3 * F))
    np.testing.assert_allclose(A @ F, 3 * F, rtol=1e-12)


@pytest.mark.parametrize("cov", [np.zeros((2, 2)), np.diag([1.0, 0.0]), np.diag([1.0, 1e-18])])
def test_no_map_spreads_out_a_collapsed_direction(cov):
    with pytest.raises(ValueError, match="P has no variance, to working precision, in a direction"):
        gaussian_map(Gaussian([0, 0], cov), Gaussian([0, 0], np.eye(2)))


def test_a_map_from_a_line_onto_another():
    P, Q = Gaussian.from_factor([0, 0], [[1.0], [0.0]]), Gaussian.from_factor([0, 0], [[1.0], [1.0]])
    np.testing.assert_allclose(gaussian_map(P, Q), np.ones((2, 2)), rtol=1e-12)  # takes (1, 0) to (1, 1), symmetric
    with pytest.raises(ValueError, match="no map can spread it out"):
        gaussian_map(P, Gaussian.from_factor([0, 0], [[0.0], [1.0]]))  # at a right angle: no direction is preferred


@pytest.mark.parametrize("build", [Gaussian.from_factor, lambda m, F: Gaussian(m, F @ F.T)])
def test_a_degenerate_law_is_mapped_onto_those_of_no_higher_rank(build):
    rng = np.random.default_rng(5)
    F, G = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    P, Q = build(np.zeros(5), F), build(np.zeros(5), G)
    A = gaussian_map(P, Q)
    np.testing.assert_allclose(A, A.T, rtol=0, atol=1e-10)
    assert np.linalg.eigvalsh(A)[0] > -1e-10
    np.testing.assert_allclose(A @ F @ F.T @ A, G @ G.T, rtol=0, atol=1e-6)
    step = (np.eye(5) - A) @ F
    assert np.linalg.norm(step) == pytest.approx(gaussian_w2(P, Q), rel=1e-6)
    with pytest.raises(ValueError, match="P has no variance"):
        gaussian_map(Q, P)


def test_a_steep_map_from_a_given_factor():
    P = Gaussian.from_factor([0, 0], np.diag([1.0, 1e-9]))
    np.testing.assert_allclose(gaussian_map(P, Gaussian([0, 0], np.eye(2))), np.diag([1.0, 1e9]), rtol=1e-6)


def test_members_without_a_map_are_named():
    covs = np.stack([np.eye(2), np.diag([1.0, 0.0]), np.eye(2), np.zeros((2, 2))])
    P, Q = Gaussian(np.zeros((4, 2)), covs), Gaussian([0, 0], np.eye(2))
    with pytest.raises(ValueError, match="P at batch index 1, 3 has no variance"):
        gaussian_map(P, Q)
    pairs = Gaussian(np.zeros((4, 1, 2)), covs[:, None])
    with pytest.raises(ValueError, match=r"P at batch index \(1, 0\), \(1, 1\), \(3, 0\), \(3, 1\) has"):
        gaussian_map(pairs, Gaussian(np.zeros((2, 2)), np.stack([np.eye(2)] * 2)))
    assert gaussian_map(Q, P).shape == (4, 2, 2)  # all may collapse
