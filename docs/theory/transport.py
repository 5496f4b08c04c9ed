"""Draw ``docs/images/plan.png``: an optimal plan, levels that lead to it, and the short lists of arcs.

    python docs/theory/transport.py [--out FILE]
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from picture import command
from scipy import sparse
from scipy.spatial.distance import cdist

import wdist

PICTURE = Path(__file__).resolve().parents[1] / "images" / "plan.png"
LEVELS = (16, 32, 64)
LISTED = 10  # targets of a source at first
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#5a5a5a"  # told apart by eyes of every kind, and in print
LIMITS = (-1.2, 1.2)
ZOOM = ((-1.18, -0.42), (-0.38, 0.38))  # the part in which short lists are shown


class Cloud(NamedTuple):
    """Points (n, 2) with their masses (n,)."""

    points: np.ndarray
    mass: np.ndarray


def clouds() -> tuple[Cloud, Cloud]:
    """A ring, and five blobs; masses differ by a factor of 8 at most."""
    rng = np.random.default_rng(3)
    angle, radius = rng.uniform(0, 2 * np.pi, 260), np.sqrt(rng.uniform(0.45, 1.3, 260))
    ring = np.c_[radius * np.cos(angle), radius * np.sin(angle)]
    centres = 0.8 * np.exp(1j * (0.4 + 2 * np.pi * np.arange(5) / 5))
    blobs = np.repeat(np.c_[centres.real, centres.imag], 40, axis=0) + 0.14 * rng.standard_normal((200, 2))
    x, y = (in_kd_order(Cloud(z, rng.uniform(0.25, 2, len(z)))) for z in (ring, blobs))
    return x, y


def in_kd_order(cloud: Cloud) -> Cloud:
    """Halves, quarters, eighths, ... of the points are cells: each is cut at its middle, across its widest side."""
    order, parts = np.arange(len(cloud.points)), 1
    while parts < len(order):
        for first, last in bounds(len(order), parts):
            cell = order[first:last]
            side = np.argmax(np.ptp(cloud.points[cell], axis=0)) if len(cell) else 0
            order[first:last] = cell[np.argsort(cloud.points[cell, side], kind="stable")]
        parts *= 2
    return Cloud(cloud.points[order], cloud.mass[order] / cloud.mass.sum())


def bounds(n: int, cells: int) -> list[tuple[int, int]]:
    """First and last index, exclusive, of the cells of a level."""
    return [(n * k // cells, n * (k + 1) // cells) for k in range(cells)]


def gathered(cloud: Cloud, cells: int) -> Cloud:
    """Centroids and masses of the cells of a level."""
    parts = [slice(*pair) for pair in bounds(len(cloud.points), cells)]
    mass = np.array([cloud.mass[part].sum() for part in parts])
    moment = np.array([cloud.mass[part] @ cloud.points[part] for part in parts])
    return Cloud(moment / mass[:, None], mass)


def solved(x: Cloud, y: Cloud) -> wdist.Result:
    return wdist.transport(x.points, y.points, p=2, x_weights=x.mass, y_weights=y.mass)


def short_lists(x: Cloud, y: Cloud, coarse: Cloud, u: np.ndarray) -> np.ndarray:
    """For every source the targets of the smallest c - v, when v is carried over from potentials u of a level."""
    v = np.min(cdist(y.points, coarse.points, "sqeuclidean") - u, axis=1)
    return np.argsort(cdist(x.points, y.points, "sqeuclidean") - v, axis=1)[:, :LISTED]


def draw_clouds(ax: Axes, x: Cloud, y: Cloud, area: float) -> None:
    for cloud, colour, marker, name in ((x, BLUE, "o", "source"), (y, ORANGE, "s", "target")):
        style = {"s": area * cloud.mass, "c": colour, "marker": marker, "label": f"{name}, area by mass"}
        ax.scatter(*cloud.points.T, edgecolors="white", linewidths=0.4, zorder=3, **style)


def draw_arcs(ax: Axes, x: Cloud, y: Cloud, i: np.ndarray, j: np.ndarray, width: np.ndarray, colour: str) -> None:
    ends = np.stack([x.points[i], y.points[j]], axis=1)
    ax.add_collection(LineCollection(ends, linewidths=width, colors=colour, capstyle="round"))


def draw_level(ax: Axes, x: Cloud, y: Cloud, cells: int) -> tuple[Cloud, np.ndarray]:
    """The plan between the centroids of cells, and the boxes of these; returns the sources with their potentials."""
    X, Y = gathered(x, cells), gathered(y, cells)
    result = solved(X, Y)
    for cloud, colour in ((x, BLUE), (y, ORANGE)):
        for first, last in bounds(len(cloud.points), cells):
            low, high = cloud.points[first:last].min(axis=0), cloud.points[first:last].max(axis=0)
            ax.add_patch(Rectangle(low, *(high - low), fill=False, edgecolor=colour, linewidth=0.6, alpha=0.7))
    draw_arcs(ax, X, Y, result.plan.row, result.plan.col, 75 * result.plan.data, GREY)
    draw_clouds(ax, X, Y, 700)
    ax.set_title(f"{cells} cells a side")
    return X, result.potentials[0]


def draw_lists(ax: Axes, x: Cloud, y: Cloud, plan: sparse.coo_array, lists: np.ndarray) -> None:
    """The short lists of the sources, those of the plan dark, in a part of the plane."""
    i = np.repeat(np.arange(len(lists)), LISTED)
    draw_arcs(ax, x, y, i, lists.ravel(), np.full(lists.size, 0.7), "#b8b8b8")
    draw_arcs(ax, x, y, plan.row, plan.col, 600 * plan.data, GREY)
    draw_clouds(ax, x, y, 6000)
    found = sum(j in lists[i] for i, j in zip(plan.row, plan.col, strict=True))
    ax.set_title(f"in short lists: {found} of {plan.nnz}")


def figure() -> Figure:
    x, y = clouds()
    plan = solved(x, y).plan
    picture = Figure(figsize=(11, 5.9), dpi=130, layout="constrained")
    left, right = picture.subfigures(1, 2, width_ratios=(1.08, 1.0))
    ax, panels = left.subplots(), right.subplots(2, 2).ravel()
    draw_arcs(ax, x, y, plan.row, plan.col, 500 * plan.data, GREY)
    draw_clouds(ax, x, y, 6000)
    ax.set_title(f"an optimal plan: {plan.nnz} of {len(x.mass) * len(y.mass):,} arcs carry mass")
    ax.plot([], color=GREY, linewidth=2, label="plan, width by mass")
    ax.legend(loc="center", frameon=False, fontsize=10, handlelength=1.2, borderaxespad=0)
    for panel, cells in zip(panels, LEVELS, strict=False):
        coarse, u = draw_level(panel, x, y, cells)
    draw_lists(panels[3], x, y, plan, short_lists(x, y, coarse, u))
    for panel in (ax, *panels):
        panel.set(aspect="equal", xlim=LIMITS, ylim=LIMITS, xticks=[], yticks=[])
        panel.spines[:].set_visible(False)
    panels[3].set(xlim=ZOOM[0], ylim=ZOOM[1])
    panels[3].spines[:].set(visible=True, color=GREY, linewidth=0.8)
    corner, size = (ZOOM[0][0], ZOOM[1][0]), (np.ptp(ZOOM[0]), np.ptp(ZOOM[1]))
    ax.add_patch(Rectangle(corner, *size, fill=False, edgecolor=GREY, linewidth=0.8))
    return picture


def main(arguments: Sequence[str] | None = None) -> None:
    command(__doc__, PICTURE, figure, arguments)


if __name__ == "__main__":
    main()
