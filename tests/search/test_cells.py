"""Cells of the k-d tree, their boxes and affine bounds, and the bounds of costs that a search prunes with.

A search that prunes too little is as right as any other, and slow: here the bounds are held to what they say.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from wdist.search.cells import LEAF, SLACK, Cells, kd_order
from wdist.search.ground import METRICS
from wdist.search.lists import kept
from wdist.search.nearest import _bound


def ordered(seed: int, n: int, d: int) -> np.ndarray:
    points = np.random.default_rng(seed).random((n, d)) * np.arange(1, d + 1)
    return points[kd_order(points)]


def nodes(cells: Cells) -> Iterator[tuple[int, slice]]:
    """Every node, and where its points are."""
    n = len(cells.points)
    for level in range(cells.depth + 1):
        for j in range(1 << level):
            yield (1 << level) + j, slice((n * j) >> level, (n * (j + 1)) >> level)


@pytest.mark.parametrize(("n", "d"), [(1, 2), (2, 1), (3, 2), (19, 1), (43, 1), (99, 3), (203, 2), (257, 2)])
def test_order_splits_every_cell_at_its_middle_along_its_widest_side(n: int, d: int) -> None:
    points = np.random.default_rng(n).random((n, d)) * np.arange(1, d + 1)
    if n == 99:
        points = np.round(points, 1)  # ties
    order = kd_order(points)
    assert np.array_equal(np.sort(order), np.arange(n))
    points = points[order]
    level = 0
    while n >> level:
        for j in range(1 << level):
            first, middle, last = (n * j) >> level, (n * (2 * j + 1)) >> (level + 1), (n * (j + 1)) >> level
            if first < middle < last:
                axis = np.argmax(np.ptp(points[first:last], axis=0))
                assert points[first:middle, axis].max() <= points[middle:last, axis].min()
        level += 1


@pytest.mark.parametrize(("n", "d"), [(1, 2), (LEAF, 2), (LEAF + 1, 2), (2 * LEAF, 3), (2 * LEAF + 1, 3), (300, 2)])
def test_boxes_are_those_of_the_points(n: int, d: int) -> None:
    cells = Cells.of(ordered(n, n, d))
    assert max(part.stop - part.start for _, part in nodes(cells)) == n
    leaves = [part.stop - part.start for node, part in nodes(cells) if node >> cells.depth]
    assert max(leaves) <= LEAF
    assert cells.depth == 0 or n > LEAF << (cells.depth - 1)
    for node, part in nodes(cells):
        centre, half = cells.box[node]
        points = cells.points[part]
        assert np.all(np.abs(points - centre) <= half)
        np.testing.assert_allclose(centre - half, points.min(axis=0), rtol=0, atol=1e-14)
        np.testing.assert_allclose(centre + half, points.max(axis=0), rtol=0, atol=1e-14)


@pytest.mark.parametrize(("n", "d"), [(1, 2), (3, 2), (13, 1), (60, 3), (300, 2), (3600, 1)])
@pytest.mark.parametrize("size", [1.0, 1e6])
def test_a_majorant_lies_on_top_of_the_values_with_the_slope_of_least_squares(n: int, d: int, size: float) -> None:
    cells = Cells.of(ordered(n, n, d))
    rng = np.random.default_rng(n)
    v = size * (cells.points @ rng.standard_normal(d) + 0.1 * rng.standard_normal(n) - 5.0)
    majorant = cells.majorant(v)
    assert np.array_equal(majorant[:, :2], cells.box)
    for node, part in nodes(cells):
        points, slope, alpha = cells.points[part], majorant[node, 2], majorant[node, 3, 0]
        above = alpha + (points - majorant[node, 0]) @ slope - v[part]
        room = SLACK * (np.abs(alpha) + np.abs(slope) @ majorant[node, 1])
        assert 0.0 <= above.min() <= 2 * room
        if len(points) > d:
            design = np.column_stack([points - points.mean(axis=0), np.ones(len(points))])
            fitted = np.linalg.lstsq(design, v[part])[0][:d]
            np.testing.assert_allclose(slope, fitted, rtol=1e-6, atol=1e-6 * size)
        else:
            assert np.all(slope == 0.0)


def test_a_majorant_of_some_levels_is_that_of_all_there() -> None:
    cells = Cells.of(ordered(300, 300, 2))
    v = cells.points @ [1.0, -2.0]
    every, some = cells.majorant(v), cells.majorant(v, 3)
    for node, _ in nodes(cells):
        if (cells.depth - node.bit_length() + 1) % 3 == 0:
            np.testing.assert_array_equal(some[node], every[node])
        else:
            assert np.all(some[node, 2:] == 0.0)


def test_a_majorant_of_points_that_coincide_is_flat() -> None:
    cells, v = Cells.of(np.full((32, 2), 0.25)), np.arange(32.0)
    majorant = cells.majorant(v)
    assert np.all(majorant[:, 2] == 0.0)
    for node, part in nodes(cells):
        assert v[part].max() <= majorant[node, 3, 0] <= v[part].max() * (1 + 2 * SLACK)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 4.0])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_bounds_hold_and_are_no_looser_than_boxes_and_tangents(metric: str, p: float, d: int) -> None:
    rng = np.random.default_rng(d)
    cells = Cells.of(ordered(d, 80, d))
    v = 0.3 * cells.points @ rng.standard_normal(d) + 0.01 * rng.random(80)
    cell = cells.majorant(v)
    x = 4 * rng.random((30, d)) - 1.0
    x[0] = cell[2, 0]  # the centre of a box
    every = cdist(x, cells.points, metric) ** p - v
    norm = {"euclidean": 2, "cityblock": 1, "chebyshev": np.inf}[metric]
    for node, part in nodes(cells):
        centre, half, slope, alpha = cell[node, 0], cell[node, 1], cell[node, 2], cell[node, 3, 0]
        unit = np.stack(np.meshgrid(*[np.linspace(-1, 1, 9)] * d), axis=-1).reshape(-1, d)
        grid, lift = centre + half * unit, half * unit @ slope + alpha
        for i in range(30):
            bound = _bound(x, i, cell, node, METRICS.index(metric), p)
            assert bound <= every[i, part].min() + 1e-12
            assert bound <= np.min(np.linalg.norm(x[i] - grid, norm, axis=1) ** p - lift) + 1e-12
            outside = np.linalg.norm(np.maximum(np.abs(x[i] - centre) - half, 0.0), norm) ** p
            assert bound >= outside - np.abs(slope) @ half - alpha - 1e-12
            far = np.linalg.norm(x[i] - centre, norm)
            if metric == "euclidean" and far > 0.0:
                gradient = p * far ** (p - 2) * (centre - x[i])
                assert bound >= far**p - np.abs(gradient - slope) @ half - alpha - 1e-12


def test_bounds_are_exact_where_costs_are_sums_over_coordinates() -> None:
    """City block distances at p = 1: the least over a fine grid of the box, which has its corners."""
    rng = np.random.default_rng(0)
    cell = np.zeros((1, 4, 2))
    for _ in range(50):
        cell[0, 0], cell[0, 1], cell[0, 2] = rng.random(2), rng.random(2), 3 * rng.random(2) - 1.5
        cell[0, 3, 0] = rng.random()
        x = 4 * rng.random((1, 2)) - 2.0
        sides = [np.append(np.linspace(c - h, c + h, 5), np.clip(z, c - h, c + h)) for c, h, z in
                 zip(cell[0, 0], cell[0, 1], x[0], strict=True)]  # fmt: skip
        grid = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
        least = np.min(np.abs(x - grid).sum(axis=1) - (grid - cell[0, 0]) @ cell[0, 2]) - cell[0, 3, 0]
        assert _bound(x, 0, cell, 0, METRICS.index("cityblock"), 1.0) == pytest.approx(least, abs=1e-13)


@pytest.mark.parametrize("seed", range(5))
def test_lists_keep_the_smallest(seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 6, 12).astype(float)
    which, value, found = np.full((2, 5), -1, dtype=np.int32), np.full((2, 5), np.inf), 0
    for j, r in enumerate(values):
        if found < 5 or r < value[1, 4]:
            found = kept(which, value, 1, found, r, j)
        assert found == min(5, j + 1)
    order = np.argsort(values, kind="stable")[:5]
    assert np.array_equal(which, [[-1] * 5, order])
    assert np.array_equal(value[1], values[order])
    assert np.all(np.isinf(value[0]))
