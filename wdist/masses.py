"""Weights divided by their sum, as pairs of doubles.

The quotient of two floats is rounded, and the rounded masses of a weight of 2 of 9 and of two weights of 1 of 9 are
different masses: equal measures would lie at a distance of 1e-17, and its root is not small. With what the division
left over, masses are those of the weights to 2^-100.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._arrays import power_of_two
from .search.rounding import rounded_sum, two_product

__all__ = ["Masses"]


class Masses(NamedTuple):
    """Masses of sum 1: ``high``, correctly rounded quotients, and ``low``, what they lack."""

    high: np.ndarray
    low: np.ndarray

    @classmethod
    def of(cls, weights: np.ndarray) -> Masses:
        """Of non-negative weights, not all 0."""
        weights = weights / power_of_two(float(weights.max()))  # exact, and keeps the sum in range
        total, rest, _ = rounded_sum(weights)
        high = weights / total
        product, error = two_product(high, total)
        return cls(high, (((weights - product) - error) - high * rest) / total)

    def take(self, index: np.ndarray) -> Masses:
        """The masses of some points."""
        return Masses(self.high[index], self.low[index])
