"""What the scored critic reaches against d, and what every family reaches for its seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .families import FAMILIES
from .instances import CURVES, SCORED
from .row import Row

__all__ = ["write"]

# Okabe and Ito's palette, distinct for colour-blind readers too; markers tell the families apart without it.
_STYLES = {
    "one-sided": ("#0072B2", "o"),
    "gp": ("#E69F00", "s"),
    "leaky": ("#D55E00", "P"),
    "groupsort": ("#009E73", "^"),
    "bjorck": ("#56B4E9", "v"),
    "spectral": ("#CC79A7", "D"),
    "clip": ("#999999", "x"),
}
_SMALLEST = 1e-3  # of an axis of errors
_TITLES = (
    "error on funnel pairs",
    "what the certified lower bound lacks",
    "error for CPU seconds: d = 8 solid, 64 dashed",
)


def write(path: Path, rows: Sequence[Row]) -> None:
    """Three panels on one scale of errors, relative to W_1."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = [row for row in rows if row.fits]
    canvas, axes = plt.subplots(1, 3, figsize=(13.0, 4.4), sharey=True)
    funnels = [row for row in rows if row.instance.problem.startswith("funnels")]
    in_units = [row for row in funnels if FAMILIES[row.instance.family].in_units]
    _against_d(axes[0], [row for row in in_units if not row.instance.on_curve], lambda row: abs(row.error))
    _against_d(axes[1], [row for row in funnels if not row.instance.on_curve], lambda row: row.shortfall)
    # With and without the search for bounds, seconds do not compare: a curve's points are without.
    _against_seconds(axes[2], [row for row in in_units if row.instance.on_curve] or in_units)
    for ax, title in zip(axes, _TITLES, strict=True):
        ax.set_ylim(_SMALLEST / 1.2, 1.5)  # before the scale: an empty logarithmic axis has no limits
        ax.set_yscale("log")
        ax.set_yticks([1e-3, 1e-2, 0.05, 0.1, 0.25, 1.0], ["≤0.1 %", "1 %", "5 %", "10 %", "25 %", "100 %"])
        ax.set_title(title, fontsize=10)
        ax.grid(color="0.9")
        ax.minorticks_off()
        ax.spines[["top", "right"]].set_visible(False)
    canvas.legend(handles=_legend(rows), loc="outside lower center", ncols=9, frameon=False, fontsize=9)
    canvas.suptitle(f"Critics' $W_1$ beside the truth, one thread ({SCORED}: median of the seeds)", fontsize=11)
    canvas.set_layout_engine("constrained")
    canvas.savefig(path, dpi=130)
    plt.close(canvas)


def _against_d(ax: Any, rows: Sequence[Row], value: Callable[[Row], float]) -> None:
    """A line a family and number of funnels: solid for 4, dashed for 16."""
    for name in FAMILIES:
        for count, dashes in (("funnels4-", "-"), ("funnels16-", "--")):
            chosen = [row for row in rows if row.instance.family == name and row.instance.problem.startswith(count)]
            points = sorted((row.instance.dim, max(_SMALLEST, value(row))) for row in chosen)
            if points:
                colour, marker = _STYLES[name]
                width = 2.0 if name == SCORED else 1.0
                ax.plot(*zip(*points, strict=True), dashes, marker=marker, ms=5, lw=width, color=colour)
    dims = sorted({row.instance.dim for row in rows})
    ax.set_xscale("log", base=2)
    ax.set_xticks(dims, list(map(str, dims)))
    ax.set_xlabel("d")


def _against_seconds(ax: Any, rows: Sequence[Row]) -> None:
    from matplotlib.ticker import LogLocator

    for name in FAMILIES:
        for problem, dashes in zip(CURVES, ("-", "--"), strict=True):
            chosen = [row for row in rows if (row.instance.family, row.instance.problem) == (name, problem)]
            points = sorted((row.seconds, max(_SMALLEST, abs(row.error))) for row in chosen)
            if points:
                colour, marker = _STYLES[name]
                ax.plot(*zip(*points, strict=True), dashes, marker=marker, ms=5, lw=1.0, color=colour)
    ax.set(xscale="log", xlabel="CPU seconds of a fit")
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.xaxis.set_major_formatter("{x:g}")


def _legend(rows: Sequence[Row]) -> list[Any]:
    from matplotlib.lines import Line2D

    measured = {row.instance.family for row in rows}
    families = [
        Line2D([], [], color=colour, marker=marker, label=name)
        for name, (colour, marker) in _STYLES.items()
        if name in measured
    ]
    dashes = [Line2D([], [], color="0.3", ls=ls, label=f"{n} funnels") for n, ls in ((4, "-"), (16, "--"))]
    return [*families, *dashes]
