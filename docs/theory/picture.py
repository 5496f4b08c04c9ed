"""What the scripts of the pictures share: a command line, and a small PNG."""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

__all__ = ["command", "side_by_side"]


def command(
    about: str | None,
    picture: Path,
    figure: Callable[[], Figure],
    arguments: Sequence[str] | None,
    *,
    font: float = 11,
    measure: Callable[[], object] | None = None,
) -> None:
    """Draw ``figure`` to ``--out``, in 128 colours; with ``--measure``, where there is something, measure it first."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=picture)
    if measure is not None:
        parser.add_argument("--measure", action="store_true")
    options = parser.parse_args(arguments)
    if measure is not None and options.measure:
        measure()
    with mpl.rc_context({"font.size": font, "axes.titlesize": 11}):
        buffer = io.BytesIO()
        figure().savefig(buffer)
    Image.open(buffer).convert("RGB").quantize(128).save(options.out, optimize=True)


def side_by_side(*draws: Callable[[Axes], object], size: tuple[float, float] = (11, 3.7), dpi: int = 130) -> Figure:
    """A figure of panels, each drawn by one of the functions."""
    picture = Figure(figsize=size, dpi=dpi, layout="constrained")
    for ax, draw in zip(picture.subplots(1, len(draws)), draws, strict=True):
        draw(ax)
        ax.spines[["top", "right"]].set_visible(False)
    return picture
