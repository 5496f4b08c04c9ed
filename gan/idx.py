"""An IDX reader that trusts nothing in the file.

IDX, the format of MNIST: a big-endian header (two zero bytes, the type code 0x08 for unsigned bytes, the
number of dimensions, then each dimension as 32 bits) and the bytes themselves, with nothing after them.

References
----------
LeCun, Cortes, Burges, "The MNIST database of handwritten digits", section "File formats".
"""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

__all__ = ["DataError", "read_idx"]


class DataError(ValueError):
    """A data set is missing, incomplete, corrupt, or not what its name says."""


def read_idx(path: str | Path, ndim: int, *, sha256: str | None = None) -> np.ndarray:
    """Read an IDX file of unsigned bytes, plain or gzipped.

    Parameters
    ----------
    path : path
        Read as gzip when its name ends in ``.gz``.
    ndim : int
        The number of dimensions that is expected: 3 for images, 1 for labels.
    sha256 : str, optional
        Checksum that the uncompressed file must have, hexadecimal.

    Returns
    -------
    numpy.ndarray
        uint8, of the shape in the header.

    Raises
    ------
    DataError
        If the header is not that of such a file, claims more than the file can hold, or the content is
        truncated, too long, corrupt, or has another checksum.
    """
    path = Path(path)
    try:
        with cast(BinaryIO, gzip.open(path) if path.suffix == ".gz" else open(path, "rb")) as stream:
            header, shape = _read_header(stream, path, ndim)
            size = math.prod(shape)
            _refuse_impossible(size, len(header), path)
            body = stream.read(
                size + 1
            )  # one byte more than is due: a longer file, or a bad gzip trailer, shows
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path}: truncated or corrupt gzip ({error}); delete it and fetch it again"
        ) from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    if len(body) != size:
        found = f"only {len(body)}" if len(body) < size else "more"
        raise DataError(f"{path}: the header promises {size} bytes, {found} follow it; fetch the file again")
    if sha256 is not None and (digest := hashlib.sha256(header + body).hexdigest()) != sha256:
        raise DataError(
            f"{path}: sha256 of the uncompressed file is {digest}, not {sha256}; delete it and "
            "fetch it again, or pass its folder as --data if another data set is meant"
        )
    return np.frombuffer(body, dtype=np.uint8).reshape(shape)


def _read_header(stream: BinaryIO, path: Path, ndim: int) -> tuple[bytes, tuple[int, ...]]:
    expected = 4 + 4 * ndim
    header = stream.read(expected)
    if len(header) < expected:
        raise DataError(f"{path}: {len(header)} bytes, an IDX header of {ndim} dimensions has {expected}")
    magic = 0x00000800 + ndim
    if (found := struct.unpack(">I", header[:4])[0]) != magic:
        raise DataError(
            f"{path}: begins with 0x{found:08x}, an IDX file of {ndim}-d bytes with 0x{magic:08x}"
        )
    return header, struct.unpack(f">{ndim}I", header[4:])


def _refuse_impossible(size: int, header: int, path: Path) -> None:
    """Refuse a size that the file on disk cannot hold, before any memory is asked for it."""
    on_disk = path.stat().st_size
    # Deflate cannot compress better than 1032 : 1 (zlib's technical notes).
    possible = 1032 * on_disk if path.suffix == ".gz" else on_disk - header
    if size > possible:
        raise DataError(f"{path}: the header promises {size} bytes, a file of {on_disk} cannot hold them")
