"""Rows of the matrix: pictures, each by a number that is read from what was drawn."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import wdist

from . import truths
from .row import WEIGHTS, Function, given, line, plane

__all__ = ["PICTURES"]


def axes() -> Any:
    from matplotlib.figure import Figure

    return Figure().add_subplot()


def _drawn(ax: Any) -> Any:
    ax.figure.canvas.draw()
    return ax


def _area(picture: Any) -> Any:
    """The distance that is written beside the area between the curves."""

    def number(x: Any, y: Any, w: Any) -> float:
        ax = _drawn(picture(x if w is None else wdist.Samples(x, w), y, ax=axes()))
        label = next(text for text in ax.get_legend_handles_labels()[1] if text.startswith("area"))
        return float(label.split("= ")[1].split(" ")[0])

    return number


def _balance(x: Any, y: Any, w: Any) -> float:
    """Markers' areas times their places."""
    ax = _drawn(wdist.plot.plan(x, y, np.ones((24, 21)), x_weights=w, ax=axes()))
    clouds = [cloud for cloud in ax.collections if hasattr(cloud, "get_sizes")]
    centres = [np.average(cloud.get_offsets(), axis=0, weights=cloud.get_sizes()) for cloud in clouds]
    return float(sum(np.linalg.norm(z) for z in centres))


def _centres(x: Any, y: Any, w: Any) -> float:
    return float(np.linalg.norm(np.average(x, axis=0, weights=w)) + np.linalg.norm(np.mean(y, axis=0)))


def _widths(x: Any, y: Any, w: Any) -> float:
    ax = _drawn(wdist.plot.plan(*plane()[:2], x, arcs=None, ax=axes()))
    return float(np.sum(ax.collections[0].get_linewidths()))


def _reach(x: Any, y: Any, w: Any) -> float:
    ax = _drawn(wdist.plot.gaussian(wdist.Gaussian(y, x), deviations=(2.0,), ax=axes()))
    return float(ax.patches[0].get_xy()[:, 0].max())


def _ends(x: Any, y: Any, w: Any) -> float:
    P, Q = wdist.Gaussian(y, x), wdist.Gaussian([0.0, 0.0], np.eye(2))
    ax = _drawn(wdist.plot.geodesic(P, Q, times=2, ax=axes()))
    return float(ax.patches[0].get_xy()[:, 0].max())


def _radii(x: Any, y: Any, w: Any) -> float:
    ax = _drawn(wdist.plot.gaussian(wdist.Gaussian([0.0, 0.0], np.eye(2)), deviations=x, ax=axes()))
    return float(sum(patch.get_xy()[:, 0].max() for patch in ax.patches[::2]))


def _rows(x: Any, y: Any, w: Any) -> float:
    several = hasattr(x, "shape") or type(x) is list
    numbers = {f"row {k}": v for k, v in enumerate(x)} if several else x
    ax = _drawn(wdist.plot.comparison(numbers, ax=axes()))
    return float(sum(line.get_xdata()[0] for line in ax.lines if line.get_markersize() == 8))


def _narrowing(x: Any, y: Any, w: Any) -> float:
    ax = _drawn(wdist.plot.bracket(x, y, ax=axes()))
    upper = next(line for line in ax.lines if line.get_label() == "upper")
    return float(upper.get_xdata() @ upper.get_ydata())


# A picture's axes end where their ticks can no longer be told apart.
_EXTREME = ("times 1e150", "times 1e-150", "times 1e300", "times 1e-290", "plus 1e8")
_VECTOR = ("a dimension more", "0-d")


def _area_row(name: str, picture: Any) -> Function:
    def truth(x: Any, y: Any, w: Any) -> float:
        return truths.on_line(x, y, w, 1)

    # Four digits are written.
    return Function(name, _area(picture), line, truth, names=("P|points", "Q"), tolerance=1e-3, welcome=_EXTREME)


_outline = partial(Function, tolerance=1e-3, welcome=_EXTREME)  # a polygon

PICTURES = [
    _area_row("plot.quantiles", lambda *a, **k: wdist.plot.quantiles(*a, **k)),
    _area_row("plot.cdfs", lambda *a, **k: wdist.plot.cdfs(*a, **k)),
    Function("plot.plan", _balance, plane, _centres, welcome=_EXTREME),
    Function(
        "plot.plan, coupling",
        _widths,
        lambda: (np.outer(WEIGHTS, np.arange(1.0, 22.0)) % 64, np.zeros(1), None),
        lambda x, y, w: float(2.5 * np.sum(x) / np.max(x)),
        names=("coupling", ""),
        welcome=(*_EXTREME, "sparse matrix"),
    ),
    _outline(
        "plot.gaussian",
        _reach,
        given([[9.0, 2.0], [2.0, 5.0]], [3.0, 1.0]),
        lambda x, y, w: float(y[0] + 2 * np.sqrt(x[0, 0])),
        names=("cov|mean|law", ""),
    ),
    Function(
        "plot.gaussian, deviations",
        _radii,
        given([1.0, 2.0, 3.0], 0.0),
        lambda x, y, w: float(np.sum(x)),
        names=("deviations", ""),
        tolerance=1e-3,
        welcome=(*_EXTREME, "booleans", "boolean tensor"),
    ),
    _outline(
        "plot.geodesic",
        _ends,
        given([[9.0, 2.0], [2.0, 5.0]], [3.0, 1.0]),
        lambda x, y, w: float(y[0] + np.sqrt(x[0, 0])),
        names=("cov|mean|P", ""),
    ),
    Function(
        "plot.comparison",
        _rows,
        given([3.0, 1.0, 4.0], 0.0),
        lambda x, y, w: float(np.sum(x)),
        names=(r"numbers(\['row \d'\])?", ""),
        welcome=(*_EXTREME, *_VECTOR, "objects", "sparse tensor", "a buffer", "an object with __array__"),  # no mapping
    ),
    Function(
        "plot.bracket",
        _narrowing,
        given([3.0, 1.0, 4.0], [1.0, 2.0, 5.0]),
        lambda x, y, w: float(x @ y),
        names=(r"results(\[\d\])?", ""),
        # Numbers in a sequence of any kind are numbers.
        welcome=(*_EXTREME, "objects", "sparse tensor", "an object with __array__"),
    ),
    Function(
        "plot.bracket, seconds",
        lambda x, y, w: _narrowing(y, x, w),
        given([3.0, 1.0, 5.0], [1.0, 2.0, 5.0]),
        lambda x, y, w: float(x @ y),
        names=("seconds", ""),
        welcome=_EXTREME,
        due={"None": "error"},
    ),
]
