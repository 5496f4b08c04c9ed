"""The file of blocks: whole blocks survive anything, broken ones are never believed."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wdist
from wdist.many.blockfile import BlockFile

KEY, OTHER = bytes(range(32)), bytes(32)
BLOCKS = [np.arange(k, dtype=float) + 0.1 for k in (3, 0, 17)]


def written(path: Path) -> bytes:
    with BlockFile(path, KEY) as file:
        for k, block in enumerate(BLOCKS):
            file.append(k, block)
    return path.read_bytes()


def found(path: Path) -> dict[int, list[float]]:
    blocks: dict[int, list[float]] = {}
    with BlockFile(path, KEY) as file:
        assert file.read(lambda k, block: blocks.__setitem__(k, block.tolist())) == len(blocks)
    return blocks


def test_what_goes_in_comes_out(tmp_path):
    written(tmp_path / "f")
    assert found(tmp_path / "f") == {k: block.tolist() for k, block in enumerate(BLOCKS)}


def test_a_tail_is_cut_off_wherever_the_writer_was_killed(tmp_path):
    whole = written(tmp_path / "f")
    for size in [*range(0, 120, 5), *range(len(whole) - 40, len(whole))]:
        (tmp_path / "f").write_bytes(whole[:size])
        blocks = found(tmp_path / "f")
        assert list(blocks) == list(range(len(blocks)))
        assert all(blocks[k] == BLOCKS[k].tolist() for k in blocks)
        with BlockFile(tmp_path / "f", KEY) as file:  # and it can be written on from there
            for k in range(len(blocks), len(BLOCKS)):
                file.append(k, BLOCKS[k])
        assert (tmp_path / "f").read_bytes() == whole


@settings(max_examples=60)
@given(st.data())
def test_no_flipped_bit_is_believed(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bits") / "f"
    whole = bytearray(written(path))
    place = data.draw(st.integers(47, len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(whole)
    blocks = found(path)
    assert len(blocks) < len(BLOCKS)
    assert all(blocks[k] == BLOCKS[k].tolist() for k in blocks)


def test_cut_off_bytes_are_told_of(tmp_path, caplog):
    path = tmp_path / "f"
    path.write_bytes(written(path)[:-1])
    with caplog.at_level(logging.WARNING, "wdist"):
        found(path)
    assert "after 2 whole blocks fail their checksum" in caplog.text


def test_files_that_are_not_ours_are_left_alone(tmp_path):
    path = tmp_path / "f"
    for content in (b"x", b"a text of somebody else's, which is longer than the head of a file of blocks"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="holds something else: give another path"), BlockFile(path, KEY):
            pass
        assert path.read_bytes() == content
    path.unlink()
    whole = written(path)
    with pytest.raises(ValueError, match="holds distances of other measures"), BlockFile(path, OTHER):
        pass
    assert path.read_bytes() == whole
    with pytest.raises(ValueError, match="in a folder that does not exist"):
        BlockFile(tmp_path / "nowhere" / "f", KEY)
    with pytest.raises(ValueError, match="a folder: give the path of a file"):
        BlockFile(tmp_path, KEY)


def test_a_full_disk_loses_nothing_and_is_told_of(tmp_path, disk):
    folder = disk("size=8k")
    with BlockFile(folder / "f", KEY) as file:
        file.append(0, BLOCKS[0])
        with pytest.raises(OSError, match=r"No space left on device: '.*/f'"):
            file.append(1, np.zeros(2000))
        assert (folder / "f").stat().st_size == len(file_of(BLOCKS[:1], tmp_path))
        file.append(1, BLOCKS[2])  # a smaller one fits
    assert found(folder / "f") == {0: BLOCKS[0].tolist(), 1: BLOCKS[2].tolist()}


def file_of(blocks, folder):
    with BlockFile(folder / "apart", KEY) as file:
        for k, block in enumerate(blocks):
            file.append(k, block)
    return (folder / "apart").read_bytes()


def test_a_matrix_goes_on_when_the_disk_has_space_again(tmp_path, disk):
    folder = disk("size=8k")
    measures = np.random.default_rng(9).normal(size=(60, 5))
    with pytest.raises(OSError, match=r"No space left on device: '.*/cache'"):
        wdist.pairwise(measures, p=1, cache=folder / "cache")
    subprocess.run(["mount", "-o", "remount,size=1m", str(folder)], check=True)
    expected = wdist.pairwise(measures, p=1)
    assert np.array_equal(wdist.pairwise(measures, p=1, cache=folder / "cache"), expected)
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    with pytest.raises(OSError, match=r"Read-only file system: '.*/cache'"):
        wdist.pairwise(measures, p=1, cache=folder / "cache")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device")
def test_a_device_is_no_cache():
    with pytest.raises((ValueError, OSError), match="/dev/full"), BlockFile("/dev/full", KEY):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fcntl")
def test_one_writer_at_a_time(tmp_path):
    path = tmp_path / "f"
    program = f"from wdist.many.blockfile import BlockFile\nwith BlockFile({str(path)!r}, {KEY!r}): pass"
    with BlockFile(path, KEY):
        tried = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "another process writes now: wait for it" in tried.stderr
    assert subprocess.run([sys.executable, "-c", program], capture_output=True).returncode == 0
