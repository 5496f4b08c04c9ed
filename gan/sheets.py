"""Pictures made of images: grids, what the same noise becomes, ways between two noises, nearest neighbours.

Images are unsigned bytes of shape (n, channels, height, width), one channel or three. matplotlib is imported when a
picture is drawn, through its object interface: no backend is chosen for the caller.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .atomic import replacing

__all__ = ["animation", "cut", "endings", "grid", "nearest", "over_time", "paths", "sheet"]

_FRAME, _LAST = 500, 2500  # milliseconds
_CELL = 0.62  # inches of an image in a figure
_GAP = 2  # pixels between images


def sheet(images: np.ndarray, *, columns: int | None = None, scale: int = 3, gap: int = _GAP) -> np.ndarray:
    """Images in rows and columns on a white ground, as one image of shape (height, width) or (height, width, 3)."""
    columns = columns or math.ceil(math.sqrt(len(images)))
    pictures = _pictures(images)
    rows, side = math.ceil(len(images) / columns), images.shape[-1] + gap
    shape = (rows * side + gap, columns * side + gap, *pictures.shape[3:])
    page = np.full(shape, 255, dtype=np.uint8)
    for k, picture in enumerate(pictures):
        top, left = gap + side * (k // columns), gap + side * (k % columns)
        page[top : top + side - gap, left : left + side - gap] = picture
    return page.repeat(scale, axis=0).repeat(scale, axis=1)


def cut(page: np.ndarray, side: int) -> np.ndarray:
    """The images (n, channels, side, side) of a sheet without gaps, at scale 1."""
    page = page[..., None] if page.ndim == 2 else page
    tiles = page.reshape(page.shape[0] // side, side, -1, side, page.shape[2])
    return tiles.transpose(0, 2, 4, 1, 3).reshape(-1, page.shape[2], side, side)


def grid(images: np.ndarray, path: Path, *, columns: int | None = None, scale: int = 3, gap: int = _GAP) -> None:
    """Write a sheet of images as PNG."""
    from PIL import Image

    with replacing(path) as draft:
        Image.fromarray(sheet(images, columns=columns, scale=scale, gap=gap)).save(draft)


def endings() -> set[str]:
    """Those of the names that :func:`grid` can write to."""
    from PIL import Image

    return {ending for ending, kind in Image.registered_extensions().items() if kind in Image.SAVE}


def animation(snapshots: Sequence[tuple[int, np.ndarray]], path: Path) -> None:
    """Write the snapshots of the same noise as an animated GIF, the last of them longest."""
    from PIL import Image

    frames = [Image.fromarray(sheet(images, scale=2)) for _, images in snapshots]
    times = [_FRAME] * (len(frames) - 1) + [_LAST]
    with replacing(path) as draft:
        frames[0].save(draft, save_all=True, append_images=frames[1:], duration=times, loop=0)


def over_time(snapshots: Sequence[tuple[int, np.ndarray]], path: Path, *, columns: int = 12) -> None:
    """Draw how the images of the same noise change: one row per snapshot, labelled with its step."""
    rows = [(f"{step:,}", images[:columns]) for step, images in snapshots]
    _strips(rows, path, "Generator updates, and what the same noise becomes")


def paths(images: np.ndarray, path: Path) -> None:
    """Draw ways between two noises, images of shape (ways, steps, channels, height, width), a row each."""
    _strips([("", way) for way in images], path, "On the great circle from one noise to another")


def nearest(rows: Sequence[tuple[str, np.ndarray]], path: Path, *, note: str) -> None:
    """Draw rows of images that belong under each other, labelled; ``note`` says what the distances are."""
    _strips(rows, path, note)


def _strips(rows: Sequence[tuple[str, np.ndarray]], path: Path, title: str) -> None:
    """Draw rows of images, each with its label on the left; a shorter row ends earlier."""
    from matplotlib.figure import Figure

    side, columns = rows[0][1].shape[-1], max(len(images) for _, images in rows)
    page = sheet(np.concatenate([_padded(images, columns) for _, images in rows]), columns=columns, scale=1)
    left = 0.35 + 0.075 * max(len(label) for label, _ in rows)
    figure = Figure(figsize=(_CELL * columns + left, _CELL * len(rows) + 0.5), dpi=110, facecolor="white")
    axis = figure.subplots()
    axis.imshow(page, cmap="gray", vmin=0, vmax=255)
    centres = _GAP + (side - 1) / 2 + (side + _GAP) * np.arange(len(rows))
    axis.set_yticks(centres, [label for label, _ in rows])
    axis.set_xticks([])
    axis.tick_params(length=0, labelsize=9)
    axis.spines[:].set_visible(False)
    axis.set_title(title, fontsize=10)
    with replacing(path) as draft:
        figure.savefig(draft, bbox_inches="tight")


def _padded(images: np.ndarray, count: int) -> np.ndarray:
    """So many images, the last of them white where there are fewer."""
    white = np.full((count - len(images), *images.shape[1:]), 255, dtype=np.uint8)
    return np.concatenate([images, white])


def _pictures(images: np.ndarray) -> np.ndarray:
    """Grey as (n, height, width), colour as (n, height, width, 3): what picture libraries take."""
    return images[:, 0] if images.shape[1] == 1 else images.transpose(0, 2, 3, 1)
