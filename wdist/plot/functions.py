"""Two laws on the line by their quantile functions or their distribution functions, and the area between, W_1."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .._arrays import detached
from ..line import law_of, line_distance
from ..measures import Samples, as_measure
from ..sketch import QuantileSketch
from .style import BLUE, GREEN, ORANGE, axes_of

__all__ = ["cdfs", "quantiles"]

_LEVELS = 1001  # of either half
_TAIL = 1e-3  # mass beyond either end of the picture


def quantiles(P: Any, Q: Any, *, ax: Axes | None = None) -> Axes:
    """Draw the quantile functions of two laws on the line; the area between them is W_1.

    Parameters
    ----------
    P, Q : measures on the line
        Samples, histograms, frozen ``scipy.stats`` laws, ``Quantile``, ``CDF``, sketches.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InvalidMeasureError
        If one of them is no measure on the line.

    Examples
    --------
    >>> import scipy.stats as st
    >>> import wdist
    >>> ax = wdist.plot.quantiles([0.0, 1.0, 4.0], st.norm(2))
    >>> ax.get_legend_handles_labels()[1]
    ['area: W1 = 0.9734', 'P', 'Q']
    """
    t, x, y, w1 = _curves(P, Q)
    ax = axes_of(ax)
    ax.fill_between(t, x, y, color=GREEN, alpha=0.3, linewidth=0, label=w1)
    ax.plot(t, x, color=BLUE, linewidth=2, label="P")
    ax.plot(t, y, color=ORANGE, linewidth=2, linestyle="--", label="Q")
    ax.set(title="quantile functions", xlabel="level t", ylabel="x", xlim=(0, 1))
    return _finished(ax)


def cdfs(P: Any, Q: Any, *, ax: Axes | None = None) -> Axes:
    """Draw the distribution functions of two laws on the line; the area between them is W_1, at p = 1 only.

    Parameters
    ----------
    P, Q : measures on the line
        Samples, histograms, frozen ``scipy.stats`` laws, ``Quantile``, ``CDF``, sketches.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InvalidMeasureError
        If one of them is no measure on the line.

    Examples
    --------
    >>> import scipy.stats as st
    >>> import wdist
    >>> ax = wdist.plot.cdfs([0.0, 1.0, 4.0], st.norm(2))
    >>> ax.get_legend_handles_labels()[1]
    ['area: W1 = 0.9734', 'P', 'Q']
    """
    t, x, y, w1 = _curves(P, Q)
    ax = axes_of(ax)
    ax.fill_betweenx(t, x, y, color=GREEN, alpha=0.3, linewidth=0, label=w1)
    ax.plot(x, t, color=BLUE, linewidth=2, label="P")
    ax.plot(y, t, color=ORANGE, linewidth=2, linestyle="--", label="Q")
    ax.set(title="distribution functions", xlabel="x", ylabel="level t", ylim=(0, 1))
    return _finished(ax)


def _curves(P: Any, Q: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Levels, with both sides of every jump; the quantiles there; W_1 in words."""
    measures = as_measure(P, "P"), as_measure(Q, "Q")
    distance, lower, upper = line_distance(*measures, 1.0)
    laws = [law_of(Samples(*m.atoms()) if isinstance(m, QuantileSketch) else m) for m in measures]
    below, above = _levels([law.breaks for law in laws]), _levels([law.upper_breaks for law in laws])
    t = np.concatenate([below, 1.0 - above[::-1]])
    x, y = (np.concatenate([law.quantile(below), law.quantile(above, upper=True)[::-1]]) for law in laws)
    value = float(detached(distance))
    spread = "" if upper <= lower + 1e-3 * value else f" in [{lower:.4g}, {upper:.4g}]"
    return t, x, y, f"area: W1 = {value:.4g}{spread}"


def _levels(breaks: list[np.ndarray]) -> np.ndarray:
    """Levels of one half, from the tail to 1/2: a quantile answers for the other half from its own end."""
    jumps = np.concatenate(breaks)
    levels = [np.linspace(_TAIL, 0.5, _LEVELS), jumps, np.nextafter(jumps, 0.0), np.nextafter(jumps, 1.0)]
    return np.unique(np.concatenate(levels).clip(_TAIL, 0.5))


def _finished(ax: Axes) -> Axes:
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False)
    return ax
