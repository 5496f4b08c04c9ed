"""Where single precision, double precision or the weights' range ends: the answer, or a bracket, never a wrong one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

import wdist


@pytest.mark.parametrize(("p", "scale"), [(2, 1e25), (2, 1e-25), (1, 1e40), (1, 1e-46)])
def test_scales_beyond_single_precision_in_many_dimensions(p: float, scale: float) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((1200, 10)), rng.random((1100, 10))
    expected = wdist.transport(x, y, p=p).distance
    assert wdist.transport(scale * x, scale * y, p=p).distance == pytest.approx(scale * expected, rel=1e-12, abs=0)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("bits", [20, 60, 74, 80, 100])
def test_a_tiny_cloud_inside_a_frame_that_rests(bits: int, p: float) -> None:
    """Twenty points at the corners of a cross fix the scale; what moves is far below single precision beside it."""
    rng = np.random.default_rng(1)
    frame = np.concatenate([np.eye(10), -np.eye(10)])
    a, b = rng.standard_normal((2, 150, 10))
    alone = wdist.transport(a, b + 3, p=p).cost * 150 / 170
    r = wdist.transport(np.r_[frame, 2.0**-bits * a], np.r_[frame, 2.0**-bits * (b + 3)], p=p)
    assert r.kind == "exact"
    assert r.cost * 2.0 ** (bits * p) == pytest.approx(alone, rel=1e-9)


def test_potentials_out_of_range_prove_nothing() -> None:
    x, y = np.random.default_rng(2).random((2, 150, 10))
    plan = sparse.eye_array(150).tocoo() / 150
    for size in (1e30, 1e45, 1e300):
        for g in (np.full(150, -size), np.full(150, size)):
            assert wdist.certify(plan, (np.zeros(150), g), x, y, p=2).dual <= 10.0


@pytest.mark.parametrize("d", [2, 9])
@pytest.mark.parametrize(("p", "size"), [(100, 1.9), (1, 1.7e308), (20, 1e-300)])
def test_powers_that_leave_the_range(p: float, size: float, d: int) -> None:
    rng = np.random.default_rng(3)
    r = wdist.transport(size * rng.random((40, d)), size * rng.random((30, d)), p=p)
    assert r.kind == "exact"
    assert 0 < r.lower <= r.distance <= r.upper


def test_subnormal_coordinates_are_bracketed() -> None:
    r = wdist.transport([[0.0, 0.0]], [[1e-323, 1e-323]], p=2)
    assert r.lower <= 1.5e-323 <= r.upper


def test_stopping_early_never_makes_a_problem_unsolvable() -> None:
    rng = np.random.default_rng(4)
    for seed in range(12):
        x, y = rng.random((2, 60, 2))
        x[0] = y[0] = 1e6 + seed
        for rtol in (0.01, 0.5):
            r = wdist.transport(x, y, p=2, rtol=rtol)
            assert r.upper**2 - r.lower**2 <= rtol * r.upper**2 * (1 + 1e-9)


def test_a_cost_matrix_is_left_as_it_is() -> None:
    cost = sparse.csr_array((np.array([1.0, 2.0, 3.0]), np.array([0, 0, 1]), np.array([0, 2, 3])), shape=(2, 2))
    wdist.transport_lp(cost, [0.5, 0.5], [0.5, 0.5])
    assert cost.data.tolist() == [1.0, 2.0, 3.0]
    assert cost.indptr.tolist() == [0, 2, 3]


def test_costs_as_good_as_equal() -> None:
    """Powers of 1e-16 are subnormal at p = 20: which of these points goes where cannot be told any more."""
    rng = np.random.default_rng(5)
    x, y = (np.concatenate([1e-16 * rng.random((40, 8)), np.eye(8)]) for _ in range(2))
    with pytest.raises(wdist.NotConvergedError) as caught:
        wdist.transport(x, y, p=20, metric="chebyshev")
    assert caught.value.result is not None
    assert caught.value.result.lower == 0.0
    assert caught.value.result.upper <= 1e-15
    assert wdist.transport_lp(np.full((30, 40), 0.1)).distance == pytest.approx(0.1, rel=1e-15)


@pytest.mark.parametrize("faint", [1e-20, 1e-26, 1e-30, 1e-100])
def test_faint_masses_are_in_the_bracket(faint: float) -> None:
    """At p = 20 the root makes much of a mass of 1e-30, which is next to nothing beside 1 even in pairs of doubles."""
    x, y = [[-1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0]]
    r = wdist.transport(x, y, p=20, x_weights=[faint, 1.0], rtol=1e9)
    assert r.lower <= faint ** (1 / 20) * (1 + 1e-12)
    assert r.upper >= faint ** (1 / 20) * (1 - 1e-12)
