"""W2 of Gaussians against 50-digit arithmetic: nearly singular, nearly equal, degenerate."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import torch
from problems.gaussians import spd, w2_by_mpmath, w2_in_sixty_digits

from wdist import Gaussian, gaussian_w2, wasserstein

EPS = 2.0**-52


@pytest.mark.parametrize("condition", [1.0, 1e3, 1e6, 1e9, 1e12])
@pytest.mark.parametrize("seed", [0, 1])
def test_unrelated_covariances_up_to_condition_1e12(condition, seed):
    rng = np.random.default_rng(seed)
    cov1, cov2, mean = spd(rng, 6, condition), spd(rng, 6, condition), rng.normal(size=6)
    exact = w2_by_mpmath(np.zeros(6), cov1, mean, cov2)
    assert gaussian_w2(Gaussian(np.zeros(6), cov1), Gaussian(mean, cov2)) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("apart", [1e-3, 1e-6])
@pytest.mark.parametrize("d", [2, 8])
def test_nearly_equal_covariances_keep_their_digits(apart, d):
    rng = np.random.default_rng(d)
    cov1 = spd(rng, d, 100.0)
    cov2 = cov1 + apart * spd(rng, d)
    exact = w2_by_mpmath(np.zeros(d), cov1, np.zeros(d), cov2)
    # The trace formula leaves sqrt(eps) / apart here. Rounding the factors leaves eps / apart.
    found = gaussian_w2(Gaussian(np.zeros(d), cov1), Gaussian(np.zeros(d), cov2))
    assert found == pytest.approx(exact, rel=1000 * EPS / apart)


@pytest.mark.parametrize("d", [1, 5, 20, 100])
def test_distance_to_itself_is_exactly_zero(d):
    rng = np.random.default_rng(d)
    P = Gaussian(rng.normal(size=d), spd(rng, d, 1e6))
    assert gaussian_w2(P, P) == 0.0
    assert gaussian_w2(P, Gaussian(P.mean, P.cov.copy())) == 0.0
    wide = Gaussian.from_factor(P.mean, rng.normal(size=(d, d + 2)))
    assert gaussian_w2(wide, wide) == 0.0


@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize("columns", [4, 40, 20_000])
def test_factors_of_many_columns_are_in_the_bracket_of_their_covariance(d, columns):
    """Points themselves are such a factor. Here one is the other with its columns in another order, stretched."""
    for seed in range(4):
        F = np.random.default_rng(seed).standard_normal((d, columns))
        stretch = 1 + 2.0**-40
        r = wasserstein(
            Gaussian.from_factor(np.zeros(d), F), Gaussian.from_factor(np.zeros(d), F[:, ::-1] * stretch), p=2
        )
        exact = 2.0**-40 * math.hypot(*F.ravel())  # but for a rounding of the stretched entries
        assert r.lower - EPS * np.linalg.norm(F) <= exact <= r.upper + EPS * np.linalg.norm(F)
        assert r.distance == pytest.approx(exact, abs=8 * EPS * np.linalg.norm(F))


@pytest.mark.parametrize("rank", [0, 1, 3])
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_rank_deficient_covariances_lose_half_the_digits_at_most(rank, size):
    rng = np.random.default_rng(rank)
    d = 6
    factor = rng.normal(size=(d, rank)) * math.sqrt(size)
    cov1 = factor @ factor.T
    for cov2 in (cov1, spd(rng, d) * size, np.diag([size, size, 0, 0, 0, 0])):
        exact = w2_by_mpmath(np.zeros(d), cov1, np.zeros(d), cov2)
        norm = max(np.linalg.norm(cov1, 2), np.linalg.norm(cov2, 2))
        found = gaussian_w2(Gaussian(np.zeros(d), cov1), Gaussian(np.zeros(d), cov2))
        assert abs(found - exact) <= 10 * math.sqrt(d * EPS * norm)


@pytest.mark.parametrize("rank", [1, 2, 5])
def test_factors_keep_the_digits_at_any_rank(rank):
    rng = np.random.default_rng(rank)
    d = 5
    F, step = rng.normal(size=(d, rank)), rng.normal(size=(d, rank))
    for apart in (1.0, 1e-3, 1e-6, 1e-9):
        G = F + apart * step
        with mpmath.workdps(60):
            # min |F - G R|^2 = |F|^2 + |G|^2 - 2 |G'F|_*, the nuclear norm from the small matrix.
            f, g = mpmath.matrix(F.tolist()), mpmath.matrix(G.tolist())
            product = g.T * f
            nuclear = sum(mpmath.svd_r(product, compute_uv=False))
            square = sum(x * x for x in [*f, *g]) - 2 * nuclear
        found = gaussian_w2(Gaussian.from_factor(np.zeros(d), F), Gaussian.from_factor(np.zeros(d), G))
        assert found == pytest.approx(float(mpmath.sqrt(square)), rel=1e-6)


def nearby(rng, d, condition, how):
    """Two covariances that agree to ten digits: they differ by a factor, a map, noise, or a rank one."""
    cov = spd(rng, d, condition)
    if how == "factor":
        return cov, cov * (1 + 1e-10)
    if how == "map":
        step = np.eye(d) + 1e-10 * spd(rng, d)
        moved = step @ cov @ step
        return cov, (moved + moved.T) / 2
    if how == "noise":
        return cov, cov + 1e-10 * spd(rng, d)
    direction = rng.normal(size=d)
    return cov, cov + 1e-10 * np.outer(direction, direction)


# Plain doubles are off by 1e-2 at 1e12 and have no digit at 1e14; what they leave to a distance that is not
# doubtful enough to be computed again is 1e-8.
@pytest.mark.parametrize("how", ["factor", "map", "noise", "rank one"])
@pytest.mark.parametrize("condition", [1e2, 1e8, 1e12, 1e14])
@pytest.mark.parametrize("d", [2, 7, 16])
def test_ten_equal_digits_at_any_condition(d, condition, how):
    cov1, cov2 = nearby(np.random.default_rng([d, 1]), d, condition, how)
    exact = w2_in_sixty_digits(cov1, cov2)
    P, Q = Gaussian(np.zeros(d), cov1), Gaussian(np.zeros(d), cov2)
    assert gaussian_w2(P, Q) == pytest.approx(exact, rel=1e-7)
    assert gaussian_w2(Q, P) == pytest.approx(exact, rel=1e-7)


@pytest.mark.parametrize("how", ["map", "noise"])
def test_ten_equal_digits_in_64_dimensions(how):
    cov1, cov2 = nearby(np.random.default_rng(64), 64, 1e14, how)
    exact = w2_in_sixty_digits(cov1, cov2)
    assert gaussian_w2(Gaussian(np.zeros(64), cov1), Gaussian(np.zeros(64), cov2)) == pytest.approx(exact, rel=1e-7)


@pytest.mark.parametrize("d", [2, 8])
@pytest.mark.parametrize("apart", [1.0, 1e-3, 1e-6])
@pytest.mark.parametrize("condition", [1e12, 1e14])
def test_ill_conditioned_at_any_distance(d, apart, condition):
    rng = np.random.default_rng(d)
    cov1 = spd(rng, d, condition)
    cov2 = cov1 + apart * spd(rng, d, condition)
    exact = w2_in_sixty_digits(cov1, cov2)
    found = gaussian_w2(Gaussian(np.zeros(d), cov1), Gaussian(np.zeros(d), cov2))
    assert found == pytest.approx(exact, rel=1e-7)


def test_the_smallest_difference_that_doubles_have():
    cov1 = np.array([[2.0, 0.5], [0.5, 1.0]])
    cov2 = cov1.copy()
    cov2[0, 0] = np.nextafter(2.0, 3.0)
    exact = w2_in_sixty_digits(cov1, cov2)
    assert gaussian_w2(Gaussian([0, 0], cov1), Gaussian([0, 0], cov2)) == pytest.approx(exact, rel=1e-12)


def test_nearby_members_among_others_of_a_batch():
    rng = np.random.default_rng(5)
    cov1, cov2 = nearby(rng, 5, 1e12, "map")
    covs = np.stack([spd(rng, 5), cov2, cov1, np.zeros((5, 5))])
    P, Q = Gaussian(np.zeros(5), cov1), Gaussian(np.zeros((4, 5)), covs)
    found = gaussian_w2(P, Q)
    exact = [w2_in_sixty_digits(cov1, cov) for cov in covs]
    np.testing.assert_allclose(found, exact, rtol=1e-7, atol=1e-24)  # the reference's 0
    assert found[2] == 0.0
    tensors = gaussian_w2(P, Gaussian(torch.zeros(4, 5), torch.tensor(covs)))
    np.testing.assert_allclose(tensors, exact, rtol=1e-7, atol=1e-24)


@pytest.mark.parametrize("rank", [1, 3])
def test_a_thin_factor_beside_a_covariance(rank):
    rng = np.random.default_rng(rank)
    F, cov = rng.normal(size=(4, rank)), spd(rng, 4, 1e10)
    exact = w2_in_sixty_digits(cov, F @ F.T)
    found = gaussian_w2(Gaussian(np.zeros(4), cov), Gaussian.from_factor(np.zeros(4), F))
    assert found == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("smallest", [1e-4, 1e-8, 1e-12])
def test_factors_of_any_condition_keep_the_digits(smallest):
    rng = np.random.default_rng(6)
    axes = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    F = axes * np.geomspace(1.0, smallest, 4)
    G = F + 1e-9 * rng.normal(size=(4, 4)) @ F
    with mpmath.workdps(60):
        f, g = mpmath.matrix(F.tolist()), mpmath.matrix(G.tolist())
        square = sum(x * x for x in [*f, *g]) - 2 * sum(mpmath.svd_r(g.T * f, compute_uv=False))
    found = gaussian_w2(Gaussian.from_factor(np.zeros(4), F), Gaussian.from_factor(np.zeros(4), G))
    assert found == pytest.approx(float(mpmath.sqrt(square)), rel=1e-7)


@pytest.mark.parametrize("d", [8, 32])
def test_a_covariance_of_deficient_rank_is_within_the_documented_error(d):
    rng = np.random.default_rng(d)
    F, G = rng.normal(size=(2, d, d // 2))
    exact = gaussian_w2(Gaussian.from_factor(np.zeros(d), F), Gaussian.from_factor(np.zeros(d), G))
    norm = max(np.linalg.norm(F, 2), np.linalg.norm(G, 2)) ** 2
    found = gaussian_w2(Gaussian(np.zeros(d), F @ F.T), Gaussian(np.zeros(d), G @ G.T))
    assert abs(found - exact) <= 10 * math.sqrt(d * EPS * norm)
    turned = F @ np.linalg.qr(rng.normal(size=(d // 2, d // 2)))[0]  # the same law: all of the number is error
    assert gaussian_w2(Gaussian(np.zeros(d), F @ F.T), Gaussian(np.zeros(d), turned @ turned.T)) <= 10 * math.sqrt(
        d * EPS * norm
    )


@pytest.mark.parametrize("n", [2, 4, 7])
def test_fitted_to_few_points_the_digits_are_kept(n):
    rng = np.random.default_rng(n)
    x = rng.normal(size=(n, 7))
    y = x + 1e-7 * rng.normal(size=(n, 7))
    with mpmath.workdps(60):
        F, G = (mpmath.matrix(z.tolist()) for z in (x, y))
        means = []
        for M in (F, G):
            means.append([mpmath.fsum(M[i, j] for i in range(n)) / n for j in range(7)])
            for i in range(n):
                for j in range(7):
                    M[i, j] = (M[i, j] - means[-1][j]) / mpmath.sqrt(n)
        nuclear = sum(mpmath.svd_r(F * G.T, compute_uv=False))
        square = sum(z * z for z in [*F, *G]) - 2 * nuclear
        square += sum((a - b) ** 2 for a, b in zip(*means, strict=True))
        exact = float(mpmath.sqrt(square))
    assert gaussian_w2(Gaussian.fit(x), Gaussian.fit(y)) == pytest.approx(exact, rel=1e-6)


def test_fitted_to_few_points_it_has_a_gradient():
    rng = np.random.default_rng(1)
    x = torch.tensor(rng.normal(size=(3, 4)), requires_grad=True)
    Q = Gaussian(torch.zeros(4, dtype=torch.float64), torch.tensor(spd(rng, 4)))
    assert torch.autograd.gradcheck(lambda z: gaussian_w2(Gaussian.fit(z), Q), (x,))


@pytest.mark.parametrize("module", [np.asarray, torch.as_tensor])
def test_members_of_a_batch_have_their_own_units(module):
    """A member whose squares are no floats is not inf, and takes no digits from another one."""
    means = np.array([[1e200], [1.0], [3e170], [0.0], [0.0]])
    factors = np.array([[[1.0]], [[1.0]], [[2e170]], [[3e-200]], [[1e200]]])
    other = np.array([[[1.0]], [[1.0]], [[1.0]], [[1e-200]], [[2.0]]])
    P, Q = (Gaussian.from_factor(module(m), module(F)) for m, F in ((means, factors), (0 * means, other)))
    exact = [math.hypot(m, F - G) for m, F, G in zip(means.ravel(), factors.ravel(), other.ravel(), strict=True)]
    np.testing.assert_allclose(gaussian_w2(P, Q), exact, rtol=1e-14)
    spread = np.array([[[1.0]], [[1.0]], [[4.0]]])
    by_cov = gaussian_w2(Gaussian(module(means[:3]), module(spread)), Gaussian(module(0 * means[:3]), module(spread)))
    np.testing.assert_allclose(by_cov, means[:3, 0], rtol=1e-14)


def test_means_far_away_take_no_digits_of_covariances():
    assert gaussian_w2(
        Gaussian.from_factor([1e200], [[1e-90]]), Gaussian.from_factor([1e200], [[3e-90]])
    ) == pytest.approx(2e-90, rel=1e-14)
