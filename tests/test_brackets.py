"""Gelbrich's bound: below the exact W2 of any laws, equal to it for affine images, with the laws of a distance."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

from wdist import (
    CDF,
    Gaussian,
    GaussianMixture,
    Histogram,
    InvalidMeasureError,
    Quantile,
    QuantileSketch,
    Samples,
    gaussian_w2,
    gelbrich,
    transport,
    wasserstein_1d,
)

SEEDS = st.integers(0, 2**32 - 1)


def cloud(rng, d, most=12):
    """Points of a random shape, some of them flat or heavy-tailed, with random weights."""
    n = int(rng.integers(1, most))
    points = rng.standard_t(3, size=(n, d)) @ rng.normal(size=(d, d)) ** 3 + 3 * rng.normal(size=d)
    if rng.random() < 0.3:
        points[:, 0] = points[0, 0]
    return Samples(points, rng.random(n) + 1e-3)


# --- a lower bound ---


@given(SEEDS, st.integers(1, 6))
def test_never_above_the_exact_distance(seed, d):
    rng = np.random.default_rng(seed)
    x, y = cloud(rng, d), cloud(rng, d)
    exact = transport(x, y, p=2).distance
    assert gelbrich(x, y) <= exact * (1 + 1e-12) + 1e-13


@given(SEEDS, st.integers(1, 5))
def test_equal_to_transport_for_affine_images(seed, d):
    rng = np.random.default_rng(seed)
    x = cloud(rng, d)
    root = rng.normal(size=(d, int(rng.integers(1, d + 1))))
    y = Samples(x.points @ (root @ root.T) + rng.normal(size=d), x.weights)  # the gradient of a convex function
    exact = transport(x, y, p=2).distance
    assert gelbrich(x, y) == pytest.approx(exact, rel=1e-9, abs=1e-12 * np.abs(y.points).max())


def test_equal_for_gaussians():
    rng = np.random.default_rng(0)
    P, Q = (Gaussian.from_factor(rng.normal(size=3), rng.normal(size=(3, 3))) for _ in range(2))
    assert gelbrich(P, Q) == gaussian_w2(P, Q)


def test_p_monotonicity():
    """W1 and W2 are ordered; the bound is one of W2, so of every W_p with p >= 2, and not of W1."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(9, 2)), 3 * rng.normal(size=(8, 2)) + 1
    bound = gelbrich(x, y)
    for p in (2, 3, 4):
        assert bound <= transport(x, y, p=p).distance
    spikes = Samples([[-1.0], [0.0], [1.0]], [1e-4, 1.0, 1e-4])
    assert gelbrich(spikes, [[0.0]]) > transport(spikes, [[0.0]], p=1).distance


# --- the laws of a distance ---


@given(SEEDS, st.integers(1, 4))
def test_symmetry_and_triangle(seed, d):
    rng = np.random.default_rng(seed)
    x, y, z = (cloud(rng, d) for _ in range(3))
    assert gelbrich(x, y) == pytest.approx(gelbrich(y, x), rel=1e-9, abs=1e-13)
    assert gelbrich(x, z) <= (gelbrich(x, y) + gelbrich(y, z)) * (1 + 1e-12) + 1e-13


@pytest.mark.parametrize("offset", [0.0, 1e8])
def test_translation_is_its_length(offset):
    rng = np.random.default_rng(2)
    x = rng.integers(-5, 6, size=(30, 2)) + offset  # integers: the shifted points are exact
    assert gelbrich(x, x + np.array([3.0, 4.0])) == pytest.approx(5.0, rel=1e-14, abs=4e-16 * offset)
    assert gelbrich(x, x) == 0.0


@pytest.mark.parametrize("scale", [1e-100, 1e-5, 1e5, 1e100])
def test_scaling(scale):
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(9, 3)), rng.normal(size=(7, 3)) ** 3
    assert gelbrich(scale * x, scale * y) == pytest.approx(scale * gelbrich(x, y), rel=1e-12)
    assert gelbrich(x, scale * (x - x.mean(0)) + x.mean(0)) == pytest.approx(
        abs(scale - 1) * math.sqrt(np.var(x, axis=0).sum()), rel=1e-9
    )


def test_mass_splitting():
    rng = np.random.default_rng(4)
    x, a, y = rng.normal(size=(6, 2)), rng.random(6), rng.normal(size=(5, 2))
    split = Samples(np.concatenate([x, x[:2]]), np.concatenate([a[:2] / 2, a[2:], a[:2] / 2]))
    assert gelbrich(split, y) == pytest.approx(gelbrich(Samples(x, a), y), rel=1e-13)
    assert gelbrich(split, Samples(x, a)) < 1e-15


def test_small_directions_keep_their_digits():
    """A deviation of 1e-9 beside one of 1: its square is lost in a covariance, and it is not in the points."""
    x = np.array([[-1.0, -1e-9], [-1.0, 1e-9], [1.0, -1e-9], [1.0, 1e-9]])
    y = x * np.array([1.0, 3.0])
    assert gelbrich(x, y) == pytest.approx(2e-9, rel=1e-6)


# --- every measure ---


@pytest.mark.parametrize(
    ("law", "mean", "deviation"),
    [
        (scipy.stats.expon(), 1.0, 1.0),
        (scipy.stats.norm(1e6, 0.5), 1e6, 0.5),
        (scipy.stats.lognorm(1.0), math.exp(0.5), math.sqrt((math.e - 1) * math.e)),
        (scipy.stats.poisson(7), 7.0, math.sqrt(7)),
        (scipy.stats.t(2.1), 0.0, math.sqrt(21)),  # a tail that quadrature does not settle: SciPy's word, if it fits
        (Histogram([0, 1, 4], [1, 2]), 11 / 6, math.sqrt((1 / 3 + 2 * 7) / 3 - (11 / 6) ** 2)),
        (Quantile(lambda t: t**2), 1 / 3, math.sqrt(1 / 5 - 1 / 9)),
        (CDF(lambda x: np.clip(x, 0, 1), (0, 1)), 0.5, math.sqrt(1 / 12)),
        (scipy.stats.randint(3, 4), 3.0, 0.0),
    ],
    ids=lambda x: getattr(getattr(x, "dist", x), "name", type(x).__name__),
)
def test_moments_of_laws_on_the_line(law, mean, deviation):
    assert gelbrich(law, Gaussian([0.0], [[1.0]])) == pytest.approx(math.hypot(mean, deviation - 1), rel=1e-9)
    # Heavy tails hide their last digits from the exact formula's quadrature.
    assert gelbrich(law, [0.0, 3.0]) <= wasserstein_1d(law, [0.0, 3.0], p=2) * (1 + 1e-6)


def test_a_mixture_by_its_moments():
    mixture = GaussianMixture([1, 3], [-3.0, 1.0], [1.0, 4.0])
    assert gelbrich(mixture, [0.0]) == pytest.approx(math.sqrt((9 + 1 + 3 * (1 + 4)) / 4))


def test_batches_of_gaussians():
    found = gelbrich(Gaussian([[0.0], [5.0]], [[1.0]]), [-1.0, 1.0])
    np.testing.assert_allclose(found, [0.0, 5.0], atol=1e-15)


# --- tensors ---


def leaf(x):
    return torch.tensor(np.asarray(x, dtype=np.float64), requires_grad=True)


@pytest.mark.parametrize(("n", "d"), [(6, 2), (3, 5), (1, 2)])
def test_gradcheck_of_points_and_weights(n, d):
    rng = np.random.default_rng(5)
    x, y, a = leaf(rng.normal(size=(n, d))), leaf(rng.normal(size=(7, d)) * 3), leaf(rng.random(n) + 0.1)
    assert torch.autograd.gradcheck(lambda x, y: gelbrich(x, y), (x, y))
    if n > d:
        assert torch.autograd.gradcheck(lambda x, a, y: gelbrich(Samples(x, a), y), (x, a, y))


def test_gradcheck_of_a_mixture():
    rng = np.random.default_rng(6)
    w, m, A = leaf(rng.random(3) + 0.1), leaf(rng.normal(size=(3, 2))), leaf(rng.normal(size=(3, 2, 2)))
    y = rng.normal(size=(9, 2))
    assert torch.autograd.gradcheck(lambda w, m, A: gelbrich(GaussianMixture(w, m, A @ A.mT), y), (w, m, A))


def test_tensors_keep_their_dtype_and_rest_at_equality():
    x = torch.tensor([[0.0, 0.0], [1.0, 2.0], [3.0, 1.0]], requires_grad=True)
    distance = gelbrich(x, x.detach())
    distance.backward()
    assert (distance.dtype, distance.item()) == (torch.float32, 0.0)
    assert torch.equal(x.grad, torch.zeros_like(x))
    (slope,) = torch.autograd.grad(gelbrich(x, np.zeros((1, 2))), x, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiated twice"):
        slope.sum().backward()


def test_bad_input_is_refused():
    with pytest.raises(InvalidMeasureError, match="x lives in dimension 2 and y in dimension 1"):
        gelbrich(np.zeros((3, 2)), [1.0])
    with pytest.raises(InvalidMeasureError, match="y has no finite variance"):
        gelbrich([0.0], scipy.stats.cauchy())
    with pytest.raises(InvalidMeasureError, match="x has 1 entry that is NaN"):
        gelbrich([math.nan], [0.0])
    with pytest.raises(InvalidMeasureError, match="x has weights of 0 that require a gradient"):
        gelbrich(Samples([0.0, 1.0], torch.tensor([0.0, 1.0], requires_grad=True)), [0.0])
    sketch = QuantileSketch(16)
    sketch.update(np.random.default_rng(7).normal(size=5000))
    with pytest.raises(InvalidMeasureError, match="x has a variance that its quantiles do not settle"):
        gelbrich(sketch, [0.0])
