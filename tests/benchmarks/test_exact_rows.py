"""The rows of the exact benchmark: which there are, what they solve, and what --only makes of their names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.exact import data
from benchmarks.exact.instances import EXACT, LARGE, LARGE_ROWS, ROWS, SUITES, Instance, select
from benchmarks.exact.solvers import LAZY, OURS, POT

# Lines of the full suite, and the row that each is about.
TARGETS = {
    "1k-2d": "10x",
    "1k-3d": "10x",
    "5k-2d": "60x",
    "5k-2d-w1": "25x",
    "5k-3d": "30x",
    "5k-10d": "6x",
    "5k-50d": "6x",
    "10k-2d": "90x, 1/50 of MB",
    "mnist-2k": "3x",
    "100k-2d": "12 s, 150 MB, gap 1e-12",
    "100k-2d-uniform": "6 s, 150 MB, gap 1e-12",
    "300k-2d-uniform": "finishes, 400 MB",
    "dotmark-128-w1": "6 s",
    "dotmark-128-w2": "3 s",
    "lp-random-1k": "1x",
    "lp-sqeuclidean-1k": "1x",
    "lp-random-2k": "1x",
    "lp-sqeuclidean-2k": "1x",
    "lp-euclidean-2k": "1x",
    "lp-integers-2k": "1x",
}


def names(benchmark: str, suite: str, *only: str) -> list[str]:
    return [row.name for row in select(benchmark, suite, only)]


def test_the_full_suite_has_every_target_and_the_largest_rows_wait_for_their_name() -> None:
    assert {name: str(ROWS[name].target) for name in SUITES["full"] if str(ROWS[name].target)} == TARGETS
    assert names(EXACT, "full") == list(SUITES["full"])
    assert names(LARGE, "smoke") == list(LARGE_ROWS)
    assert not set(LARGE_ROWS) & {*SUITES["full"], *SUITES["smoke"]}
    assert max(ROWS[name].n for name in SUITES["smoke"]) < 1100
    assert not any(ROWS[name].needs for name in SUITES["smoke"])


def test_names_select_rows_in_the_order_of_the_suite() -> None:
    assert names(EXACT, "full", "mnist-2k", "1k-3d") == ["1k-3d", "mnist-2k"]
    assert names(LARGE, "smoke", "1m-2d-uniform") == ["1m-2d-uniform"]


def test_a_name_that_is_no_row_is_refused_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--only", "exact", "100k-2d"])
    assert stopped.value.code == 2
    message = capsys.readouterr().err
    for name in ("'100k-2d', no row of exact in the suite 'smoke'", *SUITES["smoke"]):
        assert name in message
    with pytest.raises(SystemExit):
        main(["--only", "1k-2d"])
    assert "name the command whose row it is, such as exact" in capsys.readouterr().err


def test_clouds_are_what_their_names_say() -> None:
    for name, shape in {"1k-3d": (1000, 3), "5k-10d": (5000, 10), "100k-2d": (100_000, 2)}.items():
        x, y, a, b = ROWS[name].draw(0)
        assert x.shape == y.shape == shape
        assert 0.0 <= min(x.min(), y.min()) < 0.01 < 0.99 < max(x.max(), y.max()) < 1.0
        assert a is not None
        assert b is not None
        assert [a.sum(), b.sum()] == pytest.approx([1.0, 1.0], abs=1e-12)
        assert 0.0 < a.min() < 0.05 * a.max()
    again = ROWS["1k-2d-uniform"].draw(0)
    np.testing.assert_array_equal(again.x, ROWS["1k-2d"].draw(0).x)
    assert again.a is None


def test_a_warm_up_is_a_small_problem_of_the_same_kind() -> None:
    small = ROWS["grid-32-w1"].draw(0).thinned(300)
    assert small.x.shape == small.y.shape == (300, 2)
    assert small.a is not None
    assert small.a.min() > 0.0  # black corners too: a measure without mass is none
    assert small.a.sum() == pytest.approx(1.0, abs=1e-12)
    assert ROWS["1k-2d-uniform"].draw(0).thinned(2000).x.shape == (1000, 2)


def test_pictures_keep_their_black_pixels() -> None:
    x, y, a, b = ROWS["grid-32-w2"].draw(0)
    np.testing.assert_array_equal(x, y)
    assert len(np.unique(x, axis=0)) == 1024
    assert [x.min(), x.max()] == [0.0, 31.0]
    assert a is not None
    assert b is not None
    assert 0.1 < (a == 0.0).mean() < 0.9
    assert not np.array_equal(a, b)


def test_costs_are_what_their_names_say() -> None:
    random, integers = ROWS["lp-random-1k"].draw(0), ROWS["lp-integers-2k"].draw(0)
    assert random.costs.shape == (1000, 1000)
    assert 0.0 <= random.costs.min() < 0.01 < 0.99 < random.costs.max() < 1.0
    np.testing.assert_array_equal(np.unique(integers.costs), np.arange(20.0))
    squared, distances = ROWS["lp-sqeuclidean-2k"].draw(0), ROWS["lp-euclidean-2k"].draw(0)
    x, y, a, b = ROWS["2k-2d"].draw(0)
    at = [0, 5, 1999], [7, 1000, 3]
    np.testing.assert_allclose(squared.costs[at], ((x[at[0]] - y[at[1]]) ** 2).sum(axis=1), rtol=1e-14)
    np.testing.assert_allclose(distances.costs**2, squared.costs, rtol=1e-14)
    for matrix in (integers, squared, distances):
        assert matrix.costs.dtype == float  # neither solver converts it while the clock runs
        assert matrix.costs.flags.c_contiguous
        np.testing.assert_array_equal(matrix.a, a)
        np.testing.assert_array_equal(matrix.b, b)


def test_a_warm_up_of_a_matrix_has_some_of_its_costs() -> None:
    large = ROWS["lp-random-1k"].draw(0)
    small = large.thinned(100)
    assert small.costs.shape == (100, 100)
    assert small.costs[[0, -1], [-1, 0]].tolist() == large.costs[[0, -1], [-1, 0]].tolist()
    assert [small.a.sum(), small.b.sum()] == pytest.approx([1.0, 1.0], abs=1e-12)
    assert min(small.a.min(), small.b.min()) > 0.0
    assert large.thinned(2000).costs.shape == (1000, 1000)


def test_dotmark_pairs_go_round_the_classes_without_repeats(dotmark_dir: Path) -> None:
    classes = len(list(dotmark_dir.glob("*.npz")))
    row = ROWS["dotmark-32-w1"]
    pairs = row.plan(OURS)
    assert len(pairs) == 5 * classes
    assert len(
        {(m.a.tobytes(), m.b.tobytes()) for m in map(row.draw, pairs) if m.a is not None and m.b is not None}
    ) == (len(pairs))
    assert ROWS["dotmark-64-w1"].plan(POT) == list(range(classes))  # one of each class
    large = data.dotmark(256, 0)
    assert large.x.shape == (65536, 2)
    assert large.a is not None
    assert large.a.min() >= 0.0


def test_mnist_images_are_disjoint_and_in_units_of_white(mnist_dir: Path) -> None:
    x, y, a, _ = ROWS["mnist-2k"].draw(0)
    assert x.shape == y.shape == (2000, 784)
    assert [x.min(), x.max()] == [0.0, 1.0]
    assert a is None
    assert 0.1 < x.mean() < 0.16  # a digit's ink
    assert len({*map(bytes, x), *map(bytes, y)}) > 3990


def test_absent_data_are_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(data, "_BESIDE", tmp_path)
    monkeypatch.setenv("WDIST_DATA", str(tmp_path / "named"))
    for name in ("mnist-2k", "dotmark-128-w1"):
        assert str(tmp_path / "named" / ROWS[name].needs) in str(ROWS[name].missing())
    assert ROWS["1k-2d"].missing() is None


def test_how_often_a_row_is_solved() -> None:
    def counts(row: Instance) -> list[int]:
        return [len(row.plan(solver)) for solver in (OURS, POT, LAZY)]

    assert counts(ROWS["2k-2d"]) == [5, 5, 5]
    assert counts(ROWS["5k-2d"]) == [5, 3, 1]
    assert counts(ROWS["10k-2d"]) == [5, 1, 1]
    assert counts(ROWS["lp-random-2k"])[:2] == [5, 5]


def test_what_a_solver_declines() -> None:
    assert POT.declines(10_000, 2) is None
    assert "80 GB" in str(POT.declines(100_000, 2))
    assert LAZY.declines(1000, 2) is None
    assert "costs are given" in str(LAZY.declines(1000, None))
    assert [solver.declines(1000, None) for solver in (OURS, POT)] == [None, None]
