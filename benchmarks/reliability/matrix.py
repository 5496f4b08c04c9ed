"""Every function with every input: an error that says what is wrong, the right number, or neither."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .functions import FUNCTIONS, SIZES, WEIGHTS, Function
from .inputs import INPUTS, Input

__all__ = ["Cell", "cells", "outcome"]

# Names that a message may use for the first measure, its weights, or what they are part of.
_NAMED = re.compile(
    r"\b(x|u|P|cost|a|points|weights|samples|measures\[0\]|axis|[xu]_weights|plan|mean|queries)\b|\[0\]"
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One outcome.

    Attributes
    ----------
    function, input, due : str
    verdict : {"named error", "right", "WRONG"}
    found : str
        The message, or the number and what it should be.
    """

    function: str
    input: str
    due: str
    verdict: str
    found: str


def cells() -> Iterator[Cell]:
    """The whole matrix, by function; combinations that mean nothing are left out."""
    for function in FUNCTIONS:
        for spoilt in INPUTS:
            if applies(function, spoilt):
                yield outcome(function, spoilt)


def applies(function: Function, spoilt: Input) -> bool:
    """Whether the input means something to the function."""
    if spoilt.where == "weights" and not function.weighted:
        return False
    if spoilt.due == "scaled" and function.power is None:
        return False
    if spoilt.name == "plus 1e8" and not function.shifts:
        return False
    return spoilt.name not in function.welcome and not (spoilt.name == "a dimension more" and function.dim == 1)


def outcome(function: Function, spoilt: Input) -> Cell:
    """What comes back, with warnings as errors."""
    x, y, w = _good(function)
    clean = _number(function.call(x, y, w))
    if spoilt.where == "points":
        given = (spoilt.spoil(x), spoilt.spoil(y) if spoilt.both else y, w)
    else:
        given = (x, y, spoilt.spoil(w if w is not None else np.ones(len(x))))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = _number(function.call(*given))
    except (ValueError, TypeError) as error:
        message = f"{type(error).__name__}: {error}"
        well = spoilt.due == "error" and _NAMED.search(str(error)) is not None
        return Cell(function.name, spoilt.name, spoilt.due, "named error" if well else "WRONG", message)
    except Exception as error:
        return Cell(function.name, spoilt.name, spoilt.due, "WRONG", f"{type(error).__name__}: {error}")
    expected = clean * spoilt.scale ** (function.power or 0) if spoilt.due == "scaled" else clean
    tolerance = function.tolerance
    if spoilt.name == "plus 1e8" or "float32" in spoilt.name:  # what the input itself has lost, or the answer's dtype
        tolerance = max(tolerance, 1e-6)
    if spoilt.name == "float16":
        tolerance = max(tolerance, 1e-3)
    well = spoilt.due != "error" and math.isclose(found, expected, rel_tol=tolerance)
    return Cell(function.name, spoilt.name, spoilt.due, "right" if well else "WRONG", f"{found!r} for {expected!r}")


def _good(function: Function) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Points with small whole coordinates, which every dtype holds, and weights that are whole numbers too."""
    rng = np.random.default_rng(7)
    x, y = (rng.integers(1, 60, size=(n, function.dim)).astype(np.float64) for n in SIZES)
    if function.dim == 1:
        x, y = x[:, 0], y[:, 0]
    return x, y, WEIGHTS if function.weighted else None


def _number(found: Any) -> float:
    detach = getattr(found, "detach", None)
    return float(found if detach is None else detach())
