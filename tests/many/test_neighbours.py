"""Nearest measures: always those of brute force, by bounds that never exceed what they bound."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import wdist
from wdist import jobs
from wdist.many.below import Lens, Sketches


def cloud(rng: np.random.Generator, dim: int, most: int = 12) -> wdist.Samples:
    n = int(rng.integers(1, most))
    stretch = rng.normal(size=(dim, dim)) * rng.random()
    weights = rng.integers(0, 3, n) + np.eye(n)[0] if rng.random() < 0.5 else None
    return wdist.Samples(rng.normal(size=(n, dim)) @ stretch + rng.normal(size=dim), weights)


def brute(queries, measures, p: float, k: int) -> tuple[np.ndarray, np.ndarray]:
    matrix = wdist.pairwise(queries, measures, p=p, n_jobs=1)
    order = np.argsort(matrix, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(matrix, order, axis=1)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from([1, 1.5, 2, 3]), st.integers(2, 5), st.sampled_from([1e-150, 1.0, 1e150]))
def test_brute_force_finds_the_same(seed, p, dim, scale):
    rng = np.random.default_rng(seed)
    measures = [cloud(rng, dim) for _ in range(15)]
    measures += [measures[3], measures[0]]  # ties
    measures = [wdist.Samples(scale * m.points, m.weights) for m in measures]
    queries = [measures[int(rng.integers(15))], wdist.Samples(scale * rng.normal(size=(5, dim)))]
    k = int(rng.integers(1, 18))
    found = wdist.nearest(queries, measures, p=p, k=k, n_jobs=1)
    indices, distances = brute(queries, measures, p, k)
    assert np.array_equal(found.indices, indices)
    assert np.array_equal(found.distances, distances)
    assert np.all((k <= found.solved) & (found.solved <= len(measures)))


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from([1, 1.5, 2, 3]), st.integers(2, 12), st.sampled_from([0.0, 1e7]))
def test_no_bound_exceeds_the_distance(seed, p, dim, offset):
    rng = np.random.default_rng(seed)
    clouds = [cloud(rng, dim) for _ in range(6)]
    clouds = [wdist.Samples(c.points + offset, c.weights) for c in clouds]
    clouds += [wdist.Samples(clouds[0].points + 1.0), wdist.Samples(2.0 * clouds[1].points)]  # where bounds are tight
    sketches = Sketches.of(clouds, Lens.on(clouds))
    means = sketches.by_means(sketches, np.full((8, 8), 24))
    every = np.arange(8)
    for i, x in enumerate(clouds):
        bounds = sketches.by_marginals(i, x, sketches, every, clouds, p)
        truth = np.array([wdist.transport(x, y, p=p).upper for y in clouds])
        assert np.all(bounds <= truth)
        assert np.all(means[i] <= truth)


def test_bounds_are_tight_for_translations():
    x = np.random.default_rng(0).normal(size=(30, 3))
    clouds = [wdist.Samples(x), wdist.Samples(x + np.array([1.0, 2.0, 2.0]))]
    sketches = Sketches.of(clouds, Lens.on(clouds))
    for p in (1, 2, 3):
        assert sketches.by_marginals(0, clouds[0], sketches, np.array([1]), clouds, p)[0] == pytest.approx(3, rel=1e-9)


def test_most_candidates_are_ruled_out():
    rng = np.random.default_rng(1)
    clouds = [rng.normal(size=(30, 2)) * rng.uniform(0.3, 1.5, 2) + rng.normal(size=2) for _ in range(200)]
    found = wdist.nearest(clouds[:5], clouds, p=2, k=3)
    assert found.indices[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert np.all(found.distances[:, 0] == 0)
    assert found.solved.mean() < 30
    assert np.array_equal(found.indices, brute(clouds[:5], clouds, 2, 3)[0])


@pytest.mark.parametrize("family", ["gaussians", "line", "laws"])
def test_cheap_distances_are_all_taken(family):
    rng = np.random.default_rng(2)
    measures = {
        "gaussians": [wdist.Gaussian(rng.normal(size=2), np.eye(2)) for _ in range(9)],
        "line": list(rng.normal(size=(9, 6))),
        "laws": [scipy.stats.norm(k, 1 + k / 9) for k in range(4)],
    }[family]
    found = wdist.nearest(measures[:2], measures, p=2, k=3)
    indices, distances = brute(measures[:2], measures, 2, 3)
    assert np.array_equal(found.indices, indices)
    assert np.array_equal(found.distances, distances)
    assert found.solved.tolist() == [len(measures)] * 2


def test_other_processes_give_the_same(monkeypatch):
    rng = np.random.default_rng(3)
    clouds = rng.normal(size=(40, 9, 2))
    here = wdist.nearest(clouds, clouds, p=1, k=2, n_jobs=1)
    monkeypatch.setattr(jobs, "_HERE", 0.0)
    monkeypatch.setattr(jobs, "_WORTH", 0.0)
    told: list[int] = []
    there = wdist.nearest(clouds, clouds, p=1, k=2, n_jobs=2, progress=told.append)
    assert all(np.array_equal(one, other) for one, other in zip(here, there, strict=True))
    assert told == list(itertools.accumulate([1] * 40))


def test_tensors_come_back():
    clouds = torch.tensor(np.random.default_rng(3).normal(size=(5, 9, 2)), dtype=torch.float32)
    found = wdist.nearest(clouds[:1], clouds, p=1, k=2)
    assert found.distances.dtype == torch.float32
    assert found.indices[0, 0] == 0


@pytest.mark.parametrize("p", [1, 2])
def test_gradients_are_those_of_the_search(p):
    """By central differences of the whole search, by points of queries and of measures."""
    rng = np.random.default_rng(p)
    points = [rng.normal(size=(5, 2)) + 3 * rng.normal(size=2) for _ in range(12)]
    query, steps = rng.normal(size=(6, 2)), rng.normal(size=(4, 12, 5, 2))
    X, Y = torch.tensor(query, requires_grad=True), [torch.tensor(z, requires_grad=True) for z in points]
    found = wdist.nearest([X, query], Y, p=p, k=3)
    assert found.distances.shape == (2, 3)
    assert found.solved.max() < 12
    np.testing.assert_allclose(found.distances.detach(), wdist.nearest([query] * 2, points, p=p, k=3).distances)
    weight = rng.normal(size=(2, 3))
    by_query, *by_measure = torch.autograd.grad(
        (torch.tensor(weight) * found.distances).sum(), [X, *Y], allow_unused=True
    )
    assert sum(z is not None for z in by_measure) == 3  # the rest is not among the nearest

    def total(h, step, way):
        moved = [z + h * s for z, s in zip(points, step, strict=True)]
        return np.sum(weight * wdist.nearest([query + h * way, query], moved, p=p, k=3).distances)

    for step in steps:
        way = rng.normal(size=query.shape)
        slope = float((by_query * torch.tensor(way)).sum())
        slope += sum(float((z * torch.tensor(s)).sum()) for z, s in zip(by_measure, step, strict=True) if z is not None)
        assert slope == pytest.approx((total(1e-6, step, way) - total(-1e-6, step, way)) / 2e-6, abs=1e-5)


def test_gradients_of_lines_and_gaussians_and_their_types():
    x = torch.tensor([0.0, 1.0], dtype=torch.float32, requires_grad=True)
    found = wdist.nearest([x], [[5.0, 6.0], [2.0, 4.0], [1.0, 1.0]], p=1, k=2)
    assert (found.indices.tolist(), found.distances.dtype) == ([[2, 1]], torch.float32)
    found.distances[0, 1].backward()
    torch.testing.assert_close(x.grad, torch.tensor([-0.5, -0.5]))
    G = wdist.Gaussian(torch.zeros(2, requires_grad=True), torch.eye(2))
    assert wdist.nearest([G], [wdist.Gaussian([3.0, 4.0], np.eye(2))], p=2).distances.requires_grad
    itself = torch.tensor([[0.0, 1.0], [2.0, 3.0]], requires_grad=True)
    (slope,) = torch.autograd.grad(wdist.nearest([itself], [itself], p=2).distances.sum(), [itself])
    assert torch.equal(slope, torch.zeros(2, 2))


def test_bad_input_is_refused():
    z = np.zeros((3, 4, 2))
    for wrong in (0, -1, 1.5, True):
        with pytest.raises(ValueError, match=r"k is .*: give a whole number of at least 1"):
            wdist.nearest(z, z, p=2, k=wrong)
    with pytest.raises(ValueError, match="k is 4, and there are 3 measures"):
        wdist.nearest(z, z, p=2, k=4)
    with pytest.raises(wdist.InvalidMeasureError, match=r"queries\[0\] is a number"):
        wdist.nearest([1.0], z, p=2)
    with pytest.raises(wdist.InvalidMeasureError, match="queries live in dimension 1 and measures in dimension 2"):
        wdist.nearest([[1.0]], z, p=2)
    with pytest.raises(ValueError, match="p is inf"):
        wdist.nearest(z, z, p=np.inf)
