"""Settings at the door: counts, numbers, choices and sources of randomness, or an error that names the argument."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = [
    "check_axis",
    "check_choice",
    "check_count",
    "check_finite_number",
    "check_jobs",
    "check_not_negative",
    "check_number",
    "check_p",
    "check_positive",
    "check_share",
    "generator_of",
]

_MOST = 2**31 - 1  # beyond, a count is a mistake: nobody would wait for so many


def check_count(count: Any, name: str, least: int) -> int:
    """A whole number of at least ``least``."""
    if not _is_whole(count) or not least <= count <= _MOST:
        raise ValueError(f"{name} is {count!r}: give a whole number of at least {least}, and below 2**31")
    return int(count)


def check_jobs(n_jobs: Any) -> int | None:
    """How many processes, as joblib counts them."""
    if n_jobs is None or (_is_whole(n_jobs) and 0 < abs(int(n_jobs)) <= _MOST):
        return None if n_jobs is None else int(n_jobs)
    raise ValueError(f"n_jobs is {n_jobs!r}: give how many processes, -1 for as many as there are cores, or None")


def check_axis(axis: Any) -> int:
    """The number of an axis; whether the array has it is for others to say."""
    if not _is_whole(axis):
        raise TypeError(f"axis is {axis!r}: give the number of an axis")
    return int(axis)


def _is_whole(number: Any) -> bool:
    """Whether it is an integer, of Python or of NumPy; True and False are none."""
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


def check_number(number: Any, name: str, what: str) -> float:
    """A real number as a float, or infinity; ``what`` says which one to give."""
    if isinstance(number, bool) or not isinstance(number, int | float | np.integer | np.floating):
        raise TypeError(f"{name} is {number!r}: give {what} as a number")
    try:
        value = float(number)
    except OverflowError:
        value = math.inf if number > 0 else -math.inf
    if math.isnan(value):
        raise ValueError(f"{name} is nan: give {what} as a number")
    return value


def check_p(p: Any, *, finite: bool = False) -> float:
    """The exponent as a float in [1, inf]."""
    value = check_number(p, "p", "the exponent")
    if value < 1.0:
        raise ValueError(f"p is {value:g}: W_p is a distance for p >= 1 only")
    if finite and math.isinf(value):
        raise ValueError("p is inf: this function needs a finite p; on the line, wdist.wasserstein_1d takes p = inf")
    return value


def check_finite_number(number: Any, name: str, what: str) -> float:
    """A real number that is finite."""
    value = check_number(number, name, what)
    if not math.isfinite(value):
        raise ValueError(f"{name} is {value:g}: give {what} as a finite number")
    return value


def check_not_negative(number: Any, name: str, what: str) -> float:
    """A finite number of at least 0."""
    value = check_number(number, name, what)
    if not 0.0 <= value < math.inf:
        raise ValueError(f"{name} is {value:g}: give {what}, finite and at least 0")
    return value


def check_positive(number: Any, name: str, what: str) -> float:
    """A positive and finite number."""
    value = check_number(number, name, what)
    if not 0.0 < value < math.inf:
        raise ValueError(f"{name} is {value:g}: {what} is positive and finite")
    return value


def check_share(share: Any, name: str) -> float:
    """A number between 0 and 1, neither of them."""
    value = check_number(share, name, "a probability between 0 and 1")
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} is {value!r}: give a probability between 0 and 1")
    return value


def check_choice(choice: Any, name: str, choices: Sequence[str]) -> str:
    """One of some names."""
    if not isinstance(choice, str) or choice not in choices:
        raise ValueError(f"{name} is {choice!r}: choose one of {', '.join(choices)}")
    return choice


def generator_of(rng: Any) -> np.random.Generator:
    """The generator itself, or one that an int, or chance, seeds."""
    if not isinstance(rng, bool):
        try:
            return np.random.default_rng(rng)
        except (TypeError, ValueError):
            pass
    raise TypeError(f"rng is {rng!r}: give None, an int of at least 0, or a numpy.random.Generator")
