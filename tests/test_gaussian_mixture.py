"""The class that carries a mixture: what it accepts, keeps and refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from wdist import Gaussian, GaussianMixture, InvalidMeasureError


def test_shapes_on_the_line_and_shared_covariances():
    P = GaussianMixture([1, 3], [0.0, 2.0], [1.0, 4.0])
    assert (len(P), P.dim, P.components.batch_shape) == (2, 1, (2,))
    np.testing.assert_array_equal(P.weights, [0.25, 0.75])
    np.testing.assert_array_equal(P.components.cov.ravel(), [1.0, 4.0])
    assert repr(P) == "GaussianMixture(2 components, dim=1)"
    np.testing.assert_array_equal(GaussianMixture(None, [0.0, 2.0], 3.0).components.cov.ravel(), [3.0, 3.0])
    assert GaussianMixture(None, np.zeros((3, 2)), np.eye(2)).components.cov.shape == (3, 2, 2)


def test_components_keep_their_factors():
    laws = [Gaussian.from_factor([0, 0], F) for F in ([[1.0], [1e-12]], np.eye(2))]
    P = GaussianMixture.from_components(laws, [1, 2])
    np.testing.assert_array_equal(P.components.factor, [[[1, 0], [1e-12, 0]], np.eye(2)])
    mixed = GaussianMixture.from_components([laws[0], Gaussian(torch.zeros(2), torch.eye(2))])
    assert mixed.components.factor is None
    assert mixed.dtype == torch.float32


def test_moments_are_those_of_draws():
    rng = np.random.default_rng(12)
    roots = rng.normal(size=(4, 3, 3))
    P = GaussianMixture(rng.random(4), 3 * rng.normal(size=(4, 3)), roots @ roots.mT)
    which = rng.choice(4, size=200_000, p=P.weights)
    x = P.components.mean[which] + (roots[which] @ rng.normal(size=(len(which), 3, 1)))[..., 0]
    found = P.moments()
    size = np.sqrt(np.trace(found.cov))
    np.testing.assert_allclose(found.mean, x.mean(0), atol=6 * size / math.sqrt(len(x)))
    np.testing.assert_allclose(found.cov, np.cov(x.T), atol=12 * size**2 / math.sqrt(len(x)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, -1], [0.0, 1.0], [1.0, 1.0]), "weights has a negative entry"),
        (([0, 0], [0.0, 1.0], [1.0, 1.0]), "weights sums to 0"),
        (([1.0], [0.0, 1.0], [1.0, 1.0]), r"weights has shape \(1,\) beside 2 components"),
        (([1.0], [[0.0, math.nan]], [np.eye(2)]), "means has 1 entry that is NaN"),
        (([1.0], [[0.0, 0.0]], [[[1.0, 0.0], [0.0, -1.0]]]), "covs is not positive semi-definite"),
        (([1.0], np.zeros((1, 1, 2)), np.eye(2)), r"means has shape \(1, 1, 2\): expected \(k, d\)"),
        ((None, np.zeros((0, 2)), np.eye(2)), r"means has shape \(0, 2\): expected \(k, d\)"),
        ((None, np.zeros((3, 2)), np.zeros((2, 2, 2))), r"covs has shape \(2, 2, 2\) beside 3 means"),
        ((None, np.zeros((3, 2)), np.eye(3)), "they must agree"),
    ],
)
def test_malformed_mixtures_are_refused(arguments, message):
    with pytest.raises(InvalidMeasureError, match=message):
        GaussianMixture(*arguments)
