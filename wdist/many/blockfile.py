"""A file of results that survives its writer: blocks are appended one by one, each with its own checksum.

The file opens with a key, a hash of the question, so that no answer to another question is taken for one to this. A
block goes out in one write and is flushed to the disk; a process killed in the middle of it leaves a tail that fails
its checksum, and is cut off when the file is opened again. What was whole stays: nothing is lost but the block that
was being written, and nothing that is in the file is ever computed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

__all__ = ["BlockFile"]

_MAGIC = b"wdist blocks 1\n"
_RECORD = struct.Struct("<QQ16s")  # index, bytes of the block, checksum of key, index and block


class BlockFile:
    """Blocks of float64 by number, on disk, for one question. A context manager that holds the file to itself.

    Parameters
    ----------
    path : path
        Made if it does not exist.
    key : bytes of length 32
        What the blocks are an answer to.

    Raises
    ------
    ValueError
        If the file holds answers to another question, is no file of this kind, or another process writes to it.
    """

    def __init__(self, path: str | os.PathLike[str], key: bytes) -> None:
        self.path, self.key = Path(path), key
        if not self.path.parent.is_dir():
            raise ValueError(f"cache is {str(path)!r}, in a folder that does not exist: make {str(self.path.parent)!r}")
        if self.path.is_dir():
            raise ValueError(f"cache is {str(path)!r}, a folder: give the path of a file in it")

    def __enter__(self) -> BlockFile:
        self._file: BinaryIO = open(self.path, "a+b", buffering=0)
        try:
            _hold(self._file, self.path)
            self._check_head()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, take: Callable[[int, np.ndarray], None]) -> int:
        """Hand every whole block to ``take``, cut off what comes after the last, and return how many there were."""
        self._file.seek(len(_MAGIC) + 32)
        good, count, size = self._file.tell(), 0, os.fstat(self._file.fileno()).st_size
        while len(head := self._file.read(_RECORD.size)) == _RECORD.size:
            index, length, checksum = _RECORD.unpack(head)
            block = self._file.read(length) if length <= size - self._file.tell() else b""
            if len(block) != length or self._checksum(index, block) != checksum:
                break
            take(index, np.frombuffer(block, "<f8"))
            good, count = self._file.tell(), count + 1
        if good < size:
            logging.getLogger("wdist").warning(
                "%s: %d bytes after %d whole blocks fail their checksum (a writer was killed, or the file is damaged): "
                "they are cut off, and computed again", self.path, size - good, count
            )  # fmt: skip
            os.ftruncate(self._file.fileno(), good)
        return count

    def append(self, index: int, block: np.ndarray) -> None:
        """Write a block; on return it is on the disk."""
        data = np.ascontiguousarray(block, "<f8").tobytes()
        self._write(_RECORD.pack(index, len(data), self._checksum(index, data)) + data)

    def _check_head(self) -> None:
        head = _MAGIC + self.key
        self._file.seek(0)
        found = self._file.read(len(head))
        if found == head:
            return
        if not head.startswith(found) and not found.startswith(_MAGIC):
            raise ValueError(f"cache is {str(self.path)!r}, which exists and holds something else: give another path")
        if len(found) == len(head):
            raise ValueError(
                f"cache is {str(self.path)!r}, which holds distances of other measures, or under another p or method: "
                "give another path, or delete the file"
            )
        os.ftruncate(self._file.fileno(), 0)  # killed while it wrote these few bytes
        self._write(head)

    def _write(self, content: bytes) -> None:
        """Write at the end and flush to the disk, or raise what the system says and leave the file as it was."""
        size = os.fstat(self._file.fileno()).st_size
        try:
            written = self._file.write(content)
            if written != len(content):  # a full disk writes in part, and raises only the next time
                self._file.write(content[written:])
            os.fsync(self._file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file.fileno(), size)
            raise OSError(error.errno, error.strerror, os.fspath(self.path)) from error

    def _checksum(self, index: int, block: bytes) -> bytes:
        return hashlib.blake2b(self.key + index.to_bytes(8, "little") + block, digest_size=16).digest()


def _hold(file: BinaryIO, path: Path) -> None:
    """Lock out other processes, where the system can; the lock ends with the process, however it ends."""
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows
        return
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # of this kind children inherit none
    except (BlockingIOError, PermissionError):
        raise ValueError(f"cache is {str(path)!r}, to which another process writes now: wait for it") from None
    except OSError:  # a file system without locks
        pass
