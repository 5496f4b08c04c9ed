"""The public functions as numbers of two measures: the rows of the matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import wdist

__all__ = ["FUNCTIONS", "SIZES", "WEIGHTS", "Function"]


@dataclass(frozen=True, slots=True)
class Function:
    """One row.

    Attributes
    ----------
    name : str
    dim : int
        Of the points.
    call : callable
        ``(x, y, weights of x or None)`` to one number.
    weighted : bool
        Whether it takes weights.
    power : int or None
        The number grows with this power of the scale of the points; None where it is not asked.
    shifts : bool
        Whether the number stays the same where all points are moved.
    tolerance : float
        Relative, for numbers that have to be the same.
    welcome : tuple of str
        Inputs that are errors elsewhere and mean something here, so that they are left out.
    """

    name: str
    dim: int
    call: Callable[[Any, Any, Any], Any]
    weighted: bool = True
    power: int | None = 1
    shifts: bool = True
    tolerance: float = 1e-9
    welcome: tuple[str, ...] = ()


def _samples(x: Any, w: Any) -> Any:
    return x if w is None else wdist.Samples(x, w)


def _sketched(x: Any, y: Any, w: Any) -> Any:
    sketch = wdist.QuantileSketch(64)
    sketch.update(x)
    return wdist.wasserstein_1d(sketch, y, p=1)


def _fitted(x: Any, y: Any, w: Any) -> Any:
    return wdist.gaussian_w2(wdist.Gaussian.fit(_samples(x, w)), wdist.Gaussian.fit(y))


def _coupled(x: Any, y: Any, w: Any) -> Any:
    plan: Any = wdist.transport_map_1d(x, y, p=2, u_weights=w)
    return plan.max()


def _certified(x: Any, y: Any, w: Any) -> Any:
    plan = np.outer(WEIGHTS / WEIGHTS.sum(), np.full(SIZES[1], 1.0 / SIZES[1]))
    return wdist.certify(plan, (np.zeros(SIZES[0]), np.zeros(SIZES[1])), x, y, p=1, x_weights=w).primal


SIZES = (24, 21)  # points of the two measures
WEIGHTS = np.arange(1.0, SIZES[0] + 1)

FUNCTIONS = [
    Function("wasserstein, clouds", 2, lambda x, y, w: wdist.wasserstein(_samples(x, w), y, p=2).distance),
    Function("wasserstein, line", 1, lambda x, y, w: wdist.wasserstein(_samples(x, w), y, p=2).distance),
    Function("wasserstein_1d", 1, lambda x, y, w: wdist.wasserstein_1d(x, y, p=2, u_weights=w)),
    Function("wasserstein_1d, p = inf", 1, lambda x, y, w: wdist.wasserstein_1d(x, y, p=np.inf, u_weights=w)),
    Function(
        "wasserstein_1d, circle",
        1,
        lambda x, y, w: wdist.wasserstein_1d(x, y, p=1, u_weights=w, period=64.0),
        power=None,
        tolerance=1e-8,
    ),
    Function("transport_map_1d", 1, _coupled, power=0),
    Function("QuantileSketch", 1, _sketched, weighted=False, welcome=("empty", "0-d", "four axes")),
    Function("transport", 2, lambda x, y, w: wdist.transport(x, y, p=2, x_weights=w).distance),
    Function("transport, p = 1", 2, lambda x, y, w: wdist.transport(x, y, p=1, x_weights=w).distance),
    Function(
        "transport_lp",
        2,
        lambda x, y, w: wdist.transport_lp(x, w).distance,
        shifts=False,
        welcome=("a dimension more",),
    ),
    Function("certify", 2, _certified, tolerance=1e-8),
    Function("gelbrich", 2, lambda x, y, w: wdist.gelbrich(_samples(x, w), y)),
    Function("Gaussian.fit, gaussian_w2", 2, _fitted),
    Function("sliced", 2, lambda x, y, w: wdist.sliced(_samples(x, w), y, p=2, rng=0).distance),
    Function("max_sliced", 2, lambda x, y, w: wdist.max_sliced(_samples(x, w), y, p=2, rng=0).distance, tolerance=1e-6),
    Function(
        "two_sample_test",
        2,
        lambda x, y, w: wdist.two_sample_test(x, y, p=1, n_resamples=19, rng=0).pvalue,
        weighted=False,
        power=0,
    ),
    Function("estimate", 2, lambda x, y, w: wdist.estimate(x, y, p=2, rng=0).distance, weighted=False, tolerance=1e-6),
    Function("bounds, lower", 2, lambda x, y, w: wdist.bounds(_samples(x, w), y, p=2, rng=0)[0], tolerance=1e-6),
    # Of the couplings that it tries any may win by a hair, which rounding decides.
    Function("bounds, upper", 2, lambda x, y, w: wdist.bounds(_samples(x, w), y, p=2, rng=0)[1], tolerance=0.02),
    Function("pairwise", 2, lambda x, y, w: wdist.pairwise([_samples(x, w), y], p=2, n_jobs=1)[0, 1]),
    Function("nearest", 2, lambda x, y, w: wdist.nearest([_samples(x, w)], [y], p=2).distances[0, 0]),
]
