"""The matrix of inputs: no cell is wrong, and a wrong cell would be seen."""

from __future__ import annotations

import inspect
import math
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wdist
from benchmarks.reliability import matrix
from benchmarks.reliability.command import page
from benchmarks.reliability.functions import FUNCTIONS
from benchmarks.reliability.inputs import INPUTS
from benchmarks.reliability.matrix import Cell, applies, cells, outcome
from benchmarks.reliability.settings import SETTINGS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
NAMED = {i.name: i for i in INPUTS}
MADE_BY_WDIST = {"Certificate", "Estimate", "Result", "SignificanceResult", "CriticStep", "DualResult"}
ERRORS = {"InvalidMeasureError", "NotConvergedError", "WdistError"}
CLOUDS = next(function for function in FUNCTIONS if function.name == "transport")


@pytest.fixture(scope="module")
def found() -> list[Cell]:
    return list(cells())


def test_errors_are_named_and_numbers_right(found: list[Cell]) -> None:
    assert [cell for cell in found if cell.verdict == "WRONG"] == []


def test_the_page_shows_the_matrix(found: list[Cell]) -> None:
    """Verdicts are machine-independent, so the tables on the page are those of this run."""
    assert page(found) in PAGE.read_text(encoding="utf-8")


def _silent(x: Any, y: Any, w: Any) -> float:
    return float(np.nansum(x))


def _unnamed(x: Any, y: Any, w: Any) -> float:
    if not np.all(np.isfinite(np.asarray(x, dtype=float))):
        raise ValueError("bad input")
    return 1.0


def _inner(x: Any, y: Any, w: Any) -> float:
    raise AttributeError("x has no attribute 'layout'")


@pytest.mark.parametrize(
    ("call", "spoilt"),
    [
        (_silent, "NaN"),
        (_unnamed, "NaN"),
        (_inner, "NaN"),
        (lambda x, y, w: 1.0 if x.dtype.kind == "f" else 0.0, "integers"),
        (lambda x, y, w: math.nan, "integers"),
        (lambda x, y, w: float(np.asarray(y).dtype.kind == "f"), "integers"),
        (_unnamed, "times 1e150"),
        (lambda x, y, w: float(np.sum(w)), "weights not normalised"),
    ],
    ids=[
        "no error", "an error that names nothing", "an error from inside", "integers misread", "NaN",
        "the second misread", "does not scale", "not normalised",
    ],
)  # fmt: skip
def test_a_function_that_is_wrong_is_found_out(call: Callable[..., float], spoilt: str) -> None:
    assert outcome(replace(CLOUDS, call=call, truth=None), NAMED[spoilt]).verdict == "WRONG"


def test_a_number_that_is_always_wrong_is_found_out() -> None:
    """What a function says of good input is judged by other code, not by itself."""
    assert outcome(replace(CLOUDS, call=lambda x, y, w: 1.0), NAMED["float32"]).verdict == "WRONG"


def test_a_hang_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "_SECONDS", 0.2)
    cell = outcome(replace(CLOUDS, call=lambda x, y, w: time.sleep(20.0)), NAMED["NaN"])
    assert cell.verdict == "WRONG"
    assert "no answer" in cell.found


def test_every_input_is_asked_of_some_function() -> None:
    assert [i.name for i in INPUTS if not any(applies(function, i) for function in FUNCTIONS)] == []


def test_every_public_callable_has_a_row() -> None:
    rows = set(re.findall(r"\w+", " ".join(function.name for function in FUNCTIONS)))
    public = {name for module in (wdist, wdist.dual, wdist.plot) for name in module.__all__}
    public -= {"__version__", "dual", "plot"}
    assert public - rows == MADE_BY_WDIST | ERRORS


# Measures and what belongs to them, as the other groups of the matrix spoil them; what Python takes for true or
# false; functions and modules; and objects of other libraries.
_NO_SETTINGS = {"weights", "u_weights", "v_weights", "x_weights", "y_weights", "a", "b", "others", "directions",
                "seconds", "support", "t", "deviations", "input_shape", "bounds", "brackets", "one_sided", "progress",
                "cache", "label", "color", "ax", "dtype", "device", "generator", "segments"}  # fmt: skip


def test_every_setting_has_a_row() -> None:
    """A parameter with a default value, or to be named, is a setting or one of the above."""
    rows = {function.name for rows in SETTINGS.values() for function in rows}
    missing = []
    for module, prefix in ((wdist, ""), (wdist.dual, "dual."), (wdist.plot, "plot.")):
        for name in set(module.__all__) - {"__version__", "dual", "plot", *MADE_BY_WDIST, *ERRORS}:
            for parameter in inspect.signature(getattr(module, name)).parameters.values():
                named = parameter.kind is parameter.KEYWORD_ONLY or parameter.default is not parameter.empty
                if named and parameter.name not in _NO_SETTINGS and f"{prefix}{name}, {parameter.name}" not in rows:
                    missing.append(f"{prefix}{name}, {parameter.name}")
    assert missing == []
