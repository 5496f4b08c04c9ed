"""W2 of Gaussians against POT, closed forms, and the laws of a distance; batches; refusals."""

from __future__ import annotations

import math

import numpy as np
import ot
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems.gaussians import spd

from wdist import Gaussian, InvalidMeasureError, Samples, gaussian_w2

EPS = 2.0**-52
SEEDS = st.integers(0, 2**32 - 1)


# --- other implementations and closed forms ---


@pytest.mark.parametrize("d", [1, 2, 10, 40])
def test_agrees_with_pot(d):
    rng = np.random.default_rng(d)
    m1, m2, C1, C2 = rng.normal(size=d), rng.normal(size=d), spd(rng, d), spd(rng, d)
    expected = ot.gaussian.bures_wasserstein_distance(m1, m2, C1, C2)
    assert gaussian_w2(Gaussian(m1, C1), Gaussian(m2, C2)) == pytest.approx(float(expected), rel=1e-9)


@given(st.lists(st.tuples(st.floats(1e-4, 1e4), st.floats(1e-4, 1e4)), min_size=1, max_size=6))
def test_commuting_covariances_compare_their_deviations(deviations):
    s, t = np.array(deviations).T
    exact = np.linalg.norm(s - t)
    P, Q = Gaussian(np.zeros(len(s)), np.diag(s**2)), Gaussian(np.zeros(len(s)), np.diag(t**2))
    # Squaring a deviation and taking its root back costs a rounding of it.
    assert gaussian_w2(P, Q) == pytest.approx(exact, rel=1e-12, abs=8 * EPS * max(s.max(), t.max()) * len(s))


def test_a_rotated_pair_of_commuting_covariances():
    angle = 0.7
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    P, Q = (Gaussian([0, 0], turn @ np.diag(v) @ turn.T) for v in ([1.0, 9.0], [16.0, 4.0]))
    assert gaussian_w2(P, Q) == pytest.approx(math.sqrt(3**2 + 1**2), rel=1e-13)


def test_translation_moves_by_its_length():
    cov = spd(np.random.default_rng(1), 3)
    assert gaussian_w2(Gaussian([1, 2, 3], cov), Gaussian([1, 5, 7], cov)) == 5.0


def test_a_point_mass_sees_the_whole_variance():
    assert gaussian_w2(Gaussian([0, 0], np.zeros((2, 2))), Gaussian([3, 4], np.diag([4.0, 7.0]))) == pytest.approx(6.0)
    assert gaussian_w2(Gaussian([0, 0], np.zeros((2, 2))), Gaussian([3, 4], np.zeros((2, 2)))) == 5.0


def test_gelbrich_bound_is_attained_by_an_affine_map_of_samples():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(50, 3)) ** 3
    A, b = spd(rng, 3), np.array([1.0, -2.0, 0.5])
    y = x @ A + b  # the gradient of a convex function: optimal for the samples as they are paired
    expected = math.sqrt(np.mean(np.sum((x - y) ** 2, axis=1)))
    assert gaussian_w2(Gaussian.fit(x), Gaussian.fit(y)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("unit", [1e-100, 1e-10, 1e10, 1e100])
def test_scaling(unit):
    rng = np.random.default_rng(4)
    m, C1, C2 = rng.normal(size=4), spd(rng, 4), spd(rng, 4)
    once = gaussian_w2(Gaussian(0 * m, C1), Gaussian(m, C2))
    scaled = gaussian_w2(Gaussian(0 * m, C1 * unit**2), Gaussian(m * unit, C2 * unit**2))
    assert scaled == pytest.approx(unit * once, rel=1e-12)


def test_a_far_mean_does_not_drown_in_rounding():
    P, Q = Gaussian([1e8, 0], np.eye(2)), Gaussian([1e8, 0], 4 * np.eye(2))
    assert gaussian_w2(P, Q) == pytest.approx(math.sqrt(2), rel=1e-14)


# --- the laws of a distance ---


@given(SEEDS, st.integers(1, 5), st.sampled_from([1.0, 1e4, 1e8]))
def test_symmetry(seed, d, condition):
    rng = np.random.default_rng(seed)
    P, Q = (Gaussian(rng.normal(size=d), spd(rng, d, condition)) for _ in range(2))
    assert gaussian_w2(P, Q) == pytest.approx(gaussian_w2(Q, P), rel=1e-12)


@given(SEEDS, st.integers(1, 5))
def test_triangle_inequality(seed, d):
    rng = np.random.default_rng(seed)
    P, Q, R = (Gaussian(rng.normal(size=d) * 0.1, spd(rng, d, 10 ** rng.uniform(0, 8))) for _ in range(3))
    assert gaussian_w2(P, R) <= (gaussian_w2(P, Q) + gaussian_w2(Q, R)) * (1 + 1e-12)


@given(SEEDS, st.integers(2, 5))
def test_rotations_keep_the_distance(seed, d):
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
    laws = [(rng.normal(size=d), spd(rng, d)) for _ in range(2)]
    before = gaussian_w2(*(Gaussian(m, C) for m, C in laws))
    turned = [(turn @ m, turn @ C @ turn.T) for m, C in laws]
    assert gaussian_w2(*(Gaussian(m, (C + C.T) / 2) for m, C in turned)) == pytest.approx(before, rel=1e-10)


def test_products_add_their_squares():
    rng = np.random.default_rng(7)
    (C1, D1), (C2, D2) = ((spd(rng, 2), spd(rng, 3)) for _ in range(2))

    def block(C, D):
        return np.block([[C, np.zeros((2, 3))], [np.zeros((3, 2)), D]])

    together = gaussian_w2(Gaussian(np.zeros(5), block(C1, D1)), Gaussian(np.zeros(5), block(C2, D2)))
    apart = [gaussian_w2(Gaussian(np.zeros(len(A)), A), Gaussian(np.zeros(len(A)), B)) for A, B in ((C1, C2), (D1, D2))]
    assert together == pytest.approx(math.hypot(*apart), rel=1e-12)


# --- batches ---


@pytest.mark.parametrize("rank", [2, 3])
def test_a_batch_is_the_loop_over_it(rank):
    rng = np.random.default_rng(8)
    means = rng.normal(size=(4, 3))
    covs = np.stack([f @ f.T for f in rng.normal(size=(4, 3, rank))])
    covs[1] = np.eye(3)  # one of full rank among deficient ones
    Q = Gaussian([1, 0, 0], np.diag([1.0, 2.0, 3.0]))
    batched = gaussian_w2(Gaussian(means, covs), Q)
    assert batched.shape == (4,)
    singles = [gaussian_w2(Gaussian(m, C), Q) for m, C in zip(means, covs, strict=True)]
    np.testing.assert_allclose(batched, singles, rtol=1e-12)


def test_batch_axes_broadcast_to_all_pairs():
    rng = np.random.default_rng(9)
    P, Q = ([(rng.normal(size=2), spd(rng, 2)) for _ in range(k)] for k in (3, 4))
    stack = lambda laws: [np.stack(part) for part in zip(*laws, strict=True)]  # noqa: E731
    (m1, C1), (m2, C2) = stack(P), stack(Q)
    pairwise = gaussian_w2(Gaussian(m1[:, None], C1[:, None]), Gaussian(m2, C2))
    assert pairwise.shape == (3, 4)
    assert pairwise[2, 1] == pytest.approx(gaussian_w2(Gaussian(*P[2]), Gaussian(*Q[1])), rel=1e-12)


def test_one_covariance_serves_a_batch_of_means():
    found = gaussian_w2(Gaussian([[0, 0], [3, 4]], np.eye(2)), Gaussian([0, 0], np.eye(2)))
    np.testing.assert_array_equal(found, [0.0, 5.0])


def test_an_empty_batch_has_no_distances():
    assert gaussian_w2(Gaussian(np.zeros((0, 2)), np.eye(2)), Gaussian([0, 0], np.eye(2))).shape == (0,)


# --- refusals ---


def test_what_has_no_closed_form_is_refused():
    P = Gaussian([0.0], [[1.0]])
    with pytest.raises(InvalidMeasureError, match=r"Q is a Samples, not a Gaussian: Gaussian.fit\(samples\)"):
        gaussian_w2(P, Samples([1.0, 2.0]))
    with pytest.raises(InvalidMeasureError, match="P lives in dimension 1 and Q in dimension 2"):
        gaussian_w2(P, Gaussian([0, 0], np.eye(2)))
    with pytest.raises(InvalidMeasureError, match=r"P has batch axes \(2,\) and Q \(3,\): they do not broadcast"):
        gaussian_w2(Gaussian(np.zeros((2, 1)), [[1.0]]), Gaussian(np.zeros((3, 1)), [[1.0]]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_of_either_precision(dtype):
    rng = np.random.default_rng(10)
    P = Gaussian(rng.normal(size=(3, 1, 2)).astype(dtype), np.eye(2, dtype=dtype))
    Q = Gaussian(rng.normal(size=(4, 2)).astype(dtype), np.stack([spd(rng, 2)] * 4).astype(dtype))
    found = gaussian_w2(P, Q)
    assert found.shape == (3, 4)
    single = gaussian_w2(Gaussian(P.mean[1, 0], P.cov), Gaussian(Q.mean[2], Q.cov[2]))
    assert found[1, 2] == pytest.approx(single, rel=1e-12)


@pytest.mark.parametrize("far", [1e160, 1e200])
def test_means_whose_squares_overflow(far):
    assert gaussian_w2(Gaussian([far, 0], np.eye(2)), Gaussian([0, 0], np.eye(2))) == pytest.approx(far, rel=1e-15)
