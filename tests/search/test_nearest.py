"""Every search finds what looking at all pairs finds: trees, screens and blocks, compiled and interpreted."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from wdist import compilation
from wdist.search.blocks import row_blocks, smallest
from wdist.search.cells import Cells, kd_order
from wdist.search.ground import METRICS, MatrixCosts, PointCosts
from wdist.search.lists import Lists
from wdist.search.nearest import nearest
from wdist.search.screen import Screen
from wdist.search.transform import _searched_below, largest_violation, transform_below


def clouds(seed: int, n: int, m: int, d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two clouds, some of whose points coincide, and a potential that is smooth but for its noise."""
    rng = np.random.default_rng(seed)
    x, y = rng.random((n, d)), rng.random((m, d))
    y[: m // 10] = x[: m // 10]
    y = y[kd_order(y)]
    return x, y, np.sum(y * y, axis=1) / 3 + 0.01 * rng.standard_normal(m)


def differences(x: np.ndarray, y: np.ndarray, v: np.ndarray, p: float, metric: str) -> np.ndarray:
    return cdist(x, y, metric) ** p - v


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 2.5, 3.0, 4.0])
@pytest.mark.parametrize("d", [1, 2, 3, 6])
def test_tree_finds_the_smallest(metric: str, p: float, d: int) -> None:
    x, y, v = clouds(d, 300, 450, d)
    ground = PointCosts.between(x, y, p, metric).ground()
    every = np.sort(differences(x, y, v, p, metric), axis=1)
    lists = nearest(x, Cells.of(y), v, 7, ground)
    np.testing.assert_allclose(lists.value, every[:, :7], rtol=0, atol=1e-14)
    found = differences(x, y, v, p, metric)[np.arange(300)[:, None], lists.which]
    np.testing.assert_allclose(found, lists.value, rtol=0, atol=1e-14)

    limit = every[:, 3] + 1e-12
    below = nearest(x, Cells.of(y), v, 7, ground, limit)
    np.testing.assert_array_equal(below.found, np.minimum(7, np.sum(every < limit[:, None], axis=1)))
    np.testing.assert_allclose(below.value[:, :4], every[:, :4], rtol=0, atol=1e-14)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 2.5, 3.0, 4.0])
@pytest.mark.parametrize(("steep", "d"), [(1, 5), (9, 5), (9, 8), (9, 9)])
def test_a_small_tree_finds_the_smallest(metric: str, p: float, steep: int, d: int) -> None:
    """In eight dimensions four sums are made side by side, and the ninth coordinate joins them by itself."""
    x, y, v = clouds(11, 25, 60, d)
    v = steep * np.round(v, 2) - 7  # ties
    ground = PointCosts.between(x, y, p, metric).ground()
    every = differences(x, y, v, p, metric)
    lists = nearest(x, Cells.of(y), v, 4, ground)
    np.testing.assert_allclose(lists.value, np.sort(every, axis=1)[:, :4], rtol=0, atol=1e-14)
    np.testing.assert_allclose(every[np.arange(25)[:, None], lists.which], lists.value, rtol=0, atol=1e-14)
    assert lists.found.tolist() == [4] * 25
    assert all(len(set(row)) == 4 for row in lists.which.tolist())

    limit = np.sort(every, axis=1)[:, 2] + np.where(np.arange(25) < 12, 1e-12, 0.3)
    below = nearest(x, Cells.of(y), v, 4, ground, limit)
    np.testing.assert_array_equal(below.found, np.minimum(4, np.sum(every < limit[:, None], axis=1)))
    if d < 8:  # every search adds coordinates in one order
        limit = lists.value[:, 2].copy()  # what equals it is not below it
        below = nearest(x, Cells.of(y), v, 4, ground, limit)
        np.testing.assert_array_equal(below.found, np.sum(lists.value < limit[:, None], axis=1))

    smaller = nearest(x, Cells.of(y), v, 60, ground._replace(factor=0.5, offset=0.1))  # all of them: nothing is pruned
    every = np.maximum(0.5 * (every + v) - 0.1, 0.0) - v
    np.testing.assert_allclose(smaller.value, np.sort(every, axis=1), rtol=1e-15 if p > 2 else 0, atol=1e-14)


@pytest.mark.parametrize("far", [1e3, 1e7])
def test_tree_is_not_blurred_by_what_is_far(far: float) -> None:
    """A point and a potential far out of range widen some boxes; the values stay those of their own pairs."""
    x, y, v = clouds(5, 300, 300, 2)
    y[7], v[9] = far, -(far**2)
    y = y[(order := kd_order(y))]
    v = v[order]
    lists = nearest(x, Cells.of(y), v, 3, PointCosts.between(x, y, 2.0, "euclidean").ground())
    every = np.sort(np.sum((x[:, None] - y) ** 2, axis=2) - v, axis=1)
    np.testing.assert_allclose(lists.value, every[:, :3], rtol=0, atol=1e-15)


@pytest.mark.parametrize("n", [1, 2, 12, 13, 40])
def test_few_points(n: int) -> None:
    x, y, v = clouds(n, n, n + 3, 2)
    lists = nearest(x, Cells.of(y), v, 4, PointCosts.between(x, y, 2.0, "euclidean").ground())
    every = np.sort(differences(x, y, v, 2.0, "euclidean"), axis=1)
    np.testing.assert_allclose(lists.value, every[:, :4], rtol=0, atol=1e-15)


@pytest.mark.parametrize("p", [1.0, 2.0])
@pytest.mark.parametrize("offset", [0.0, 1e4])
@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_screen_finds_the_smallest(p: float, offset: float, size: float) -> None:
    """Even where single precision knows next to nothing: the rows are then computed in full."""
    x, y, v = clouds(1, 200, 330, 20)
    x[:50] = y[50:100] + 1e-7
    every = differences(x, y, v, p, "euclidean")
    x, y, v = size * (x + offset), size * (y + offset), size**p * v
    every = differences(x / size, y / size, v / size**p, p, "euclidean") if offset else every
    screen, ground = Screen.of(x, y), PointCosts(x, y, p, "euclidean", 1.0).ground()
    scale = size**p
    two = screen.two_smallest(v, ground)
    np.testing.assert_allclose(two.value[:, 0] / scale, every.min(axis=1), rtol=0, atol=1e-11)
    limit = scale * (np.sort(every, axis=1)[:, 4] + 1e-9)
    below = screen.below(v, 6, ground, limit)
    np.testing.assert_array_equal(below.found, np.minimum(6, np.sum(scale * every < limit[:, None], axis=1)))


@pytest.mark.parametrize("p", [1.0, 2.0])
def test_what_the_screen_lists_is_below_the_limit(p: float) -> None:
    """And not at it, though single precision cannot tell."""
    x, y, v = clouds(4, 30, 60, 9)
    screen, ground, every = Screen.of(x, y), PointCosts.between(x, y, p, "euclidean").ground(), np.arange(30)
    first, second = screen.two_smallest(v, ground), np.sort(differences(x, y, v, p, "euclidean"), axis=1)[:, 1]
    limit = screen._values(every, first.which[:, 0], v, ground)  # in the digits of the screen itself
    assert np.all(limit < second)
    assert not screen.below(v, 4, ground, limit).found.any()
    above = screen.below(v, 4, ground, np.nextafter(limit, np.inf))
    np.testing.assert_array_equal(above.found, 1)
    np.testing.assert_array_equal(above.which[:, 0], first.which[:, 0])


@pytest.mark.parametrize("p", [1.0, 2.0])
def test_screen_looks_twice_where_single_precision_sees_ties(p: float) -> None:
    """Targets at distances that differ by 1e-12, the nearest last: more of them pass than a list holds."""
    rng = np.random.default_rng(12)
    y = rng.standard_normal((40, 9))
    y *= ((1.0 + 1e-12 * np.arange(40, 0, -1)) / np.linalg.norm(y, axis=1))[:, None]
    x, v = np.zeros((3, 9)), np.zeros(40)
    screen, ground = Screen.of(x, y), PointCosts.between(x, y, p, "euclidean").ground()
    assert screen.two_smallest(v, ground).which[:, 0].tolist() == [39] * 3
    limit = np.full(3, 1.0 + p * 4.5e-12)
    assert screen.below(v, 2, ground, limit).which.tolist() == [[39, 38]] * 3
    below = screen.below(v, 6, ground, limit)
    assert below.found.tolist() == [4] * 3
    assert below.which[:, :4].tolist() == [[39, 38, 37, 36]] * 3


@pytest.mark.parametrize("p", [1.0, 2.0])
@pytest.mark.parametrize("offset", [0.0, 30.0])
def test_what_passes_the_screen_is_a_lower_bound(p: float, offset: float) -> None:
    x, y, v = clouds(14, 20, 25, 9)
    x = x + offset
    ground = PointCosts.between(x, y, p, "euclidean").ground()
    screen, every = Screen.of(x, y), differences(x, y, v, p, "euclidean")
    index, low = screen._passing(v, 25, ground, np.full(20, np.inf))
    assert np.array_equal(np.sort(index, axis=1), np.tile(np.arange(25), (20, 1)))
    above = np.take_along_axis(every, index, axis=1) - low.astype(float) * screen.unit**p
    assert above.min() >= 0.0
    assert above.max() <= 1e-2 * (1.0 + offset) ** p


def test_where_single_precision_overflows_rows_are_done_in_full() -> None:
    x, y, _ = clouds(15, 5, 8, 9)
    v = np.full(8, -1e300)
    v[3] = -1e299
    found = Screen.of(x, y).two_smallest(v, PointCosts.between(x, y, 2.0, "euclidean").ground())
    assert found.which[:, 0].tolist() == [3] * 5
    assert found.value[:, 0].tolist() == [1e299] * 5


def test_a_row_in_full_is_done_from_the_start() -> None:
    """With costs of any factor and offset, and a list that held something else before."""
    x, y, v = clouds(13, 4, 15, 9)
    ground = PointCosts.between(x, y, 2.0, "euclidean").ground()._replace(factor=0.5, offset=0.1)
    every = np.maximum(0.5 * cdist(x, y, "sqeuclidean") - 0.1, 0.0) - v
    lists = Lists(np.full((4, 3), 7, dtype=np.int32), np.full((4, 3), -9.0), np.full(4, 3, dtype=np.int32))
    limit = np.array([np.inf, np.sort(every[1])[1], -1e9, np.inf])
    screen = Screen.of(x, y)
    screen._in_full(np.array([0, 1, 2]), v, ground, limit, lists)
    order = np.argsort(every, axis=1)
    assert lists.found.tolist() == [3, 1, 0, 3]
    assert lists.which.tolist() == [order[0, :3].tolist(), [order[1, 0], -1, -1], [-1] * 3, [7] * 3]
    np.testing.assert_allclose(lists.value[0], every[0, order[0, :3]], rtol=1e-13)
    assert lists.value[1, 1:].tolist() == [np.inf] * 2
    assert lists.value[2].tolist() == [np.inf] * 3
    i, j = np.array([0, 3, 3]), np.array([2, 14, 0])
    np.testing.assert_allclose(screen._values(i, j, v, ground), every[i, j], rtol=0, atol=1e-14)


def test_rough_lists_are_nearly_right() -> None:
    x, y, v = clouds(2, 200, 330, 30)
    ground = PointCosts.between(x, y, 2.0, "euclidean").ground()
    every = np.sort(differences(x, y, v, 2.0, "euclidean"), axis=1)
    lists = Screen.of(x, y).roughly(v, 5, ground)
    np.testing.assert_allclose(lists.value, every[:, :5], rtol=0, atol=1e-3)
    swapped = Screen.of(x, y).take(None, np.arange(40)).swapped().roughly(np.zeros(200), 1, ground)
    np.testing.assert_allclose(swapped.value[:, 0], cdist(y[:40], x, "sqeuclidean").min(axis=1), rtol=0, atol=1e-3)


def test_blocks_find_the_smallest() -> None:
    matrix = np.random.default_rng(3).standard_normal((40, 60))
    v = np.random.default_rng(4).standard_normal(60)
    every = np.sort(matrix - v, axis=1)
    np.testing.assert_array_equal(smallest(MatrixCosts(matrix), v, 5).value, every[:, :5])
    below = smallest(MatrixCosts(matrix), v, 5, every[:, 2])
    assert below.found.tolist() == [2] * 40


def test_rows_come_in_blocks() -> None:
    assert list(row_blocks((3, 2**21))) == [slice(0, 1), slice(1, 2), slice(2, 3)]
    assert list(row_blocks((5, 2**19))) == [slice(0, 2), slice(2, 4), slice(4, 5)]


def test_blocks_begin_where_the_last_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wdist.search.blocks.row_blocks", lambda shape: [slice(0, 3), slice(3, 7)])
    matrix, v = np.random.default_rng(5).standard_normal((7, 9)), np.arange(9.0)
    lists = smallest(MatrixCosts(matrix), v, 2)
    every = np.sort(matrix - v, axis=1)[:, :2]
    np.testing.assert_array_equal(lists.value, every)
    np.testing.assert_array_equal((matrix - v)[np.arange(7)[:, None], lists.which], every)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("d", [2, 5, 9, 30])
def test_transform_by_search_is_that_by_rows(metric: str, p: float, d: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never above the one over all pairs, whose every rounding is known, and not below it by more than roundings."""
    x, y, g = clouds(d, 260, 310, d)
    costs = PointCosts.between(x, y, p, metric)
    searched, violation = transform_below(costs, g), largest_violation(costs, np.full(260, 0.1), g)
    monkeypatch.setattr("wdist.search.transform._searchable", lambda costs: False)
    by_rows = transform_below(costs, g)
    size = 2.0**-52 * (np.abs(by_rows) + costs.rows(slice(None)).max(axis=1) * (p + 1) * d)
    assert np.all(np.abs(searched - by_rows) <= size)
    exact = costs.rows_below(slice(None)) - g
    assert np.all(searched <= exact.min(axis=1) + size)
    assert violation == pytest.approx(largest_violation(costs, np.full(260, 0.1), g), rel=1e-13)


@pytest.mark.parametrize("d", [2, 12])
def test_interpreted_and_compiled_kernels_agree(d: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, v = clouds(6, 30, 35, d)
    ground = PointCosts.between(x, y, 2.0, "euclidean").ground()

    def found() -> np.ndarray:
        return nearest(x, Cells.of(y), v, 3, ground).value

    compiled = found()
    monkeypatch.setattr(compilation, "interpreting", lambda: True)
    np.testing.assert_array_equal(found(), compiled)


@pytest.mark.parametrize("d", [2, 9])
@pytest.mark.parametrize("level", [0.0, 2.0**20])
def test_transforms_are_feasible_in_rational_numbers(d: int, level: float) -> None:
    """By search and by rows; where potentials are large, differences are rounded by far more than costs are."""
    rng = np.random.default_rng(d)
    x, y = rng.integers(0, 64, (12, d)) / 64, rng.integers(0, 64, (30, d)) / 64
    costs, g = PointCosts.between(x, y, 2.0, "euclidean"), rng.random(30) - level
    exact = [[sum((Fraction(s - t) ** 2 for s, t in zip(u, v, strict=True)), Fraction(0)) for v in y] for u in x]
    matrix = MatrixCosts(costs.rows(slice(None)))
    for f in (_searched_below(costs, g, None), transform_below(costs, g), transform_below(matrix, g)):
        for i in range(12):
            least = min(exact[i][j] - Fraction(g[j]) for j in range(30))
            assert Fraction(f[i]) <= least <= Fraction(f[i]) + Fraction(2.0**-50 * (abs(f[i]) + 100))


@pytest.mark.parametrize("seed", range(6))
def test_ties_of_rounded_differences_are_told_apart(seed: int) -> None:
    """Costs of 1 and a little more, but one of a little less: beside 2^20 all round to the same."""
    k = np.random.default_rng(seed).permutation(np.append(np.arange(1, 8), -1))
    x, y, g = np.zeros((2, 2)), np.stack([1.0 + k * 2.0**-44, np.zeros(8)], axis=1), np.full(8, -(2.0**20))
    costs = PointCosts.between(x, y, 2.0, "euclidean")
    least = (Fraction(1) - Fraction(2.0**-44)) ** 2 + 2**20
    for f in (_searched_below(costs, g, None), transform_below(MatrixCosts(costs.rows(slice(None))), g)):
        assert all(Fraction(z) <= least for z in f)


def test_what_is_feasible_violates_nothing() -> None:
    x, y, g = clouds(16, 130, 140, 2)
    costs = PointCosts.between(x, y, 2.0, "euclidean")
    assert largest_violation(costs, np.full(130, -9.0), g) == 0.0
