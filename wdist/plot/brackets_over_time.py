"""How a certified bracket narrows with the time that is spent on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from .._arrays import as_float64, to_numpy
from ..settings import check_finite_number
from .numbers import read
from .style import BLUE, GREEN, GREY, ORANGE, apart, axes_of

__all__ = ["bracket"]


def bracket(
    results: Sequence[Any],
    seconds: Sequence[float] | None = None,
    *,
    truth: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the brackets of several results for one distance against the seconds that each took.

    Parameters
    ----------
    results : sequence of Result, Estimate or DualResult
        Of the same distance: :func:`wdist.transport` with smaller and smaller ``rtol``, say.
    seconds : sequence of float, optional
        One each. None: what the results' ``stats["seconds"]`` say.
    truth : float, optional
        The exact distance, as a line.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Notes
    -----
    An open end (inf) is left out of the picture.

    Raises
    ------
    ValueError
        If there is nothing to draw, or the seconds do not fit the results.

    Examples
    --------
    >>> import numpy as np
    >>> import wdist
    >>> x, y = np.random.default_rng(0).normal(size=(2, 300, 2))
    >>> ax = wdist.plot.bracket([wdist.transport(x, y, p=2, rtol=rtol) for rtol in (0.1, 0.01, 0.0)])
    >>> ax.get_legend_handles_labels()[1]
    ['upper', 'lower', 'distance']
    """
    if not (hasattr(results, "__getitem__") and hasattr(results, "__len__")):
        raise ValueError(f"results is a {type(results).__name__}: give a list of results")
    rows = [read(result, f"results[{k}]") for k, result in enumerate(results)]
    if not rows:
        raise ValueError("results is empty: give at least one result")
    time = to_numpy(as_float64(_seconds(results) if seconds is None else seconds, "seconds"))
    if time.shape != (len(rows),) or not np.all(time > 0.0):
        raise ValueError(f"seconds is {time.tolist()}: give {len(rows)} positive numbers, one per result")
    line = None if truth is None else check_finite_number(truth, "truth", "the distance itself")
    numbers = np.array([row[:3] for row in rows]).T
    value, lower, upper = np.where(np.isfinite(numbers), numbers, np.nan)
    ax = axes_of(ax)
    ax.vlines(time, lower, upper, color=BLUE, linewidth=2, alpha=0.5)
    ax.plot(time, upper, color=BLUE, marker="v", linestyle="none", label="upper")
    ax.plot(time, lower, color=GREEN, marker="^", linestyle="none", label="lower")
    ax.plot(time, value, color=ORANGE, marker="_", markersize=12, linestyle="none", label="distance")
    if line is not None:
        ax.axhline(line, color=GREY, linestyle=":", linewidth=1.2, label="truth")
    ax.set(xscale="log", xlabel="seconds", ylabel="distance")
    _scale(ax, time, numbers[np.isfinite(numbers)])
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False)
    return ax


def _scale(ax: Axes, time: np.ndarray, finite: np.ndarray) -> None:
    """Ends that are only rounding apart are shown as one, and less than two decades with more than their powers."""
    if len(finite) and np.ptp(finite) < (far := apart(finite.min(), finite.max())):
        ax.set_ylim(finite.min() - far / 2, finite.max() + far / 2)
    if time.max() < 30.0 * time.min():
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter(NullFormatter())


def _seconds(results: Sequence[Any]) -> list[float]:
    found = [getattr(result, "stats", {}).get("seconds") for result in results]
    if None in found:
        raise ValueError(f"results[{found.index(None)}] does not say how long it took: give seconds")
    return [float(s) for s in found if s is not None]
