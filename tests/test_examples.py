"""The examples of docstrings print what they say."""

from __future__ import annotations

import doctest
import importlib

import pytest

import wdist

HOMES = sorted({importlib.import_module(getattr(wdist, name).__module__).__name__ for name in wdist.__all__
                if hasattr(getattr(wdist, name), "__module__")})  # fmt: skip


@pytest.mark.parametrize("module", HOMES)
def test_the_examples_run(module: str) -> None:
    found = doctest.testmod(importlib.import_module(module))
    assert found.failed == 0


CLOSED_FORMS = (
    *("gaussian_w2", "gaussian_map", "gaussian_geodesic", "gaussian_barycenter", "gelbrich", "mixture_w2"),
    *("mixture_transport", "GaussianMixture", "Gaussian", "Gaussian.fit", "Gaussian.from_factor", "wasserstein"),
    *("wasserstein_1d", "transport_map_1d", "Samples", "Histogram", "Quantile", "CDF", "QuantileSketch"),
)


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_there_is_an_example(name: str) -> None:
    found = wdist
    for part in name.split("."):
        found = getattr(found, part)
    assert ">>> " in (found.__doc__ or "")
