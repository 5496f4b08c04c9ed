"""Rows of the matrix: measures given by parameters or functions, and what takes them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import wdist

from . import truths
from .row import WEIGHTS, Function, Good, given, line

__all__ = ["MEASURES"]

_COVS = np.array(
    [[[9.0, 2.0, 1.0], [2.0, 8.0, 0.0], [1.0, 0.0, 4.0]], [[5.0, 1.0, 0.0], [1.0, 6.0, 2.0], [0.0, 2.0, 7.0]]]
)
_THIRD = np.diag([1.0, 4.0, 16.0])
_MEAN, _FAR = np.array([3.0, 1.0, 4.0]), np.array([5.0, 9.0, 2.0])
_MEANS = np.array([[3.0, 1.0, 4.0], [1.0, 5.0, 9.0]])
# A mean or a covariance of more axes is a batch, one number for all is broadcast, and their scales are not one.
_BATCHES = ("four axes", "a dimension more", "0-d", "sparse matrix")


def _distance(x: Any, y: Any, w: Any) -> Any:
    return wdist.gaussian_w2(wdist.Gaussian(x, y), wdist.Gaussian(_FAR, _COVS[1]))


def _from_factor(x: Any, y: Any, w: Any) -> Any:
    point = wdist.Gaussian.from_factor(np.zeros(3), np.zeros((3, 1)))
    return wdist.gaussian_w2(wdist.Gaussian.from_factor(y, x), point)


def _number(x: Any) -> Any:
    return x.detach() if hasattr(x, "detach") else x


def _mapped(x: Any, y: Any, w: Any) -> Any:
    return _number(wdist.gaussian_map(wdist.Gaussian(y, x), wdist.Gaussian(_FAR, _COVS[1]))).trace()


def _halfway(x: Any, y: Any, w: Any) -> Any:
    return wdist.gaussian_geodesic(wdist.Gaussian(y, x), wdist.Gaussian(_FAR, _COVS[1]), 0.5).cov.trace()


def _at_time(x: Any, y: Any, w: Any) -> Any:
    """Along the way between two points, by the times of a batch."""
    points = [wdist.Gaussian.from_factor(z, np.zeros((1, 1))) for z in ([0.0], [8.0])]
    return wdist.gaussian_geodesic(points[0], points[1], x).mean.sum()


def _central(x: Any, y: Any, w: Any) -> Any:
    laws = [wdist.Gaussian(y, x), wdist.Gaussian(_FAR, _COVS[1]), wdist.Gaussian(_FAR, _THIRD)]
    return wdist.gaussian_barycenter(laws, w).cov.trace()


def _mixed(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    return lambda x, y, w: function(wdist.GaussianMixture(w, x, y), _other())


def _other() -> wdist.GaussianMixture:
    return wdist.GaussianMixture(None, _MEANS, [_THIRD] * 2)


def _from_components(x: Any, y: Any, w: Any) -> Any:
    laws = [wdist.Gaussian(mean, cov) for mean, cov in zip(_MEANS, (y, _COVS[1]), strict=True)]
    return wdist.mixture_w2(wdist.GaussianMixture.from_components(laws, w), _other())


def _as_histogram(x: Any, y: Any, w: Any) -> Any:
    return wdist.wasserstein_1d(wdist.Histogram(x, w), y, p=1)


def _edges() -> Good:
    x, y, _ = line()
    return np.unique(x), y, WEIGHTS[: len(np.unique(x)) - 1]


def _steps(x: Any, y: Any, w: Any) -> Any:
    """A quantile function that returns entries of x."""
    law = wdist.Quantile(lambda t: _taken(x, np.ceil(np.asarray(t) * 24).clip(1, 24) - 1))
    return wdist.wasserstein_1d(law, y, p=1)


def _levels(x: Any, y: Any, w: Any) -> Any:
    """A distribution function that returns entries of x, at the jumps 0, 1 and 2."""
    law = wdist.CDF(lambda z: _taken(x, np.floor(np.clip(z, -1, 2)) + 1), support=(-1, 3))
    return wdist.wasserstein_1d(law, y, p=1)


def _taken(x: Any, index: np.ndarray) -> Any:
    if hasattr(x, "layout"):
        import torch

        return x[torch.as_tensor(index.astype(np.int64))]
    return x[index.astype(np.int64)]


# What a function returns is an array, of any kind, and comes as it is asked for.
_NO_ARRAYS = (
    *("empty", "0-d", "None", "four axes", "a dimension more", "ragged", "lists", "a dict", "a string", "a set"),
    *("a buffer", "an object with __array__", "sparse matrix", "empty tensor", "sparse tensor", "list of tensors"),
    *("bytes", "structured"),
)
_W = np.array([1.0, 3.0])
# Not positive semi-definite, or not ascending.
_INDEFINITE = {"booleans": "error", "boolean tensor": "error"}

_of_batches = partial(Function, power=None, shifts=False, welcome=_BATCHES)
_of_covariances = partial(_of_batches, due=_INDEFINITE)

MEASURES = [
    _of_batches(
        "Gaussian, mean",
        _distance,
        given(_MEAN, _COVS[0]),
        lambda x, y, w: truths.w2(x, y, _FAR, _COVS[1]),
        names=("mean", ""),
    ),
    _of_covariances(
        "Gaussian, cov",
        lambda x, y, w: _distance(y, x, w),
        given(_COVS[0], _MEAN),
        lambda x, y, w: truths.w2(y, x, _FAR, _COVS[1]),
        names=("cov", ""),
    ),
    Function(
        "Gaussian.from_factor",
        _from_factor,
        given(_MEANS.T, _FAR),
        lambda x, y, w: float(np.sqrt(np.sum(x**2) + np.sum(y**2))),
        names=("factor", "mean"),
        shifts=False,
        welcome=_BATCHES,
    ),
    _of_covariances(
        "gaussian_map",
        _mapped,
        given(_COVS[0], _MEAN),
        lambda x, y, w: float(np.trace(truths.map_between(x, _COVS[1]))),
        names=("cov", ""),
    ),
    _of_covariances(
        "gaussian_geodesic",
        _halfway,
        given(_COVS[0], _MEAN),
        lambda x, y, w: truths.halfway(x, _COVS[1]),
        names=("cov", ""),
    ),
    Function(
        "gaussian_geodesic, t",
        _at_time,
        given([0.0, 1.0, 1.0, 0.0, 1.0], 0.0),
        lambda x, y, w: float(8 * np.sum(x)),
        names=("t", ""),
        power=None,
        shifts=False,
        welcome=("empty", "empty tensor", "0-d", "four axes", "a dimension more"),
    ),
    _of_covariances(
        "gaussian_barycenter",
        _central,
        given(_COVS[0], _MEAN, np.array([1.0, 2.0, 5.0])),
        lambda x, y, w: truths.barycenter([x, _COVS[1], _THIRD], w),
        names=("cov", ""),
    ),
    _of_batches(
        "GaussianMixture, mixture_w2",
        _mixed(wdist.mixture_w2),
        given(_MEANS, _COVS, _W),
        lambda x, y, w: truths.mixtures(x, y, w, _MEANS, np.array([_THIRD] * 2)),
        names=("means", ""),
    ),
    _of_covariances(
        "GaussianMixture, covs",
        lambda x, y, w: _mixed(wdist.mixture_w2)(y, x, w),
        given(_COVS, _MEANS, _W),
        lambda x, y, w: truths.mixtures(y, x, w, _MEANS, np.array([_THIRD] * 2)),
        names=("covs", ""),
    ),
    _of_batches(
        "mixture_transport",
        _mixed(lambda P, Q: wdist.mixture_transport(P, Q).distance),
        given(_MEANS, _COVS, _W),
        lambda x, y, w: truths.mixtures(x, y, w, _MEANS, np.array([_THIRD] * 2)),
        names=("means", ""),
    ),
    _of_covariances(
        "GaussianMixture.from_components",
        _from_components,
        given(0.0, _COVS[0], _W),
        lambda x, y, w: truths.mixtures(_MEANS, np.array([y, _COVS[1]]), w, _MEANS, np.array([_THIRD] * 2)),
        names=("", "cov"),
    ),
    Function(
        "Histogram",
        _as_histogram,
        _edges,
        lambda x, y, w: truths.histogram_to_points(x, w, y),
        names=("edges", ""),
        welcome=("a dimension more",),
        due={**_INDEFINITE, "tensor that requires grad": "error"},
    ),
    Function(
        "Quantile",
        _steps,
        lambda: (*line()[:2], None),
        lambda x, y, w: truths.on_line(x, y, None, 1),
        names=("f", ""),
        tolerance=1e-8,
        welcome=_NO_ARRAYS,
        due={**_INDEFINITE, "tensor that requires grad": "error"},
    ),
    Function(
        "CDF",
        _levels,
        given([0.0, 0.25, 0.5, 1.0], [3.0, 5.0]),
        lambda x, y, w: 0.25 * 3 + 0.25 * 2 + 0.5 * 3,
        names=("F", ""),
        power=None,
        shifts=False,
        tolerance=1e-8,
        welcome=(*_NO_ARRAYS, "integers", "unsigned bytes", "integer tensor", "booleans", "boolean tensor"),
        due={"tensor that requires grad": "error"},
    ),
]
