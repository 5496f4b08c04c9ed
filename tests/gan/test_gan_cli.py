"""The command line: what it prints, and how it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan import evaluate
from gan.__main__ import main

TINY = ["--data", "digits", "--steps", "3", "--batch-size", "4", "--pictures", "1", "--exact-samples", "20"]


def test_train_then_sample(tmp_path: Path, capsys) -> None:
    out = tmp_path / "run"
    assert main(["train", *TINY, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    for name in (
        "samples",
        "samples_over_time",
        "truth",
        "quality",
        "interpolation",
        "nearest",
        "distance",
        "critic_scores",
    ):
        assert str(out / f"{name}.png") in said
        assert np.asarray(Image.open(out / f"{name}.png")).std() > 5
    assert (out / "generator.safetensors").exists()
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    exact = next(line for line in lines if line["kind"] == "exact")
    assert exact["n"] == 20
    for name in ("w1", "w2", "sw1"):
        assert exact[name] > exact[f"floor_{name}"] > 0  # three updates do not make digits
    assert exact["w2"] >= exact["w1"] > exact["sw1"]
    with Image.open(out / "samples.gif") as film:
        assert film.n_frames == 1  # one snapshot

    grid = tmp_path / "grid.png"
    assert main(["sample", str(out), "--n", "9", "--out", str(grid)]) == 0
    assert np.asarray(Image.open(grid)).shape == (3 * (3 * 30 + 2), 3 * (3 * 30 + 2))
    assert main(["sample", str(out / "checkpoint.pt"), "--n", "1", "--out", str(grid)]) == 0


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["train", "--preset", "quick"], 2, "preset is 'quick': choose one of fast, classic, paper"),
        (["train", "--constraint", "x"], 2, "constraint is 'x': choose one of gp, one-sided, clip"),
        (["train", "--data", "/nowhere"], 1, "data is '/nowhere': neither a known name"),
        (["train", "--data", "digits", "--device", "gpu"], 2, "device is 'gpu': not available here"),
        (["train", "--resume", "--out", "/nowhere"], 1, "/nowhere: no such checkpoint"),
        (["train", "--data", "digits", "--seed", "-1"], 2, "seed is -1: it must be at least 0, and below 2**63"),
        (["train", "--data", "digits", "--seed", str(2**63)], 2, "seed is 9223372036854775808: it must be"),
        (["sample", "/nowhere", "--seed", str(10**30)], 2, "it must be at least 0, and below 2**63"),
        (["evaluate", "/nowhere", "--seed", str(10**30)], 2, "it must be at least 0, and below 2**63"),
        (["sample", "/nowhere"], 1, "/nowhere: no such checkpoint; `python -m gan train --out /nowhere` makes one"),
        (["sample", "/nowhere", "--n", "0"], 2, "n is 0: draw at least one image"),
        (["evaluate", "/nowhere"], 1, "/nowhere: no such checkpoint"),
    ],
)
def test_errors_are_one_line(
    arguments: list[str], status: int, message: str, capsys, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == status
    error = capsys.readouterr().err
    assert error.startswith("gan: ")
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("command", ["evaluate", "sample"])
def test_ctrl_c_is_one_line(command: str, capsys, monkeypatch) -> None:
    def interrupted(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluate, command, interrupted)
    assert main([command, "run"]) == 130
    assert capsys.readouterr().err == "gan: interrupted\n"


def test_help_is_quick_and_complete() -> None:
    """It names the commands, and does not wait for torch."""
    probe = "import sys, gan.__main__ as m\ntry: m.main(['train', '--help'])\nfinally: print(*sys.modules)"
    root = Path(__file__).resolve().parents[2]
    said = subprocess.run([sys.executable, "-c", probe], cwd=root, capture_output=True, text=True).stdout
    assert all(flag in said for flag in ("--preset", "--constraint", "--resume", "--checkpoint-every"))
    assert "torch" not in said.splitlines()[-1].split()
