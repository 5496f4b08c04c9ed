"""From a sample to all: the searches are those of whole matrices, and the end is the optimum."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from wdist.exact import sampled
from wdist.exact.generation import Watch
from wdist.exact.sampled import AllPairs, ManyDimensions, _balanced, _drawn, sample_to_all
from wdist.search.ground import MatrixCosts, PointCosts

KINDS = ["pairs", "dimensions"]


def problem(kind: str, p: float = 2.0, n: int = 24, m: int = 30) -> tuple[AllPairs | ManyDimensions, np.ndarray]:
    rng = np.random.default_rng(n)
    x, y = rng.standard_normal((n, 9)), rng.standard_normal((m, 9)) + 1.0
    points = PointCosts.between(x, y, p, "euclidean")
    every = cdist(x, y) ** p
    return (AllPairs(MatrixCosts(every)) if kind == "pairs" else ManyDimensions.of(points)), every


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("p", [1.0, 2.0])
def test_searches_find_the_smallest(kind: str, p: float) -> None:
    """To single precision where nothing else was asked."""
    given, every = problem(kind, p)
    rng = np.random.default_rng(1)
    u, v = rng.random(24), rng.random(30)
    i, j = np.array([3, 3, 20]), np.array([0, 29, 7])
    np.testing.assert_allclose(given.costs(i, j), every[i, j], rtol=1e-13)
    some = np.array([2, 11, 28])
    for of, k, found in (
        (every - v, 4, given.targets(v, 4)),
        ((every - u[:, None]).T, 3, given.sources(u, 3, np.arange(30))),
        ((every - u[:, None]).T[some], 3, given.sources(u, 3, some)),
    ):
        np.testing.assert_allclose(found.value, np.sort(of, axis=1)[:, :k], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(np.take_along_axis(of, found.which, axis=1), found.value, rtol=1e-4, atol=1e-4)
    limit = np.sort(every - v, axis=1)[:, 2]
    below = given.targets(v, 5, limit + 1e-9)
    np.testing.assert_array_equal(below.found, 3)
    np.testing.assert_allclose(below.value[:, :3], np.sort(every - v, axis=1)[:, :3], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_is_the_problem_of_its_points(kind: str) -> None:
    given, every = problem(kind)
    rows, columns = np.array([1, 5, 6, 20]), np.array([0, 2, 9])
    for i, j in ((rows, columns), (rows, None), (None, columns)):
        part = every[slice(None) if i is None else i][:, slice(None) if j is None else j]
        a, b = (k.ravel() for k in np.indices(part.shape))
        np.testing.assert_allclose(given.select(i, j).costs(a, b), part.ravel(), rtol=1e-13)
        lists = given.select(i, j).targets(np.zeros(part.shape[1]), 2)
        np.testing.assert_allclose(lists.value, np.sort(part, axis=1)[:, :2], rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("enough", [8, 1000])
def test_the_end_is_the_optimum_with_a_sample_first_or_without(
    kind: str, enough: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampled, "_ENOUGH", enough)
    given, every = problem(kind, n=30, m=30)
    masses = np.full(30, 7, dtype=np.int64)
    solved = sample_to_all(given, (masses, masses), Watch())
    optimum = every[linear_sum_assignment(every)].sum() * 7
    assert float(np.abs(solved.tree.price) @ solved.tree.flow) == pytest.approx(optimum, rel=1e-12)
    assert 7 * (solved.u.sum() + solved.v.sum()) == pytest.approx(optimum, rel=1e-12)
    assert np.all(solved.u[:, None] + solved.v <= every + 1e-10)


@pytest.mark.parametrize(("a", "b"), [([3, 9, 4], [5, 2]), ([1, 1], [8, 3, 3]), ([4], [4])])
def test_what_one_side_lacks_goes_to_its_largest(a: list[int], b: list[int]) -> None:
    before = np.array(a), np.array(b)
    one, other = _balanced(*before)
    assert one.sum() == other.sum() == max(sum(a), sum(b))
    for old, new in zip(before, (one, other), strict=True):
        assert np.flatnonzero(new != old).tolist() in ([], [np.argmax(old)])
        assert np.all(new >= old)
    np.testing.assert_array_equal(before[0], a)


def test_a_sample_is_drawn_by_mass() -> None:
    """Without replacement: beside equal ones the heaviest is nearly always there, and the lightest hardly ever."""
    mass = np.full(40, 1000, dtype=np.int64)
    mass[[7, 11]] = 10**6, 1
    rng = np.random.default_rng(0)
    samples = [_drawn(mass, rng) for _ in range(2000)]
    assert all(np.array_equal(sample, np.unique(sample)) and len(sample) == 10 for sample in samples)
    share = np.bincount(np.concatenate(samples), minlength=40) / 2000
    assert share[7] > 0.99
    assert share[11] < 0.01
    others = np.delete(share, [7, 11])
    assert np.all(np.abs(others - 9 / 38) < 5 * np.sqrt(0.25 * 0.75 / 2000))
