"""What bounds for neighbouring sources leave out, none of them sees below its limit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from wdist.search.cells import Cells, kd_order
from wdist.search.ground import PointCosts
from wdist.search.reach import around, box_bounds, plane_above, within
from wdist.search.together import together


def plane(x: np.ndarray, limit: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Middle, half widths and slope of all points, and the height of the plane above their limits."""
    middle, wide, tilt = np.empty((3, x.shape[1]))
    around(x, 0, len(x), middle, wide)
    return middle, wide, tilt, plane_above(x, 0, len(x), limit, middle, wide, tilt, np.empty(len(x)))


def grid(d: int) -> np.ndarray:
    """Points of the cube from -1 to 1, its corners among them."""
    return np.stack(np.meshgrid(*[np.linspace(-1, 1, 9 if d < 3 else 5)] * d), axis=-1).reshape(-1, d)


@pytest.mark.parametrize("p", [1.0, 2.0])
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("steep", [0.0, 1.0, 3.0])
def test_bounds_of_boxes_hold_and_prune(p: float, d: int, steep: float) -> None:
    """On a grid of either box; of squared costs they are the least, and of distances no looser than the tangent."""
    rng = np.random.default_rng(d)
    unit = grid(d)
    for _ in range(30):
        middle, wide, tilt = 2 * rng.random(d) - 1.0, 0.5 * rng.random(d), steep * (2 * rng.random(d) - 1.0)
        cell = np.zeros((4, d, 5))
        cell[0], cell[1], cell[2] = rng.random((d, 5)), 0.5 * rng.random((d, 5)), 2 * rng.random((d, 5)) - 1.0
        cell[3, 0] = rng.random(5)
        low = np.empty(3)
        box_bounds(middle, wide, tilt, cell, 1, p, low)
        for q in range(3):
            centre, half, slope, alpha = cell[0, :, q + 1], cell[1, :, q + 1], cell[2, :, q + 1], cell[3, 0, q + 1]
            every = cdist(middle + wide * unit, centre + half * unit) ** p - half * unit @ slope - alpha
            every -= (wide * unit @ tilt)[:, None]
            assert low[q] <= every.min() + 1e-12
            if p == 2.0:
                assert low[q] >= every.min() - 0.08 * d  # between the points of the grid it may be less
            else:
                apart = middle - centre
                far = np.linalg.norm(apart)
                tangent = far - np.abs(apart / far + slope) @ half - np.abs(apart / far - tilt) @ wide
                assert low[q] == pytest.approx(tangent - alpha, abs=1e-12)


@pytest.mark.parametrize("p", [1.0, 2.0])
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("level", [-3.0, 0.0, 3.0])
@pytest.mark.parametrize("steep", [0.0, 1.0])
def test_targets_below_the_plane_are_within(p: float, d: int, level: float, steep: float) -> None:
    """All of them; of squared costs no others, and of distances none that the tangent excludes."""
    rng = np.random.default_rng(d)
    y, v = rng.random((200, d)), level + 0.1 * rng.random(200)
    for _ in range(20):
        middle, wide, tilt = rng.random(d), 0.2 * rng.random(d), steep * (2 * rng.random(d) - 1.0)
        least = (cdist(middle + wide * grid(d), y) ** p - (wide * grid(d) @ tilt)[:, None]).min(axis=0) - v
        apart = middle - y
        if p == 2.0:
            here = np.clip(tilt / 2 - apart, -wide, wide)
            low = np.sum((apart + here) ** 2 - tilt * here, axis=1) - v
        else:
            far = np.linalg.norm(apart, axis=1)
            low = far - np.abs(apart / far[:, None] - tilt) @ wide - v
        assert np.all(low <= least + 1e-12)
        which = np.full(201, -1, dtype=np.int32)
        for height in (*np.quantile(low, [0.1, 0.5]) + 1e-11, low.min() - 1e-11, -level - 0.2):
            count = within(y, v, 0, 200, middle, wide, tilt, float(height), p, which, 0)
            np.testing.assert_array_equal(which[:count], np.flatnonzero(low < height))
        assert within(y, v, 7, 9, middle, wide, tilt, np.inf, p, which, 3) == 5
        assert which[3:5].tolist() == [7, 8]


@pytest.mark.parametrize("d", [1, 2, 5, 40])
@pytest.mark.parametrize("offset", [0.0, 1e8])
def test_a_plane_lies_above_the_limits(d: int, offset: float) -> None:
    """Also where the points lie on a line, or all at one place, and where one of them is far away."""
    rng = np.random.default_rng(d)
    cloud = rng.random((16, d))
    outlier = cloud.copy()
    outlier[5] = 1e6
    for x in (cloud, outlier, np.outer(cloud[:, 0], np.ones(d)), np.ones((16, d)), cloud[:1]):
        for limit in (rng.random(len(x)), 1e-9 * rng.random(len(x)), x @ rng.standard_normal(d), np.sum(x * x, axis=1)):
            middle, wide, tilt, height = plane(x + offset, limit)
            assert np.all(np.abs(x + offset - middle) <= wide)
            assert np.all(height + (x + offset - middle) @ tilt >= limit)
            rest = limit - (x + offset - middle) @ tilt
            assert np.std(rest) <= np.std(limit) * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize("d", [1, 3])
def test_a_plane_of_limits_that_rise_alike_is_theirs(d: int) -> None:
    rng = np.random.default_rng(d)
    x = np.stack(np.meshgrid(*[np.arange(3.0)] * d), axis=-1).reshape(-1, d)  # coordinates that tell nothing of others
    slope = rng.standard_normal(d)
    _, _, tilt, height = plane(x, x @ slope)
    np.testing.assert_allclose(tilt, slope, rtol=1e-12)
    assert height == pytest.approx(np.ones(d) @ slope, abs=1e-11)


def test_limits_that_are_infinite_have_no_slope() -> None:
    x = np.random.default_rng(0).random((5, 2))
    for limit in (np.full(5, np.inf), np.array([0.0, 1.0, np.inf, 2.0, 3.0])):
        _, _, tilt, height = plane(x, limit)
        assert tilt.tolist() == [0.0, 0.0]
        assert height == np.inf


@pytest.mark.parametrize("p", [1.0, 2.0])
@pytest.mark.parametrize("shift", [0.0, 3.0, 1e4])
def test_a_shift_of_all_targets_hides_none(p: float, shift: float) -> None:
    """Limits that rise as steeply as potentials of a shift do, to the last digits that such distances have."""
    rng = np.random.default_rng(3)
    x, y = rng.random((300, 2)), rng.random((300, 2))
    x, y = x[kd_order(x)], y[kd_order(y)]
    v = -2.0 * shift * y[:, 0] if p == 2.0 else -y[:, 0]
    y[:, 0] += shift
    costs = PointCosts.between(x, y, p, "euclidean")
    every = cdist(x, y) ** p - v
    limit = np.sort(every, axis=1)[:, 4] * (1 + 1e-13)
    found = together(x, Cells.of(y), v, 300, costs.ground(), limit)
    np.testing.assert_allclose(found.found, np.sum(every < limit[:, None], axis=1), atol=2 if shift > 1e3 else 0)
    assert np.all(found.found >= 5)
