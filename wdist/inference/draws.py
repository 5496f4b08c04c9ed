"""Samples as independent draws from a population: of equal weight, in common units around a common origin."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._arrays import to_numpy
from ..errors import InvalidMeasureError
from ..measures import Samples, as_samples, same_dimension
from ..units import in_common_units

__all__ = ["Draws"]


class Draws(NamedTuple):
    """Two samples in common units, and the length of a unit."""

    x: np.ndarray
    y: np.ndarray
    unit: float

    @classmethod
    def of(cls, x: Any, y: Any) -> Draws:
        """Read two arguments of a public function; tensors are detached, and unequal weights refused by name."""
        P, Q = as_samples(x, "x"), as_samples(y, "y")
        same_dimension(P, Q, ("x", "y"))
        points, others, unit, _ = in_common_units(_equal_weight_points(P, "x"), _equal_weight_points(Q, "y"))
        return cls(points, others, unit)


def _equal_weight_points(samples: Samples, name: str) -> np.ndarray:
    weights = None if samples.weights is None else to_numpy(samples.given)
    if weights is not None and np.any(weights != weights[0]):
        raise InvalidMeasureError(
            f"{name} has unequal weights, and points of unequal weight are no independent draws from a population: "
            "give such draws, or resample the points by their weights"
        )
    return to_numpy(samples.points)
