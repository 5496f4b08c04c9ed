"""The causes of failure that wdist names.

Every message names the argument, says what was found in it, and what to do. Nothing is clipped, dropped or
replaced in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .result import Result

__all__ = ["InvalidMeasureError", "NotConvergedError", "WdistError"]


class WdistError(Exception):
    """Base of every error that wdist raises by name."""


class InvalidMeasureError(WdistError, ValueError):
    """An argument does not describe a probability measure.

    Raised for NaN or infinite points, negative, NaN or zero-sum weights, mismatched shapes or dimensions, empty
    measures, covariances that are not symmetric positive semi-definite, complex or object data.
    """


class NotConvergedError(WdistError, RuntimeError):
    """A solver stopped before its certificate closed.

    Parameters
    ----------
    message : str
        What happened and what to do.
    result : Result or None
        The best certified result so far: its ``lower`` and ``upper`` still bracket the distance.
    """

    def __init__(self, message: str, result: Result | None = None):
        super().__init__(message, result)
        self.message = message
        self.result = result

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.result)
