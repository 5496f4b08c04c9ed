"""Settings from a file are those of the command line, and a run writes a file that makes it again."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan import ConfigError, toml_file
from gan.__main__ import main
from gan.config import PRESETS, from_flags
from gan.state import Run


def written(folder: Path, text: str) -> Path:
    path = folder / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_command_line_wins_over_the_file_and_the_file_over_the_preset(tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "run"
    text = 'data = "digits"\npreset = "paper"\nsteps = 3\nbatch_size = 4\npictures = 1\nexact_samples = 0\nlr = 1\n'
    file = written(tmp_path, text)
    assert main(["train", "--config", str(file), "--steps", "1", "--out", str(out)]) == 0
    config = json.loads((out / "run.json").read_text())["config"]
    assert (config["steps"], config["batch_size"], config["lr"], config["critic_steps"]) == (1, 4, 1.0, 5)


@pytest.mark.parametrize("preset", PRESETS)
def test_what_a_run_writes_makes_it_again(preset: str, tmp_path: Path) -> None:
    config = from_flags({"preset": preset, "data": 'täglich "neu" \\ \'#', "lr": 5e-5, "seed": 7})
    assert from_flags(toml_file.read(written(tmp_path, toml_file.dump(config)))) == config


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x7f")), st.floats(1e-300, 1e300))
def test_any_text_and_number_survive(name: str, rate: float) -> None:
    values = tomllib.loads(toml_file.dump(from_flags({"data": name, "lr": rate})))
    assert (values["data"], values["lr"]) == (name, rate)


def test_a_run_leaves_its_settings(new_run: Callable[..., Run]) -> None:
    run = new_run(seed=5)
    values = toml_file.read(run.folder / "config.toml")
    assert values["seed"] == 5
    assert not {"out", "resume"} & values.keys()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps = ", r"config .*run.toml: not TOML \(Invalid value"),
        ("speed = 3", "unknown setting 'speed': the settings are the fields of gan.Config"),
        ("batch-size = 3", "unknown setting 'batch-size': did you mean batch_size?"),
        ('steps = "3"', "steps is '3', a string: it takes an integer"),
        ("steps = 3.0", "steps is 3.0, a number: it takes an integer"),
        ("steps = true", "steps is True, true or false: it takes an integer"),
        ("[data]\nname = 1", "data is .* a table or list: it takes a string"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        toml_file.read(written(tmp_path, text))


def test_a_missing_file_is_one_line(tmp_path: Path, capsys: Any) -> None:
    assert main(["train", "--config", str(tmp_path / "no.toml")]) == 2
    assert "no.toml: cannot be read (No such file or directory)" in capsys.readouterr().err
