"""Geodesics between Gaussians: constant speed, exact ends, closed forms, degenerate laws, batches."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wdist import Gaussian, InvalidMeasureError, gaussian_geodesic, gaussian_map, gaussian_w2, transport

SEEDS = st.integers(0, 2**32 - 1)


def law(rng, d, rank=None):
    return Gaussian.from_factor(rng.normal(size=d), rng.normal(size=(d, rank or d + 1)))


@given(SEEDS, st.integers(1, 5), st.floats(0, 1), st.floats(0, 1))
def test_constant_speed(seed, d, s, t):
    rng = np.random.default_rng(seed)
    P, Q = (law(rng, d, int(rng.integers(1, d + 3))) for _ in range(2))
    whole = gaussian_w2(P, Q)
    between = gaussian_w2(gaussian_geodesic(P, Q, s), gaussian_geodesic(P, Q, t))
    assert between == pytest.approx(abs(s - t) * whole, rel=1e-9, abs=1e-9 * whole)


@pytest.mark.parametrize("scale", [1e-100, 1e-3, 1e3, 1e100])
def test_scaling(scale):
    rng = np.random.default_rng(1)
    m, n, F, G = rng.normal(size=3), rng.normal(size=3), rng.normal(size=(3, 3)), rng.normal(size=(3, 2))
    once = gaussian_geodesic(Gaussian.from_factor(m, F), Gaussian.from_factor(n, G), 0.3)
    scaled = gaussian_geodesic(
        Gaussian.from_factor(scale * m, scale * F), Gaussian.from_factor(scale * n, scale * G), 0.3
    )
    np.testing.assert_allclose(scaled.mean, scale * once.mean, rtol=1e-12)
    np.testing.assert_allclose(scaled.factor, scale * once.factor, rtol=1e-10, atol=1e-13 * scale)


def test_translation_moves_the_mean_alone():
    rng = np.random.default_rng(2)
    P, Q, shift = law(rng, 3), law(rng, 3), np.array([3.0, -1.0, 2.0])
    moved = gaussian_geodesic(P, Gaussian.from_factor(Q.mean + shift, Q.factor), 0.25)
    still = gaussian_geodesic(P, Q, 0.25)
    np.testing.assert_allclose(moved.mean, still.mean + shift / 4, rtol=1e-14)
    np.testing.assert_array_equal(moved.cov, still.cov)


def test_symmetry_there_and_back():
    rng = np.random.default_rng(3)
    P, Q = law(rng, 4), law(rng, 4)
    there, back = gaussian_geodesic(P, Q, 0.3), gaussian_geodesic(Q, P, 0.7)
    np.testing.assert_allclose(there.mean, back.mean, rtol=1e-14)
    np.testing.assert_allclose(there.cov, back.cov, rtol=1e-12, atol=1e-13)


def test_a_geodesic_of_a_geodesic():
    rng = np.random.default_rng(4)
    P, Q = law(rng, 3), law(rng, 3)
    inner = gaussian_geodesic(gaussian_geodesic(P, Q, 0.2), gaussian_geodesic(P, Q, 0.8), 0.5)
    np.testing.assert_allclose(inner.cov, gaussian_geodesic(P, Q, 0.5).cov, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("rank", [0, 1, 3])
def test_the_ends_are_the_laws_themselves(rank):
    rng = np.random.default_rng(5)
    F = rng.normal(size=(3, rank))
    P, Q = Gaussian(rng.normal(size=3), F @ F.T), Gaussian(rng.normal(size=3), np.diag([1.0, 2.0, 3.0]))
    for t, end in ((0.0, P), (1, Q)):
        found = gaussian_geodesic(P, Q, t)
        np.testing.assert_array_equal(found.mean, end.mean)
        np.testing.assert_array_equal(found.cov, end.cov)
        assert gaussian_w2(found, end) < 1e-15  # of two factors that agree to the last bit or two


def test_it_is_the_image_under_the_interpolated_map():
    rng = np.random.default_rng(6)
    P, Q, t = law(rng, 4), law(rng, 4), 0.4
    step = (1 - t) * np.eye(4) + t * gaussian_map(P, Q)
    np.testing.assert_allclose(gaussian_geodesic(P, Q, t).cov, step @ P.cov @ step, rtol=1e-9, atol=1e-10)


DEVIATION = st.just(0.0) | st.floats(1e-3, 1e3)


@given(st.lists(st.tuples(DEVIATION, DEVIATION), min_size=1, max_size=4), st.floats(0, 1))
def test_commuting_covariances_interpolate_their_deviations(deviations, t):
    s, u = np.array(deviations).T
    zero = np.zeros(len(s))
    found = gaussian_geodesic(Gaussian.from_factor(zero, np.diag(s)), Gaussian.from_factor(zero, np.diag(u)), t)
    exact = ((1 - t) * s + t * u) ** 2
    assert np.trace(found.cov) == pytest.approx(exact.sum(), rel=1e-12)
    # Directions in which one law alone has variance may be coupled in any way.
    if not np.any((s == 0) != (u == 0)):
        np.testing.assert_allclose(found.cov, np.diag(exact), rtol=1e-10, atol=1e-12 * exact.max())


def test_lines_at_right_angles_meet_half_way():
    P, Q = Gaussian([0, 0], np.diag([4.0, 0.0])), Gaussian([0, 0], np.diag([0.0, 16.0]))
    half = gaussian_geodesic(P, Q, 0.5)
    assert np.trace(half.cov) == pytest.approx(1.0 + 4.0)  # the two parts are uncorrelated or aligned at no gain
    assert gaussian_w2(P, half) == pytest.approx(gaussian_w2(half, Q)) == pytest.approx(math.sqrt(20) / 2)


def test_agrees_with_transport_between_point_masses():
    P, Q = (Gaussian.from_factor(m, np.empty((2, 0))) for m in ([0.0, 0.0], [3.0, 4.0]))
    quarter = gaussian_geodesic(P, Q, 0.25)
    exact = transport(P.mean[None], quarter.mean[None], p=2).distance
    assert exact == gaussian_w2(P, quarter) == 1.25


def test_times_make_a_batch():
    rng = np.random.default_rng(7)
    P, Q, times = law(rng, 2), law(rng, 2), np.linspace(0, 1, 6)
    path = gaussian_geodesic(P, Q, times)
    assert path.batch_shape == (6,)
    np.testing.assert_allclose(gaussian_w2(P, path), times * gaussian_w2(P, Q), atol=1e-12)
    several = Gaussian.from_factor(rng.normal(size=(3, 2)), rng.normal(size=(3, 2, 1)))
    crossed = gaussian_geodesic(several, Q, times[:, None])
    assert crossed.batch_shape == (6, 3)
    single = gaussian_geodesic(Gaussian.from_factor(several.mean[1], several.factor[1]), Q, times[2])
    np.testing.assert_allclose(crossed.cov[2, 1], single.cov, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tensors_stay_tensors(dtype):
    mean = torch.zeros(2, dtype=dtype, requires_grad=True)
    P, Q = Gaussian(mean, torch.eye(2, dtype=dtype)), Gaussian([4.0, 0.0], 9 * np.eye(2))
    for t in (0.5, np.float64(0.5), torch.tensor(0.5)):
        half = gaussian_geodesic(P, Q, t)
        assert half.dtype == dtype
        assert not half.mean.requires_grad
        np.testing.assert_allclose(half.cov, 4 * np.eye(2), rtol=1e-14)
        assert gaussian_w2(half, Q).dtype == dtype
    plain = gaussian_geodesic(Q, Gaussian([0.0, 0.0], np.eye(2)), torch.tensor([0.5]))
    assert isinstance(plain.mean, np.ndarray)


def test_bad_input_is_refused():
    P, Q = Gaussian([0.0], [[1.0]]), Gaussian([[0.0], [1.0]], [[1.0]])
    with pytest.raises(ValueError, match=r"t is 1.5: a time lies in \[0, 1\]"):
        gaussian_geodesic(P, P, [0.0, 1.5])
    with pytest.raises(InvalidMeasureError, match="t has 1 entry that is NaN"):
        gaussian_geodesic(P, P, math.nan)
    with pytest.raises(ValueError, match=r"t has shape \(3,\), which does not broadcast"):
        gaussian_geodesic(P, Q, [0.1, 0.2, 0.3])
    with pytest.raises(InvalidMeasureError, match="P lives in dimension 1 and Q in dimension 2"):
        gaussian_geodesic(P, Gaussian([0, 0], np.eye(2)), 0.5)
    with pytest.raises(InvalidMeasureError, match="Q is a Samples, not a Gaussian"):
        gaussian_geodesic(P, [0.0, 1.0], 0.5)
