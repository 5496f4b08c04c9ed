"""What is fuzzed: a reader each, with files that it should read to begin from.

A target takes bytes, puts them where its reader looks for a file, and lets the reader's named errors pass. Whatever
else comes out of it is a fault. The first byte chooses the way in where there are several: random bytes seldom have
the right checksum, so some ways put it right.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import struct
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gan import idx
from wdist import InvalidMeasureError, files
from wdist.__main__ import main

__all__ = ["TARGETS", "Target"]


class Target(NamedTuple):
    """A reader under test: what to do with random bytes, and bytes to begin with."""

    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]


def _put(name: str, content: bytes) -> Path:
    """A file of this process, in memory where there is such a place."""
    folder = Path("/dev/shm" if os.path.isdir("/dev/shm") else tempfile.gettempdir())
    path = folder / f"wdist-fuzz-{os.getpid()}-{name}"
    path.write_bytes(content)
    return path


def _archive(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


# IDX: a plain file, an archive, a plain file in a well-formed archive.


def _idx(data: bytes) -> None:
    way, content = data[:1], data[1:]
    suffix = "" if way < b"\x40" else ".gz"
    if way >= b"\xa0":
        content = gzip.compress(content, 1)
    path = _put(f"idx{suffix}", content)
    with contextlib.suppress(idx.DataError):
        array = idx.read_idx(path, 3 if way and way[0] % 2 else 1)
        assert array.dtype == np.uint8


def _idx_seeds() -> list[bytes]:
    images = struct.pack(">IIII", 0x803, 2, 3, 3) + bytes(range(18))
    labels = struct.pack(">II", 0x801, 4) + bytes(range(4))
    plain = [b"\x01" + images, b"\x00" + labels]
    return [*plain, b"\x50" + gzip.compress(labels), b"\xb1" + images, b"\xb0" + labels]


# Checkpoints: as they are, under a header that is right about the payload, and as the pickle in such a payload.


def _checkpoint(data: bytes) -> None:
    from gan import checkpoint

    way, content = data[:1], data[1:]
    if way >= b"\xa0":
        parts = {"data.pkl": content, "byteorder": b"little", "data/0": bytes(16), "version": b"3\n"}
        content = _archive({f"archive/{name}": part for name, part in parts.items()})
    if way >= b"\x40":
        head = f"wdist-gan-checkpoint 1 {hashlib.sha256(content).hexdigest()} {len(content)}\n"
        content = head.encode() + content
    with contextlib.suppress(checkpoint.CheckpointError):
        assert isinstance(checkpoint.load(_put("checkpoint", content)), dict)


def _checkpoint_seeds() -> list[bytes]:
    import torch

    state: dict[str, Any] = {"generator": {"w": torch.arange(4.0)}, "step": 2, "seconds": 0.5, "config": {"a": "b"}}
    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    head = f"wdist-gan-checkpoint 1 {hashlib.sha256(payload).hexdigest()} {len(payload)}\n".encode()
    with zipfile.ZipFile(buffer) as archive:
        pickled = next(archive.read(name) for name in archive.namelist() if name.endswith("data.pkl"))
    return [b"\x00" + head + payload, b"\x50" + payload, b"\xb0" + pickled]


# Exported weights: as they are.


def _weights(data: bytes) -> None:
    from gan import checkpoint, weights

    with contextlib.suppress(checkpoint.CheckpointError):
        weights.load(_put("weights", data))


def _weights_seeds() -> list[bytes]:
    import torch

    from gan import weights

    path = _put("weights", b"")
    weights.save(path, {"w": torch.arange(4.0), "n": torch.tensor(3)}, {"step": "2"})
    return [path.read_bytes()]


# Points: text, .npy, .npz, and .npy in a well-formed .npz.


def _points(data: bytes, suffix: str) -> None:
    way, content = data[:1], data[1:]
    if suffix == ".npz" and way >= b"\x80":
        content = _archive({"points.npy": content})
    column = {b"\x00": "1", b"\x01": "w"}.get(way)
    with contextlib.suppress(InvalidMeasureError):
        samples = files.read_samples(str(_put(f"points{suffix}", content)), weights_column=column)
        assert np.isfinite(samples.points).all()


def _text(data: bytes) -> None:
    _points(data, ".csv")


def _npy(data: bytes) -> None:
    _points(data, ".npz" if data[:1] >= b"\x40" else ".npy")


def _text_seeds() -> list[bytes]:
    tables = [b"1,2\n3,4.5e-3\n", b"a;w\n1;2\n-inf;nan\n", b"# note\n\n1 2\t3\n", b"\xef\xbb\xbf1\n"]
    tables += [b'"x","w"\n"1","2"\n']
    return [way + table for way in (b"\x00", b"\x01", b"\x02") for table in tables]


def _npy_seeds() -> list[bytes]:
    arrays = [np.arange(6.0).reshape(3, 2), np.array([1, 2], "<i2"), np.array(["a"]), np.array([1j])]
    found = []
    for array in arrays:
        plain, packed = io.BytesIO(), io.BytesIO()
        np.save(plain, array)
        np.savez_compressed(packed, points=array, weights=np.ones(len(array)))
        found += [b"\x02" + plain.getvalue(), b"\x50" + packed.getvalue(), b"\x90" + plain.getvalue()]
    return found


# The command line: two texts, told apart by the first zero byte.


def _distance(data: bytes) -> None:
    way, (x, _, y) = data[:1], data[1:].partition(b"\0")
    paths = [str(_put("x.csv", x)), str(_put("y.csv", y))]
    out, errors = io.StringIO(), io.StringIO()
    p = ("1", "2", "3.5", "inf")[(way or b"\0")[0] % 4]
    method = ("auto", "sliced", "max_sliced")[(way or b"\0")[0] // 4 % 3]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        status = main(["distance", *paths, "--p", p, "--method", method, "--json"])
    assert status in (0, 2)
    if status == 2:
        assert errors.getvalue().startswith("wdist: ")
        return
    facts = json.loads(out.getvalue())
    assert float(facts["lower"]) <= facts["distance"] <= float(facts["upper"])


def _distance_seeds() -> list[bytes]:
    pairs = [b"1,2\n3,4\n\0" + b"0,0\n1,1\n5,5\n", b"1\n2\n\0" + b"3\n", b"1e300\n\0" + b"-1e300\n2\n"]
    return [bytes([way]) + pair for way in range(12) for pair in pairs]


TARGETS = {
    "idx": Target(_idx, _idx_seeds),
    "checkpoint": Target(_checkpoint, _checkpoint_seeds),
    "weights": Target(_weights, _weights_seeds),
    "text": Target(_text, _text_seeds),
    "npy": Target(_npy, _npy_seeds),
    "distance": Target(_distance, _distance_seeds),
}
