"""Histograms: masses in bins on the line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ._arrays import Floats, as_float64, normalised_weights, to_numpy
from .errors import InvalidMeasureError
from .laws import Bins, Law, inside

__all__ = ["Histogram"]


@dataclass(frozen=True, eq=False, slots=True, init=False)
class Histogram:
    """Masses in bins on the line, spread evenly inside each bin.

    Parameters
    ----------
    edges : array_like, shape (k + 1,)
        Strictly increasing bin edges.
    masses : array_like, shape (k,)
        Non-negative masses (counts will do); stored divided by their sum.

    Notes
    -----
    For masses sitting *at* points (SciPy's ``u_values, u_weights``) use ``Samples(points, weights)``.

    Examples
    --------
    >>> import wdist
    >>> wdist.wasserstein_1d(wdist.Histogram([0, 1, 2], [3, 1]), wdist.Histogram([0, 1, 2], [1, 3]), p=1)
    0.5
    """

    edges: np.ndarray
    masses: np.ndarray

    def __init__(self, edges: Any, masses: Any):
        edges, masses = _numbers(edges, "edges"), _numbers(masses, "masses")
        if edges.ndim != 1 or masses.ndim != 1 or len(edges) != len(masses) + 1 or len(masses) == 0:
            raise InvalidMeasureError(
                f"edges has shape {edges.shape} and masses {masses.shape}: k bins need k + 1 edges and k masses "
                "(for masses at points use wdist.Samples(points, weights))"
            )
        if not np.all(np.diff(edges) > 0):
            raise InvalidMeasureError("edges is not strictly increasing: sort the edges and merge empty bins")
        object.__setattr__(self, "edges", edges)
        object.__setattr__(self, "masses", normalised_weights(masses, "masses"))

    dim = property(lambda self: 1, doc="Dimension of the space.")

    def __repr__(self) -> str:
        return f"Histogram({len(self.masses)} bins on [{self.edges[0]:g}, {self.edges[-1]:g}])"

    def law(self) -> Law:
        """This histogram by its piecewise linear quantile function."""
        t, x = np.append(0.0, np.cumsum(self.masses)), self.edges
        s = np.append(0.0, np.cumsum(self.masses[::-1]))
        t, s = t / t[-1], s / s[-1]
        return Law(
            sf=lambda y: np.interp(y, x, s[::-1]),
            ppf=lambda q: _piecewise_linear(q, t, x),
            isf=lambda q: _piecewise_linear(q, s, x[::-1]),
            cdf=lambda y: np.interp(y, x, t),
            breaks=inside(t),
            upper_breaks=inside(s),
            bins=Bins(self.masses, x[:-1], x[1:]),
        )


def _numbers(x: Any, name: str) -> np.ndarray:
    numbers = as_float64(x, name)
    if getattr(numbers, "requires_grad", False):
        raise InvalidMeasureError(f"{name} requires a gradient, and a histogram carries none: detach it")
    return to_numpy(numbers)


def _piecewise_linear(t: Floats, knots: Floats, values: Floats) -> Floats:
    """Left-continuous inverse of a piecewise linear CDF: interpolation that skips the bins with no mass."""
    k = np.clip(np.searchsorted(knots, t, side="left"), 1, len(knots) - 1)
    width = knots[k] - knots[k - 1]
    fraction = np.clip((t - knots[k - 1]) / np.where(width > 0, width, 1.0), 0.0, 1.0)
    return values[k - 1] + fraction * (values[k] - values[k - 1])
