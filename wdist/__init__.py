"""Wasserstein distances whose every number says what it is: exact, bound or estimate, with a bracket that proves it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Where each public name lives; loaded when first asked for, so that `import wdist` costs next to nothing.
_HOMES = {
    "errors": ("InvalidMeasureError", "NotConvergedError", "WdistError"),
    "result": ("Certificate", "Estimate", "Result", "SignificanceResult"),
    "measures": ("CDF", "Gaussian", "Histogram", "Quantile", "Samples"),
    "gaussian": ("gaussian_map", "gaussian_w2"),
    "gaussian_mixture": ("GaussianMixture",),
    "line": ("wasserstein_1d",),
    "monotone": ("transport_map_1d",),
    "sketch": ("QuantileSketch",),
    "certificate": ("certify", "certify_lp"),
    "interpolation": ("gaussian_geodesic",),
    "barycenters": ("gaussian_barycenter",),
    "mixtures": ("mixture_transport", "mixture_w2"),
    "brackets": ("bounds", "gelbrich"),
    "exact": ("transport", "transport_lp"),
    "projections": ("sliced",),
    "steepest": ("max_sliced",),
    "inference": ("estimate", "two_sample_test"),
    "front": ("wasserstein",),
    "many": ("nearest", "pairwise"),
}
# Wings with dependencies of their own: torch, matplotlib.
_WINGS = ("dual", "plot")
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_WINGS, *_HOME]

if TYPE_CHECKING:
    from . import dual as dual
    from . import plot as plot
    from .barycenters import gaussian_barycenter as gaussian_barycenter
    from .brackets import bounds as bounds
    from .brackets import gelbrich as gelbrich
    from .certificate import certify as certify
    from .certificate import certify_lp as certify_lp
    from .errors import InvalidMeasureError as InvalidMeasureError
    from .errors import NotConvergedError as NotConvergedError
    from .errors import WdistError as WdistError
    from .exact import transport as transport
    from .exact import transport_lp as transport_lp
    from .front import wasserstein as wasserstein
    from .gaussian import gaussian_map as gaussian_map
    from .gaussian import gaussian_w2 as gaussian_w2
    from .gaussian_mixture import GaussianMixture as GaussianMixture
    from .inference import estimate as estimate
    from .inference import two_sample_test as two_sample_test
    from .interpolation import gaussian_geodesic as gaussian_geodesic
    from .line import wasserstein_1d as wasserstein_1d
    from .many import nearest as nearest
    from .many import pairwise as pairwise
    from .measures import CDF as CDF
    from .measures import Gaussian as Gaussian
    from .measures import Histogram as Histogram
    from .measures import Quantile as Quantile
    from .measures import Samples as Samples
    from .mixtures import mixture_transport as mixture_transport
    from .mixtures import mixture_w2 as mixture_w2
    from .monotone import transport_map_1d as transport_map_1d
    from .projections import sliced as sliced
    from .result import Certificate as Certificate
    from .result import Estimate as Estimate
    from .result import Result as Result
    from .result import SignificanceResult as SignificanceResult
    from .sketch import QuantileSketch as QuantileSketch
    from .steepest import max_sliced as max_sliced


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    if name in _WINGS:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
