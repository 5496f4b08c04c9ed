"""The pictures exist, and the numbers in them are those of the records."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from gan import figures, records

TRAIN = [
    {"step": step, "real": 20.0 + step, "fake": 1.0, "held_out": 19.0, "penalty": 0.7, "slope": 1.85}
    for step in range(10, 60, 10)
]
EXACT = [
    {"step": step, "n": 50, "w1": 17.0, "w2": 18.0, "sw1": 0.9, "floor_w1": 12.0, "floor_w2": 13.0, "floor_sw1": 0.2}
    for step in (20, 50)
]


@pytest.mark.parametrize("distance", [0.0, 1.0, 17.6])
@pytest.mark.parametrize("penalty", [0.1, 10.0])
def test_the_correction_undoes_the_overshoot(distance: float, penalty: float) -> None:
    gap = distance * (1 + distance / (2 * penalty))
    assert figures.corrected(gap, penalty) == pytest.approx(distance, rel=1e-12, abs=1e-12)


def test_a_gap_without_solution_is_nan() -> None:
    assert np.isnan(figures.corrected(-6.0, 10.0))


def test_the_overshoot_is_what_the_penalised_critic_gains() -> None:
    """Along one direction the critic's best slope maximises a W - λ (a - 1)²: the law is its gap."""
    slopes = np.linspace(0, 5, 500_001)
    best = slopes[np.argmax(slopes * 17.6 - 10.0 * (slopes - 1) ** 2)]
    assert figures.corrected(best * 17.6, 10.0) == pytest.approx(17.6, rel=1e-4)  # the grid's step


@pytest.mark.parametrize("penalty", [10.0, None])
def test_curves_are_drawn(tmp_path: Path, penalty: float | None) -> None:
    figures.scores(TRAIN, tmp_path / "scores.png")
    figures.distance(TRAIN, tmp_path / "distance.png", penalty=penalty)
    figures.truth(TRAIN, EXACT, tmp_path / "truth.png", penalty=penalty)
    figures.truth(TRAIN[:1], [], tmp_path / "early.png", penalty=penalty)
    for name in ("scores", "distance", "truth", "early"):
        assert np.asarray(Image.open(tmp_path / f"{name}.png")).std() > 5  # something is on it


def test_what_was_not_measured_leaves_a_gap(tmp_path: Path) -> None:
    clipped = [record | {"slope": None} for record in TRAIN]
    figures.truth(clipped, EXACT, tmp_path / "truth.png", penalty=None)
    assert (tmp_path / "truth.png").exists()


def test_quality_is_drawn_with_and_without_a_classifier(tmp_path: Path) -> None:
    judged = [record | {"ratio": 0.2, "floor_ratio": 0.01, "n_features": 100} for record in EXACT]
    for name, records_ in (("judged", judged), ("late", [EXACT[0], judged[1]]), ("pixels", EXACT)):
        figures.quality(records_, tmp_path / f"{name}.png")
        assert np.asarray(Image.open(tmp_path / f"{name}.png")).std() > 5


def lines(axes: object) -> dict[str, list[float]]:
    """What is drawn, by its label."""
    return {line.get_label(): list(line.get_ydata()) for line in axes.get_lines()}  # type: ignore[attr-defined]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that were made."""
    made: list[Figure] = []
    original = figures._figure
    monkeypatch.setattr(figures, "_figure", lambda *size: made.append(original(*size)) or made[-1])
    return made


def test_the_truth_shows_the_numbers_of_the_records(tmp_path: Path, drawn: list[Figure]) -> None:
    steady = [record | {"real": 21.0} for record in TRAIN]
    figures.truth(steady, EXACT, tmp_path / "truth.png", penalty=10.0)
    left, right = (lines(axes) for axes in drawn[0].axes)
    np.testing.assert_allclose(left["critic's gap, as reported"], 20.0)
    np.testing.assert_allclose(left["gap ÷ measured slope"], 20.0 / 1.85)
    np.testing.assert_allclose(left["gap, overshoot of the penalty undone"], 10 * (np.sqrt(5) - 1))
    assert left["exact W₁, 50 held-out : 50 generated"] == [17.0, 17.0]
    assert left["exact W₁, 50 held-out : 50 training images"] == [12.0, 12.0]
    assert left["their difference"] == [5.0, 5.0]
    np.testing.assert_allclose(right["exact W₁"], 17 / 12)
    np.testing.assert_allclose(right["exact W₂"], 18 / 13)
    np.testing.assert_allclose(right["sliced SW₁"], 4.5)


def test_curves_that_coincide_are_all_seen(tmp_path: Path, drawn: list[Figure]) -> None:
    """At a small gap and slope 1, the three estimates are one curve: those below are broader, and of other colours."""
    late = [record | {"real": 1.0, "fake": 0.9, "slope": 1.0} for record in TRAIN]
    figures.truth(late, [], tmp_path / "truth.png", penalty=10.0)
    curves = drawn[0].axes[0].get_lines()
    widths = [curve.get_linewidth() for curve in curves]
    assert widths == sorted(widths, reverse=True)
    assert len(set(widths)) == len({curve.get_color() for curve in curves}) == 3


@pytest.mark.parametrize("penalty", [10.0, None])
def test_no_name_lies_over_the_curves_of_the_truth(tmp_path: Path, drawn: list[Figure], penalty: float | None) -> None:
    figures.truth(TRAIN, EXACT, tmp_path / "truth.png", penalty=penalty)
    left, _ = drawn[0].axes
    (names,) = drawn[0].legends
    assert left.get_legend() is None
    assert not names.get_window_extent().overlaps(left.get_window_extent())
    assert names.get_window_extent().x1 < drawn[0].bbox.x1


def test_a_single_value_is_seen_at_its_step(tmp_path: Path, drawn: list[Figure]) -> None:
    figures.distance(TRAIN[:1], tmp_path / "early.png", penalty=10.0)
    (axes,) = drawn[0].axes
    assert all(line.get_marker() == "." for line in axes.get_lines())
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [10.0]


def test_smoothing_counts_steps_not_lines() -> None:
    """Two lines of one step each, or one line of their mean after two steps: 0.99 a step either way."""
    steps = np.array([100.0, 200.0])
    smooth = figures._smooth(steps, np.array([0.0, 1.0]))
    keep = 0.99**100
    assert smooth[0] == 0
    assert smooth[1] == pytest.approx((1 - keep) / (1 - keep**2))
    np.testing.assert_allclose(figures._smooth(np.arange(1.0, 9), np.full(8, 3.0)), 3.0)


def test_records_are_read_as_written(tmp_path: Path) -> None:
    records.append(tmp_path, {"kind": "train", "step": 1, "slope": float("nan"), "real": 0.1})
    records.append(tmp_path, {"kind": "exact", "step": 1, "w1": 2.0})
    assert records.read(tmp_path, "train") == [{"kind": "train", "step": 1, "slope": None, "real": 0.1}]
    assert len(records.read(tmp_path)) == 2


def test_a_line_cut_short_is_left_out(tmp_path: Path) -> None:
    for step in (1, 2):
        records.append(tmp_path, {"kind": "train", "step": step})
    path = tmp_path / records.NAME
    path.write_text(path.read_text()[:-4])
    assert [record["step"] for record in records.read(tmp_path)] == [1]
    records.truncate(tmp_path, 1)
    records.append(tmp_path, {"kind": "train", "step": 2})
    assert [record["step"] for record in records.read(tmp_path)] == [1, 2]
