"""Matrices of distances: every entry is the front door's, every kind, every backend, and the laws of a metric."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
import ot
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import wdist
from wdist import jobs
from wdist.many import matrix, tiles

G = wdist.Gaussian


def gaussians(rng: np.random.Generator) -> list[Any]:
    factors = [rng.normal(size=(3, k)) for k in (3, 3, 2, 1, 5)]
    return [G(rng.normal(size=3), np.eye(3)), *(G.from_factor(rng.normal(size=3), F) for F in factors)]


def on_the_line(rng: np.random.Generator) -> list[Any]:
    weighted = [wdist.Samples(rng.normal(size=n), rng.random(n)) for n in (7, 7, 4)]
    return [rng.normal(size=5), rng.normal(size=5), *weighted, rng.exponential(size=7)]


def laws(rng: np.random.Generator) -> list[Any]:
    return [scipy.stats.norm(1, 2), rng.normal(size=6), wdist.Histogram([0, 1, 3], [1, 2]), G(0.5, 2.0)]


def clouds(rng: np.random.Generator) -> list[Any]:
    weighted = [wdist.Samples(rng.normal(size=(n, 2)), rng.integers(0, 3, n) + np.eye(n)[0]) for n in (9, 30)]
    return [rng.normal(size=(12, 2)), rng.normal(size=(12, 2)), *weighted, rng.normal(size=(150, 2)), [[1e7, 0.0]]]


FAMILIES = [(gaussians, 2), (laws, 1), (clouds, 1), (clouds, 3), *((on_the_line, p) for p in (1, 2, math.inf))]


@pytest.mark.parametrize(("family", "p"), FAMILIES, ids=lambda v: getattr(v, "__name__", v))
@pytest.mark.parametrize("brackets", [False, True])
def test_every_entry_is_the_front_doors(family: Callable[..., list[Any]], p: float, brackets: bool) -> None:
    rng = np.random.default_rng(3)
    P, Q = family(rng), family(rng)[:4]
    expected = [[wdist.wasserstein(x, y, p=p) for y in Q] for x in P]
    found = wdist.pairwise(P, Q, p=p, brackets=brackets)
    distance = found.distance if brackets else found
    np.testing.assert_allclose(distance, [[r.distance for r in row] for row in expected], rtol=1e-11, atol=1e-11)
    if brackets:
        assert found.kind.tolist() == [[r.kind for r in row] for row in expected]
        for part in ("lower", "upper"):
            assert getattr(found, part).tolist() == [[getattr(r, part) for r in row] for row in expected]
    own = wdist.pairwise(P, p=p)
    assert np.array_equal(own, own.T)
    assert np.all(np.diag(own) == 0)
    np.testing.assert_allclose(own, wdist.pairwise(P, P, p=p), rtol=1e-9, atol=1e-7)  # of a cloud with itself: rounding


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.sampled_from(FAMILIES))
def test_triangle_and_permutation(seed, case):
    family, p = case
    if family is laws:
        return
    P = family(np.random.default_rng(seed))
    D = wdist.pairwise(P, p=p, n_jobs=1)
    assert np.all(D[:, None] <= (D[:, :, None] + D[None]).min(axis=1)[:, None] * (1 + 1e-9) + 1e-9)
    order = np.random.default_rng(seed).permutation(len(P))
    again = wdist.pairwise([P[k] for k in order], p=p, n_jobs=1)
    np.testing.assert_allclose(again, D[np.ix_(order, order)], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("metric", ["cityblock", "chebyshev"])
def test_other_metrics_beside_pot(metric):
    rng = np.random.default_rng(1)
    P = rng.normal(size=(4, 20, 3))
    for p in (1, 2):
        theirs = [[ot.emd2([], [], ot.dist(x, y, metric) ** p) ** (1 / p) for y in P] for x in P]
        np.testing.assert_allclose(wdist.pairwise(P, p=p, metric=metric), theirs, rtol=1e-9, atol=1e-12)


def test_far_outliers_get_the_whole_engine():
    # A plain assignment in doubles would lose the small distances beside costs of 1e16.
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 2))
    P = [np.vstack([x + 1e-4 * k, [[1e8, 1e8]]]) for k in range(3)]
    expected = [[wdist.transport(a, b, p=2).distance for b in P] for a in P]
    np.testing.assert_allclose(wdist.pairwise(P, P, p=2), expected, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("scale", [1e-200, 1e-80, 1e80, 1e200])
@pytest.mark.parametrize("p", [1, 2, 3, 40])
def test_any_unit_of_length(scale, p):
    P = np.random.default_rng(0).normal(size=(4, 9, 2))
    P[3] = P[0] + 1e-30
    truth = [[wdist.transport(x, y, p=p).distance for y in P] for x in P]
    np.testing.assert_allclose(wdist.pairwise(scale * P, P * scale, p=p), scale * np.array(truth), rtol=1e-10)


def test_tiles_cover_the_matrix_once(monkeypatch):
    rng = np.random.default_rng(2)
    P, Q = rng.normal(size=(2, 23, 6, 2))
    whole, square = wdist.pairwise(P, Q, p=2), wdist.pairwise(P, p=2)
    monkeypatch.setattr(tiles, "_SECONDS", 5e-3)  # tiles of 4 x 4
    assert len(list(tiles.cut(list(P), list(P), True, tiles.Question("clouds", "auto", 2.0, "euclidean", False)))) > 15
    assert np.array_equal(wdist.pairwise(P, Q, p=2), whole)
    assert np.array_equal(wdist.pairwise(P, p=2), square)


@pytest.fixture
def small_tasks(monkeypatch):
    """Clouds and their distances, found here; from now on they are many tasks, and others' work."""
    P = np.random.default_rng(5).normal(size=(16, 30, 2))
    here = wdist.pairwise(P, p=2, n_jobs=1)
    monkeypatch.setattr(jobs, "_HERE", 0.0)
    monkeypatch.setattr(jobs, "_WORTH", 0.0)
    monkeypatch.setattr(tiles, "_SECONDS", 1e-3)
    return P, here


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_any_backend_gives_the_same_bits(backend, small_tasks):
    P, here = small_tasks
    with joblib.parallel_config(backend):
        assert np.array_equal(wdist.pairwise(P, p=2, n_jobs=2), here)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_cluster_of_dask_solves_what_it_is_given(small_tasks, monkeypatch, tmp_path):
    from distributed import Client, LocalCluster, get_task_stream

    P, here = small_tasks
    monkeypatch.chdir(tmp_path)
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "processes": True}
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        with get_task_stream(client) as stream, joblib.parallel_config("dask"):
            found = wdist.pairwise(P, p=2, cache=tmp_path / "matrix")
        workers = set(client.run(os.getpid))
    assert np.array_equal(found, here)
    assert {task["worker"] for task in stream.data} == workers  # both had something to do


def test_the_cache_is_believed_and_never_computed_again(monkeypatch, tmp_path):
    P = np.random.default_rng(5).normal(size=(9, 30, 2))
    monkeypatch.setattr(tiles, "_SECONDS", 2e-3)
    first = wdist.pairwise(P, p=2, cache=tmp_path / "m", n_jobs=1)
    size = (tmp_path / "m").stat().st_size

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("solved again")

    monkeypatch.setattr(matrix, "solve", never)
    told: list[int] = []
    assert np.array_equal(wdist.pairwise(P, p=2, cache=tmp_path / "m", progress=told.append), first)
    assert told == [36]
    assert (tmp_path / "m").stat().st_size == size


@pytest.mark.parametrize("change", ["point", "weight", "p", "order", "brackets", "others"])
def test_the_cache_knows_its_question(change, tmp_path):
    rng = np.random.default_rng(5)
    points, weights = rng.normal(size=(3, 8, 2)), rng.random((3, 8))
    ask: dict[str, Any] = {"p": 2}

    def measures() -> list[Any]:
        return [wdist.Samples(x, w) for x, w in zip(points, weights, strict=True)]

    first = wdist.pairwise(measures(), cache=tmp_path / "m", **ask)
    if change == "point":
        points[1, 1, 1] = np.nextafter(points[1, 1, 1], 9)
    elif change == "weight":
        weights[2] *= 1.5
    elif change == "order":
        points, weights = points[::-1], weights[::-1]
    else:
        ask |= {"p": {"p": 2.5}, "brackets": {"brackets": True}, "others": {"others": measures()}}[change]
    with pytest.raises(ValueError, match="which holds distances of other measures"):
        wdist.pairwise(measures(), cache=tmp_path / "m", **ask)
    assert first.shape == (3, 3)


def test_progress_counts_to_the_end(capsys):
    P = np.random.default_rng(5).normal(size=(9, 10, 2))
    told: list[int] = []
    wdist.pairwise(P, p=1, progress=told.append)
    assert told[-1] == 36
    assert told == sorted(told)
    wdist.pairwise(P, p=1, progress=True)
    assert "36.0/36.0" in capsys.readouterr().err


def test_inputs_in_other_forms():
    rng = np.random.default_rng(5)
    batch = G(rng.normal(size=(4, 2)), np.eye(2))
    shift = np.linalg.norm(batch.mean[:, None] - batch.mean[None], axis=-1)
    np.testing.assert_allclose(wdist.pairwise(batch, p=2), shift, atol=1e-12)
    x = torch.tensor(rng.normal(size=(3, 5, 2)), dtype=torch.float32)
    found = wdist.pairwise(x, p=2)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found.numpy(), wdist.pairwise(x.double().numpy(), p=2), rtol=1e-6, atol=1e-6)
    assert wdist.pairwise([[1.0, 2.0]], p=1).tolist() == [[0.0]]


def test_bad_input_is_refused_by_name():
    z = np.zeros((3, 4, 2))
    for wrong, match in [
        ([], "measures is empty"),
        (3.0, "measures is a float: give a sequence of measures"),
        (wdist.Samples([1.0]), "measures is a Samples: give a sequence"),
        ([1.0, 2.0], r"measures\[0\] is a number"),
        (np.zeros(4), r"measures\[0\] is a number"),
        ([z[0], np.full((2, 2), np.nan)], r"measures\[1\] has 4 entries that are NaN"),
        ([z[0], np.zeros((2, 3))], r"measures\[1\] lives in dimension 3 and measures\[0\] in dimension 2"),
        ([G(np.zeros((2, 2)), np.eye(2))], r"measures\[0\] is a batch of Gaussians"),
    ]:
        with pytest.raises(wdist.InvalidMeasureError, match=match):
            wdist.pairwise(wrong, p=2)
    with pytest.raises(wdist.InvalidMeasureError, match="measures live in dimension 2 and others in dimension 1"):
        wdist.pairwise(z, z[0], p=2)
    with pytest.raises(wdist.InvalidMeasureError, match=r"others\[0\] has shape \(2, 2, 2\)"):
        wdist.pairwise(z, np.zeros((1, 2, 2, 2)), p=2)
    with pytest.raises(ValueError, match="a Samples against a Gaussian in R\\^2 has no exact method"):
        wdist.pairwise([z[0], G([0, 0], np.eye(2))], p=2)
    with pytest.raises(ValueError, match="p is inf"):
        wdist.pairwise(z, p=math.inf)
    with pytest.raises(ValueError, match="method is 'sinkhorn': choose one of"):
        wdist.pairwise(z, p=2, method="sinkhorn")
    with pytest.raises(ValueError, match="metric is 'cosine': choose one of"):
        wdist.pairwise(z, p=2, metric="cosine")
    for wrong in (0, True, "all", 1.5):
        with pytest.raises(ValueError, match=r"n_jobs is .*: give how many processes"):
            wdist.pairwise(z, p=2, n_jobs=wrong)
    for beside in ({"brackets": True}, {"cache": "m"}):
        with pytest.raises(ValueError, match=r"a measure requires a gradient, and (brackets|cache) holds numbers only"):
            wdist.pairwise([torch.zeros(3, 2, requires_grad=True)], p=2, **beside)


@pytest.mark.parametrize("among", [True, False])
@pytest.mark.parametrize("p", [1, 2])
def test_gradients_are_those_of_single_pairs(among, p):
    rng = np.random.default_rng(p)
    points = [torch.tensor(rng.normal(size=(n, 2)), requires_grad=n != 5) for n in (4, 5, 6)]
    others = None if among else [rng.normal(size=(3, 2)), rng.normal(size=(7, 2))]
    matrix = wdist.pairwise(points, others, p=p)
    columns = points if others is None else others
    weight = torch.tensor(rng.normal(size=tuple(matrix.shape)))
    found = torch.autograd.grad((weight * matrix).sum(), [points[0], points[2]])
    single = sum(
        weight[i, j] * wdist.wasserstein(x, y, p=p).distance
        for i, x in enumerate(points)
        for j, y in enumerate(columns)
        if x is not y and (x.requires_grad or getattr(y, "requires_grad", False))
    )
    for ours, theirs in zip(found, torch.autograd.grad(single, [points[0], points[2]]), strict=True):
        torch.testing.assert_close(ours, theirs)
    plain = wdist.pairwise([z.detach() for z in points], others, p=p)
    torch.testing.assert_close(matrix.detach(), plain)
    if among:
        assert torch.equal(matrix, matrix.T)
        assert torch.equal(matrix.diagonal(), torch.zeros(3, dtype=torch.float64))


def test_gradients_of_gaussians_lines_and_metrics():
    G = wdist.Gaussian(torch.zeros(2, requires_grad=True), torch.eye(2))
    H = wdist.Gaussian([3.0, 4.0], np.eye(2))
    assert wdist.pairwise([G], [H], p=2).requires_grad
    x = torch.tensor([0.0, 1.0], dtype=torch.float32, requires_grad=True)
    matrix = wdist.pairwise([x, [2.0, 4.0]], p=1)
    assert matrix.dtype == torch.float32
    matrix[0, 1].backward()
    torch.testing.assert_close(x.grad, torch.tensor([-0.5, -0.5]))
    z = torch.tensor([[0.0, 0.0]], requires_grad=True)
    by_blocks = wdist.pairwise([z], [[[3.0, 4.0]]], p=2, metric="cityblock")
    assert by_blocks.requires_grad
    assert by_blocks.tolist() == [[7.0]]


def test_measures_that_are_functions_have_no_cache(tmp_path):
    with pytest.raises(ValueError, match=r"measures\[0\] is a Law, a function"):
        wdist.pairwise([scipy.stats.norm(), [1.0, 2.0]], p=1, cache=tmp_path / "m")
