"""The sliced distance: closed forms, its interval, its laws, its types, and POT on the same directions."""

from __future__ import annotations

import math

import numpy as np
import ot
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import wdist
from wdist.directions import GROUPS, spread

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(4)


def unit(rng: np.random.Generator, count: int, dim: int) -> np.ndarray:
    z = rng.standard_normal((count, dim))
    return z / np.linalg.norm(z, axis=1, keepdims=True)


def test_translation_in_r_d(rng):
    # E |<theta, t>|^2 = |t|^2 / d
    x = rng.normal(size=(50, 5))
    r = wdist.sliced(x, x + np.array([2, 0, 0, 0, 0]), p=2, n_projections=4000, rng=1)
    assert r.lower <= 2 / math.sqrt(5) <= r.upper
    assert r.gap < 0.02
    assert (r.kind, r.method) == ("estimate", "sliced")


@pytest.mark.parametrize("dim", [2, 4, 5, 7, 16])
def test_quadratic_integrands_are_exact_on_whole_frames(rng, dim):
    # Y = s X + t: the cost of a shadow is (s - 1)^2 var(<theta, X>) + <theta, (s - 1) E X + t>^2, a quadratic form.
    x, t, s = rng.normal(size=(30, dim)) * np.arange(1, dim + 1), rng.normal(size=dim), 3.0
    shift = (s - 1) * x.mean(axis=0) + t
    truth = math.sqrt(((s - 1) ** 2 * np.trace(np.cov(x.T, bias=True)) + shift @ shift) / dim)
    r = wdist.sliced(x, s * x + t, p=2, n_projections=20 * GROUPS * dim, rng=0)
    assert r.distance == pytest.approx(truth, rel=1e-12)
    assert r.stderr < 1e-12 * truth


@pytest.mark.parametrize(
    ("dim", "count", "truth"), [(2, 40, 2 / math.pi), (3, 200, 1 / 2), (3, 40, 1 / 2), (6, 45, 16 / (15 * math.pi))]
)
def test_the_99_percent_interval_covers(rng, dim, count, truth):
    x = rng.normal(size=(20, dim))  # E |<theta, e>| = Gamma(d/2) / (sqrt(pi) Gamma((d+1)/2)): truth
    assert truth == pytest.approx(math.gamma(dim / 2) / math.gamma((dim + 1) / 2) / math.sqrt(math.pi), rel=1e-12)
    results = [wdist.sliced(x, x + np.eye(dim)[0], p=1, n_projections=count, rng=k) for k in range(200)]
    covered = np.mean([r.lower <= truth <= r.upper for r in results])
    assert covered > 0.97
    assert np.mean([r.distance for r in results]) == pytest.approx(truth, abs=4 * results[0].stderr / math.sqrt(200))


@pytest.mark.parametrize(("dim", "factor"), [(2, 20), (3, 2), (5, 1.5), (10, 1.3)])
def test_spread_directions_beat_independent_ones(rng, dim, factor):
    x, y = rng.normal(size=(100, dim)), rng.normal(size=(100, dim)) * np.linspace(0.3, 2, dim)
    ours = [wdist.sliced(x, y, p=2, n_projections=128, rng=k).distance for k in range(40)]
    plain = [wdist.sliced(x, y, p=2, directions=unit(rng, 128, dim)).distance for k in range(40)]
    assert np.std(plain) > factor * np.std(ours)


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 7, 40])
@pytest.mark.parametrize("count", [2, 15, 16, 37, 256])
def test_directions_are_uniform_unit_vectors(dim, count):
    rng = np.random.default_rng(5)
    thetas, begins = spread(rng, count, dim)
    assert thetas.shape == (count, dim)
    assert len(begins) == min(count, GROUPS)
    np.testing.assert_allclose(np.linalg.norm(thetas, axis=1), 1, rtol=1e-13)
    many = np.stack([spread(rng, count, dim)[0][-1] for _ in range(400)])
    second = many.T @ many / 400  # E theta theta^T = I / d
    np.testing.assert_allclose(second, np.eye(dim) / dim, atol=5 / math.sqrt(400) / dim)


def test_on_the_line_it_is_the_distance_itself(rng):
    x, y = rng.normal(size=9), rng.normal(size=7)
    r = wdist.sliced(x, y, p=2, rng=0)
    assert r.distance == pytest.approx(wdist.wasserstein_1d(x, y, p=2), rel=1e-12)
    assert r.stderr == 0.0


@pytest.mark.parametrize(("n", "m"), [(30, 20), (400, 400), (700, 300)])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_pot_on_the_same_directions(rng, n, m, weighted):
    x, y, a = rng.normal(size=(n, 4)), rng.normal(size=(m, 4)), rng.random(n) if weighted else np.ones(n)
    directions = unit(rng, 300, 4)  # enough for compiled code at the larger sizes
    theirs = ot.sliced_wasserstein_distance(x, y, a / a.sum(), projections=directions.T, p=2)
    ours = wdist.sliced(wdist.Samples(x, a), y, p=2, directions=3.0 * directions)
    assert ours.distance == pytest.approx(theirs, rel=1e-10)
    assert ours.stats["groups"] == 300


clouds = st.integers(0, 10**6).map(lambda seed: np.random.default_rng(seed).normal(size=(3, 12, 3)))


@settings(max_examples=40)
@given(clouds, st.sampled_from([1, 1.5, 2, 4]))
def test_triangle_and_symmetry(xyz, p):
    x, y, z = xyz
    d = lambda u, v: wdist.sliced(u, v, p=p, n_projections=20, rng=0).distance  # noqa: E731
    assert d(x, x) == 0
    assert d(x, y) == pytest.approx(d(y, x), rel=1e-13)
    assert d(x, z) <= (d(x, y) + d(y, z)) * (1 + 1e-12)  # a distance for any fixed set of directions


@settings(max_examples=40)
@given(clouds, st.sampled_from([1, 2, 3]), st.floats(1e-3, 1e3))
def test_rotation_translation_and_scale(xyz, p, s):
    x, y, z = xyz
    turn, _ = np.linalg.qr(z[:3])
    directions = z[3:]
    plain = wdist.sliced(x, y, p=p, directions=directions).distance
    moved = wdist.sliced(s * x @ turn.T + z[0], s * y @ turn.T + z[0], p=p, directions=directions @ turn.T).distance
    assert moved == pytest.approx(s * plain, rel=1e-9)  # z[0] beside s * x costs digits


@pytest.mark.parametrize("offset", [1e8, -3e15])
def test_far_from_the_origin(rng, offset):
    x, y = (rng.integers(-9, 9, size=(n, 3)) for n in (8, 6))
    far, near = (wdist.sliced(x + o, y + o, p=2, rng=0).distance for o in (offset, 0.0))
    assert far == pytest.approx(near, rel=1e-12)


@settings(max_examples=40)
@given(clouds, st.sampled_from([1, 2, 3]))
def test_never_above_the_distance_and_growing_in_p(xyz, p):
    x, y, _ = xyz
    value = wdist.sliced(x, y, p=p, rng=0).distance
    assert value <= wdist.transport(x, y, p=p).upper
    assert value <= wdist.sliced(x, y, p=p + 0.5, rng=0).distance * (1 + 1e-12)


def test_splitting_a_point_changes_nothing(rng):
    x, y, a = rng.normal(size=(20, 3)), rng.normal(size=(15, 3)), rng.random(20)
    whole = wdist.sliced(wdist.Samples(x, a), y, p=2, rng=0).distance
    halves = wdist.Samples(np.concatenate([x, x]), np.concatenate([a, a]) / 2)
    assert wdist.sliced(halves, y, p=2, rng=0).distance == pytest.approx(whole, rel=1e-12)
    twice = wdist.sliced(np.concatenate([x, x]), y, p=2, rng=0).distance
    assert twice == pytest.approx(wdist.sliced(x, y, p=2, rng=0).distance, rel=1e-12)


def test_seeded_and_apart_from_the_global_generator(rng):
    x, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 3))
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - this is the generator that must not move
    first, again = (wdist.sliced(x, y, p=1, rng=3).distance for _ in range(2))
    assert first == again != wdist.sliced(x, y, p=1, rng=4).distance
    assert np.array_equal(state, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_any_unit_of_length(rng, scale):
    x, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 3))
    big, plain = (wdist.sliced(s * x, s * y, p=4, rng=3) for s in (scale, 1.0))
    for fact in ("distance", "lower", "upper", "stderr"):
        assert getattr(big, fact) == pytest.approx(scale * getattr(plain, fact), rel=1e-10)


@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize("m", [5, 4])
def test_gradient(rng, p, m):
    shapes = [(5, 2), (m, 2), (5,)]
    inputs = [torch.tensor(0.1 + rng.random(shape), requires_grad=True) for shape in shapes]

    def distance(x, y, a):
        return wdist.sliced(wdist.Samples(x, a), y, p=p, n_projections=4, rng=0).distance

    assert torch.autograd.gradcheck(distance, inputs)


def test_gradient_is_zero_where_the_distance_is():
    x = torch.zeros(3, 2, requires_grad=True)
    wdist.sliced(x, torch.zeros(3, 2), p=2, rng=0).distance.backward()
    assert torch.equal(x.grad, torch.zeros(3, 2))


@pytest.mark.parametrize("device", DEVICES)
def test_tensors_keep_their_type_and_place(rng, device):
    x, y = rng.normal(size=(600, 3)), rng.normal(size=(500, 3))
    plain = wdist.sliced(x, y, p=2, rng=0)
    r = wdist.sliced(torch.tensor(x, dtype=torch.float32, device=device), y, p=2, rng=0)
    assert (r.distance.dtype, r.distance.device.type) == (torch.float32, device)
    assert float(r) == pytest.approx(plain.distance, rel=1e-6)
    assert r.lower <= float(r) <= r.upper


def test_bad_input_is_refused():
    z = np.zeros((3, 2))
    with pytest.raises(wdist.InvalidMeasureError, match="dimension 2 and y in dimension 3"):
        wdist.sliced(z, np.zeros((3, 3)), p=2)
    for wrong in (0, 1, 2.5, True, "64"):
        with pytest.raises(ValueError, match="n_projections is"):
            wdist.sliced(z, z, p=2, n_projections=wrong)
    with pytest.raises(ValueError, match=r"directions has shape \(2, 3\): expected \(k, 2\)"):
        wdist.sliced(z, z, p=2, directions=np.ones((2, 3)))
    with pytest.raises(ValueError, match="directions has a row of zeros, 1"):
        wdist.sliced(z, z, p=2, directions=[[1.0, 0.0], [0.0, 0.0]])
    with pytest.raises(wdist.InvalidMeasureError, match="directions has 1 entry that is NaN"):
        wdist.sliced(z, z, p=2, directions=[[1.0, 0.0], [np.nan, 0.0]])
    with pytest.raises(wdist.InvalidMeasureError, match="x is a Gaussian"):
        wdist.sliced(wdist.Gaussian([0, 0], np.eye(2)), z, p=2)
    with pytest.raises(ValueError, match="p is inf"):
        wdist.sliced(z, z, p=math.inf)
