"""The sliced distance: its closed form for translations, its interval, its types."""

import math

import numpy as np
import ot
import pytest
import torch

import wdist


@pytest.fixture
def rng():
    return np.random.default_rng(4)


def test_translation_in_r_d(rng):
    # E |<theta, t>|^2 = |t|^2 / d
    x = rng.normal(size=(50, 5))
    r = wdist.sliced(x, x + np.array([2, 0, 0, 0, 0]), p=2, n_projections=4000, rng=1)
    assert r.lower <= 2 / math.sqrt(5) <= r.upper
    assert r.gap < 0.1
    assert (r.kind, r.method) == ("estimate", "sliced")


def test_the_99_percent_interval_covers(rng):
    x = rng.normal(size=(20, 3))
    results = [wdist.sliced(x, x + np.array([1, 0, 0]), p=1, n_projections=200, rng=k) for k in range(300)]
    covered = np.mean([r.lower <= 0.5 <= r.upper for r in results])  # E |<theta, e>| = 1/2 in R^3
    assert covered > 0.96


def test_on_the_line_it_is_the_distance_itself(rng):
    x, y = rng.normal(size=9), rng.normal(size=7)
    r = wdist.sliced(x, y, p=2, rng=0)
    assert r.distance == pytest.approx(wdist.wasserstein_1d(x, y, p=2), rel=1e-12)
    assert r.stderr == 0.0


def test_agrees_with_pot_on_the_same_directions(rng):
    x, y, a = rng.normal(size=(30, 4)), rng.normal(size=(20, 4)), rng.random(30)
    directions = np.random.default_rng(6).standard_normal((64, 4))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    theirs = ot.sliced_wasserstein_distance(x, y, a / a.sum(), projections=directions.T, p=2)
    ours = wdist.sliced(wdist.Samples(x, a), y, p=2, n_projections=64, rng=6)
    assert ours.distance == pytest.approx(theirs, rel=1e-10)


def test_never_above_the_distance(rng):
    x, y = rng.normal(size=(40, 3)), 2 * rng.normal(size=(50, 3))
    assert wdist.sliced(x, y, p=2, rng=0).distance <= wdist.transport(x, y, p=2).distance


def test_seeded_and_apart_from_the_global_generator(rng):
    x, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 3))
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - this is the generator that must not move
    first, again = (wdist.sliced(x, y, p=1, rng=3).distance for _ in range(2))
    assert first == again != wdist.sliced(x, y, p=1, rng=4).distance
    assert np.array_equal(state, np.random.get_state()[1])  # noqa: NPY002


def test_gradient(rng):
    inputs = [torch.tensor(rng.normal(size=(5, 2)), requires_grad=True) for _ in range(2)]
    assert torch.autograd.gradcheck(lambda x, y: wdist.sliced(x, y, p=2, n_projections=4, rng=0).distance, inputs)
    x = torch.zeros(3, 2, requires_grad=True)
    wdist.sliced(x, torch.zeros(3, 2), p=2, rng=0).distance.backward()
    assert torch.equal(x.grad, torch.zeros(3, 2))


def test_bad_input_is_refused():
    with pytest.raises(wdist.InvalidMeasureError, match="dimension 2 and y in dimension 3"):
        wdist.sliced(np.zeros((3, 2)), np.zeros((3, 3)), p=2)
    with pytest.raises(ValueError, match="n_projections"):
        wdist.sliced(np.zeros((3, 2)), np.zeros((3, 2)), p=2, n_projections=0)
