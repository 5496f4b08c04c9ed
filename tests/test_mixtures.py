"""MW2 of mixtures of Gaussians: above W2, equal where it must be, POT, the laws of a distance, gradients."""

from __future__ import annotations

import math

import numpy as np
import ot
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

import wdist.mixtures
from wdist import (
    CDF,
    Gaussian,
    GaussianMixture,
    InvalidMeasureError,
    Samples,
    gaussian_w2,
    mixture_transport,
    mixture_w2,
    transport,
    wasserstein_1d,
)

SEEDS = st.integers(0, 2**32 - 1)


def mixture(rng, k, d):
    covs = [A @ A.T + 1e-3 * np.eye(d) for A in rng.normal(size=(k, d, d))]
    return GaussianMixture(rng.random(k) + 0.05, 3 * rng.normal(size=(k, d)), covs)


def changed(P, shift=0.0, scale=1.0, order=slice(None)):
    means, covs = P.components.mean[order], P.components.cov[order]
    return GaussianMixture(P.given[order], scale * means + shift, scale**2 * covs)


def line_law(P):
    """A mixture on the line by its distribution function: what knows nothing of components' couplings."""
    means, deviations = P.components.mean[:, 0], np.sqrt(P.components.cov[:, 0, 0])
    return CDF(lambda x: ndtr((np.asarray(x)[..., None] - means) / deviations) @ P.weights)


def draws(P, n, rng):
    which = rng.choice(len(P), size=n, p=P.weights)
    roots = np.linalg.cholesky(P.components.cov)[which]
    return P.components.mean[which] + (roots @ rng.normal(size=(n, P.dim, 1)))[..., 0]


# --- an upper bound of W2 ---


@pytest.mark.parametrize("seed", range(8))
def test_never_below_w2_on_the_line(seed):
    rng = np.random.default_rng(seed)
    P, Q = mixture(rng, 3, 1), mixture(rng, 2, 1)
    exact = wasserstein_1d(line_law(P), line_law(Q), p=2)
    r = mixture_transport(P, Q)
    assert r.lower <= exact * (1 + 1e-9)
    assert exact <= r.upper * (1 + 1e-9)
    assert (r.kind, r.method, r.p) == ("bound", "mixture", 2.0)
    assert r.distance == mixture_w2(P, Q) <= r.upper <= r.distance * (1 + 1e-12)


def test_strictly_above_w2_where_components_must_be_cut():
    """Half of N(0, 1) goes each way; a coupling of components may only move all of it to both places."""
    P, Q = Gaussian([0.0], [[1.0]]), GaussianMixture([1, 1], [-1.0, 1.0], [1.0, 1.0])
    assert mixture_w2(P, Q) == pytest.approx(1.0, rel=1e-14)
    assert wasserstein_1d(P, line_law(Q), p=2) < 0.9


@pytest.mark.parametrize("seed", range(3))
def test_never_below_transport_of_large_samples(seed):
    rng = np.random.default_rng(seed)
    P, Q = mixture(rng, 3, 2), mixture(rng, 3, 2)
    x, x2, y, y2 = (draws(law, 600, rng) for law in (P, P, Q, Q))
    # W2(P_n, Q_n) <= W2(P_n, P) + W2(P, Q) + W2(Q, Q_n), and two samples of one law are farther apart than one from it.
    margin = transport(x, x2, p=2).distance + transport(y, y2, p=2).distance
    sampled = transport(x, y, p=2).distance
    r = mixture_transport(P, Q)
    assert sampled <= r.upper + margin
    assert r.lower <= sampled + margin
    assert margin < r.upper  # or nothing was tested


@pytest.mark.parametrize("d", [1, 3])
def test_single_components_are_gaussians(d):
    rng = np.random.default_rng(d)
    P, Q = mixture(rng, 1, d), mixture(rng, 1, d)
    single = [Gaussian(m.components.mean[0], m.components.cov[0]) for m in (P, Q)]
    assert mixture_w2(P, Q) == mixture_w2(*single) == pytest.approx(gaussian_w2(*single), rel=1e-14)


def test_point_masses_are_transport():
    rng = np.random.default_rng(1)
    x, y, a, b = rng.normal(size=(6, 2)), rng.normal(size=(5, 2)), rng.random(6), rng.random(5)
    P, Q = GaussianMixture(a, x, np.zeros((2, 2))), GaussianMixture(b, y, np.zeros((2, 2)))
    exact = transport(Samples(x, a), Samples(y, b), p=2)
    found = mixture_transport(P, Q)
    assert found.distance == pytest.approx(exact.distance, rel=1e-12)
    np.testing.assert_allclose(found.plan.toarray(), exact.plan.toarray(), atol=1e-14)


def test_a_common_covariance_leaves_the_transport_of_means():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(7, 3))
    P, Q = (GaussianMixture(None, means, np.diag([1.0, 2.0, 3.0])) for means in (x, y))
    assert mixture_w2(P, Q) == pytest.approx(transport(x, y, p=2).distance, rel=1e-12)


def test_agrees_with_pot():
    rng = np.random.default_rng(3)
    P, Q = mixture(rng, 4, 3), mixture(rng, 5, 3)
    parts = [getattr(m.components, part) for part in ("mean", "cov") for m in (P, Q)]
    theirs = ot.gmm.gmm_ot_loss(*parts, P.weights, Q.weights)
    assert mixture_w2(P, Q) == pytest.approx(math.sqrt(theirs), rel=1e-9)


def test_the_coupling_pays_the_distance():
    rng = np.random.default_rng(4)
    P, Q = mixture(rng, 4, 2), mixture(rng, 3, 2)
    r = mixture_transport(P, Q)
    plan, (f, g) = r.plan.toarray(), r.potentials
    costs = np.array(
        [
            [
                gaussian_w2(Gaussian(m, C), Gaussian(n, D)) ** 2
                for n, D in zip(Q.components.mean, Q.components.cov, strict=True)
            ]
            for m, C in zip(P.components.mean, P.components.cov, strict=True)
        ]
    )
    np.testing.assert_allclose(plan.sum(1), P.weights, rtol=1e-14)
    np.testing.assert_allclose(plan.sum(0), Q.weights, rtol=1e-14)
    assert np.sum(plan * costs) == pytest.approx(r.distance**2, rel=1e-12)
    assert np.all(f[:, None] + g <= costs + 1e-12 * costs.max())
    assert f @ P.weights + g @ Q.weights == pytest.approx(r.distance**2, rel=1e-12)


# --- the laws of a distance ---


@given(SEEDS, st.integers(1, 3))
def test_symmetry_and_triangle(seed, d):
    rng = np.random.default_rng(seed)
    P, Q, R = (mixture(rng, int(rng.integers(1, 5)), d) for _ in range(3))
    assert mixture_w2(P, Q) == pytest.approx(mixture_w2(Q, P), rel=1e-10)
    assert mixture_w2(P, R) <= (mixture_w2(P, Q) + mixture_w2(Q, R)) * (1 + 1e-12)


def test_distance_to_itself_is_zero_in_any_order():
    P = mixture(np.random.default_rng(5), 5, 3)
    r = mixture_transport(P, P)
    assert (r.lower, r.distance, r.upper) == (0.0, 0.0, 0.0)
    assert mixture_w2(P, changed(P, order=[3, 1, 0, 4, 2])) == 0.0
    # Weights that were rounded differ by 1e-17, which has to travel: an upper bound all the same, and no failure.
    rounded = GaussianMixture(P.weights[::-1], P.components.mean[::-1], P.components.cov[::-1])
    assert 0.0 <= mixture_w2(P, rounded) < 1e-7


@given(SEEDS)
def test_mass_splitting(seed):
    rng = np.random.default_rng(seed)
    P, Q = mixture(rng, 3, 2), mixture(rng, 4, 2)
    order = [0, 0, 1, 2]
    weights = P.given[order] * np.array([0.5, 0.5, 1, 1])
    split = GaussianMixture(weights, P.components.mean[order], P.components.cov[order])
    assert mixture_w2(split, Q) == pytest.approx(mixture_w2(P, Q), rel=1e-10)
    assert mixture_w2(split, P) < 1e-12  # not 1e-8, the root of a rounded mass


def test_translation():
    P, shift = mixture(np.random.default_rng(6), 4, 2), np.array([3.0, 4.0])
    # Moving all components is optimal: MW2 is at least the distance of the means.
    assert mixture_w2(P, changed(P, shift=shift)) == pytest.approx(5.0, rel=1e-12)
    r = mixture_transport(P, changed(P, shift=shift))
    assert 5 - 1e-5 <= r.lower <= 5 * (1 + 1e-12)


@pytest.mark.parametrize("scale", [1e-70, 1e-3, 1e3, 1e70])
def test_scaling(scale):
    rng = np.random.default_rng(7)
    P, Q = mixture(rng, 3, 2), mixture(rng, 4, 2)
    scaled = mixture_w2(changed(P, scale=scale), changed(Q, scale=scale))
    assert scaled == pytest.approx(scale * mixture_w2(P, Q), rel=1e-10)


def test_components_without_weight_do_not_matter():
    rng = np.random.default_rng(8)
    P, Q = mixture(rng, 3, 2), mixture(rng, 2, 2)
    more = GaussianMixture(
        [*P.weights, 0.0], [*P.components.mean, [1e6, 0]], np.concatenate([P.components.cov, [np.eye(2)]])
    )
    assert mixture_w2(more, Q) == pytest.approx(mixture_w2(P, Q), rel=1e-12)


def test_many_components_block_by_block(monkeypatch):
    rng = np.random.default_rng(9)
    P, Q = mixture(rng, 7, 2), mixture(rng, 3, 2)
    whole = mixture_w2(P, Q)
    monkeypatch.setattr(wdist.mixtures, "_BLOCK", 24)  # two rows of three pairs of 2 x 2
    assert mixture_w2(P, Q) == pytest.approx(whole, rel=1e-14)


# --- gradients ---


def leaf(x):
    return torch.tensor(np.asarray(x, dtype=np.float64), requires_grad=True)


def test_gradcheck_through_weights_means_and_covariances():
    rng = np.random.default_rng(10)
    w, v = leaf(rng.random(3) + 0.1), leaf(rng.random(2) + 0.1)
    m, n, A, F = (leaf(rng.normal(size=shape)) for shape in ((3, 2), (2, 2), (3, 2, 2), (2, 2, 1)))

    def distance(w, m, A, v, n, F):
        return mixture_w2(
            GaussianMixture(w, m, A @ A.mT), GaussianMixture.from_components(Gaussian.from_factor(n, F), v)
        )

    assert torch.autograd.gradcheck(distance, (w, m, A, v, n, F))


def test_zero_gradient_at_equality():
    means = leaf([[0.0, 1.0], [2.0, 3.0]])
    distance = mixture_w2(GaussianMixture(None, means, np.eye(2)), GaussianMixture(None, means.detach(), np.eye(2)))
    distance.backward()
    assert distance.item() == 0.0
    assert torch.equal(means.grad, torch.zeros_like(means))


def test_pairs_out_of_use_need_no_derivative():
    """From the singular component to the far full one the derivative would be infinite; the plan does not go there."""
    covs = leaf([np.diag([1.0, 0.0]), np.eye(2)])
    P = GaussianMixture([1, 1], [[0.0, 0.0], [100.0, 0.0]], covs)
    Q = GaussianMixture([1, 1], [[1.0, 0.0], [102.0, 0.0]], np.array([np.diag([4.0, 0.0]), np.eye(2)]))
    distance = mixture_w2(P, Q)
    distance.backward()
    assert distance.item() == pytest.approx(math.sqrt((1 + 1 + 4) / 2))
    assert torch.all(torch.isfinite(covs.grad))
    with pytest.raises(ValueError, match="infinite"):
        mixture_w2(GaussianMixture(None, [[0.0, 0.0]], covs[:1]), Gaussian([0, 0], np.eye(2))).backward()


def test_a_second_derivative_is_refused():
    means = leaf([[0.0], [1.0]])
    loss = mixture_w2(GaussianMixture(None, means, np.eye(1)), Gaussian([3.0], [[2.0]]))
    (slope,) = torch.autograd.grad(loss, means, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiated twice"):
        slope.sum().backward()


def test_single_precision_in_and_out():
    rng = np.random.default_rng(11)
    P, Q = mixture(rng, 3, 2), mixture(rng, 2, 2)
    single = GaussianMixture(*(torch.tensor(z).float() for z in (P.weights, P.components.mean, P.components.cov)))
    r = mixture_transport(single, Q)
    assert r.distance.dtype == torch.float32
    assert r.lower <= r.distance.item() <= r.upper
    assert r.distance.item() == pytest.approx(mixture_w2(P, Q), rel=1e-5)


# --- refusals ---


def test_bad_input_is_refused():
    P = GaussianMixture([1, 1], [0.0, 1.0], [1.0, 1.0])
    for bad, message in (
        ([0.0, 1.0], r"Q is \[0.0, 1.0\], not a GaussianMixture"),
        (P.components, r"from_components\(x, weights\) makes one"),
        (Gaussian([0, 0], np.eye(2)), "P lives in dimension 1 and Q in dimension 2"),
    ):
        with pytest.raises(InvalidMeasureError, match=message):
            mixture_w2(P, bad)
    with pytest.raises(InvalidMeasureError, match="components is empty"):
        GaussianMixture.from_components([])
    with pytest.raises(InvalidMeasureError, match="components have batch shape"):
        GaussianMixture.from_components(Gaussian(np.zeros((2, 2, 1)), [[1.0]]))


@pytest.mark.parametrize("unit", [2.0**-660, 1.0, 2.0**660])
def test_lengths_whose_squares_are_no_floats(unit):
    """The distance has the unit of the points; potentials, which have that of its square, are left out."""
    P, Q = (wdist.GaussianMixture([1, 1], np.array(means) * unit, [0.0, 0.0]) for means in ([1.0, 0.0], [0.0, 2.0]))
    r = wdist.mixture_transport(P, Q)
    assert r.distance == pytest.approx(math.sqrt(0.5) * unit, rel=1e-14)
    assert 0.0 <= r.lower <= math.sqrt(0.5) * unit * (1 + 1e-15)
    assert (r.potentials is None) == (unit != 1.0)
