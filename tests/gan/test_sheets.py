"""Every image is in its place, grey or in colour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan import sheets


def images(n: int, channels: int = 1, side: int = 28, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, channels, side, side)).astype(np.uint8)


def test_the_grid_shows_each_image_in_its_place(tmp_path: Path) -> None:
    flat = np.arange(5, dtype=np.uint8)[:, None, None, None] * 40 + np.zeros((1, 28, 28), dtype=np.uint8)
    sheets.grid(flat, tmp_path / "grid.png", columns=3, scale=2, gap=1)
    page = np.asarray(Image.open(tmp_path / "grid.png"))
    assert page.shape == ((2 * 29 + 1) * 2, (3 * 29 + 1) * 2)
    centres = [int(page[2 * (1 + 29 * (k // 3) + 14), 2 * (1 + 29 * (k % 3) + 14)]) for k in range(6)]
    assert centres == [0, 40, 80, 120, 160, 255]  # the empty place is white


@pytest.mark.parametrize(("channels", "side"), [(1, 28), (3, 28), (3, 32)])
def test_a_sheet_is_cut_into_its_images(tmp_path: Path, channels: int, side: int) -> None:
    given = images(9, channels, side)
    sheets.grid(given, tmp_path / "grid.png", scale=1, gap=0)
    np.testing.assert_array_equal(sheets.cut(np.asarray(Image.open(tmp_path / "grid.png")), side), given)


@pytest.mark.parametrize("channels", [1, 3])
def test_snapshots_are_drawn_over_time(tmp_path: Path, channels: int) -> None:
    snapshots = [(step, images(12, channels, seed=step)) for step in (1, 2000)]
    sheets.over_time(snapshots, tmp_path / "time.png", columns=6)
    sheets.paths(np.stack([shown for _, shown in snapshots]), tmp_path / "paths.png")
    sheets.nearest([("a", snapshots[0][1]), ("b", snapshots[1][1])], tmp_path / "nearest.png", note="distances")
    for name in ("time", "paths", "nearest"):
        assert np.asarray(Image.open(tmp_path / f"{name}.png")).std() > 5


def test_images_of_a_row_are_apart_and_a_shorter_row_begins_where_the_others_do(tmp_path: Path) -> None:
    """Black images on white: the dark runs along a row are its images."""
    black = np.zeros((5, 1, 28, 28), dtype=np.uint8)
    sheets.nearest([("", black), ("", black[:2])], tmp_path / "rows.png", note="")
    page = np.asarray(Image.open(tmp_path / "rows.png").convert("L")) < 128
    rows = np.flatnonzero(np.diff(page.any(1).astype(int), prepend=0, append=0)).reshape(-1, 2)
    starts = []
    for (top, bottom), count in zip(rows, (5, 2), strict=True):
        runs = np.diff(page[(top + bottom) // 2].astype(int), prepend=0, append=0)
        starts.append(np.flatnonzero(runs == 1))
        assert len(starts[-1]) == count
    np.testing.assert_array_equal(starts[0][:2], starts[1])


def test_the_animation_has_a_frame_for_every_snapshot(tmp_path: Path) -> None:
    snapshots = [(step, images(4, seed=step)) for step in (1, 5, 9)]
    sheets.animation(snapshots, tmp_path / "time.gif")
    with Image.open(tmp_path / "time.gif") as film:
        assert film.n_frames == 3
        for k, (_, shown) in enumerate(snapshots):
            film.seek(k)
            frame = np.asarray(film.convert("L")).astype(int)
            assert np.abs(frame - sheets.sheet(shown, scale=2)).max() <= 2  # a palette of 256 greys
            assert film.info["duration"] == (2500 if k == 2 else 500)
