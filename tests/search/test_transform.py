"""The searched c-transform is feasible to the last bit: judged in rational numbers, where costs are sums of floats."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from wdist.search.ground import PointCosts
from wdist.search.transform import _searched_below


@pytest.mark.parametrize("large", [0.0, 1e3, 2.0**40, 2.0**52])
@pytest.mark.parametrize("dim", [1, 2])
def test_a_searched_transform_is_feasible_beside_large_potentials(large: float, dim: int) -> None:
    """Beside 2^52 differences of costs round, up as often as down, and many to the same number."""
    rng = np.random.default_rng(int(large) % 97 + dim)
    x, y = rng.integers(0, 64, size=(2, 40, dim)) / 8.0
    g = -large - rng.integers(0, 9, size=40) / 4.0
    costs = PointCosts.between(x, y, 1.0, "cityblock")
    f = _searched_below(costs, g, None)
    exact_x, exact_y = ([list(map(Fraction, point)) for point in points.tolist()] for points in (costs.x, costs.y))
    best = [
        min(sum(abs(s - t) for s, t in zip(p, q, strict=True)) - Fraction(v) for q, v in zip(exact_y, g, strict=True))
        for p in exact_x
    ]
    for found, exact in zip(f.tolist(), best, strict=True):
        assert Fraction(found) <= exact
        assert found == pytest.approx(float(exact), rel=2.0**-50, abs=1e-14)
