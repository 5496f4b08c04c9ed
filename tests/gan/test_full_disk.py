"""Disks that are full, or cannot be written to: one line that names the file, and a run that goes on afterwards."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gan import checkpoint
from gan.__main__ import main

FLAGS = {"data": "digits", "batch_size": 4, "latent": 5, "exact_samples": 0}
FLAGS |= {"steps": 4, "checkpoint_every": 1, "pictures": 1}


def train(out: Path, *more: str) -> int:
    named = {f"--{name.replace('_', '-')}": str(value) for name, value in FLAGS.items()}
    return main(["train", *(part for pair in named.items() for part in pair), "--out", str(out), *more])


def weights(out: Path) -> dict[str, torch.Tensor]:
    return checkpoint.load(out)["average"]


def test_a_run_goes_on_when_the_disk_has_space_again(tmp_path: Path, disk: Callable[[str], Path], capsys) -> None:
    assert train(tmp_path / "calm") == 0
    size = (tmp_path / "calm" / checkpoint.NAME).stat().st_size
    folder = disk(f"size={int(1.6 * size)}")  # one checkpoint fits, and no second one beside it
    assert train(folder / "run") == 1
    assert f"No space left on device: '{folder / 'run' / checkpoint.NAME}'" in capsys.readouterr().err
    assert checkpoint.load(folder / "run")["step"] < FLAGS["steps"]
    assert not list((folder / "run").glob(".*"))
    subprocess.run(["mount", "-o", f"remount,size={3 * size}", str(folder)], check=True)
    assert main(["train", "--resume", "--out", str(folder / "run")]) == 0
    found, calm = weights(folder / "run"), weights(tmp_path / "calm")
    assert all(torch.equal(found[name], calm[name]) for name in calm)


def test_a_read_only_folder_is_named(tmp_path: Path, disk: Callable[[str], Path], capsys) -> None:
    folder = disk("size=64m")
    assert train(folder / "run") == 0
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    capsys.readouterr()
    for command in (
        ["train", "--out", str(folder / "other"), "--data", "digits"],
        ["train", "--out", str(folder / "run"), "--resume", "--steps", "5"],
        ["sample", str(folder / "run"), "--n", "4", "--out", str(folder / "grid.png")],
    ):
        assert main(command) == 1
        error = capsys.readouterr().err
        assert f"Read-only file system: '{folder}" in error
        assert error.count("\n") == 1, "one line, no traceback"


@pytest.mark.parametrize("name", ["grid.xyz", "grid"])
def test_a_picture_of_no_known_format_is_refused(tmp_path: Path, capsys, name: str) -> None:
    assert main(["sample", str(tmp_path / "run"), "--n", "4", "--out", str(tmp_path / name)]) == 2
    assert "is no format of pictures" in capsys.readouterr().err
    assert not (tmp_path / name).exists()


def test_a_file_in_place_of_the_run_s_folder_is_named(tmp_path: Path, capsys) -> None:
    (tmp_path / "run").write_text("")
    assert train(tmp_path / "run") == 1
    assert str(tmp_path / "run") in capsys.readouterr().err
