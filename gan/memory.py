"""Freed memory stays with the process.

A step of training allocates and frees the same megabytes again and again. The C library of most Linux systems gives
large blocks back to the kernel at once, and the kernel clears every page before it lends it out again: for the small
networks of preset ``fast`` on one CPU, an eighth of the time.
"""

from __future__ import annotations

import ctypes
import platform

__all__ = ["keep_freed"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_LARGEST_BLOCK = 32 << 20  # the most that glibc takes as a threshold
_NEVER = 2**31 - 1


def keep_freed() -> None:
    """Ask the allocator of this process to keep what is freed, where it is glibc's."""
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _LARGEST_BLOCK)
        library.mallopt(_TRIM_THRESHOLD, _NEVER)
