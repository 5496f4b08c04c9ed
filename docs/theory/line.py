"""Draw ``docs/images/line.png``: the area between two quantile functions, the same between two CDFs, and p = 2.

    python docs/theory/line.py [--out FILE]
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from picture import command, side_by_side
from scipy import stats

import wdist

PICTURE = Path(__file__).resolve().parents[1] / "images" / "line.png"
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#5a5a5a"  # told apart by eyes of every kind
# Two bumps with a gap between them and an atom at 5, against one bump.
EDGES, MASSES, ATOM = np.array([0.0, 0.6, 1.2, 2.6, 3.4]), np.array([0.2, 0.2, 0.0, 0.35]), (5.0, 0.25)
BUMP = stats.norm(3.2, 0.8)
LIMITS = (-0.3, 6.2)


def cdf(x: np.ndarray) -> np.ndarray:
    """Of the law with gap and atom; right-continuous."""
    return np.interp(x, EDGES, np.append(0.0, np.cumsum(MASSES))) + np.where(x >= ATOM[0], ATOM[1], 0.0)


def quantiles(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of both laws."""
    return wdist.CDF(cdf, support=(-1.0, 7.0)).law().quantile(t), BUMP.ppf(t)


def draw_quantiles(ax: Axes) -> None:
    """t across, x up: the area between is the mean way of the mass, level by level."""
    t = np.linspace(0.0005, 0.9995, 2001)
    x, y = quantiles(t)
    ax.fill_between(t, x, y, color=GREEN, alpha=0.3, linewidth=0)
    ax.plot(t, x, color=BLUE, linewidth=2.4)
    ax.plot(t, y, color=ORANGE, linewidth=2.4)
    for level in (0.1, 0.3, 0.55, 0.9):
        low, high = quantiles(np.array([level]))
        ax.annotate("", (level, high[0]), (level, low[0]), arrowprops={"arrowstyle": "->", "color": GREY})
    w1 = wdist.wasserstein(wdist.CDF(cdf, support=(-1.0, 7.0)), BUMP, p=1).distance
    ax.text(0.35, 0.75, f"area {w1:.3f} = W1", color=GREEN)
    ax.text(0.76, 5.25, "atom", color=BLUE, ha="right", va="center")
    ax.text(0.42, 1.62, "gap", color=BLUE)
    ax.set(title="quantile functions", xlabel="level t", ylabel="x", xlim=(0, 1), ylim=LIMITS)


def draw_cdfs(ax: Axes) -> None:
    """The same picture with its axes exchanged."""
    x = np.linspace(*LIMITS, 4001)
    F, G = cdf(x), BUMP.cdf(x)
    ax.fill_between(x, F, G, color=GREEN, alpha=0.3, linewidth=0)
    ax.plot(x, F, color=BLUE, linewidth=2.4)
    ax.plot(x, G, color=ORANGE, linewidth=2.4)
    area = np.trapezoid(np.abs(F - G), x)
    ax.text(3.4, 0.3, f"area {area:.3f} = W1", color=GREEN)
    ax.text(5.1, 0.86, "atom", color=BLUE, va="center")
    ax.text(1.85, 0.34, "gap", color=BLUE, ha="center")
    ax.set(title="distribution functions", xlabel="x", ylabel="level t", xlim=LIMITS, ylim=(0, 1.07))


def draw_powers(ax: Axes) -> None:
    """A law and its shift by s: W2 = s, and what the square of F - G gives instead."""
    s = np.linspace(0, 4, 41)
    x = np.linspace(-8, 12, 8001)
    wrong = [np.sqrt(np.trapezoid((stats.norm.cdf(x) - stats.norm.cdf(x - t)) ** 2, x)) for t in s]
    ax.plot(s, [wdist.wasserstein_1d(stats.norm(), stats.norm(t), p=2) for t in s], color=BLUE, linewidth=2.4)
    ax.plot(s, wrong, color=ORANGE, linewidth=2.4, linestyle="--")
    ax.text(2.85, 3.1, "W2 = shift", color=BLUE, ha="right")
    ax.text(3.95, 0.55, r"$(\int |F - G|^2 dx)^{1/2}$", color=ORANGE, ha="right")
    ax.set(title="p = 2: no longer the same", xlabel="shift of a normal law, deviation 1", xlim=(0, 4), ylim=(0, 4))


def figure() -> Figure:
    return side_by_side(draw_quantiles, draw_cdfs, draw_powers)


def main(arguments: Sequence[str] | None = None) -> None:
    command(__doc__, PICTURE, figure, arguments)


if __name__ == "__main__":
    main()
