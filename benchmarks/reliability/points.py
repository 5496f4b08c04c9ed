"""Rows of the matrix: the functions of points."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import wdist

from . import truths
from .row import SIZES, WEIGHTS, Function, line, plane

__all__ = ["POINTS"]

_WRAPPED = ("x|points", "y")  # the first inside Samples, for its weights
LINE = ("a dimension more",)  # a batch, or refused elsewhere: it is asked in the plane


def _samples(x: Any, w: Any) -> Any:
    return x if w is None else wdist.Samples(x, w)


def _spread(x: Any, y: Any, w: Any) -> float:
    """Root mean square distance to the mean, of what a measure has stored."""
    S = wdist.Samples(x, w)
    z, a = (part.detach().numpy() if hasattr(part, "detach") else part for part in (S.points, S.mass))
    return float(np.sqrt(a @ np.sum((z - a @ z) ** 2, axis=1)))


def _sketched(x: Any, y: Any, w: Any) -> Any:
    sketch = wdist.QuantileSketch(64)
    sketch.update(x, w)
    return wdist.wasserstein_1d(sketch, y, p=1)


def _fitted(x: Any, y: Any, w: Any) -> Any:
    return wdist.gaussian_w2(wdist.Gaussian.fit(_samples(x, w)), wdist.Gaussian.fit(y))


def _moved(x: Any, y: Any, w: Any) -> float:
    """What the coupling costs between the good points, whatever it was made from."""
    plan: Any = wdist.transport_map_1d(x, y, p=2, u_weights=w)
    u, v, _ = line()
    return float(np.sqrt(np.sum(plan.data * (u[plan.row] - v[plan.col]) ** 2)))


def _product(x: Any, y: Any, w: Any) -> Any:
    zero = np.zeros(SIZES[0]), np.zeros(SIZES[1])
    return wdist.certify(_independent(), zero, x, y, p=1, x_weights=w).primal


def _given_plan(x: Any, y: Any, w: Any) -> Any:
    return wdist.certify(x, (np.zeros(SIZES[0]), np.zeros(SIZES[1])), *plane()[:2], p=1).primal


def _given_potentials(x: Any, y: Any, w: Any) -> Any:
    return wdist.certify(_independent(), (x, np.zeros(SIZES[1])), *plane()[:2], p=1).violation


def _bounds(x: Any, y: Any, w: Any) -> tuple[float, float]:
    return wdist.bounds(_samples(x, w), y, p=2, rng=0)


def _independent() -> np.ndarray:
    return np.outer(WEIGHTS / WEIGHTS.sum(), np.full(SIZES[1], 1.0 / SIZES[1]))


def _by_highs(p: int) -> Any:
    return lambda x, y, w: truths.by_highs(truths.distances(x, y) ** p, w) ** (1 / p)


def _on_line(p: float) -> Any:
    return lambda x, y, w: truths.on_line(x, y, w, p)


def _by_moments(x: Any, y: Any, w: Any) -> float:
    return truths.w2(*truths.moments(x, w), *truths.moments(y, None))


def _unweighted(good: Any) -> Any:
    return lambda: (*good()[:2], None)


def _cost() -> Any:
    x, y, w = line()
    return np.abs(x[:, None] - y), np.zeros(1), w


_of_line = partial(Function, good=line, names=("u", "v"), truth=_on_line(2), welcome=LINE)

POINTS = [
    Function(
        "Samples",
        _spread,
        names=("points", ""),
        truth=lambda x, y, w: float(np.sqrt(np.trace(truths.moments(x, w)[1]))),
        welcome=("a dimension more", "times 1e300", "times 1e-290"),  # whose squares are no floats
    ),
    Function(
        "wasserstein, clouds",
        lambda x, y, w: wdist.wasserstein(_samples(x, w), y, p=2).distance,
        names=("P|points", "Q"),
        truth=_by_highs(2),
    ),
    _of_line(
        "wasserstein, line",
        lambda x, y, w: wdist.wasserstein(_samples(x, w), y, p=2).distance,
        names=("P|points", "Q"),
    ),
    _of_line("wasserstein_1d", lambda x, y, w: wdist.wasserstein_1d(x, y, p=2, u_weights=w)),
    _of_line(
        "wasserstein_1d, p = inf",
        lambda x, y, w: wdist.wasserstein_1d(x, y, p=np.inf, u_weights=w),
        truth=_on_line(np.inf),
    ),
    _of_line(
        "wasserstein_1d, circle",
        lambda x, y, w: wdist.wasserstein_1d(x, y, p=1, u_weights=w, period=64.0),
        truth=lambda x, y, w: truths.around(x, y, w, 64.0),
        power=None,
        tolerance=1e-8,
    ),
    Function(
        "transport_map_1d",
        _moved,
        line,
        names=("u", "v"),
        truth=_on_line(2),
        power=0,
        welcome=(*LINE, "booleans", "boolean tensor"),
    ),
    Function(
        "QuantileSketch.update",
        _sketched,
        line,
        names=("x", ""),
        truth=_on_line(1),
        welcome=(*LINE, "empty", "empty tensor", "0-d", "four axes", "weights all 0", "one scalar weight"),
    ),
    Function("transport", lambda x, y, w: wdist.transport(x, y, p=2, x_weights=w).distance, truth=_by_highs(2)),
    Function("transport, p = 1", lambda x, y, w: wdist.transport(x, y, p=1, x_weights=w).distance, truth=_by_highs(1)),
    Function(
        "transport_lp",
        lambda x, y, w: wdist.transport_lp(x, w).distance,
        _cost,
        names=("cost", ""),
        truth=lambda x, y, w: truths.by_highs(x, w),
        shifts=False,
        welcome=("a dimension more", "sparse matrix"),
    ),
    Function(
        "certify",
        _product,
        truth=lambda x, y, w: float(np.sum(_independent() * truths.distances(x, y))),
        tolerance=1e-8,
    ),
    Function(
        "certify, plan",
        _given_plan,
        lambda: (np.round(1000 * _independent()), np.zeros(1), None),
        names=("plan", ""),
        power=None,
        truth=lambda x, y, w: float(np.sum(x * truths.distances(*plane()[:2]))),
        shifts=False,
        welcome=("sparse matrix",),
    ),
    Function(
        "certify, potentials",
        _given_potentials,
        lambda: (line()[0], np.zeros(1), None),
        names=(r"potentials\[0\]", ""),
        truth=lambda x, y, w: float(np.max(x[:, None] - truths.distances(*plane()[:2]))),
        power=None,
        shifts=False,
        tolerance=1e-8,
        welcome=("a dimension more",),
    ),
    Function(
        "certify_lp",
        lambda x, y, w: wdist.certify_lp(_independent(), (np.zeros(SIZES[0]), np.zeros(SIZES[1])), x, w).primal,
        _cost,
        names=("cost", ""),
        truth=lambda x, y, w: float(np.sum(_independent() * x)),
        shifts=False,
        welcome=("a dimension more", "sparse matrix"),
    ),
    Function(
        "gelbrich", lambda x, y, w: wdist.gelbrich(_samples(x, w), y), names=_WRAPPED, truth=_by_moments
    ),
    Function("Gaussian.fit", _fitted, names=("samples|points|P", "samples|Q"), truth=_by_moments),
    Function(
        "sliced",
        lambda x, y, w: wdist.sliced(_samples(x, w), y, p=2, directions=truths.directions()).distance,
        names=_WRAPPED,
        truth=lambda x, y, w: truths.sliced(x, y, w, truths.directions()),
    ),
    Function(
        "max_sliced",
        lambda x, y, w: wdist.max_sliced(_samples(x, w), y, p=2, rng=0).distance,
        names=_WRAPPED,
        truth=truths.steepest,
        tolerance=1e-5,  # of a climb that ends where steps gain less than 1e-6
    ),
    Function(
        "two_sample_test",
        lambda x, y, w: wdist.two_sample_test(_samples(x, w), y, p=1, n_resamples=19, rng=0).pvalue,
        _unweighted(plane),
        power=0,
    ),
    Function(
        "estimate", lambda x, y, w: wdist.estimate(x, y, p=2, rng=0).distance, _unweighted(plane), tolerance=1e-6
    ),
    Function("bounds, lower", lambda x, y, w: _bounds(x, y, w)[0], names=_WRAPPED, tolerance=1e-6),
    # Of the couplings that it tries any may win by a hair, which rounding decides.
    Function("bounds, upper", lambda x, y, w: _bounds(x, y, w)[1], names=_WRAPPED, tolerance=0.05),
    Function(
        "pairwise",
        lambda x, y, w: wdist.pairwise([_samples(x, w)], [y], p=2, n_jobs=1)[0, 0],
        names=(r"measures(\[0\])?|points", r"others(\[0\])?"),
        truth=_by_highs(2),
    ),
    Function(
        "nearest",
        lambda x, y, w: wdist.nearest([_samples(x, w)], [y], p=2).distances[0, 0],
        names=(r"queries(\[0\])?|points", r"measures(\[0\])?"),
        truth=_by_highs(2),
    ),
]
