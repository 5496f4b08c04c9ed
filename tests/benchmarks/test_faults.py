"""Damaged files: what holds a checksum is never taken for whole, and what has none is known by name."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.faults.command import page
from benchmarks.faults.damage import OTHER, REFUSED, Row, flips, measure, truncations
from benchmarks.faults.formats import Format, real, small

ROOT = Path(__file__).resolve().parents[2]
UNCHECKED = {"IDX images, plain, of an unknown data set", "points, .npy"}


def check(row: Row) -> None:
    assert row.well, row
    assert not row.checked or not row.flips[OTHER], row


def test_some_flips_and_truncations(tmp_path: Path) -> None:
    rows = [measure(f, flips(len(f.content), 60), truncations(len(f.content), 30)) for f in small(tmp_path)]
    for row in rows:
        check(row)
    assert {row.name for row in rows if not row.checked} == UNCHECKED


@pytest.mark.slow
def test_every_flip_and_truncation_of_small_files(tmp_path: Path) -> None:
    for format in small(tmp_path):
        size = len(format.content)
        assert size <= 1 << 16
        check(row := measure(format, flips(size, None), truncations(size, None)))
        assert (row.flips.total(), row.truncations.total()) == (8 * size, size)
        assert row.truncations[REFUSED] == size


@pytest.mark.slow
def test_two_thousand_flips_of_real_files(tmp_path: Path, mnist_dir: Path) -> None:
    names = set()
    for format in real(tmp_path):
        size = len(format.content)
        check(measure(format, flips(size, 2000, seed=1), truncations(size, 100, seed=1)))
        names.add(format.name)
    assert {"checkpoint", "exported generator", "block file of pairwise"} < names
    assert any(name.startswith("IDX") for name in names)


def test_a_reader_that_believes_everything_is_found_out(tmp_path: Path) -> None:
    trusting = Format("trusting", "", bytes(40), Path.read_bytes, (ValueError,), True)
    row = measure(trusting, flips(40, None), truncations(40, None))
    assert not row.well
    assert (row.flips[OTHER], row.truncations[OTHER]) == (320, 40)
    assert "| trusting | 40 | 320 | 0 | 0 | 320 | 40 | 0 | 0 | 40 |" in page([row])


def claim() -> bytes:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)})
    return header.getvalue()


CLAIMS = {
    "images": ("", struct.pack(">IIII", 0x803, 1 << 31, 1 << 5, 1 << 4) + bytes(64)),
    "points": (".npy", claim()),
}


@pytest.mark.parametrize("kind", CLAIMS)
def test_a_header_that_claims_a_trillion_is_refused_in_little_memory(tmp_path: Path, kind: str) -> None:
    suffix, content = CLAIMS[kind]
    (tmp_path / f"claim{suffix}").write_bytes(content)
    program = f"""
import resource
from gan.idx import DataError, read_idx
from wdist import InvalidMeasureError
from wdist.files import read_samples
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_idx("claim", 3) if {kind!r} == "images" else read_samples("claim.npy")
except (DataError, InvalidMeasureError) as error:
    print(error)
assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000, "20 MB"
"""
    environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "cannot hold them" in done.stdout or "Unable to allocate 8.00 TiB" in done.stdout, done.stdout
