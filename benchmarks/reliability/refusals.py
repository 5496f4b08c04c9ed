"""Rows of the matrix: what takes laws, sizes or shapes, not points, and so refuses whatever array it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import wdist

from .row import Function, plane

__all__ = ["REFUSALS"]

_LAW = wdist.Gaussian(np.zeros(2), np.eye(2))
_NETWORK = wdist.dual.critic("mlp", 2, rng=0)
_SCALED = ("times 1e150", "times 1e-150", "times 1e300", "times 1e-290", "plus 1e8", "float32 tensors, both")


def _refused(name: str, call: Callable[[Any], Any], argument: str, welcome: tuple[str, ...] = ()) -> Function:
    good = lambda: (plane()[0], np.zeros(1), None)  # noqa: E731
    return Function(
        name, lambda x, y, w: call(x), good, names=(argument, ""), welcome=(*_SCALED, *welcome), due={"": "error"}
    )


REFUSALS = [
    _refused("gaussian_w2(points)", lambda x: wdist.gaussian_w2(x, _LAW), "P"),
    _refused("gaussian_map(points)", lambda x: wdist.gaussian_map(_LAW, x), "Q"),
    _refused("gaussian_geodesic(points)", lambda x: wdist.gaussian_geodesic(x, _LAW, 0.5).mean, "P"),
    _refused("gaussian_barycenter(points)", lambda x: wdist.gaussian_barycenter(x).mean, r"measures(\[\d+\])?"),
    _refused("mixture_w2(points)", lambda x: wdist.mixture_w2(x, _LAW), "P"),
    _refused("mixture_transport(points)", lambda x: wdist.mixture_transport(_LAW, x).distance, "Q"),
    _refused(
        "GaussianMixture.from_components(points)",
        lambda x: wdist.GaussianMixture.from_components(x).dim,
        r"components(\[\d+\])?",
    ),
    _refused("QuantileSketch.merge(points)", lambda x: wdist.QuantileSketch(64).merge(x), "other"),
    _refused("dual.critic(points)", lambda x: wdist.dual.critic("mlp", x), "dim"),
    _refused("dual.clip_weights_(points)", lambda x: wdist.dual.clip_weights_(_NETWORK, x), "c", ("0-d",)),
    _refused(
        "dual.lipschitz_upper_bound(points)",
        lambda x: wdist.dual.lipschitz_upper_bound(_NETWORK, x),
        "input_shape",
        ("None",),
    ),
    _refused("plot.gaussian(points)", lambda x: wdist.plot.gaussian(x), "law"),
    _refused("plot.geodesic(points)", lambda x: wdist.plot.geodesic(x, _LAW), "P"),
]
