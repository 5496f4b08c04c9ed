"""Moments of any measure, against NumPy's and those of textbooks."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
import torch

import wdist
from wdist import Gaussian, InvalidMeasureError, Quantile, Samples
from wdist.moments import moments


@pytest.mark.parametrize("offset", [0.0, 1e8])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize(("n", "d"), [(9, 3), (2, 4), (1, 2)])
def test_points_have_the_moments_of_numpy(n: int, d: int, weighted: bool, offset: float) -> None:
    rng = np.random.default_rng(0)
    x, w = rng.integers(-8, 9, (n, d)) / 4 + offset, rng.random(n) + 0.1 if weighted else None
    found = moments(Samples(x, w), "x")
    assert found.mean == pytest.approx(np.average(x, axis=0, weights=w), rel=1e-15)
    expected = np.cov((x - offset).T, aweights=w, ddof=0)
    np.testing.assert_allclose(found.cov, expected, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(found.factor @ found.factor.T, expected, rtol=1e-13, atol=1e-15)


def test_a_factor_holds_what_its_square_does_not() -> None:
    x = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, -1e-170], [0.0, 1e-170]])
    factor = moments(Samples(x), "x").factor
    assert np.linalg.svd(factor, compute_uv=False) == pytest.approx([math.sqrt(0.5), 1e-170 * math.sqrt(0.5)])
    large = moments(Samples(1e200 * x[:2]), "x").factor
    assert np.linalg.norm(large, 2) == pytest.approx(1e200)


def test_a_gaussian_is_its_own() -> None:
    law = Gaussian([1.0, 2.0], [[2.0, 1.0], [1.0, 2.0]])
    assert moments(law, "x") is law


def test_tensors_carry_gradients_of_the_covariance() -> None:
    rng = np.random.default_rng(1)
    x = torch.tensor(rng.standard_normal((5, 2)), requires_grad=True)
    w = torch.tensor(rng.random(5) + 0.5, requires_grad=True)

    def plain(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        mass = w / w.sum()
        moved = x - mass @ x
        return (moved.T * mass) @ moved

    found = moments(Samples(x, w), "x").cov
    assert found.detach().numpy() == pytest.approx(plain(x, w).detach().numpy())
    sought = torch.tensor(rng.standard_normal((2, 2)))
    slopes = [torch.autograd.grad((sought * cov).sum(), (x, w)) for cov in (found, plain(x, w))]
    for one, other in zip(*slopes, strict=True):
        assert one.numpy() == pytest.approx(other.numpy(), abs=1e-12)


def test_weights_of_zero_that_require_a_gradient_are_refused() -> None:
    zero = torch.tensor([0.0, 1.0], dtype=torch.float64)
    assert moments(Samples([0.0, 1.0], zero), "x").mean == pytest.approx([1.0])
    with pytest.raises(InvalidMeasureError, match="y has weights of 0 that require a gradient"):
        moments(Samples([0.0, 1.0], zero.requires_grad_()), "y")


@pytest.mark.parametrize(
    ("law", "mean", "deviation"),
    [
        (Quantile(lambda t: 2.0 * t - 1.0), 0.0, 1 / math.sqrt(3)),
        (Quantile(lambda t: 100.0 + t**2), 100 + 1 / 3, math.sqrt(4 / 45)),
        (wdist.Histogram([0.0, 1.0, 3.0], [3, 1]), 0.875, math.sqrt((3 / 3 + 13 / 3) / 4 - 0.875**2)),
        (scipy.stats.uniform(-5.0, 4.0), -3.0, 4 / math.sqrt(12)),
        (scipy.stats.bernoulli(0.2), 0.2, 0.4),
        (scipy.stats.randint(7, 8), 7.0, 0.0),
    ],
    ids=["even", "square", "histogram", "uniform", "bernoulli", "a point"],
)
def test_laws_of_the_line(law: object, mean: float, deviation: float) -> None:
    found = moments(law, "x")
    assert found.mean == pytest.approx([mean], rel=1e-9, abs=1e-9)
    assert np.sqrt(found.cov) == pytest.approx(np.array([[deviation]]), rel=1e-7)


@pytest.mark.parametrize(("loc", "scale"), [(0.0, 1.0), (7.0, 3.0), (-1e3, 1e-3)])
def test_a_tail_that_is_not_settled_takes_the_law_at_its_word(loc: float, scale: float) -> None:
    found = moments(scipy.stats.t(2.1, loc, scale), "x")
    assert found.mean == pytest.approx([loc])
    assert found.cov == pytest.approx(np.array([[21.0 * scale**2]]))


def test_a_word_that_is_not_true_is_refused() -> None:
    class Liar(scipy.stats.rv_continuous):
        def _ppf(self, q: np.ndarray) -> np.ndarray:
            return np.asarray(scipy.stats.t(2.1).ppf(q))

        def _cdf(self, x: np.ndarray) -> np.ndarray:
            return np.asarray(scipy.stats.t(2.1).cdf(x))

        def _stats(self) -> tuple[float, float, float, float]:
            return 0.0, 100.0, 0.0, 0.0  # of a variance that is 21

    with pytest.raises(InvalidMeasureError, match="z has a variance that its quantiles do not settle"):
        moments(Liar()(), "z")
    with pytest.raises(InvalidMeasureError, match="z has a variance that its quantiles do not settle"):
        moments(Quantile(scipy.stats.t(2.1).ppf), "z")  # which has no moments to tell


def test_no_variance() -> None:
    with pytest.raises(InvalidMeasureError, match="x has no finite variance"):
        moments(scipy.stats.cauchy(), "x")
