"""Seconds and memory against the number of points, for clouds in the plane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .measure import Cell, Comparison
from .solvers import LAZY, OURS, POT, SOLVERS

__all__ = ["drawn", "write"]

# Okabe and Ito's palette, distinct for colour-blind readers too.
_COLOURS = {OURS.name: "#0072B2", POT.name: "#E69F00", LAZY.name: "#CC79A7"}
_DASHES = {"random": "-", "uniform": "--"}


def drawn(rows: Sequence[Comparison]) -> list[Comparison]:
    """The rows that the figure is about."""
    plane = [row for row in rows if row.instance.dim == 2 and row.instance.p == 2]
    return sorted((row for row in plane if row.instance.weights in _DASHES), key=lambda row: row.instance.n)


def write(path: Path, rows: Sequence[Comparison]) -> None:
    """Two logarithmic panels, a curve for every solver and kind of weights."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    canvas, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4.2), sharex=True)
    _panel(left, drawn(rows), "seconds", lambda cell: cell.seconds)
    _panel(right, drawn(rows), "MB above the input", lambda cell: cell.megabytes)
    canvas.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    canvas.suptitle("Exact $W_2^2$ of n against n points in the plane, one thread", fontsize=11)
    canvas.set_layout_engine("constrained")
    canvas.savefig(path, dpi=130)
    plt.close(canvas)


def _panel(ax: Any, rows: Sequence[Comparison], title: str, value: Callable[[Cell], float | None]) -> None:
    for name, solver in SOLVERS.items():
        for weights, dashes in _DASHES.items():
            points = [(r.instance.n, value(r.cells[name])) for r in rows if r.instance.weights == weights]
            if known := [(n, v) for n, v in points if v]:  # none, or no memory at all: not on a logarithmic axis
                ns, values = zip(*known, strict=True)
                label = f"{solver.label}, {weights} weights"
                ax.plot(ns, values, dashes, marker="o", ms=4, lw=1.4, color=_COLOURS[name], label=label)
    ax.set(xscale="log", yscale="log", xlabel="n")
    sizes = sorted({row.instance.n for row in rows})
    ax.set_xticks(sizes, [f"{n // 1000}k" if n % 1000 == 0 else str(n) for n in sizes], fontsize=8)
    ax.xaxis.minorticks_off()
    ax.set_title(title, fontsize=10)
    ax.grid(color="0.9")
    ax.spines[["top", "right"]].set_visible(False)
