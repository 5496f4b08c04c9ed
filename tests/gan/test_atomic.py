"""A file is there whole or not at all."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from gan.atomic import remove_drafts, replacing, write_atomically


def test_a_write_replaces(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", b"one")
    write_atomically(tmp_path / "file", b"two")
    assert (tmp_path / "file").read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["file"]


def test_the_draft_has_the_suffix_by_which_formats_are_chosen(tmp_path: Path) -> None:
    with replacing(tmp_path / "picture.png") as draft:
        assert draft.suffix == ".png"
        draft.write_bytes(b"")
    assert os.listdir(tmp_path) == ["picture.png"]


@pytest.mark.parametrize("error", [ValueError("bad"), OSError(errno.ENOSPC, "No space left on device")])
def test_an_error_leaves_the_old_one_and_nothing_beside(tmp_path: Path, error: Exception) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail() -> None:
        with replacing(path) as draft:
            draft.write_bytes(b"half")
            raise error

    with pytest.raises(type(error)) as caught:
        fail()
    assert isinstance(error, ValueError) or str(path) in str(caught.value)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_an_error_names_the_file_not_its_draft(tmp_path: Path) -> None:
    path = tmp_path / "absent" / "file"
    with pytest.raises(FileNotFoundError) as caught:
        write_atomically(path, b"")
    assert str(caught.value).endswith(f"'{path}'")


def test_old_drafts_go_and_young_ones_stay(tmp_path: Path) -> None:
    for name, age in ((".a.1.draft.gz", 100.0), (".b.2.draft", 10.0), ("c.gz", 100.0)):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    remove_drafts(tmp_path, 60.0)
    assert sorted(os.listdir(tmp_path)) == [".b.2.draft", "c.gz"]
    remove_drafts(tmp_path)
    assert os.listdir(tmp_path) == ["c.gz"]
