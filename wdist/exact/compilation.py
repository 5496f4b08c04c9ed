"""Compilation of a numba kernel at its first use, with the cache on disk as a help and never as a cause of failure.

numba refuses to cache where it finds no writable folder, and stumbles over a truncated cache file. Either way the
kernel is compiled again without a cache: some seconds lost, nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

__all__ = ["compiled"]

_kernels: dict[tuple[Any, ...], Any] = {}


def compiled(function: Callable[..., Any], *examples: Any) -> Any:
    """``function`` compiled for arguments of the types of ``examples``."""
    import numba

    signature = tuple(numba.typeof(example) for example in examples)
    key = (function, signature)
    if key not in _kernels:
        try:
            kernel = numba.njit(cache=True, nogil=True)(function)
            kernel.compile(signature)
        except Exception as error:  # whatever a damaged cache raises: pickle, zlib, OS and runtime errors
            logging.getLogger("wdist").warning(
                "numba's cache is of no use (%s: %s): compiling without it. NUMBA_CACHE_DIR names another folder",
                type(error).__name__,
                error,
            )
            kernel = numba.njit(cache=False, nogil=True)(function)
            kernel.compile(signature)
        _kernels[key] = kernel
    return _kernels[key]
