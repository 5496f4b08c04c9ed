"""The matrix of inputs: no cell is wrong, and a wrong cell would be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wdist
from benchmarks.reliability.command import page
from benchmarks.reliability.functions import FUNCTIONS, Function
from benchmarks.reliability.inputs import INPUTS, Input
from benchmarks.reliability.matrix import applies, cells, outcome

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
NAN, INTEGERS = (next(i for i in INPUTS if i.name == name) for name in ("NaN", "integers"))
LARGE = next(i for i in INPUTS if i.name == "times 1e150")


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.name)
def test_errors_are_named_and_numbers_right(function: Function) -> None:
    wrong = [outcome(function, spoilt) for spoilt in INPUTS if applies(function, spoilt)]
    assert [cell for cell in wrong if cell.verdict == "WRONG"] == []


def _silent(x: Any, y: Any, w: Any) -> float:
    return float(np.nansum(x))


def _unnamed(x: Any, y: Any, w: Any) -> float:
    if not np.all(np.isfinite(np.asarray(x, dtype=float))):
        raise ValueError("bad input")
    return 1.0


@pytest.mark.parametrize(
    ("call", "spoilt"),
    [
        (_silent, NAN),
        (_unnamed, NAN),
        (lambda x, y, w: 1.0 if x.dtype.kind == "f" else 0.0, INTEGERS),
        (_unnamed, LARGE),
    ],
    ids=["no error", "an error that names nothing", "integers misread", "does not scale"],
)
def test_a_function_that_is_wrong_is_found_out(call: Callable[..., float], spoilt: Input) -> None:
    assert outcome(replace(FUNCTIONS[0], call=call), spoilt).verdict == "WRONG"


def test_every_public_function_of_points_has_a_row() -> None:
    rows = " ".join(function.name for function in FUNCTIONS)
    other = {  # take no points, or only what another row has made
        "GaussianMixture", "Histogram", "Quantile", "CDF", "Samples", "Gaussian", "Certificate", "Result", "Estimate",
        "SignificanceResult", "InvalidMeasureError", "NotConvergedError", "WdistError", "certify_lp", "gaussian_map",
        "gaussian_geodesic", "gaussian_barycenter", "mixture_transport", "mixture_w2", "dual", "plot", "__version__",
    }  # fmt: skip
    assert {name for name in wdist.__all__ if name not in rows} <= other


def test_the_page_shows_the_matrix() -> None:
    """Verdicts are machine-independent, so the table on the page is the one of this run."""
    table = page(list(cells()))
    assert table.splitlines()[0] in PAGE.read_text(encoding="utf-8")
    assert "**WRONG**" not in table
    assert table in PAGE.read_text(encoding="utf-8")
