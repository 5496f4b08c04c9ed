"""Every function with every input: an error that says what is wrong, the right number, or neither."""

from __future__ import annotations

import math
import re
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import as_tensor

from .functions import FUNCTIONS
from .inputs import INPUTS, Input
from .row import Function, Good

__all__ = ["Cell", "applies", "cells", "outcome"]

_SECONDS = 60  # an answer that takes longer is a hang
_SHORT = {"float32": 1e-6, "float16": 2e-3, "bfloat16": 2e-2}  # of what the answer's dtype leaves of a number


@dataclass(frozen=True, slots=True)
class Cell:
    """One outcome; of a function of two measures the worse of two, each measure having been spoilt.

    Attributes
    ----------
    function, input, due : str
    verdict : {"named error", "right", "NaN", "WRONG"}
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
    if spoilt.where not in function.takes or (spoilt.where == "weights" and function.good()[2] is None):
        return False
    if spoilt.due == "scaled" and function.power is None:
        return False
    return spoilt.name not in function.welcome and (function.shifts or spoilt.name != "plus 1e8")


def outcome(function: Function, spoilt: Input) -> Cell:
    """What comes back, with warnings as errors."""
    both = spoilt.where == "points" and not spoilt.both
    sides = [side for side in (0, 1) if function.names[side] and (side == 0 or both or not function.names[0])]
    found = [_trial(function, spoilt, side) for side in sides]
    return next((cell for cell in found if cell.verdict == "WRONG"), found[0])


def _trial(function: Function, spoilt: Input, side: int) -> Cell:
    """One call, with the first or the second measure spoilt, or the weights, or both measures."""
    due = function.due.get(spoilt.name, function.due.get("", spoilt.due))
    where = 2 if spoilt.where == "weights" else side
    based: list[Any] = list(function.good())
    based[where] = spoilt.base(based[where])
    changed = list(based)
    touched = (0, 1) if spoilt.both else (where,)
    for k in touched:
        changed[k] = spoilt.spoil(based[k])
    if function.tensors:
        changed = [z if k in touched or z is None else as_tensor(z) for k, z in enumerate(changed)]

    def cell(verdict: str, found: str) -> Cell:
        return Cell(function.name, spoilt.name, due, verdict, found)

    try:
        with warnings.catch_warnings(), _patience():
            warnings.simplefilter("error")
            found = _number(function.call(*changed))
    except (ValueError, TypeError) as error:
        named = due == "error" and _names(str(error), function, where)
        return cell("named error" if named else "WRONG", f"{type(error).__name__}: {error}")
    except Exception as error:
        return cell("WRONG", f"{type(error).__name__}: {error}")
    if due in ("error", "nan"):
        return cell("NaN" if due == "nan" and math.isnan(found) else "WRONG", f"{found!r} for {due}")
    expected = _expected(function, (based[0], based[1], based[2]))
    if due == "scaled":
        expected *= spoilt.scale ** (function.power or 0)
    loss = next((loss for kind, loss in reversed(_SHORT.items()) if kind in spoilt.name), 0.0)
    tolerance = max(function.tolerance, loss, 1e-6 if spoilt.name == "plus 1e8" else 0.0)
    return cell("right" if math.isclose(found, expected, rel_tol=tolerance) else "WRONG", f"{found!r} for {expected!r}")


def _expected(function: Function, good: Good) -> float:
    """By other means where there are some, or what comes of the same numbers as plain float64 arrays."""
    return _number(function.call(*good) if function.truth is None else function.truth(*good))


def _names(message: str, function: Function, where: int) -> bool:
    """Whether a message names what is wrong: the argument, or the weights that were spoilt."""
    if where == 2:
        return re.search(r"\b(\w+_)?(weights|masses|a)\b", message) is not None
    return re.search(rf"(?<!\w)({function.names[where]})(?!\w)", message) is not None


@contextmanager
def _patience() -> Iterator[None]:
    """Turn a hang into an error, where signals can be had."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def give_up(*_: Any) -> None:
        raise TimeoutError(f"no answer in {_SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _number(found: Any) -> float:
    detach = getattr(found, "detach", None)
    return float(np.asarray(found if detach is None else detach().double()))
