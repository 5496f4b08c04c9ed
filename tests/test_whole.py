"""Few weighted samples in whole numbers: fractions, equal weights written out, batches in parts."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems.batches import check_parts

from wdist.coupling import coupling_distance
from wdist.whole import FEW, whole_distance


def by_fractions(x: list[int], y: list[int], a: list[int], b: list[int], p: int) -> float:
    """Staircase in exact arithmetic."""
    u, v = sorted(zip(x, a, strict=True)), sorted(zip(y, b, strict=True))
    done = cost = Fraction(0)
    i = j = 0
    left, right = Fraction(u[0][1], sum(a)), Fraction(v[0][1], sum(b))
    while True:
        jump = min(left, right)
        cost += (jump - done) * abs(u[i][0] - v[j][0]) ** p
        done = jump
        if done == 1:
            return float(cost) ** (1 / p)
        if left == jump:
            i += 1
            left += Fraction(u[i][1], sum(a))
        if right == jump:
            j += 1
            right += Fraction(v[j][1], sum(b))


sides = st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 30)), min_size=1, max_size=25)


@given(sides, sides, st.sampled_from([2, 3, 7]))
def test_exact_arithmetic(one, other, p):
    (x, a), (y, b) = (map(list, zip(*side, strict=True)) for side in (one, other))
    ours = whole_distance(*(np.array(z, float) for z in (x, y)), *(np.array(w) / sum(w) for w in (a, b)), float(p))
    # A jump that both sides share to the last digit leaves no sliver, whose seventh root would show.
    assert float(ours) == pytest.approx(by_fractions(x, y, a, b, p), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("p", [1.5, 2.0, 30.0, math.inf])
@pytest.mark.parametrize(("n", "m"), [(7, 7), (FEW, 999), (FEW, 3)])
def test_equal_weights_written_out(n, m, p):
    rng = np.random.default_rng(n + m)
    x, y = rng.normal(size=(2, n)), rng.normal(size=m)
    plain = coupling_distance(x, y, None, None, p)
    np.testing.assert_allclose(whole_distance(x, y, np.full(n, 1 / n), None, p), plain, rtol=1e-13)
    np.testing.assert_allclose(whole_distance(x, y, None, np.full(m, 1 / m), p), plain, rtol=1e-13)


@pytest.mark.parametrize("p", [1.5, 2.0, math.inf])
def test_parts_are_the_whole(monkeypatch, p):
    check_parts(monkeypatch, "_CACHED", 160, p)


def test_points_without_mass_may_be_anywhere():
    x, a = np.array([0.0, 1.0, 1e308]), np.array([0.5, 0.5, 0.0])
    assert whole_distance(x, np.array([1.0, -1e308]), a, np.array([1.0, 0.0]), 2.0) == pytest.approx(0.5**0.5)
