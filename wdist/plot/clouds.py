"""Two clouds in the plane and the mass that moves between them."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from .._arrays import to_numpy
from ..certificate import checked_plan
from ..errors import InvalidMeasureError
from ..measures import Samples, as_samples
from ..result import Result
from ..settings import check_count
from .style import BLUE, GREEN, GREY, ORANGE, axes_of

__all__ = ["plan"]

_AREA = 3000.0  # of all markers of a cloud, in points squared, where that leaves the largest between the next two
_LEAST, _MOST = 4.0, 300.0
_CROWDED = 200  # arcs above which they are drawn thinner
_WIDTH = 2.5  # points, of the arc that carries most
_GOLDEN = (5.0**0.5 - 1.0) / 2.0  # its multiples are spread evenly modulo 1


def plan(
    x: Any,
    y: Any,
    coupling: Any,
    *,
    x_weights: Any = None,
    y_weights: Any = None,
    arcs: int | None = 5000,
    ax: Axes | None = None,
) -> Axes:
    """Draw two clouds in the plane and a plan between them.

    Parameters
    ----------
    x, y : Samples or array_like, shapes (n, 2) and (m, 2)
        The points; a marker's area is its mass.
    coupling : Result, scipy.sparse array or array_like, shape (n, m)
        A result with a plan, or the plan itself. An arc is as wide as what it carries.
    x_weights, y_weights : array_like, optional
        Masses of points that are given as arrays. None: equal.
    arcs : int, optional
        At most so many arcs are drawn, those that carry most. None: all.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InvalidMeasureError
        If the points do not lie in the plane, or the plan does not fit them.

    Examples
    --------
    >>> import wdist
    >>> x, y = [[0, 0], [1, 0]], [[3, 4], [4, 4]]
    >>> ax = wdist.plot.plan(x, y, wdist.transport(x, y, p=2))
    >>> ax.get_title()
    'W2 = 5, exact'
    """
    P, Q = _in_the_plane(x, "x", x_weights), _in_the_plane(y, "y", y_weights)
    i, j, mass = _entries(coupling, (len(P), len(Q)))
    if arcs is not None and len(mass) > (arcs := check_count(arcs, "arcs", 0)):
        scattered = np.arange(len(mass)) * _GOLDEN % 1.0  # of equal masses not those that a solver happened to put last
        most = np.lexsort((scattered, mass))[len(mass) - arcs :]
        i, j, mass = i[most], j[most], mass[most]
    ax = axes_of(ax)
    if len(mass):
        _draw_arcs(ax, np.stack([to_numpy(P.points)[i], to_numpy(Q.points)[j]], axis=1), mass)
    largest = max(np.max(to_numpy(cloud.mass)) for cloud in (P, Q))
    unit = np.clip(_AREA * largest, _LEAST, _MOST) / largest
    _draw_points(ax, P, unit, "x", BLUE, "o")
    _draw_points(ax, Q, unit, "y", ORANGE, "s")
    ax.margins(0.08)
    ax.set_aspect("equal", adjustable="datalim")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    for handle in ax.legend(frameon=False).legend_handles:
        if handle is not None and hasattr(handle, "set_sizes"):
            handle.set_sizes([40.0])
    if isinstance(coupling, Result):
        ax.set_title(f"W{coupling.p:g} = {float(coupling):.4g}, {coupling.kind}", color=GREEN)
    return ax


def _draw_arcs(ax: Axes, ends: np.ndarray, mass: np.ndarray) -> None:
    """Segments (k, 2, 2), as wide as what they carry."""
    alpha = min(1.0, (_CROWDED / len(mass)) ** 0.5)
    style = {"linewidths": _WIDTH * mass / mass.max(), "colors": GREY, "alpha": alpha, "capstyle": "round"}
    ax.add_collection(LineCollection(list(ends), label="plan", **cast(Any, style)))


def _draw_points(ax: Axes, cloud: Samples, unit: float, label: str, color: str, marker: str) -> None:
    """A mass of 1 has the area ``unit``, in points squared."""
    horizontal, vertical = to_numpy(cloud.points).T
    area = unit * to_numpy(cloud.mass)
    style = {"edgecolors": "white", "linewidths": 0.04 * np.sqrt(area), "zorder": 3}
    ax.scatter(horizontal, vertical, area, color, marker=marker, label=label, **cast(Any, style))


def _in_the_plane(x: Any, name: str, weights: Any) -> Samples:
    samples = as_samples(x, name, weights)
    if samples.dim != 2:
        raise InvalidMeasureError(
            f"{name} lives in dimension {samples.dim}: a plan is drawn in the plane. Give two columns of {name}, or "
            "its first two principal components, beside the same plan"
        )
    return samples


def _entries(coupling: Any, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    matrix = coupling.plan if isinstance(coupling, Result) else coupling
    if matrix is None and isinstance(coupling, Result):
        raise InvalidMeasureError(
            f"coupling is a Result of method {coupling.method!r} without a plan: wdist.transport gives one"
        )
    matrix = checked_plan(matrix, shape, "coupling")
    if not np.any(matrix.data):
        raise InvalidMeasureError("coupling moves no mass: give a plan, whose entries sum to 1")
    return matrix.row, matrix.col, matrix.data
