"""Bits that are flipped and ends that are cut off, one at a time, and what the reader makes of each."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .formats import Format

__all__ = ["Row", "flips", "measure", "truncations"]

REFUSED, SAME, OTHER = "refused", "same content", "other content"


@dataclass
class Row:
    """What was found for one kind of file."""

    name: str
    size: int
    checked: bool
    flips: Counter[str] = field(default_factory=Counter)
    truncations: Counter[str] = field(default_factory=Counter)

    @property
    def well(self) -> bool:
        """No damaged content was taken for whole, of a file that holds a checksum; no file that was cut."""
        return not self.truncations[OTHER] and not (self.checked and self.flips[OTHER])


def flips(size: int, count: int | None, seed: int = 0) -> Iterable[int]:
    """Numbers of bits: all of them, or so many drawn at random."""
    return range(8 * size) if count is None else np.random.default_rng(seed).integers(0, 8 * size, count).tolist()


def truncations(size: int, count: int | None, seed: int = 0) -> Iterable[int]:
    """Lengths below ``size``: all of them, or so many drawn at random, none at all and all but one among them."""
    if count is None:
        return range(size)
    return [0, size - 1, *np.random.default_rng(seed).integers(0, size, count - 2).tolist()]


def measure(format: Format, bits: Iterable[int], lengths: Iterable[int]) -> Row:
    """Damage a file in every way that is asked for, and read it; an error without a name comes out."""
    row = Row(format.name, len(format.content), format.checked)
    logging.getLogger("wdist").setLevel(logging.ERROR)  # each block that is cut off would be told of
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        path = Path(folder) / f"file{format.suffix}"
        path.write_bytes(format.content)
        due = format.read(path)
        damaged = bytearray(format.content)
        for bit in bits:
            damaged[bit // 8] ^= 1 << bit % 8
            row.flips[_verdict(format, path, damaged, due)] += 1
            damaged[bit // 8] ^= 1 << bit % 8
        for length in lengths:
            row.truncations[_verdict(format, path, damaged[:length], due)] += 1
    return row


def _verdict(format: Format, path: Path, content: bytearray, due: bytes) -> str:
    path.write_bytes(content)
    try:
        return SAME if format.read(path) == due else OTHER
    except format.errors:
        return REFUSED
