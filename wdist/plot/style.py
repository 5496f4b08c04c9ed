"""What the pictures share: colours, and axes where the caller gave none."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

__all__ = ["BLUE", "GREEN", "GREY", "ORANGE", "apart", "axes_of"]

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#5a5a5a"


_ROUNDING = 1e-10  # of a number: what is closer together is drawn as one


def axes_of(ax: Axes | None, rows: int = 0) -> Axes:
    """The axes to draw on: those given, or the ones of a new figure, high enough for so many rows of text."""
    if ax is None:
        from matplotlib import pyplot as plt

        width, height = plt.rcParams["figure.figsize"]
        return plt.subplots(layout="constrained", figsize=(width, max(height, 1.0 + 0.25 * rows)))[1]
    if not isinstance(ax, Axes):
        raise TypeError(f"ax is {_described(ax)}: give matplotlib Axes, or None for a figure of its own")
    return ax


def apart(low: float, high: float) -> float:
    """What lies between two ends of an axis; a fifth of their size where that is rounding, which none can read."""
    return high - low if high - low > _ROUNDING * max(abs(low), abs(high)) else 0.2 * abs(high) or 1.0


def _described(ax: Any) -> str:
    return f"a {type(ax).__name__}" + (" of several axes (take one of them)" if hasattr(ax, "__len__") else "")
