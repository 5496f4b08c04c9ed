"""What a row of the matrix is: a public function, good arguments for it, and the number that they give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

__all__ = ["SIZES", "WEIGHTS", "Due", "Function", "Good", "Kind", "given", "line", "plane"]

SIZES = (24, 21)  # points of the two measures
WEIGHTS = np.arange(1.0, SIZES[0] + 1)

Good = tuple[Any, Any, np.ndarray | None]  # the two measures, and the weights of the first
Due = str  # "error", "same", "scaled" or "nan"
Kind = Literal["points", "weights", "exponent", "count", "number", "share", "name", "seed"]  # of arguments


def plane() -> Good:
    """Points with small whole coordinates, which every dtype holds, and weights that are whole numbers too."""
    rng = np.random.default_rng(7)
    x, y = (rng.integers(1, 60, size=(n, 2)).astype(np.float64) for n in SIZES)
    return x, y, WEIGHTS


def line() -> Good:
    """The same on the line, points in ascending order."""
    rng = np.random.default_rng(7)
    x, y = (np.sort(rng.integers(1, 60, size=n)).astype(np.float64) for n in SIZES)
    return x, y, WEIGHTS


def given(x: Any, y: Any, w: np.ndarray | None = None) -> Callable[[], Good]:
    """Fixed arguments, float64."""
    return lambda: (np.array(x, dtype=np.float64), np.array(y, dtype=np.float64), w)


@dataclass(frozen=True, slots=True)
class Function:
    """One row.

    Attributes
    ----------
    name : str
    call : callable
        ``(x, y, weights of x or None)`` to one number.
    good : callable
        Makes x, y and the weights, None for a function without any.
    truth : callable or None
        The number of good arguments by code that shares nothing with wdist; None where there is no such number.
    names : tuple of str
        What messages call x and y, as regular expressions; one that has no name is not spoilt.
    power : int or None
        The number grows with this power of the scale of the points; None where it is not asked.
    shifts : bool
        Whether the number stays the same where all points are moved.
    tolerance : float
        Relative, for numbers that have to be the same.
    welcome : tuple of str
        Inputs that are errors elsewhere and mean something here, or nothing at all: left out.
    takes : tuple of str
        Kinds of arguments that it has: which inputs are asked of it.
    tensors : bool
        Whether it takes tensors alone: good arguments are given as such.
    due : mapping
        What has to come of an input (or of all, under "") where that is not what the input itself says.
    """

    name: str
    call: Callable[[Any, Any, Any], Any]
    good: Callable[[], Good] = plane
    truth: Callable[[Any, Any, Any], float] | None = None
    names: tuple[str, str] = ("x", "y")
    power: int | None = 1
    shifts: bool = True
    tolerance: float = 1e-9
    welcome: tuple[str, ...] = ()
    takes: tuple[Kind, ...] = ("points", "weights")
    tensors: bool = False
    due: Mapping[str, Due] = field(default_factory=dict)
