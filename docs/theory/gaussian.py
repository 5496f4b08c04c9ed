"""Draw ``docs/images/gaussian.png``: the geodesic of two Gaussians, beside covariances that are mixed linearly.

    python docs/theory/gaussian.py [--out FILE]
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from picture import command

import wdist

PICTURE = Path(__file__).resolve().parents[1] / "images" / "gaussian.png"
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#5a5a5a"  # told apart by eyes of every kind, and in print
TIMES = np.linspace(0, 1, 6)
CIRCLE = np.exp(1j * np.linspace(0, 2 * np.pi, 181))


def gaussian(x: float, degrees: float, long: float, short: float) -> wdist.Gaussian:
    """Around (x, 0), with its longer axis at an angle."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return wdist.Gaussian.from_factor([x, 0.0], np.array([[c, -s], [s, c]]) * [long, short])


P, Q = gaussian(0.0, 60.0, 1.0, 0.12), gaussian(8.0, -40.0, 1.0, 0.12)


def geodesic(t: float) -> wdist.Gaussian:
    """The law at time t of points that go straight from x to its image under the optimal map."""
    return wdist.gaussian_geodesic(P, Q, t)


def mixed(t: float) -> wdist.Gaussian:
    """Mean and covariance mixed entry by entry."""
    return wdist.Gaussian((1 - t) * P.mean + t * Q.mean, (1 - t) * P.cov + t * Q.cov)


def outline(law: wdist.Gaussian) -> np.ndarray:
    """The ellipse of one deviation, (2, n)."""
    values, vectors = np.linalg.eigh(law.cov)
    return law.mean[:, None] + (vectors * np.sqrt(np.maximum(values, 0))) @ np.stack([CIRCLE.real, CIRCLE.imag])


def draw_ellipses(ax: Axes) -> None:
    """Top, the geodesic, and the ways of some points of P; below, the mixed covariances."""
    colours = LinearSegmentedColormap.from_list("ends", [BLUE, "#a0a0a0", ORANGE])
    down = 2.5 * np.array([[0.0], [1.0]])
    starts = outline(P)[:, :-1:15]
    ends = Q.mean[:, None] + wdist.gaussian_map(P, Q) @ (starts - P.mean[:, None])
    ax.plot(*np.stack([starts, ends]).transpose(1, 0, 2), color=GREY, linewidth=0.5)
    for t in TIMES:
        ax.fill(*outline(geodesic(t)), facecolor=(*colours(t)[:3], 0.35), edgecolor=colours(t), linewidth=1.6)
        ax.fill(*(outline(mixed(t)) - down), facecolor="none", edgecolor=colours(t), linewidth=1.6, linestyle="--")
        ax.text(8 * t, -3.85, f"t = {t:.1f}", ha="center", color=GREY)
    ax.text(4.0, 1.1, "along the geodesic: all points go straight, at constant speed", ha="center", color=GREY)
    ax.text(4.0, -1.4, "covariances mixed linearly: fatter, and off the way", ha="center", color=GREY)
    ax.set(aspect="equal", xlim=(-0.8, 8.9), ylim=(-3.95, 1.45), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def draw_detour(ax: Axes) -> None:
    """How much longer the way over the law at time t is than the distance."""
    t = np.linspace(0, 1, 81)
    centred = [wdist.Gaussian([0, 0], law.cov) for law in (P, Q)]
    whole = wdist.gaussian_w2(*centred)
    styles = ((geodesic, BLUE, "-"), (mixed, ORANGE, "--"))
    for path, colour, style in styles:
        over = [wdist.Gaussian([0, 0], path(s).cov) for s in t]
        way = [wdist.gaussian_w2(centred[0], law) + wdist.gaussian_w2(law, centred[1]) for law in over]
        ax.plot(t, np.array(way) / whole, color=colour, linestyle=style, linewidth=2.4)
    ax.text(0.5, 1.007, "geodesic: 1", color=BLUE, ha="center")
    ax.text(0.5, 1.084, "mixed", color=ORANGE, ha="center")
    ax.set(title="way over time t, in units of W2\n(both laws centred)", xlabel="t", xlim=(0, 1), ylim=(0.99, 1.1))
    ax.spines[["top", "right"]].set_visible(False)


def figure() -> Figure:
    picture = Figure(figsize=(11, 4.0), dpi=130, layout="constrained")
    left, right = picture.subplots(1, 2, width_ratios=(2.4, 1.0))
    draw_ellipses(left)
    draw_detour(right)
    return picture


def main(arguments: Sequence[str] | None = None) -> None:
    command(__doc__, PICTURE, figure, arguments)


if __name__ == "__main__":
    main()
