"""What the pictures share: colours, and axes where the caller gave none."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

__all__ = ["BLUE", "GREEN", "GREY", "ORANGE", "axes_of"]

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#5a5a5a"


def axes_of(ax: Axes | None) -> Axes:
    """The axes to draw on: those given, or the ones of a new figure."""
    if ax is None:
        from matplotlib import pyplot as plt

        return plt.subplots(layout="constrained")[1]
    if not isinstance(ax, Axes):
        raise TypeError(f"ax is {_described(ax)}: give matplotlib Axes, or None for a figure of its own")
    return ax


def _described(ax: Any) -> str:
    return f"a {type(ax).__name__}" + (" of several axes (take one of them)" if hasattr(ax, "__len__") else "")
