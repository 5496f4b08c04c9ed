"""The examples of docstrings print what they say."""

from __future__ import annotations

import doctest
import importlib
import inspect
from collections.abc import Iterator

import matplotlib.pyplot as plt
import pytest

import wdist
import wdist.dual
import wdist.plot

FUNCTIONS = [
    getattr(module, name)
    for module in (wdist, wdist.dual, wdist.plot)
    for name in module.__all__
    if inspect.isfunction(getattr(module, name))
]
CLASSES = (
    *(wdist.Samples, wdist.Gaussian, wdist.Gaussian.fit, wdist.Gaussian.from_factor, wdist.GaussianMixture),
    *(wdist.Histogram, wdist.Quantile, wdist.CDF, wdist.QuantileSketch, wdist.Result),
)
HOMES = sorted({documented.__module__ for documented in (*FUNCTIONS, *CLASSES)})


@pytest.fixture(autouse=True)
def no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.mark.parametrize("module", HOMES)
def test_the_examples_run(module: str) -> None:
    found = doctest.testmod(importlib.import_module(module))
    assert found.failed == 0


@pytest.mark.parametrize("documented", [*FUNCTIONS, *CLASSES], ids=lambda documented: documented.__qualname__)
def test_there_is_an_example(documented: object) -> None:
    assert ">>> " in (documented.__doc__ or "")
