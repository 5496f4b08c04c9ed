"""Training goes on as if nothing had happened, whatever happened."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from gan import CheckpointError, ConfigError, DataError, checkpoint, records, runs, updates
from gan import train as training
from gan.config import from_flags
from gan.runs import resume, start
from gan.state import Run
from gan.train import train

NewRun = Callable[..., Run]


def flat(state: Any, name: str = "") -> dict[str, Any]:
    """A nested state as one dictionary."""
    if isinstance(state, dict):
        return {k: v for key, value in state.items() for k, v in flat(value, f"{name}/{key}").items()}
    if isinstance(state, list):
        return {k: v for i, value in enumerate(state) for k, v in flat(value, f"{name}/{i}").items()}
    return {name: state}


def assert_same_state(first: Run, second: Run) -> None:
    """Bit for bit, the clock and the folder apart."""
    one, two = flat(first.state_dict()), flat(second.state_dict())
    assert one.keys() == two.keys()
    for name in one.keys() - {"/seconds", "/config/out", "/config/resume"}:
        same = torch.equal(one[name], two[name]) if isinstance(one[name], torch.Tensor) else one[name] == two[name]
        assert same, name


def interrupt_after(step: int, monkeypatch: pytest.MonkeyPatch, number: int = signal.SIGTERM) -> None:
    """Send this process a signal while the run makes its step ``step``."""
    original = updates.generator_update

    def update(run: Run) -> torch.Tensor:
        if run.step + 1 == step:
            os.kill(os.getpid(), number)
        return original(run)

    monkeypatch.setattr(updates, "generator_update", update)


def broken_and_resumed(new_run: NewRun, monkeypatch: pytest.MonkeyPatch, **flags: Any) -> tuple[Run, Run]:
    """A run without interruption, and the same one stopped at its third step and taken up again."""
    whole = new_run("whole", **flags)
    assert train(whole, progress=False) is None
    broken = new_run("broken", **flags)
    with monkeypatch.context() as patch:
        interrupt_after(3, patch)
        assert train(broken, progress=False) == signal.SIGTERM
    assert broken.step == 3
    again = resume({"out": str(broken.folder), "resume": True})
    assert again.step == 3
    assert train(again, progress=False) is None
    return whole, again


@pytest.mark.parametrize(
    "flags",
    [
        {},
        {"constraint": "one-sided"},
        {"constraint": "clip", "critic_steps": 2},
        {"critic": "spectral"},
        {"precision": "bfloat16"},
    ],
    ids=["gp", "one-sided", "clip", "spectral", "bfloat16"],
)
def test_a_resumed_run_equals_an_uninterrupted_one(
    new_run: NewRun, monkeypatch: pytest.MonkeyPatch, flags: dict[str, Any]
) -> None:
    monkeypatch.setattr(training, "report", lambda run: None)  # the next test looks at the pictures
    assert_same_state(*broken_and_resumed(new_run, monkeypatch, **flags))


def test_a_resumed_run_leaves_the_files_of_an_uninterrupted_one(
    new_run: NewRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = broken_and_resumed(new_run, monkeypatch, pictures=3, exact_samples=20)
    assert_same_state(*both)
    logs = [[{k: v for k, v in r.items() if k != "seconds"} for r in records.read(run.folder)] for run in both]
    assert logs[0] == logs[1]
    assert [r["step"] for r in logs[0] if r["kind"] == "train"] == [1, 2, 3, 4, 6]  # and where pictures are drawn
    assert [r["step"] for r in logs[0] if r["kind"] == "exact"] == [1, 3, 6]
    names = [sorted(path.name for path in (run.folder / runs.SAMPLES).iterdir()) for run in both]
    assert names[0] == names[1] == [f"step-000000{step}.png" for step in (1, 3, 6)]
    for name in ("samples.png", "samples.gif", "truth.png", "quality.png", "nearest.png"):
        assert (both[0].folder / name).read_bytes() == (both[1].folder / name).read_bytes()


def test_the_same_seed_gives_the_same_run(new_run: NewRun) -> None:
    first, second, other = new_run("a"), new_run("b"), new_run("c", seed=1)
    for run in (first, second, other):
        train(run, progress=False)
    assert_same_state(first, second)
    assert not torch.equal(first.critic[0].weight, other.critic[0].weight)


def test_looking_at_a_run_does_not_change_it(new_run: NewRun) -> None:
    often = new_run("often", pictures=3, log_every=1, checkpoint_every=1)
    never = new_run("never", pictures=1, log_every=6)
    for run in (often, never):
        train(run, progress=False)
    keep = ("pictures", "log_every", "checkpoint_every")
    often.config = from_flags({**often.config.to_dict(), **{k: getattr(never.config, k) for k in keep}})
    assert_same_state(often, never)


def test_records_beyond_the_checkpoint_are_dropped(new_run: NewRun) -> None:
    run = new_run(steps=4)
    train(run, progress=False)
    records.append(run.folder, {"kind": "train", "step": 9})
    stray = run.folder / runs.SAMPLES / "step-0000009.png"
    stray.write_bytes(b"")
    resume({"out": str(run.folder)})
    assert max(record["step"] for record in records.read(run.folder)) == 4
    assert not stray.exists()


def test_a_finished_run_can_be_extended(new_run: NewRun) -> None:
    run = new_run(steps=2)
    train(run, progress=False)
    longer = resume({"out": str(run.folder), "steps": 5})
    train(longer, progress=False)
    assert longer.step == 5


def test_each_time_that_a_run_is_taken_up_is_written_down(new_run: NewRun) -> None:
    run = new_run()
    train(run, progress=False)
    began = (run.folder / "run.json").read_bytes()
    resume({"out": str(run.folder), "steps": 9, "log_every": 3})
    facts = json.loads((run.folder / "resumed" / "step-0000006.json").read_text())
    assert (facts["config"]["steps"], facts["config"]["log_every"], facts["config"]["lr"]) == (9, 3, run.config.lr)
    assert {"torch", "wdist", "python"} <= facts["versions"].keys()
    assert (run.folder / "run.json").read_bytes() == began


def test_what_a_kill_left_half_written_is_removed_wherever_it_lies(new_run: NewRun) -> None:
    run = new_run()
    train(run, progress=False)
    resume({"out": str(run.folder)})
    drafts = [run.folder / place / f".it.{os.getpid()}.draft.png" for place in (".", runs.SAMPLES, "resumed")]
    for draft in drafts:
        draft.write_bytes(b"half")
    resume({"out": str(run.folder)})
    assert not any(draft.exists() for draft in drafts)


def test_a_run_does_not_go_back(new_run: NewRun) -> None:
    run = new_run(steps=3)
    train(run, progress=False)
    with pytest.raises(ConfigError, match=r"--steps is 2, and the run in .* is at step 3 already"):
        resume({"out": str(run.folder), "steps": 2})
    assert resume({"out": str(run.folder), "steps": 3}).step == 3


def test_a_resumed_run_keeps_its_settings(new_run: NewRun) -> None:
    run = new_run(steps=2)
    train(run, progress=False)
    with pytest.raises(ConfigError, match=r"--lr is 0.5, the run began with .*: a resumed run keeps its settings"):
        resume({"out": str(run.folder), "lr": 0.5})


def test_a_resumed_run_keeps_its_data(new_run: NewRun, idx_folder: Path) -> None:
    run = new_run(steps=2, data=str(idx_folder))
    train(run, progress=False)
    labels = idx_folder / "train-labels-idx1-ubyte.gz"
    content = bytearray(gzip.decompress(labels.read_bytes()))
    content[-1] = (content[-1] + 1) % 10
    labels.write_bytes(gzip.compress(content))
    with pytest.raises(DataError, match="not the images that the run"):
        resume({"out": str(run.folder)})


def test_the_stand_in_for_mnist_stays_on_resume(tmp_path: Path, new_run: NewRun) -> None:
    run = new_run(steps=2, data="mnist")
    assert run.config.data == "digits"
    train(run, progress=False)
    lines: list[str] = []
    assert resume({"out": str(run.folder)}, say=lines.append).data.name == "digits"
    assert not lines


def test_the_newest_run_is_resumed(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match="no run under runs/"):
        resume({})
    run = start(from_flags({"data": "digits", "steps": 1, "batch_size": 4, "exact_samples": 0}))
    assert run.folder.parent == Path("runs")
    train(run, progress=False)
    assert resume({}).folder == run.folder


def test_weights_that_do_not_fit_are_refused(new_run: NewRun) -> None:
    run = new_run(steps=1)
    train(run, progress=False)
    state = run.state_dict()
    state["critic"].pop("0.weight")
    checkpoint.save(run.folder / checkpoint.NAME, state)
    with pytest.raises(CheckpointError, match="does not fit the networks of preset 'fast'"):
        resume({"out": str(run.folder)})


def test_settings_of_another_version_are_refused(new_run: NewRun) -> None:
    run = new_run(steps=1)
    state = run.state_dict()
    state["config"]["speed"] = 3
    checkpoint.save(run.folder / checkpoint.NAME, state)
    with pytest.raises(CheckpointError, match="its settings are not those of this version"):
        resume({"out": str(run.folder)})


def test_a_killed_process_leaves_a_checkpoint_that_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "gan",
        "train",
        "--data",
        "digits",
        "--batch-size",
        "4",
        "--out",
        str(out),
    ]
    for flag, value in {
        "steps": 100000,
        "checkpoint-every": 100000,
        "exact-samples": 0,
        "log-every": 1,
    }.items():
        command += [f"--{flag}", str(value)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        deadline = time.monotonic() + 60
        while not records.read(out) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert "Stopped by SIGTERM at step" in said
    assert f"python -m gan train --resume --out {out}" in said
    step = checkpoint.load(out)["step"]
    run = resume({"out": str(out), "steps": step + 2, "pictures": 1})
    assert train(run, progress=False) is None
    assert run.step == step + 2
