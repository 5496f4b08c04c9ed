"""Weighted points, equal weights being those that are not written out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._arrays import (
    Array,
    as_float64,
    check_weights,
    common_kind,
    is_tensor,
    namespace,
    normalised_weights,
    result_dtype,
)
from .errors import InvalidMeasureError

__all__ = ["Samples"]


@dataclass(frozen=True, eq=False, slots=True, init=False)
class Samples:
    """Weighted points: the discrete measure with mass ``weights[i]`` at ``points[i]``.

    Parameters
    ----------
    points : array_like or torch.Tensor, shape (n,) or (n, d)
        Finite real numbers; ``(n,)`` are points on the line. Stored as float64 of shape (n, d).
    weights : array_like or torch.Tensor, shape (n,), optional
        Non-negative and finite, not all zero; divided by their sum. None: equal weights.

    Raises
    ------
    InvalidMeasureError
        If there are no points, or an entry of either is not what is said above.

    Examples
    --------
    >>> import wdist
    >>> wdist.Samples([0.0, 1.0, 5.0], weights=[2, 1, 1]).weights
    array([0.5 , 0.25, 0.25])
    """

    points: Array
    dtype: Any
    _given: Array | None
    _weights: Array | None

    def __init__(self, points: Any, weights: Any = None):
        set_ = object.__setattr__
        set_(self, "dtype", result_dtype(*(a for a in (points, weights) if is_tensor(a) or a is points)))
        points, weights = _points(points, "points"), None if weights is None else as_float64(weights, "weights")
        points, weights = common_kind(points, weights)
        if weights is not None:
            if weights.shape != points.shape[:1]:
                raise InvalidMeasureError(
                    f"weights has shape {tuple(weights.shape)} beside {points.shape[0]} points: "
                    f"expected ({points.shape[0]},), one weight per point"
                )
            check_weights(weights, "weights")
        set_(self, "points", points)
        set_(self, "_given", weights)
        set_(self, "_weights", normalised_weights(weights, "weights") if is_tensor(weights) else None)

    @property
    def weights(self) -> Array | None:
        """The weights divided by their sum, at first use (of a tensor at once, for its graph); None if equal."""
        if self._weights is None and self._given is not None:
            object.__setattr__(self, "_weights", normalised_weights(self._given, "weights"))
        return self._weights

    @property
    def dim(self) -> int:
        """Dimension of the space."""
        return int(self.points.shape[1])

    def __len__(self) -> int:
        return int(self.points.shape[0])

    def __repr__(self) -> str:
        kind = "equal weights" if self._given is None else "weighted"
        return f"Samples(n={len(self)}, dim={self.dim}, {kind})"

    @property
    def given(self) -> Array:
        """The weights before they were divided by their sum; ones where they are equal."""
        if self._given is not None:
            return self._given
        return namespace(self.points).ones((len(self),), dtype=self.points.dtype, device=self.points.device)

    @property
    def mass(self) -> Array:
        """The weights, written out when they are equal."""
        if self.weights is not None:
            return self.weights
        n = len(self)
        return namespace(self.points).full((n,), 1.0 / n, dtype=self.points.dtype, device=self.points.device)


def _points(x: Any, name: str) -> Array:
    points = as_float64(x, name)
    if points.ndim == 1:
        points = points[:, None]
    if points.ndim != 2:
        raise InvalidMeasureError(f"{name} has shape {tuple(points.shape)}: expected (n,) on the line or (n, d) in R^d")
    if points.shape[0] == 0 or points.shape[1] == 0:
        raise InvalidMeasureError(f"{name} is empty (shape {tuple(points.shape)}): a measure needs at least one point")
    return points
