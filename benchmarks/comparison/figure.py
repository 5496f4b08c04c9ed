"""Error against n, against d and against seconds, for W_1 and W_2: which estimator to take, at a glance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..estimators import ESTIMATORS
from ..runner import Row
from .stage import Stage

__all__ = ["write"]

_SMALLEST = 1e-3  # of an axis of errors
# Okabe and Ito's palette, a colour for each way; markers tell within a colour.
_EXACT, _PEER, _BOUND, _ESTIMATE = "#0072B2", "#E69F00", "#CC79A7", "#56B4E9"
_PENALISED, _NORMALISED, _CLIPPED, _FORMULA = "#009E73", "#D55E00", "#999999", "#000000"
_STYLES = {
    "lp": (_EXACT, "o", "-"),
    "pot": (_PEER, "s", ":"),
    "pot-sinkhorn": (_PEER, "D", "--"),
    "geomloss": (_PEER, "^", "--"),
    "max-sliced": (_BOUND, "<", "-"),
    "bounds": (_BOUND, ">", "-"),
    "estimate": (_ESTIMATE, "P", "-"),
    "one-sided": (_PENALISED, "o", "-"),
    "gp": (_PENALISED, "s", "-"),
    "leaky": (_PENALISED, "^", "-"),
    "groupsort": (_NORMALISED, "o", "-."),
    "bjorck": (_NORMALISED, "s", "-."),
    "spectral": (_NORMALISED, "^", "-."),
    "clip": (_CLIPPED, "x", "-"),
    "lp-w2": (_EXACT, "o", "-"),
    "bounds-w2": (_BOUND, ">", "-"),
    "estimate-w2": (_ESTIMATE, "P", "-"),
    "gaussian": (_FORMULA, "*", "-"),
}
_TIMED = ("lp", "pot", "pot-sinkhorn", "geomloss", "bounds", "estimate")


def write(path: Path, stage: Stage, rows: Sequence[Row]) -> None:
    """Errors of W_1 in three panels, of W_2 in two, all on one scale, and seconds in the last."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    scored = [row for row in rows if row.error is not None and row.estimator in _STYLES]
    canvas, axes = plt.subplots(2, 3, figsize=(13.0, 9.0))
    sizes = [row for row in scored if row.problem == stage.funnels and row.n in stage.points]
    widths = [row for row in scored if row.problem not in stage.with_w2 and row.n == stage.n]
    _errors(axes[0, 0], sizes, _points, f"$W_1$ of funnel pairs, d = {stage.dim}")
    _errors(axes[0, 1], widths, _dimension, f"$W_1$ of funnel pairs, n = {stage.n}")
    here = [row for row in sizes if row.n == stage.n]
    _errors(axes[0, 2], here, _seconds, f"$W_1$ of funnel pairs, d = {stage.dim}, n = {stage.n}")
    _front(axes[0, 2], here)
    for ax, (problem, laws) in zip(axes[1], stage.with_w2.items(), strict=False):
        _errors(ax, [row for row in scored if row.problem == problem], _points, f"$W_2$ of {laws}, d = {stage.dim}")
    _lines(axes[1, 2], [row for row in sizes if row.estimator in _TIMED], _points, _seconds)
    axes[1, 2].set(title=f"seconds for $W_1$, d = {stage.dim}", yscale="log", ylabel="seconds")
    for ax, label, ticks in (
        (axes[0, 0], "points a side", stage.points),
        (axes[0, 1], "dimension", stage.dims),
        (axes[0, 2], "seconds", None),
        *((ax, "points a side", stage.points) for ax in axes[1]),
    ):
        ax.set(xscale="log", xlabel=label)
        ax.minorticks_off()
        if ticks:
            ax.set_xticks(ticks, [str(tick) for tick in ticks])
        ax.grid(color="0.92")
        ax.spines[["top", "right"]].set_visible(False)
    handles = {label: mark for ax in axes.flat for mark, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    canvas.legend(handles.values(), handles, loc="outside lower center", ncols=6, frameon=False, fontsize=9)
    canvas.set_layout_engine("constrained")
    canvas.savefig(path, dpi=110)
    plt.close(canvas)


def _points(row: Row) -> float:
    return row.n


def _dimension(row: Row) -> float:
    return row.dim


def _seconds(row: Row) -> float:
    return row.seconds


def _error(row: Row) -> float:
    return max(_SMALLEST, abs(row.error or 0.0))


def _errors(ax: Any, rows: Sequence[Row], place: Callable[[Row], float], title: str) -> None:
    _lines(ax, rows, place, _error)
    ax.set(yscale="log", ylim=(_SMALLEST / 1.3, 2.0), title=title, ylabel="relative error")
    ax.set_yticks([1e-3, 1e-2, 0.05, 0.1, 0.25, 1.0], ["≤0.1 %", "1 %", "5 %", "10 %", "25 %", "100 %"])


def _lines(ax: Any, rows: Sequence[Row], x: Callable[[Row], float], y: Callable[[Row], float]) -> None:
    """A line an estimator; of several efforts at one place the largest."""
    for name, (colour, marker, dashes) in _STYLES.items():
        chosen = sorted((row for row in rows if row.estimator == name), key=lambda row: (x(row), row.seconds))
        points = {x(row): y(row) for row in chosen}
        if points:
            style = {"color": colour, "linestyle": dashes, "linewidth": 1.2, "marker": marker, "markersize": 6}
            ax.plot(list(points), list(points.values()), label=ESTIMATORS[name].label, **style)


def _front(ax: Any, rows: Sequence[Row]) -> None:
    """The Pareto front: no estimator is both quicker and nearer than those on it."""
    best: list[Row] = []
    for row in sorted(rows, key=_seconds):
        if not best or _error(row) < _error(best[-1]):
            best.append(row)
    if best:
        steps = {"where": "post", "color": "0.6", "linewidth": 5.0, "alpha": 0.4, "zorder": 0}
        ax.step([_seconds(row) for row in best], [_error(row) for row in best], label="Pareto front", **steps)
