"""What the scripts of the pictures share: a command line, and a small PNG."""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from PIL import Image

__all__ = ["command"]


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
