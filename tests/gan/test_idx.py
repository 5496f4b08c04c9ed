"""The IDX reader: what it reads, and every way in which it refuses."""

from __future__ import annotations

import gzip
import hashlib
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from idx_files import idx_bytes

from gan import DataError
from gan.idx import read_idx

IMAGES = np.random.default_rng(1).integers(0, 256, (7, 5, 4)).astype(np.uint8)


@pytest.fixture(params=["plain", "gz"])
def write(request: pytest.FixtureRequest, tmp_path: Path):
    """Write bytes as a plain file or as a gzipped one, and return the path."""

    def to_disk(content: bytes) -> Path:
        path = tmp_path / ("file.gz" if request.param == "gz" else "file")
        path.write_bytes(gzip.compress(content) if request.param == "gz" else content)
        return path

    return to_disk


def test_reads_what_was_written(write) -> None:
    read = read_idx(write(idx_bytes(IMAGES)), 3)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, IMAGES)


def test_reads_labels(write) -> None:
    np.testing.assert_array_equal(read_idx(write(idx_bytes(np.arange(10))), 1), np.arange(10))


def test_accepts_the_right_checksum(write) -> None:
    content = idx_bytes(IMAGES)
    assert read_idx(write(content), 3, sha256=hashlib.sha256(content).hexdigest()).shape == IMAGES.shape


def test_refuses_another_checksum(write) -> None:
    content = idx_bytes(IMAGES)
    changed = content[:-1] + bytes([content[-1] ^ 1])
    with pytest.raises(
        DataError, match=r"sha256 of the uncompressed file is .* delete it and fetch it again"
    ):
        read_idx(write(changed), 3, sha256=hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("dimensions", [1, 2, 4])
def test_refuses_another_magic(write, dimensions: int) -> None:
    content = idx_bytes(np.zeros([2] * dimensions))
    content += bytes(16)  # long enough for a header of three dimensions
    with pytest.raises(DataError, match=f"begins with 0x0000080{dimensions}, .* with 0x00000803"):
        read_idx(write(content), 3)


def test_refuses_a_type_that_is_not_bytes(write) -> None:
    content = struct.pack(">IIII", 0x00000D03, 1, 1, 1) + bytes(4)  # 0x0D: float
    with pytest.raises(DataError, match="begins with 0x00000d03"):
        read_idx(write(content), 3)


@pytest.mark.parametrize("length", [0, 3, 15])
def test_refuses_a_short_header(write, length: int) -> None:
    with pytest.raises(DataError, match=f"{length} bytes, an IDX header of 3 dimensions has 16"):
        read_idx(write(idx_bytes(IMAGES)[:length]), 3)


def test_refuses_a_truncated_body(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"  # the stream is whole, what it holds is not
    path.write_bytes(gzip.compress(idx_bytes(IMAGES)[:-3]))
    with pytest.raises(DataError, match="promises 140 bytes, only 137 follow it"):
        read_idx(path, 3)


def test_refuses_a_truncated_plain_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(idx_bytes(IMAGES)[:-3])
    with pytest.raises(DataError, match="promises 140 bytes, a file of 153 cannot hold them"):
        read_idx(path, 3)


def test_refuses_trailing_bytes(write) -> None:
    with pytest.raises(DataError, match="promises 140 bytes, more follow it"):
        read_idx(write(idx_bytes(IMAGES) + b"x"), 3)


@pytest.mark.parametrize("keep", [5, 20, -9, -1])
def test_refuses_a_truncated_gzip(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(idx_bytes(IMAGES))[:keep])
    with pytest.raises(DataError, match=r"truncated or corrupt gzip .* fetch it again"):
        read_idx(path, 3)


def test_a_corrupt_gzip_is_never_read_as_something_else(tmp_path: Path) -> None:
    """Any byte may be spoilt: an error, or, where gzip stores nothing of the content, the right content."""
    path = tmp_path / "file.gz"
    good = gzip.compress(idx_bytes(IMAGES), mtime=0)
    refused = 0
    for position in range(len(good)):
        path.write_bytes(good[:position] + bytes([good[position] ^ 0x10]) + good[position + 1 :])
        try:
            np.testing.assert_array_equal(read_idx(path, 3), IMAGES)
        except DataError:
            refused += 1
    assert refused >= len(good) - 8  # of ten header bytes, time, effort and system mean nothing


def test_refuses_a_plain_file_named_gz(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(idx_bytes(IMAGES))
    with pytest.raises(DataError, match="corrupt gzip"):
        read_idx(path, 3)


@pytest.mark.parametrize("shape", [(0xFFFFFFFF, 28, 28), (0xFFFFFFFF,) * 3, (60_000, 28, 28)])
def test_refuses_a_bomb_before_it_allocates(write, shape: tuple[int, ...]) -> None:
    path = write(struct.pack(">IIII", 0x803, *shape) + bytes(64))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=r"promises \d+ bytes, a file of \d+ cannot hold them"):
            read_idx(path, 3)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_stops_reading_a_stream_longer_than_its_header_says(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(idx_bytes(IMAGES) + bytes(20_000_000)))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="more follow it"):
            read_idx(path, 3)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent: cannot be read \(No such file"):
        read_idx(tmp_path / "absent", 3)
