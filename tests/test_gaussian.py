"""W2 of Gaussians and its optimal map, against 50-digit arithmetic, POT, closed forms and the laws of a distance."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import ot
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wdist import Gaussian, InvalidMeasureError, Samples, gaussian_map, gaussian_w2

EPS = 2.0**-52
SEEDS = st.integers(0, 2**32 - 1)


def spd(rng, d, condition=10.0):
    """A covariance with random axes and eigenvalues spread evenly in logarithm from 1 down to 1/condition."""
    axes = np.linalg.qr(rng.normal(size=(d, d)))[0]
    cov = (axes * np.geomspace(1.0, 1.0 / condition, d)) @ axes.T
    return (cov + cov.T) / 2


def w2_by_mpmath(mean1, cov1, mean2, cov2):
    """The trace formula in 50 digits, on the very doubles given."""
    with mpmath.workdps(50):
        root = _mp_sqrt(mpmath.matrix(cov2.tolist()))
        cross = _mp_sqrt(root * mpmath.matrix(cov1.tolist()) * root)
        trace = sum(mpmath.mpf(float(v)) for v in [*np.diag(cov1), *np.diag(cov2)])
        shift = sum((mpmath.mpf(float(a)) - mpmath.mpf(float(b))) ** 2 for a, b in zip(mean1, mean2, strict=True))
        square = shift + trace - 2 * sum(cross[i, i] for i in range(cross.rows))
        return float(mpmath.sqrt(max(square, mpmath.mpf(0))))


def _mp_sqrt(matrix):
    values, vectors = mpmath.eigsy((matrix + matrix.T) / 2)
    return vectors * mpmath.diag([mpmath.sqrt(max(v, mpmath.mpf(0))) for v in values]) * vectors.T


# --- accuracy against 50 digits ---


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


# --- the optimal map ---


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


# --- gradients ---


def leaf(x):
    return torch.tensor(np.asarray(x, dtype=np.float64), requires_grad=True)


def test_gradcheck_through_covariances():
    rng = np.random.default_rng(10)
    inputs = [leaf(rng.normal(size=shape)) for shape in (3, (3, 3), 3, (3, 3))]
    assert torch.autograd.gradcheck(lambda m, A, n, B: gaussian_w2(Gaussian(m, A @ A.T), Gaussian(n, B @ B.T)), inputs)


@pytest.mark.parametrize("widths", [(3, 3), (1, 2), (4, 2)])
def test_gradcheck_through_factors(widths):
    rng = np.random.default_rng(11)
    F, G = (leaf(rng.normal(size=(3, k))) for k in widths)
    mean = torch.zeros(3, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda F, G: gaussian_w2(Gaussian.from_factor(mean, F), Gaussian.from_factor(mean, G)), (F, G)
    )


def test_gradcheck_of_a_broadcast_batch():
    rng = np.random.default_rng(12)
    means, A = leaf(rng.normal(size=(2, 1, 2))), leaf(rng.normal(size=(3, 2, 2)))
    Q = Gaussian([1.0, 0.0], [[2.0, 0.5], [0.5, 1.0]])
    assert torch.autograd.gradcheck(lambda m, A: gaussian_w2(Gaussian(m, A @ A.mT), Q), (means, A))


def test_gradient_by_one_variance_is_that_of_the_difference_of_deviations():
    variance = leaf([[4.0]])
    gaussian_w2(Gaussian(torch.zeros(1), variance), Gaussian([0.0], [[1.0]])).backward()
    assert variance.grad.item() == pytest.approx(1 / 4)  # d/dv (sqrt(v) - 1) = 1 / (2 sqrt(v))


@pytest.mark.parametrize("build", [Gaussian, Gaussian.from_factor])
def test_zero_subgradient_at_equal_inputs(build):
    mean, spread = leaf([1.0, 2.0]), leaf([[2.0, 0.5], [0.5, 1.0]])
    P, Q = build(mean, spread), build(mean.detach(), spread.detach())
    gaussian_w2(P, Q).backward()
    assert torch.equal(mean.grad, torch.zeros_like(mean))
    assert torch.equal(spread.grad, torch.zeros_like(spread))


def test_an_infinite_derivative_is_an_error_on_backward():
    cov = leaf(np.diag([1.0, 0.0]))
    distance = gaussian_w2(Gaussian([0.0, 0.0], cov), Gaussian([0.0, 0.0], np.eye(2)))
    assert distance.item() == pytest.approx(1.0)
    with pytest.raises(ValueError, match="the derivative of W2 by a singular covariance is infinite"):
        distance.backward()


@pytest.mark.parametrize("power", [1, 2])
def test_a_second_derivative_is_refused(power):
    mean = leaf([1.0])
    loss = gaussian_w2(Gaussian(mean, 1.0), Gaussian([0.0], 2.0)) ** power
    (slope,) = torch.autograd.grad(loss, mean, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiated twice"):
        slope.sum().backward()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tensors_keep_their_dtype(dtype):
    mean = torch.zeros(2, dtype=dtype, requires_grad=True)
    distance = gaussian_w2(Gaussian(mean, torch.eye(2, dtype=dtype)), Gaussian([3.0, 4.0], np.eye(2)))
    assert distance.dtype == dtype
    assert distance.item() == 5.0
    distance.backward()
    assert mean.grad.dtype == dtype
    np.testing.assert_allclose(mean.grad, [-0.6, -0.8], rtol=1e-6)
    assert gaussian_map(Gaussian(mean, torch.eye(2, dtype=dtype)), Gaussian([3.0, 4.0], np.eye(2))).dtype == dtype


# --- refusals ---


def test_what_has_no_closed_form_is_refused():
    P = Gaussian([0.0], [[1.0]])
    with pytest.raises(InvalidMeasureError, match=r"Q is a Samples, not a Gaussian: Gaussian.fit\(samples\)"):
        gaussian_w2(P, Samples([1.0, 2.0]))
    with pytest.raises(InvalidMeasureError, match="P lives in dimension 1 and Q in dimension 2"):
        gaussian_w2(P, Gaussian([0, 0], np.eye(2)))
    with pytest.raises(InvalidMeasureError, match=r"P has batch axes \(2,\) and Q \(3,\): they do not broadcast"):
        gaussian_w2(Gaussian(np.zeros((2, 1)), [[1.0]]), Gaussian(np.zeros((3, 1)), [[1.0]]))
