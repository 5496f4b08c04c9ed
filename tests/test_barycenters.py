"""Barycenters of Gaussians: closed forms, POT, the fixed point, optimality against competitors, degenerate laws."""

from __future__ import annotations

import numpy as np
import ot
import pytest
import scipy.linalg
import torch
from hypothesis import given
from hypothesis import strategies as st

import wdist.barycenters
from wdist import (
    Gaussian,
    InvalidMeasureError,
    NotConvergedError,
    gaussian_barycenter,
    gaussian_geodesic,
    gaussian_map,
    gaussian_w2,
)

SEEDS = st.integers(0, 2**32 - 1)


def spd(rng, d, condition=100.0):
    axes = np.linalg.qr(rng.normal(size=(d, d)))[0]
    cov = (axes * np.geomspace(1.0, 1.0 / condition, d)) @ axes.T
    return (cov + cov.T) / 2


def family(rng, n, d, condition=100.0):
    return [Gaussian(rng.normal(size=d), spd(rng, d, condition)) for _ in range(n)], rng.dirichlet(np.ones(n))


def objective(candidate, measures, weights):
    return sum(w * gaussian_w2(candidate, m) ** 2 for w, m in zip(weights, measures, strict=True))


# --- what it is ---


@given(SEEDS, st.integers(1, 6))
def test_on_the_line_deviations_average(seed, n):
    rng = np.random.default_rng(seed)
    means, deviations, weights = rng.normal(size=n), 10 ** rng.uniform(-3, 3, n), rng.dirichlet(np.ones(n))
    B = gaussian_barycenter([Gaussian([m], [[s**2]]) for m, s in zip(means, deviations, strict=True)], weights)
    assert B.mean.item() == pytest.approx(weights @ means, rel=1e-12, abs=1e-14)
    assert B.cov.item() == pytest.approx((weights @ deviations) ** 2, rel=1e-12)


def test_commuting_covariances_average_their_roots():
    rng = np.random.default_rng(0)
    axes, weights = np.linalg.qr(rng.normal(size=(4, 4)))[0], np.array([0.5, 0.2, 0.3])
    deviations = rng.uniform(0.1, 5, (3, 4))
    B = gaussian_barycenter([Gaussian(np.zeros(4), (axes * s**2) @ axes.T) for s in deviations], weights)
    np.testing.assert_allclose(B.cov, (axes * (weights @ deviations) ** 2) @ axes.T, rtol=0, atol=1e-12)


@pytest.mark.parametrize("condition", [1e1, 1e4, 1e8])
@pytest.mark.parametrize(("n", "d"), [(3, 2), (4, 6), (10, 12)])
def test_the_fixed_point_equation(condition, n, d):
    measures, weights = family(np.random.default_rng(n), n, d, condition)
    S = gaussian_barycenter(measures, weights).cov
    root = scipy.linalg.sqrtm(S).real
    average = sum(w * scipy.linalg.sqrtm(root @ m.cov @ root).real for w, m in zip(weights, measures, strict=True))
    # SciPy's roots lose half the digits of the small eigenvalues: sqrt(eps) of the largest is what can be asked.
    np.testing.assert_allclose(average, S, rtol=0, atol=1e-7 if condition > 1e5 else 1e-10)


@pytest.mark.parametrize("condition", [1e1, 1e3])
def test_the_mean_map_is_the_identity(condition):
    measures, weights = family(np.random.default_rng(1), 5, 4, condition)
    B = gaussian_barycenter(measures, weights)
    average = sum(w * gaussian_map(B, m) for w, m in zip(weights, measures, strict=True))
    np.testing.assert_allclose(average, np.eye(4), rtol=0, atol=1e-9)


def test_agrees_with_pot():
    measures, weights = family(np.random.default_rng(2), 4, 5)
    means, covs = (np.stack([getattr(m, part) for m in measures]) for part in ("mean", "cov"))
    mean, cov = ot.gaussian.bures_wasserstein_barycenter(means, covs, weights, num_iter=1000, eps=1e-12)
    B = gaussian_barycenter(measures, weights)
    np.testing.assert_allclose(B.mean, mean, rtol=1e-12)
    np.testing.assert_allclose(B.cov, cov, rtol=0, atol=1e-9)


@given(SEEDS)
def test_no_competitor_does_better(seed):
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(2, 6)), int(rng.integers(1, 5))
    measures = [
        Gaussian.from_factor(rng.normal(size=d), rng.normal(size=(d, int(rng.integers(1, d + 2))))) for _ in range(n)
    ]
    weights = rng.dirichlet(np.ones(n))
    B = gaussian_barycenter(measures, weights)
    least = objective(B, measures, weights)
    for size in (1e-3, 1e-1, 1.0):
        other = Gaussian.from_factor(
            B.mean + size * rng.normal(size=d), np.hstack([B.factor, size * rng.normal(size=(d, 1))])
        )
        assert least <= objective(other, measures, weights) * (1 + 1e-9)
    for member in measures:
        assert least <= objective(member, measures, weights) * (1 + 1e-9)


def test_the_mean_is_the_weighted_mean():
    measures, weights = family(np.random.default_rng(3), 6, 3)
    expected = np.average([m.mean for m in measures], axis=0, weights=weights)
    np.testing.assert_allclose(gaussian_barycenter(measures, weights).mean, expected, rtol=1e-13)


# --- few measures ---


@given(SEEDS, st.integers(1, 5), st.floats(0.01, 0.99))
def test_two_measures_meet_on_their_geodesic(seed, d, t):
    rng = np.random.default_rng(seed)
    P, Q = (Gaussian.from_factor(rng.normal(size=d), rng.normal(size=(d, 1 + d // 2))) for _ in range(2))
    B = gaussian_barycenter([P, Q], [1 - t, t])
    assert gaussian_w2(B, gaussian_geodesic(P, Q, t)) == pytest.approx(0, abs=1e-7)
    assert gaussian_w2(P, B) == pytest.approx(t * gaussian_w2(P, Q), rel=1e-9)


def test_the_fixed_point_meets_the_geodesic():
    """A third measure of negligible weight sends two through the iteration."""
    (P, Q, R), _ = family(np.random.default_rng(4), 3, 4)
    B = gaussian_barycenter([P, Q, R], [0.7, 0.3, 1e-14])
    np.testing.assert_allclose(B.cov, gaussian_geodesic(P, Q, 0.3).cov, rtol=0, atol=1e-10)


def test_one_measure_is_its_own_barycenter():
    (P,), _ = family(np.random.default_rng(5), 1, 3)
    for B in (gaussian_barycenter([P]), gaussian_barycenter([P, Gaussian([9, 9, 9], np.eye(3))], [2, 0])):
        np.testing.assert_array_equal(B.mean, P.mean)
        np.testing.assert_array_equal(B.cov, P.cov)


# --- laws ---


def test_translation():
    measures, weights = family(np.random.default_rng(6), 4, 3)
    shift = np.array([1.0, -5.0, 100.0])
    B = gaussian_barycenter(measures, weights)
    moved = gaussian_barycenter([Gaussian(m.mean + shift, m.cov) for m in measures], weights)
    np.testing.assert_allclose(moved.mean, B.mean + shift, rtol=1e-12)
    np.testing.assert_array_equal(moved.cov, B.cov)


@pytest.mark.parametrize("scale", [1e-60, 1e-3, 1e60])
def test_scaling(scale):
    measures, weights = family(np.random.default_rng(7), 4, 3)
    B = gaussian_barycenter(measures, weights)
    scaled = gaussian_barycenter([Gaussian(m.mean * scale, m.cov * scale**2) for m in measures], weights)
    np.testing.assert_allclose(scaled.mean, scale * B.mean, rtol=1e-12)
    np.testing.assert_allclose(scaled.cov, scale**2 * B.cov, rtol=1e-9)


def test_rotation():
    rng = np.random.default_rng(8)
    measures, weights = family(rng, 4, 3)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turned = [Gaussian.from_factor(turn @ m.mean, turn @ np.linalg.cholesky(m.cov)) for m in measures]
    expected = turn @ gaussian_barycenter(measures, weights).cov @ turn.T
    np.testing.assert_allclose(gaussian_barycenter(turned, weights).cov, expected, rtol=0, atol=1e-11)


def test_symmetry_and_mass_splitting():
    measures, weights = family(np.random.default_rng(9), 4, 3)
    B = gaussian_barycenter(measures, weights)
    for changed, mass in (
        (measures[::-1], weights[::-1]),
        ([measures[0], *measures], [weights[0] / 2, weights[0] / 2, *weights[1:]]),
        ([*measures, Gaussian(np.full(3, 1e3), np.eye(3))], [*(7 * weights), 0.0]),
    ):
        np.testing.assert_allclose(gaussian_barycenter(changed, mass).cov, B.cov, rtol=0, atol=1e-11)


# --- degenerate covariances ---


def test_lines_in_a_cone_align():
    """Of z g_i with positive products <g_i, g_j>, the barycenter is that of their sum: a line again."""
    directions, weights = np.array([[3.0, 0, 0], [2, 1, 0], [1, 1, 1], [4, 0, 2]]), np.array([0.1, 0.4, 0.2, 0.3])
    measures = [Gaussian.from_factor(np.zeros(3), g[:, None]) for g in directions]
    B = gaussian_barycenter(measures, weights)
    g = weights @ directions
    # The objective is flat across the line, so its 1e-14 are 1e-7 of the deviation.
    np.testing.assert_allclose(B.cov, np.outer(g, g), rtol=0, atol=1e-5)
    exact = weights @ np.sum(directions**2, axis=1) - g @ g
    assert objective(B, measures, weights) == pytest.approx(exact, rel=1e-11)


def test_three_lines_in_a_plane():
    """Of z_i g_i the total variance is to be largest. Turning one sign puts the g_i at 120 degrees, with products -1/2:
    then it is (3 - sum of the correlations rho_ij, i < j) / 9, and that sum is never below -3/2."""
    angles = np.array([0.0, 1.0, 2.0]) * np.pi / 3
    measures = [Gaussian.from_factor([0, 0], [[np.cos(a)], [np.sin(a)]]) for a in angles]
    B = gaussian_barycenter(measures)
    assert np.trace(B.cov) == pytest.approx(0.5, rel=1e-11)


def test_a_point_mass_shrinks():
    measures = [Gaussian([0, 0], np.eye(2)), Gaussian([0, 0], np.zeros((2, 2))), Gaussian([3, 0], np.eye(2))]
    B = gaussian_barycenter(measures)
    np.testing.assert_allclose(B.cov, 4 / 9 * np.eye(2), rtol=1e-12)
    points = gaussian_barycenter([Gaussian([k, 0.0], np.zeros((2, 2))) for k in range(3)])
    np.testing.assert_array_equal(points.cov, np.zeros((2, 2)))
    np.testing.assert_allclose(points.mean, [1.0, 0.0], rtol=1e-15)


def test_one_full_measure_makes_the_barycenter_full():
    rng = np.random.default_rng(10)
    measures = [Gaussian.from_factor(np.zeros(4), rng.normal(size=(4, 1))) for _ in range(3)]
    B = gaussian_barycenter([*measures, Gaussian(np.zeros(4), np.eye(4))], [1, 1, 1, 1])
    # The full measure alone, shrunk to its weight, bounds S from below (S^1/2 >= w Sigma^1/2 in every direction).
    assert np.linalg.eigvalsh(B.cov)[0] >= (1 / 4) ** 2 * (1 - 1e-9)


def test_an_objective_that_is_not_certified_is_not_returned(monkeypatch):
    measures, weights = family(np.random.default_rng(11), 4, 3, 1e6)
    monkeypatch.setattr(wdist.barycenters, "_STEPS", 2)
    with pytest.raises(NotConvergedError, match="after 2 steps the barycenter's objective may still lie"):
        gaussian_barycenter(measures, weights)


def test_the_certificate_bounds_the_excess():
    """On the way to the fixed point, the claimed excess is never below the true one."""
    rng = np.random.default_rng(12)
    measures, weights = family(rng, 5, 4, 1e4)
    G = np.stack([np.linalg.cholesky(m.cov) for m in measures])
    zero = [Gaussian(np.zeros(4), m.cov) for m in measures]
    least = objective(Gaussian(np.zeros(4), gaussian_barycenter(measures, weights).cov), zero, weights)
    w = weights[:, None, None]
    spread = np.sum(w * (G @ G.mT), axis=0)
    F, claims = np.linalg.cholesky(spread), []
    for _ in range(12):
        forward, claim = wdist.barycenters._step(G, w, F, spread, np)
        true = objective(Gaussian.from_factor(np.zeros(4), F), zero, weights) - least
        assert true <= claim * np.trace(F @ F.T) + 1e-14
        claims.append(float(claim))
        F = forward
    assert claims[-1] < 1e-2 * claims[0]


# --- shapes and types ---


def test_a_batched_gaussian_is_a_list():
    rng = np.random.default_rng(13)
    measures, weights = family(rng, 5, 3)
    whole = Gaussian(np.stack([m.mean for m in measures]), np.stack([m.cov for m in measures]))
    found, same = gaussian_barycenter(whole, weights), gaussian_barycenter(measures, weights)
    np.testing.assert_allclose(found.cov, same.cov, rtol=1e-12)  # two LAPACKs decompose one matrix and many
    shared = Gaussian(rng.normal(size=(4, 2)), np.eye(2))  # one covariance for all
    np.testing.assert_allclose(gaussian_barycenter(shared).cov, np.eye(2), rtol=1e-12)


def test_further_batch_axes_are_many_barycenters():
    rng = np.random.default_rng(14)
    covs = np.stack([[spd(rng, 2, c) for c in (2.0, 1e6)] for _ in range(3)])
    B = gaussian_barycenter(Gaussian(rng.normal(size=(3, 1, 2)), covs))
    assert B.batch_shape == (2,)
    for k in range(2):
        single = gaussian_barycenter([Gaussian([0, 0], covs[i, k]) for i in range(3)])
        np.testing.assert_allclose(B.cov[k], single.cov, rtol=0, atol=1e-10)


def test_tensors_stay_tensors():
    leaf = torch.zeros(2, requires_grad=True)
    members = [Gaussian(leaf, torch.eye(2)), Gaussian([3.0, 0.0], 4 * np.eye(2)), Gaussian([0.0, 3.0], 9 * np.eye(2))]
    B = gaussian_barycenter(members)
    assert B.dtype == torch.float32
    np.testing.assert_allclose(B.cov, 4 * np.eye(2), rtol=1e-12)
    np.testing.assert_allclose(B.mean, [1.0, 1.0], rtol=1e-12)
    assert not B.mean.requires_grad


def test_bad_input_is_refused():
    P = Gaussian([0.0], [[1.0]])
    for bad, message in (
        ([], "measures is empty"),
        (P, r"measures is a Gaussian of batch shape \(\): its first axis counts them"),
        (np.zeros(3), "measures is a ndarray: give a list of Gaussians"),
        ([P, [1.0, 2.0]], r"measures\[1\] is a Samples, not a Gaussian"),
        ([P, Gaussian([0, 0], np.eye(2))], r"measures\[1\] lives in dimension 2 and measures\[0\] in dimension 1"),
        ([Gaussian(np.zeros((2, 1)), [[1.0]]), Gaussian(np.zeros((3, 1)), [[1.0]])], "do not broadcast"),
    ):
        with pytest.raises(InvalidMeasureError, match=message):
            gaussian_barycenter(bad)
    for weights, message in (
        ([1.0], r"weights has shape \(1,\) beside 2"),
        ([1, -1], "negative"),
        ([0, 0], "sums to 0"),
    ):
        with pytest.raises(InvalidMeasureError, match=message):
            gaussian_barycenter([P, P], weights)
