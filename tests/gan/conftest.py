"""Small data and small runs; nothing leaves the test's own folder, and nothing reaches the network."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pooch
import pytest
import requests
import torch
from idx_files import idx_bytes

from gan.config import from_flags
from gan.runs import start
from gan.sources import FILES
from gan.state import Run

TINY = {
    "data": "digits",
    "steps": 6,
    "batch_size": 4,
    "latent": 5,
    "log_every": 2,
    "pictures": 1,
    "exact_samples": 0,
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no WDIST_DATA, and mirrors that do not answer."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise requests.ConnectionError("no network in tests")

    folder = tmp_path / "cache"
    monkeypatch.setattr(pooch, "os_cache", lambda name: folder)
    monkeypatch.setattr(pooch, "HTTPDownloader", refuse)
    monkeypatch.delenv("WDIST_DATA", raising=False)
    return folder


@pytest.fixture(autouse=True)
def global_state_is_untouched() -> Any:
    """The library never moves a global random state."""
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state(legacy=False)  # noqa: NPY002
    yield
    assert torch.equal(torch_state, torch.get_rng_state())
    after = np.random.get_state(legacy=False)  # noqa: NPY002
    np.testing.assert_array_equal(numpy_state["state"]["key"], after["state"]["key"])
    assert numpy_state["state"]["pos"] == after["state"]["pos"]


@pytest.fixture
def new_run(tmp_path: Path) -> Callable[..., Run]:
    """Start a run of a few seconds at most, in a folder of the given name."""

    def begin(name: str = "run", **flags: Any) -> Run:
        return start(from_flags({**TINY, "out": str(tmp_path / name), **flags}), say=lambda line: None)

    return begin


@pytest.fixture
def idx_folder(tmp_path: Path) -> Path:
    """A data set of 40 and 20 random images as gzipped IDX files."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "idx"
    folder.mkdir()
    for stem, shape, top in zip(
        FILES, [(40, 28, 28), (40,), (20, 28, 28), (20,)], [256, 10, 256, 10], strict=True
    ):
        content = idx_bytes(rng.integers(0, top, shape))
        (folder / f"{stem}.gz").write_bytes(gzip.compress(content))
    return folder
