"""What is logged is on the board, if there is one, and nothing is missed if there is none."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any

import pytest

from gan import records
from gan import train as training
from gan.runs import resume
from gan.state import Run
from gan.train import train


class FakeWriter:
    """Stands for TensorBoard's SummaryWriter."""

    made: list[FakeWriter] = []  # noqa: RUF012

    def __init__(self, folder: str, purge_step: int | None) -> None:
        self.folder, self.purge_step, self.closed = folder, purge_step, False
        self.scalars: list[tuple[str, float, int]] = []
        self.made.append(self)

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.scalars.append((name, value, step))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def writers(monkeypatch: pytest.MonkeyPatch) -> list[FakeWriter]:
    module = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = FakeWriter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    monkeypatch.setattr(FakeWriter, "made", [])
    monkeypatch.setattr(training, "report", lambda run: None)
    return FakeWriter.made


def test_the_log_is_on_the_board(new_run: Callable[..., Run], writers: list[FakeWriter]) -> None:
    run = new_run(steps=4)
    train(run, progress=False)
    (writer,) = writers
    assert writer.folder == str(run.folder / "tensorboard")
    assert writer.purge_step is None
    assert writer.closed
    logged = {(f"train/{k}", r["step"]): v for r in records.read(run.folder) for k, v in r.items()}
    assert {step for _, _, step in writer.scalars} == {2, 4}
    assert all(logged[name, step] == value for name, value, step in writer.scalars)
    assert {"train/real", "train/slope", "train/lr"} <= {name for name, _, _ in writer.scalars}


def test_a_resumed_run_goes_on_after_its_checkpoint(new_run: Callable[..., Run], writers: list[FakeWriter]) -> None:
    run = new_run(steps=2)
    train(run, progress=False)
    train(resume({"out": str(run.folder), "steps": 4}), progress=False)
    assert writers[1].purge_step == 3
    assert {step for _, _, step in writers[1].scalars} == {4}


def test_without_tensorboard_nothing_is_written(
    new_run: Callable[..., Run], writers: list[FakeWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    module: Any = None  # how Python marks a module that is not to be found
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    run = new_run(steps=2)
    train(run, progress=False)
    assert not writers
    assert len(records.read(run.folder)) == 1
