"""Error against n, against d, and against seconds: which estimator to take, at a glance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..estimators import ESTIMATORS
from ..runner import Row
from .stage import Stage

__all__ = ["write"]

_SMALLEST = 1e-3
# Okabe and Ito's palette: exact methods blue, peers orange, critics green, bounds purple; markers tell within a colour.
_STYLES = {
    "lp": ("#0072B2", "o", "-"),
    "pot": ("#E69F00", "s", ":"),
    "pot-sinkhorn": ("#E69F00", "D", "--"),
    "geomloss": ("#E69F00", "^", "--"),
    "max-sliced": ("#CC79A7", "<", "-"),
    "bounds": ("#CC79A7", ">", "-"),
    "estimate": ("#56B4E9", "P", "-"),
    "one-sided": ("#009E73", "o", "-"),
    "gp": ("#009E73", "s", "-"),
    "groupsort": ("#009E73", "^", "-"),
    "clip": ("#009E73", "x", "-"),
}


def write(path: Path, stage: Stage, rows: Sequence[Row]) -> None:
    """Three panels with one scale of relative errors."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = [row for row in rows if row.error is not None and row.estimator in _STYLES]
    canvas, axes = plt.subplots(1, 3, figsize=(13.0, 4.8), sharey=True)
    size = [row for row in rows if row.dim == stage.dim and row.n in stage.points]
    width = [row for row in rows if row.n == stage.n and row.dim in stage.dims]
    here = [row for row in rows if row.n == stage.n and row.dim == stage.dim]
    _lines(axes[0], size, lambda row: row.n)
    _lines(axes[1], width, lambda row: row.dim)
    _lines(axes[2], here, lambda row: row.seconds)
    titles = (f"d = {stage.dim}", f"n = {stage.n}", f"d = {stage.dim}, n = {stage.n}")
    for ax, title, label in zip(axes, titles, ("points a side", "dimension", "seconds"), strict=True):
        ax.set(xscale="log", yscale="log", ylim=(_SMALLEST / 1.3, 2.0), title=title, xlabel=label)
        ax.set_yticks([1e-3, 1e-2, 0.05, 0.1, 0.25, 1.0], ["≤0.1 %", "1 %", "5 %", "10 %", "25 %", "100 %"])
        ax.grid(color="0.92")
        ax.minorticks_off()
        ax.spines[["top", "right"]].set_visible(False)
    for ax, ticks in ((axes[0], stage.points), (axes[1], stage.dims)):
        ax.set_xticks(ticks, [str(tick) for tick in ticks])
    axes[0].set_ylabel("error of W1, relative")
    handles, labels = axes[0].get_legend_handles_labels()
    canvas.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False, fontsize=9)
    canvas.set_layout_engine("constrained")
    canvas.savefig(path, dpi=130)
    plt.close(canvas)


def _lines(ax: Any, rows: Sequence[Row], place: Callable[[Row], float]) -> None:
    """A line an estimator; of several efforts at one place the largest."""
    for name, (colour, marker, dashes) in _STYLES.items():
        chosen = sorted((row for row in rows if row.estimator == name), key=lambda row: (place(row), row.seconds))
        points = {place(row): max(_SMALLEST, abs(row.error or 0.0)) for row in chosen}
        if points:
            style = {"color": colour, "linestyle": dashes, "linewidth": 1.2, "marker": marker, "markersize": 5}
            ax.plot(list(points), list(points.values()), label=ESTIMATORS[name].label, **style)
