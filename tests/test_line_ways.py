"""W_p on the line by each of its ways, on few points: all of them give what a loop over pairs gives."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import ot
import pytest
import scipy.stats
import torch

import wdist
from wdist import Gaussian, InvalidMeasureError, QuantileSketch, Samples, coupling
from wdist._arrays import normalised_weights, result_dtype
from wdist.coupling import _compiled_distance, coupling_distance, w1_by_cdf, whole_distance
from wdist.line import line_distance

WAYS = {"compiled": lambda *given: _compiled_distance(*given, False), "any": coupling_distance, "whole": whole_distance}


def loop(x: np.ndarray, y: np.ndarray, a: np.ndarray | None, b: np.ndarray | None, p: float) -> np.ndarray:
    """By POT, a pair of rows at a time."""
    full = [np.full(z.shape[-1], 1.0 / z.shape[-1]) if w is None else w for z, w in ((x, a), (y, b))]
    batch = np.broadcast_shapes(*(z.shape[:-1] for z in (x, y, *full)))
    x, y, a, b = (np.broadcast_to(z, (*batch, z.shape[-1])) for z in (x, y, *full))
    found = np.empty(batch)
    for k in np.ndindex(*batch):
        found[k] = ot.wasserstein_1d(x[k], y[k], a[k], b[k], p=p) ** (1 / p)
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 4.0])
@pytest.mark.parametrize("weighted", ["", "a", "ab", "rows"])
@pytest.mark.parametrize("sizes", [(7, 5), (6, 6), (1, 4)])
@pytest.mark.parametrize("short", [0, 1000])
def test_rows_against_rows(
    way: str, p: float, weighted: str, sizes: tuple[int, int], short: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coupling, "SHORT", short)  # rows of fewer points are sorted another way
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((3, 1, sizes[0])), np.round(rng.standard_normal((4, sizes[1])), 1)
    a, b = rng.random((3, 1, sizes[0])) + 0.1, rng.random(sizes[1]) + 0.1
    if weighted != "rows":
        a = a[0, 0]
    a, b = a / a.sum(axis=-1, keepdims=True), b / b.sum()
    first, second = (None if not weighted else a), (b if weighted in ("ab", "rows") else None)
    before = x.copy()
    found = WAYS[way](x, y, first, second, p)
    np.testing.assert_allclose(found, loop(x, y, first, second, p), rtol=1e-11)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("weighted", [True, False])
def test_one_sort_does_at_p_1(weighted: bool) -> None:
    rng = np.random.default_rng(1)
    x, y, a, b = (rng.random((2, 3, n)) for n in (6, 8, 6, 8))
    a, b = a / a.sum(-1, keepdims=True), b / b.sum(-1, keepdims=True)
    given = (x, y, a, b) if weighted else (x, y, None, None)
    np.testing.assert_allclose(w1_by_cdf(*given), loop(*given, 1.0), rtol=1e-12)


@pytest.mark.parametrize("p", [1, 2])
def test_samples_along_any_axis(p: float) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((5, 3)), rng.standard_normal((7, 3))
    a = rng.random((5, 3)) + 0.1
    expected = loop(x.T, y.T, (a / a.sum(axis=0)).T, None, p)
    np.testing.assert_allclose(wdist.wasserstein_1d(x, y, p=p, axis=0, u_weights=a), expected, rtol=1e-12)
    np.testing.assert_allclose(wdist.wasserstein_1d(x.T, y.T, p=p, axis=1, u_weights=a.T), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("u", "options", "message"),
    [
        (np.ones((2, 3)), {"axis": 2}, r"axis is 2, and u has shape \(2, 3\)"),
        (np.ones((2, 3)), {"axis": -3}, r"axis is -3, and u has shape"),
        (np.ones((2, 3)), {}, r"the batch axes do not broadcast: u \(2,\), v \(4,\)"),
        (np.ones((4, 3)), {"u_weights": np.ones((3, 1, 3)), "v_weights": np.ones((2, 1, 5))},
         r"do not broadcast: u \(4,\), u_weights \(3, 1\), v \(4,\), v_weights \(2, 1\)"),
        (np.ones((4, 3)), {"v_weights": -np.ones(5)}, "v_weights has a negative entry"),
        (np.ones((4, 3)), {"v_weights": np.ones(3)}, r"v_weights has shape \(3,\): expected 5 weights"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(u: np.ndarray, options: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidMeasureError, match=message):
        wdist.wasserstein_1d(u, np.ones((4, 5)), p=1, **options)  # type: ignore[arg-type]


def test_measures_of_other_kinds_are_named() -> None:
    with pytest.raises(InvalidMeasureError, match="v has 1 entry that is NaN"):
        wdist.wasserstein_1d(scipy.stats.norm(), [math.nan], p=1)
    for name in "uv":
        with pytest.raises(InvalidMeasureError, match=f"{name} is already a measure"):
            wdist.wasserstein_1d(scipy.stats.norm(), scipy.stats.norm(), p=1, **{f"{name}_weights": [1.0]})
    with pytest.raises(InvalidMeasureError, match="P lives in dimension 2, not on the line"):
        line_distance(Samples(np.ones((2, 2))), Samples([0.0]), 1.0)
    with pytest.raises(InvalidMeasureError, match="Q is a batch of Gaussians"):
        line_distance(Samples([0.0]), Gaussian([[0.0], [1.0]], [[1.0]]), 1.0)


def test_gradients_that_would_be_lost_are_refused() -> None:
    law = scipy.stats.norm(1.0, 2.0)
    one = torch.ones(1, dtype=torch.float64)
    for lost in (
        Samples(torch.zeros(3, requires_grad=True)),
        Samples(torch.zeros(3), torch.ones(3, requires_grad=True)),
        Gaussian(one.clone().requires_grad_(), one[None]),
        Gaussian(one, one[None].clone().requires_grad_()),
        Gaussian.from_factor(one, one[None].clone().requires_grad_()),
    ):
        with pytest.raises(ValueError, match="v requires a gradient"):
            wdist.wasserstein_1d(law, lost, p=2)
    found = wdist.wasserstein_1d(law, Gaussian(one, 9.0 * one[None]), p=2)
    assert found.dtype == torch.float64
    assert float(found) == pytest.approx(1.0)


def test_a_sketch_of_few_points_is_the_points() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal(9), rng.standard_normal(7)
    sketch = QuantileSketch(32)
    sketch.update(x)
    for P, Q in ((sketch, Samples(y)), (Samples(y), sketch)):
        distance, lower, upper = line_distance(P, Q, 2.0)
        assert distance == pytest.approx(ot.wasserstein_1d(x, y, p=2) ** 0.5, rel=1e-12)
        assert lower <= distance <= upper
        assert upper - lower < 1e-12


@pytest.mark.parametrize("k", [1, 3, 9, 27, 81])
def test_slivers_of_any_size_may_belong_in(k: int) -> None:
    """Masses that cumulative sums do not tell from roundings, as far away as makes them count."""
    x = np.array([0.0, 0.5, 1e7])
    for part in np.linspace(0.1, 1.0, 25):
        a = np.array([part, 1.0 - part / 3, 1e-15 * k])
        _, lower, upper = line_distance(Samples(x, a), Samples([0.25]), 1)
        exact = sum(Fraction(w) * abs(Fraction(z) - Fraction(1, 4)) for w, z in zip(a, x, strict=True)) / sum(
            map(Fraction, a)
        )
        assert Fraction(lower) <= exact <= Fraction(upper)


def test_rows_of_weights_are_divided_by_their_own_sums() -> None:
    weights = np.array([[1.0, 3.0], [1e-200, 1e-200], [5.0, 0.0]])
    np.testing.assert_allclose(normalised_weights(weights, "w"), [[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]], rtol=1e-15)
    np.testing.assert_allclose(normalised_weights(np.full(3, 1.5e308), "w"), 1 / 3, rtol=1e-15)
    with pytest.raises(InvalidMeasureError, match="w sums to 0"):
        normalised_weights(np.array([[1.0, 3.0], [0.0, 0.0]]), "w")
    with pytest.raises(InvalidMeasureError, match="rows more than 300 orders of magnitude apart"):
        normalised_weights(np.array([[1e300], [1e-300]]), "w")
    with pytest.raises(InvalidMeasureError, match=r"negative entry, -2 at index \(1, 0\)"):
        normalised_weights(np.array([[1.0, 3.0], [-2.0, 1.0]]), "w")


def test_the_dtype_of_an_answer_is_that_of_the_widest_input() -> None:
    single, double, whole = np.ones(2, np.float32), np.ones(2), np.ones(2, dtype=int)
    assert result_dtype(single, single) == np.float32
    for given in ((single, double), (single, whole), (single, [1.0]), (whole,), ([1.0],)):
        assert result_dtype(*given) == np.float64
    assert result_dtype(torch.ones(1), double) == torch.float32
    assert result_dtype(torch.ones(1), torch.ones(1, dtype=torch.float64)) == torch.float64
    assert result_dtype(torch.ones(1, dtype=torch.int32)) == torch.float64
