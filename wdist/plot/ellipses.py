"""Gaussians in the plane as ellipses, and the way from one to another."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from .._arrays import as_float64, to_numpy
from ..errors import InvalidMeasureError
from ..interpolation import gaussian_geodesic
from ..measures import Gaussian
from ..settings import check_count
from .style import BLUE, ORANGE, axes_of

__all__ = ["gaussian", "geodesic"]

_ANGLES = np.linspace(0.0, 2.0 * np.pi, 181)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])


def gaussian(
    law: Gaussian,
    *,
    deviations: tuple[float, ...] = (1.0, 2.0),
    color: Any = BLUE,
    label: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a Gaussian in the plane: the ellipses at which its density is that of so many deviations.

    Parameters
    ----------
    law : Gaussian
        Of dimension 2, one law. A degenerate one is drawn as a segment or a point.
    deviations : tuple of float
        Mahalanobis radii of the ellipses.
    color : matplotlib colour
    label : str, optional
        For a legend.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InvalidMeasureError
        If ``law`` is no Gaussian in the plane.

    Examples
    --------
    >>> import wdist
    >>> ax = wdist.plot.gaussian(wdist.Gaussian([1, 2], [[4, 0], [0, 1]]), deviations=(1.0,))
    >>> [round(float(end), 9) for end in ax.dataLim.intervalx]  # the mean, and one deviation to either side
    [-1.0, 3.0]
    """
    mean, root = _in_the_plane(law, "law")
    radii = to_numpy(as_float64(deviations, "deviations"))
    if radii.ndim != 1 or not np.all(radii > 0) or not len(radii):
        raise ValueError(f"deviations is {radii.tolist()}: give at least one radius, each above 0")
    ax = axes_of(ax)
    for k, radius in enumerate(np.sort(radii)):
        outline = mean[:, None] + radius * (root @ _CIRCLE)
        ax.fill(*outline, facecolor="none", edgecolor=color, linewidth=1.6, label=label if k == 0 else None)
        ax.fill(*outline, facecolor=color, alpha=0.18, linewidth=0)
    ax.plot(*mean, color=color, marker="+", markersize=8)
    ax.set_aspect("equal", adjustable="datalim")  # a segment, too, gets axes that one can read
    return ax


def geodesic(P: Gaussian, Q: Gaussian, *, times: int = 6, ax: Axes | None = None) -> Axes:
    """Draw the W2 geodesic from one Gaussian in the plane to another, at evenly spaced times.

    Parameters
    ----------
    P, Q : Gaussian
        Of dimension 2, with an optimal affine map from P to Q.
    times : int
        Ellipses, both ends included; at least 2.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InvalidMeasureError
        If one of them is no Gaussian in the plane.
    ValueError
        If ``times`` is less than 2, or no affine map leads from P to Q (:func:`wdist.gaussian_geodesic`).

    Examples
    --------
    >>> import wdist
    >>> P, Q = wdist.Gaussian([0, 0], [[4, 0], [0, 1]]), wdist.Gaussian([5, 0], [[1, 0], [0, 4]])
    >>> ax = wdist.plot.geodesic(P, Q)
    >>> ax.get_legend_handles_labels()[1]
    ['P', 'Q']
    """
    for law, name in ((P, "P"), (Q, "Q")):
        _in_the_plane(law, name)
    times = check_count(times, "times", 2)  # for both ends are drawn
    ax = axes_of(ax)
    colours = LinearSegmentedColormap.from_list("ends", [BLUE, "#a0a0a0", ORANGE])
    for t in np.linspace(0.0, 1.0, times):
        end = {0.0: "P", 1.0: "Q"}.get(float(t))
        gaussian(gaussian_geodesic(P, Q, float(t)), deviations=(1.0,), color=colours(t), label=end, ax=ax)
    ax.legend(frameon=False)
    return ax


def _in_the_plane(law: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean, and a factor of the covariance."""
    if not isinstance(law, Gaussian):
        raise InvalidMeasureError(f"{name} is a {type(law).__name__}: give a wdist.Gaussian (Gaussian.fit makes one)")
    if law.dim != 2 or law.batch_shape:
        batch = f", a batch of shape {law.batch_shape}" if law.batch_shape else ""
        raise InvalidMeasureError(
            f"{name} lives in dimension {law.dim}{batch}: ellipses are drawn of one law in the plane"
        )
    values, vectors = np.linalg.eigh(to_numpy(law.cov))
    return to_numpy(law.mean), vectors * np.sqrt(np.maximum(values, 0.0))
