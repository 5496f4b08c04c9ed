"""wdist.QuantileSketch: what it says it has lost is never less than what it has, against the whole stream."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.stats as st
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

import wdist
from wdist import InvalidMeasureError, QuantileSketch

STREAMS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "sorted": lambda rng, n: np.sort(rng.normal(size=n)),
    "cauchy": lambda rng, n: rng.standard_cauchy(n),
    "two far clusters": lambda rng, n: rng.random(n) + 1e6 * (rng.random(n) < 0.3),
    "few values": lambda rng, n: rng.integers(0, 300, n).astype(float),
    "an outlier": lambda rng, n: np.append(rng.random(n - 1), 1e12),
}


def sketch(*chunks: Any, k: int = 64) -> QuantileSketch:
    s = QuantileSketch(k)
    for chunk in chunks:
        s.update(chunk)
    return s


def lost(s: QuantileSketch, x: np.ndarray, p: float) -> float:
    """The true W_p between the sketch and its stream."""
    means, counts = s.atoms()
    return float(wdist.wasserstein_1d(x, means, p=p, v_weights=counts))


@pytest.mark.parametrize("p", [1, 1.5, 2, 5, math.inf])
@pytest.mark.parametrize("stream", STREAMS)
def test_error_bounds_what_is_lost(stream: str, p: float) -> None:
    x = STREAMS[stream](np.random.default_rng(0), 20_000)
    s = sketch(*np.array_split(x, 37))
    means, counts = s.atoms()
    assert counts.sum() == s.count == len(x)
    assert np.all(np.diff(means) >= 0)
    rounding = 1e-12 * float(np.max(np.abs(x)))  # of the reference
    assert lost(s, x, p) <= s.error(p) + rounding
    assert s.error(p) <= 40 * lost(s, x, p) + rounding  # and is no wild exaggeration


@pytest.mark.parametrize("p", [1, 2])
def test_error_falls_like_one_over_k(p: float) -> None:
    x = np.random.default_rng(1).normal(size=200_000)
    coarse, fine = (sketch(*np.array_split(x, 20), k=k).error(p) for k in (50, 800))
    assert fine < coarse / 10
    assert fine < 0.02


@settings(deadline=None, max_examples=60)
@given(some.lists(some.integers(1, 400), min_size=1, max_size=30), some.integers(0, 2**32 - 1), some.integers(16, 40))
def test_any_chunks_and_any_merges_keep_the_bound(sizes: list[int], seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    chunks = [rng.standard_t(2, size=n) for n in sizes]
    x = np.concatenate(chunks)
    half = len(chunks) // 2
    left, right = sketch(*chunks[:half], k=k), sketch(*chunks[half:], k=2 * k)
    left.merge(right)
    assert left.count == len(x)
    assert right.count == sum(sizes[half:])
    for p in (1, 3, math.inf):
        assert lost(left, x, p) <= left.error(p) + 1e-12 * float(np.max(np.abs(x)))


@pytest.mark.parametrize("p", [1, 2, math.inf])
def test_the_bracket_between_two_sketches_holds(p: float) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=50_000), rng.exponential(size=70_000)
    r = wdist.wasserstein(sketch(x), sketch(y, k=200), p=p)
    assert r.kind == "estimate"
    assert r.lower <= wdist.wasserstein_1d(x, y, p=p) <= r.upper
    against_points = wdist.wasserstein(sketch(x), y, p=p)
    assert against_points.lower <= wdist.wasserstein_1d(x, y, p=p) <= against_points.upper
    assert wdist.wasserstein_1d(sketch(x), y, p=p) == against_points.distance


def test_the_bracket_against_a_law_holds() -> None:
    x = np.random.default_rng(3).normal(size=30_000)
    r = wdist.wasserstein(sketch(x), st.norm(1, 1), p=2)
    assert r.lower <= float(wdist.wasserstein_1d(x, st.norm(1, 1), p=2)) <= r.upper


def test_few_points_and_few_values_lose_nothing() -> None:
    x = np.random.default_rng(4).random(256)
    assert sketch(*x, k=64).error(2) == 0.0
    assert wdist.wasserstein(sketch(x, k=64), x, p=2).distance == 0.0
    ties = np.random.default_rng(5).integers(0, 60, 10_000).astype(float)
    assert sketch(*np.array_split(ties, 9), k=64).error(math.inf) == 0.0


@pytest.mark.parametrize("p", [1, 20, 100, math.inf])
@pytest.mark.parametrize("clusters", [10, 14])
def test_cells_of_neighbouring_floats_lose_a_rounding_and_say_so(clusters: int, p: float) -> None:
    """Their means are no floats; powers of so little are 0, and what is lost is not."""
    centres = 1e6 + 1000.0 * np.arange(clusters)
    points = np.concatenate([np.repeat(centres, 4), np.repeat(np.nextafter(centres, np.inf), 4)])
    summary = sketch(points, k=16)
    lost = wdist.wasserstein(wdist.Samples(points), wdist.Samples(*summary.atoms()), p=p)
    assert 0.0 < lost.lower <= summary.error(p) < 2e-9


def test_memory_grows_with_the_logarithm_only() -> None:
    rng = np.random.default_rng(6)
    s = QuantileSketch(32)
    for _ in range(600):
        s.update(rng.random(500))
    assert s.count == 300_000
    assert len(s.atoms()[0]) <= 32 * (4 + math.log2(s.count / 32))


def test_scaling_by_a_power_of_two_and_reflection() -> None:
    x = np.random.default_rng(7).normal(size=5_000)
    (means, counts), (scaled, same) = sketch(x).atoms(), sketch(x * 2.0**40).atoms()
    assert np.array_equal(scaled, means * 2.0**40)
    assert np.array_equal(same, counts)
    assert sketch(-x).error(2) == pytest.approx(sketch(x).error(2), rel=0.3)


def test_translation_moves_the_atoms() -> None:
    x = np.random.default_rng(8).integers(-(2**20), 2**20, 5_000) * 1.0
    assert sketch(x + 2.0**30).atoms()[0] == pytest.approx(sketch(x).atoms()[0] + 2.0**30, abs=1.0)


@pytest.mark.parametrize("scale", [1e-310, 1e308])
def test_ends_of_the_range(scale: float) -> None:
    x = np.random.default_rng(9).uniform(-1, 1, 2_000) * scale
    s = sketch(x)
    assert np.all(np.isfinite(s.atoms()[0]))
    assert 0.0 < s.error(math.inf) < 2 * scale


def test_a_merged_sketch_is_left_alone_and_may_be_itself() -> None:
    x = np.random.default_rng(10).random(1_000)
    s = sketch(x)
    s.merge(s)
    assert s.count == 2_000
    assert wdist.wasserstein(s, x, p=1).lower <= 1e-12


def test_the_same_updates_give_the_same_sketch_and_it_survives_pickling() -> None:
    chunks = np.array_split(np.random.default_rng(11).random(3_000), 7)
    first, second = sketch(*chunks), pickle.loads(pickle.dumps(sketch(*chunks)))
    assert np.array_equal(first.atoms(), second.atoms())
    second.update(0.5)
    assert (first.count, second.count) == (3_000, 3_001)


def test_tensors_and_any_shape_are_welcome() -> None:
    s = QuantileSketch(16)
    s.update(torch.ones(3, 4, requires_grad=True))
    s.update(2)
    s.update([])
    assert s.count == 13
    assert repr(s) == "QuantileSketch(k=16, count=13)"


@pytest.mark.parametrize("bad", [[1.0, math.nan], math.inf, [1j], ["a"], None])
def test_what_is_no_number_is_refused_and_nothing_is_added(bad: Any) -> None:
    s = sketch([1.0])
    with pytest.raises(InvalidMeasureError, match=r"^x "):
        s.update(bad)
    assert s.count == 1


def test_misuse_is_named() -> None:
    for k in (15, True, 2.5, "many"):
        with pytest.raises(ValueError, match=r"^k is "):
            QuantileSketch(k)  # type: ignore[arg-type]
    with pytest.raises(InvalidMeasureError, match="sketch is empty"):
        wdist.wasserstein(QuantileSketch(16), [1.0], p=1)
    with pytest.raises(TypeError, match="other is a list"):
        QuantileSketch(16).merge([1.0])  # type: ignore[arg-type]
    with pytest.raises(InvalidMeasureError, match="QuantileSketch, and this function takes points"):
        wdist.transport(sketch([1.0]), [1.0], p=1)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.5, math.inf])
@pytest.mark.parametrize("seed", [0, 1])
def test_weighted_streams_keep_the_bound(p: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, w = rng.standard_t(3, 30_000), rng.exponential(1.0, 30_000) * 10.0 ** rng.integers(-3, 3, 30_000)
    w[rng.random(30_000) < 0.1] = 0.0
    left, right = wdist.QuantileSketch(100), wdist.QuantileSketch(100)
    for sketch, half in ((left, slice(0, 17_000)), (right, slice(17_000, None))):
        for points, masses in zip(np.array_split(x[half], 9), np.array_split(w[half], 9), strict=True):
            sketch.update(points, masses)
    left.merge(right)
    assert left.count == np.count_nonzero(w)
    atoms, masses = left.atoms()
    assert masses.sum() == pytest.approx(w.sum(), rel=1e-12)
    lost = wdist.wasserstein_1d(x, atoms, p=p, u_weights=w, v_weights=masses)
    assert 0 < lost <= left.error(p)
    r = wdist.wasserstein(left, [0.0], p=p)
    assert r.lower <= wdist.wasserstein_1d(x, [0.0], p=p, u_weights=w) <= r.upper


def test_mass_splitting_a_weight_of_three_is_three_points() -> None:
    x, w = np.array([5.0, 1.0, 3.0]), np.array([1, 3, 2])
    weighted, repeated = wdist.QuantileSketch(16), wdist.QuantileSketch(16)
    weighted.update(x, w)
    repeated.update(np.repeat(x, w))
    assert wdist.wasserstein_1d(weighted, repeated, p=2) <= 1e-7
    assert weighted.error(2) == 0.0


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0], [1.0, math.nan], [[1.0, 1.0]]])
def test_bad_weights_are_refused_and_nothing_is_added(weights: Any) -> None:
    sketch = wdist.QuantileSketch(16)
    with pytest.raises(wdist.InvalidMeasureError, match="weights has"):
        sketch.update([1.0, 2.0], weights)
    assert sketch.count == 0
