"""Exported weights: read by anybody, and damage to them is seen here."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from gan import CheckpointError
from gan.weights import load, save

WEIGHTS = {"a": torch.arange(6.0).reshape(2, 3).T, "b": torch.ones(2, dtype=torch.int64), "c": torch.tensor(3.0)}


def test_what_was_saved_is_loaded_here_and_elsewhere(tmp_path: Path) -> None:
    save(tmp_path / "w.safetensors", WEIGHTS, {"step": "3"})
    weights, notes = load(tmp_path / "w.safetensors")
    assert notes == {"step": "3"}
    for read in (weights, load_file(tmp_path / "w.safetensors")):
        assert read.keys() == WEIGHTS.keys()
        assert all(torch.equal(read[name], WEIGHTS[name]) for name in WEIGHTS)


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "w.safetensors")
    with pytest.raises(CheckpointError, match="the file has no checksum"):
        load(tmp_path / "w.safetensors")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"absent: no whole file of weights"):
        load(tmp_path / "absent")


def test_a_changed_weight_is_seen(tmp_path: Path) -> None:
    save(tmp_path / "w.safetensors", WEIGHTS)
    whole = bytearray((tmp_path / "w.safetensors").read_bytes())
    whole[-1] ^= 1
    (tmp_path / "w.safetensors").write_bytes(whole)
    with pytest.raises(CheckpointError, match="the file is corrupt"):
        load(tmp_path / "w.safetensors")
