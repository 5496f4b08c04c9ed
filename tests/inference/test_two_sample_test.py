"""The permutation test: exact levels, statistics that are the distances they claim to be, and power."""

from __future__ import annotations

import functools
import itertools

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import wdist
from wdist import jobs
from wdist.coupling import monotone_coupling
from wdist.inference.permutation import permuted_costs, sorted_shadows


@pytest.mark.parametrize(("n", "m"), [(3, 3), (4, 2), (2, 5)])
@pytest.mark.parametrize("p", [1, 2])
def test_pvalue_is_that_of_all_permutations(n: int, m: int, p: int) -> None:
    """Enumerated: with many resamples the p-value is the share of all labellings that reach the statistic."""
    rng = np.random.default_rng(n)
    z = np.round(rng.standard_normal(n + m), 1)
    chosen = [list(side) for side in itertools.combinations(range(n + m), n)]
    values = np.array([wdist.wasserstein_1d(z[side], np.delete(z, side), p=p) for side in chosen])
    share = np.mean(values >= values[0] - 1e-12)
    result = wdist.two_sample_test(z[:n], z[n:], p=p, method="1d", n_resamples=9999, rng=1)
    assert result.statistic == pytest.approx(values[0], rel=1e-12)
    assert abs(result.pvalue - share) < 4 * np.sqrt(share * (1 - share) / 9999) + 2e-4


@pytest.mark.parametrize("method", ["1d", "sliced", "exact"])
@pytest.mark.parametrize("tied", [False, True])
def test_level_is_kept(method: str, tied: bool) -> None:
    """P(p <= u) <= u where the populations are one, and nearly u without ties."""
    rng = np.random.default_rng(7)
    runs, resamples, dim = {"exact": (25, 19, 2), "sliced": (400, 39, 2), "1d": (400, 39, 1)}[method]
    pvalues = np.empty(runs)
    for k in range(runs):
        x, y = rng.exponential(size=(9, dim)), rng.exponential(size=(7, dim))
        if tied:
            x, y = np.round(x), np.round(y)
        pvalues[k] = wdist.two_sample_test(
            x, y, p=1, method=method, n_resamples=resamples, n_projections=8, rng=rng
        ).pvalue
    for level in (0.05, 0.1, 0.25, 0.5):
        share = np.mean(pvalues <= level + 1e-12)
        slip = 4 * np.sqrt(level * (1 - level) / runs)
        assert share <= level + slip
        if not tied:
            assert share >= level - slip


@pytest.mark.parametrize(("n", "m"), [(20, 20), (20, 33)])
@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_costs_are_those_of_the_line(n: int, m: int, p: float) -> None:
    rng = np.random.default_rng(3)
    points, directions = rng.standard_normal((n + m, 3)), rng.standard_normal((4, 3))
    sides = rng.permuted(np.tile((np.arange(n + m) < n).astype(np.uint8), (5, 1)), axis=1)
    pieces = monotone_coupling(None, None, n, m, np, points)
    costs = permuted_costs(sorted_shadows(points, directions), sides, (n, m), pieces, p)
    for side, cost in zip(sides, costs, strict=True):
        x, y = points[side == 1], points[side == 0]
        expected = np.mean([wdist.wasserstein_1d(x @ t, y @ t, p=p) ** p for t in directions])
        assert cost == pytest.approx(expected, rel=1e-12)


def test_statistics_are_the_distances() -> None:
    rng = np.random.default_rng(0)
    x, y = 1e8 + rng.standard_normal((40, 3)), 1e8 + rng.standard_normal((30, 3))
    exact = wdist.two_sample_test(x, y, p=2, method="exact", n_resamples=1, rng=0)
    assert exact.statistic == pytest.approx(wdist.transport(x, y, p=2).distance, rel=1e-9)
    sliced = wdist.two_sample_test(x, y, p=2, n_resamples=1, n_projections=4000, rng=0)
    assert sliced.statistic == pytest.approx(wdist.sliced(x, y, p=2, n_projections=4000, rng=1).distance, rel=0.05)
    line = wdist.two_sample_test(x[:, 0], y[:, 0], p=3, method="1d", n_resamples=1)
    assert line.statistic == pytest.approx(wdist.wasserstein_1d(x[:, 0], y[:, 0], p=3), rel=1e-9)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 2.0, 2.5]), st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
@settings(max_examples=25, deadline=None)
def test_scale_and_shift_change_no_pvalue(seed: int, p: float, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((12, 2)), 0.7 * rng.standard_normal((10, 2))
    one = wdist.two_sample_test(x, y, p=p, n_resamples=49, n_projections=5, rng=seed)
    other = wdist.two_sample_test(scale * x + shift, scale * y + shift, p=p, n_resamples=49, n_projections=5, rng=seed)
    assert other.pvalue == one.pvalue
    assert other.statistic == pytest.approx(scale * one.statistic, rel=1e-6)


@pytest.mark.parametrize("method", ["sliced", "exact"])
def test_a_shift_is_found(method: str) -> None:
    rng = np.random.default_rng(5)
    x, y = rng.standard_normal((60, 4)), rng.standard_normal((50, 4)) + 0.8
    result = wdist.two_sample_test(x, y, p=1, method=method, n_resamples=199, rng=0)
    assert result.pvalue == 1 / 200
    assert result.null_distribution.shape == (199,)
    assert result.null_distribution.max() < result.statistic


def test_power_on_the_line_beats_kolmogorov_smirnov_for_scale() -> None:
    """Twice the spread: KS, which sees the middle only, misses more often."""
    rng = np.random.default_rng(11)
    ours = theirs = 0
    for _ in range(60):
        x, y = rng.standard_normal(40), 1.6 * rng.standard_normal(40)
        ours += wdist.two_sample_test(x, y, p=2, method="1d", n_resamples=199, rng=rng).pvalue <= 0.05
        theirs += stats.ks_2samp(x, y).pvalue <= 0.05
    assert ours > theirs + 10


def test_equal_points_and_ranges_end() -> None:
    assert wdist.two_sample_test([1.0, 1.0], [1.0], p=2, rng=0).pvalue == 1.0
    far = wdist.two_sample_test([0.0, 1e308, 1e308], [-1e308, -1e308, 0.0], p=2, rng=0)
    assert np.isfinite(far.statistic)
    tiny = wdist.two_sample_test([[0.0, 1e-300]], [[0.0, 0.0]], p=3, method="exact", rng=0)
    assert (tiny.statistic, tiny.pvalue) == (pytest.approx(1e-300), 1.0)


def test_seed_fixes_the_answer_and_the_global_generator_is_left_alone() -> None:
    x, y = np.random.default_rng(1).standard_normal((2, 30, 2))
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    one, other = (wdist.two_sample_test(x, y, p=1, n_resamples=29, rng=4) for _ in range(2))
    assert np.array_equal(one.null_distribution, other.null_distribution)
    assert np.array_equal(state, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize(("n", "method"), [(30, "exact"), (300, "exact"), (30, "sliced")])
def test_any_number_of_workers_gives_the_same(n: int, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here, or by whoever ``parallel_config`` names, as soon as there are more tasks than two."""
    monkeypatch.setattr(jobs, "_HERE", 0.0)
    monkeypatch.setattr(jobs, "_WORTH", 0.0)
    x, y = np.random.default_rng(2).standard_normal((2, n, 3))
    test = functools.partial(wdist.two_sample_test, x, y, p=1, method=method, n_resamples=39, rng=5)
    alone = test(n_jobs=1)
    with joblib.parallel_config("threading", n_jobs=3):
        assert np.array_equal(test().null_distribution, alone.null_distribution)
    assert np.array_equal(test(n_jobs=2).null_distribution, alone.null_distribution)
    assert test().pvalue == alone.pvalue


def test_tensors_are_detached() -> None:
    torch = pytest.importorskip("torch")
    x = torch.linspace(0, 1, 20, dtype=torch.float32).requires_grad_()
    result = wdist.two_sample_test(x, np.linspace(0.5, 1.5, 25), p=1, method="1d", rng=0)
    assert type(result.statistic) is float
    assert type(result.pvalue) is float


def test_what_cannot_be_exchanged_is_refused() -> None:
    line, plane = np.arange(5.0), np.ones((4, 2))
    equal = wdist.two_sample_test(wdist.Samples(line, np.full(5, 3.0)), line, p=1, rng=0)
    assert equal.pvalue == 1.0
    with pytest.raises(wdist.InvalidMeasureError, match="y has unequal weights"):
        wdist.two_sample_test(line, wdist.Samples(line, line), p=1)
    with pytest.raises(wdist.InvalidMeasureError, match="x lives in dimension 1 and y in dimension 2"):
        wdist.two_sample_test(line, plane, p=1)
    with pytest.raises(wdist.InvalidMeasureError, match="x is a Gaussian"):
        wdist.two_sample_test(wdist.Gaussian(0, 1), line, p=1)
    with pytest.raises(ValueError, match="method is 'ks'"):
        wdist.two_sample_test(line, line, p=1, method="ks")
    with pytest.raises(ValueError, match="dimension 2"):
        wdist.two_sample_test(plane, plane, p=1, method="1d")
    with pytest.raises(ValueError, match="n_resamples is 0"):
        wdist.two_sample_test(line, line, p=1, n_resamples=0)
    with pytest.raises(ValueError, match="n_projections is True"):
        wdist.two_sample_test(line, line, p=1, n_projections=True)
    with pytest.raises(ValueError, match="p is inf"):
        wdist.two_sample_test(line, line, p=np.inf)


def test_powers_that_underflow_are_refused():
    x, y = np.random.default_rng(0).integers(0, 9, (2, 20, 2)).astype(float)
    with pytest.raises(ValueError, match="p is 1000: powers of some of these differences lie below the floats"):
        wdist.two_sample_test(x, y, p=1000, n_resamples=9, rng=0)
    assert wdist.two_sample_test(np.ones(5), np.ones(5), p=1000, n_resamples=9, rng=0).pvalue == 1.0
