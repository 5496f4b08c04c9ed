"""A checkpoint is whole or refused, and refusing says why."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from gan import CheckpointError
from gan.checkpoint import NAME, load, save


def state(**changes: Any) -> dict[str, Any]:
    """A checkpoint's content, small."""
    modules = ("generator", "average", "critic", "generator_optimizer", "critic_optimizer")
    content = {name: {"weight": torch.arange(3.0)} for name in modules}
    return {
        **content,
        "config": {"steps": 3},
        "data": "ab",
        "shape": [1, 28, 28],
        "step": 2,
        "seconds": 0.5,
        "pending": [],
        "rng": torch.zeros(4),
    } | changes


def framed(payload: bytes) -> bytes:
    """A payload under a header that is right about it."""
    return f"wdist-gan-checkpoint 1 {hashlib.sha256(payload).hexdigest()} {len(payload)}\n".encode() + payload


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    save(tmp_path / NAME, state())
    loaded = load(tmp_path / NAME)
    assert loaded["config"] == {"steps": 3}
    assert (loaded["step"], loaded["seconds"]) == (2, 0.5)
    assert torch.equal(loaded["critic"]["weight"], torch.arange(3.0))


def test_a_run_folder_means_its_checkpoint(tmp_path: Path) -> None:
    save(tmp_path / NAME, state())
    assert load(tmp_path)["step"] == 2


def test_saving_leaves_nothing_beside(tmp_path: Path) -> None:
    save(tmp_path / NAME, state())
    save(tmp_path / NAME, state(step=3))
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert load(tmp_path)["step"] == 3


@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_a_crash_while_saving_keeps_the_old_one(tmp_path: Path, monkeypatch, where: str) -> None:
    save(tmp_path / NAME, state())

    def crash(*args: Any) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(os, where, crash)
        with pytest.raises(OSError, match="the disk is full"):
            save(tmp_path / NAME, state(step=3))
    assert load(tmp_path)["step"] == 2
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("name", ["absent.pt", "."])
def test_a_missing_one_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(
        CheckpointError, match=r"no such checkpoint; `python -m gan train --out .*` makes one"
    ):
        load(tmp_path / name)


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    save(tmp_path / NAME, state())
    whole = (tmp_path / NAME).read_bytes()
    header = whole.index(b"\n") + 1
    for length in (0, 10, header - 1, header, header + 1, len(whole) // 2, len(whole) - 1):
        (tmp_path / NAME).write_bytes(whole[:length])
        message = "truncated" if length >= header else "not a checkpoint of this program"
        with pytest.raises(CheckpointError, match=message):
            load(tmp_path)


def test_every_flipped_byte_is_refused(tmp_path: Path) -> None:
    save(tmp_path / NAME, state())
    whole = (tmp_path / NAME).read_bytes()
    for position in [*range(100), *range(100, len(whole), 97), len(whole) - 1]:
        (tmp_path / NAME).write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(CheckpointError):
            load(tmp_path)


def test_trailing_bytes_are_refused(tmp_path: Path) -> None:
    save(tmp_path / NAME, state())
    with open(tmp_path / NAME, "ab") as stream:
        stream.write(b"x")
    with pytest.raises(CheckpointError, match="truncated or extended"):
        load(tmp_path)


def test_another_format_version_is_refused(tmp_path: Path) -> None:
    save(tmp_path / NAME, state())
    whole = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(whole.replace(b"checkpoint 1 ", b"checkpoint 2 ", 1))
    with pytest.raises(CheckpointError, match="format 2, this program reads 1"):
        load(tmp_path)


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    torch.save(state(), tmp_path / NAME)
    with pytest.raises(CheckpointError, match="not a checkpoint of this program"):
        load(tmp_path)


class _Poison:
    """Runs a command when it is unpickled by a reader that trusts it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (os.fspath(self.mark),)


@pytest.mark.parametrize("writer", ["torch", "pickle"])
def test_a_poisoned_pickle_does_not_run(tmp_path: Path, writer: str) -> None:
    poison = state(rng=_Poison(tmp_path / "it ran"))
    if writer == "torch":
        torch.save(poison, tmp_path / "payload")
    else:
        (tmp_path / "payload").write_bytes(pickle.dumps(poison))
    (tmp_path / NAME).write_bytes(framed((tmp_path / "payload").read_bytes()))
    with pytest.raises(CheckpointError, match="not a dictionary of plain tensors"):
        load(tmp_path)
    assert not (tmp_path / "it ran").exists()


@pytest.mark.parametrize("pickled", [b"\x80\x02a.", b"\x80\x02K", b"\x80\x02J\xff\xff\xff\x7f.", b"\x80\x02h\x05."])
def test_a_pickle_at_random_is_refused(tmp_path: Path, pickled: bytes) -> None:
    """torch's own reader ends on an empty stack by an IndexError, and so on."""
    whole = io.BytesIO()
    torch.save({}, whole)
    payload = io.BytesIO()
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(payload, "w") as target:
        for name in source.namelist():
            content = pickled if name.endswith("data.pkl") else source.read(name)
            target.writestr(name, content)
    (tmp_path / NAME).write_bytes(framed(payload.getvalue()))
    with pytest.raises(CheckpointError, match=r"not a dictionary of plain tensors|a checkpoint of another program"):
        load(tmp_path)


@pytest.mark.parametrize("content", [[1, 2], {"step": 2}, torch.zeros(3)])
def test_another_program_s_content_is_refused(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "payload")
    (tmp_path / NAME).write_bytes(framed((tmp_path / "payload").read_bytes()))
    with pytest.raises(CheckpointError, match="a checkpoint of another program"):
        load(tmp_path)
