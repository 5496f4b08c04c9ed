"""Files that are there whole or not at all, whatever happens while they are written.

A new file is written under a name beside the old one, flushed to the disk, and renamed over it. A process that is
killed meanwhile leaves a draft, which the next one removes; an error, such as a full disk, leaves nothing.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["naming", "remove_drafts", "replacing", "write_atomically"]

_DRAFT = ".draft"  # in the name of a file that is not whole yet


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a name to write to, of the same suffix; what is there when the block ends well takes the place of ``path``.

    A reader, or a crash, sees the old file or the new one.
    """
    beside = path.with_name(f".{path.stem}.{os.getpid()}{_DRAFT}{path.suffix}")
    with naming(path):
        try:
            yield beside
            with open(beside, "rb+") as stream:
                os.fsync(stream.fileno())
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
        if os.name == "posix":  # the rename itself must reach the disk too
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def write_atomically(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path``, in a single step."""
    with replacing(path) as beside:
        beside.write_bytes(content)


def remove_drafts(folder: Path, seconds: float = 0.0) -> None:
    """Remove what killed processes left of the files that they were writing, if untouched for so many seconds."""
    for draft in folder.glob(f".*{_DRAFT}*"):
        with contextlib.suppress(FileNotFoundError):  # its writer lives, and has just renamed it
            if time.time() - draft.stat().st_mtime >= seconds:
                draft.unlink()


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let errors of the system say that they are about ``path``: those of writing name no file, others a draft."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # not the system's
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
