"""Numbers of several kinds side by side, each with its bracket, beside the truth where it is known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from .._arrays import as_float64, to_numpy
from ..errors import InvalidMeasureError
from ..settings import check_number
from .style import BLUE, GREEN, GREY, ORANGE, apart, axes_of

__all__ = ["comparison", "read"]

_STYLES = {"exact": (BLUE, "o"), "bound": (GREEN, "D"), "estimate": (ORANGE, "s"), "": (GREY, "x")}


class Number(NamedTuple):
    """A value with its bracket and its kind; "" for a bare number."""

    value: float
    lower: float
    upper: float
    kind: str


def comparison(numbers: Mapping[str, Any], *, truth: float | None = None, ax: Axes | None = None) -> Axes:
    """Draw what several methods say of one distance: a row each, the value, its bracket and its kind.

    Parameters
    ----------
    numbers : mapping of str to Result, Estimate, DualResult or float
        By the name of the row. An open end of a bracket is drawn as an arrow.
    truth : float, optional
        The exact distance, as a line.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If ``numbers`` is empty, or an entry is no result and no number.

    Examples
    --------
    >>> import numpy as np
    >>> import wdist
    >>> x, y = np.random.default_rng(0).normal(size=(2, 300, 2))
    >>> numbers = {f.__name__: f(x, y + 3, p=1) for f in (wdist.transport, wdist.estimate, wdist.max_sliced)}
    >>> ax = wdist.plot.comparison(numbers, truth=3 * 2**0.5)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['transport', 'estimate', 'max_sliced']
    """
    if not isinstance(numbers, Mapping):
        raise ValueError(f"numbers is a {type(numbers).__name__}: give a dict of results by their names")
    if not numbers:
        raise ValueError("numbers is empty: give at least one result by its name")
    rows = {name: read(number, f"numbers[{name!r}]") for name, number in numbers.items()}
    ax = axes_of(ax, len(rows))
    line = math.inf if truth is None else check_number(truth, "truth", "the distance itself")
    finite = [v for v in [line, *(v for row in rows.values() for v in row[:3])] if math.isfinite(v)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    margin = 0.08 * apart(low, high)
    seen: set[str] = set()
    for place, row in enumerate(rows.values()):
        colour, marker = _STYLES[row.kind]
        _bar(ax, row, place, colour, (low - margin, high + margin))
        label = None if row.kind in seen else row.kind or "a number"
        ax.plot(row.value, place, color=colour, marker=marker, linestyle="none", markersize=8, label=label)
        seen.add(row.kind)
    if math.isfinite(line):
        ax.axvline(line, color=GREY, linestyle="--", linewidth=1.2, zorder=0, label="truth")
    ax.set(yticks=range(len(rows)), yticklabels=list(rows), xlim=(low - 1.5 * margin, high + 1.5 * margin))
    ax.set(xlabel="distance", ylim=(len(rows) - 0.5, -0.5))
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


def read(number: Any, name: str) -> Number:
    """A result of any of wdist's functions, or a number, as value and bracket."""
    if hasattr(number, "corrected"):  # DualResult: the corrected value where there is one
        value = number.value if number.corrected is None else number.corrected
        return Number(float(value), float(number.lower), float(number.upper), "estimate")
    if hasattr(number, "confidence_level"):  # Estimate
        return Number(float(number.distance), float(number.low), float(number.high), "estimate")
    if hasattr(number, "kind"):  # Result
        return Number(float(number), float(number.lower), float(number.upper), number.kind)
    value = _scalar(number, name)
    return Number(value, value, value, "")


def _scalar(number: Any, name: str) -> float:
    """A finite number."""
    try:
        array = to_numpy(as_float64(number, name))
    except InvalidMeasureError as error:
        found = f"{name} is a {type(number).__name__}"
        raise ValueError(f"{error} ({found}: give a result of wdist, or a number)") from None
    if array.ndim:
        raise ValueError(f"{name} has shape {array.shape}: give a result of wdist, or one number")
    return float(array)


def _bar(ax: Axes, row: Number, place: int, colour: str, ends: tuple[float, float]) -> None:
    """The bracket as a bar with caps; an arrow where it is open."""
    low, high = np.clip([row.lower, row.upper], *ends)
    ax.hlines(place, low, high, color=colour, linewidth=2)
    for end, shown in ((row.lower, low), (row.upper, high)):
        marker = {math.inf: ">", -math.inf: "<"}.get(end, "|")
        ax.plot(shown, place, color=colour, marker=marker, markersize=9)
