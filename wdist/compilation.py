"""Kernels: plain Python functions that numba compiles at their first use.

Nothing is compiled at import, and numba itself is not imported before it is needed. A small problem does not wait for
the compiler: it runs the same functions as they stand, interpreted. The cache on disk is a help and never a cause of
failure: numba refuses to cache where it finds no writable folder, and stumbles over a truncated cache file; either way
the kernel is compiled again without a cache, some seconds lost and nothing else. Nor does it outlive what it was made
of: numba looks at the file of a kernel alone, a :func:`_stamped` kernel at all of its package.
"""

from __future__ import annotations

import gc
import logging
import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CellType, FunctionType
from typing import Any

import numpy as np

__all__ = ["Kernel", "impatiently", "index", "interpreting", "kernel", "patiently", "plain"]

index: Any = np.uintp  # of an array: unsigned, so that no kernel asks at every step whether to count from the end

_Plain = Callable[..., Any]

_SMALL = 300 * 300  # pairs of points up to which a problem does not wait for the compiler,
_PATIENCE = 2.0  # until so many seconds have gone into such problems


class _Mode(threading.local):
    interpreted = False  # of every thread at first


_mode = _Mode()
_lock = threading.Lock()
_helpers: set[_Plain] = set()
_announced = False
_spent = 0.0  # seconds of interpreted kernels


class Kernel:
    """A function that is compiled when it is first called outside :func:`patiently`.

    Parameters
    ----------
    function : callable
        In the subset of Python that numba knows. Its arguments must have the same types at every call.
    helpers, apart : tuple of callable
        Plain functions that it calls, directly or not. Helpers become part of it, those apart stay functions: the ones
        that are called seldom, or loop so long that they should have all registers.
    owns : bool
        Whether it makes arrays itself. Those that do not are compiled without numba's counting of references, which is
        an atomic operation for every array of a helper, at every call.
    """

    all: list[Kernel] = []  # noqa: RUF012

    def __init__(self, function: _Plain, helpers: tuple[_Plain, ...], apart: tuple[_Plain, ...], owns: bool) -> None:
        self.function, self.helpers, self.apart, self.owns = function, helpers, apart, owns
        self.compiled: Any = None
        Kernel.all.append(self)

    def __call__(self, *arguments: Any) -> Any:
        if interpreting():
            return self.function(*arguments)
        if self.compiled is None:
            with _lock, _uncollected():
                if self.compiled is None:
                    self.compiled = _compile(self, arguments)
        return self.compiled(*arguments)


def kernel(*helpers: _Plain, apart: tuple[_Plain, ...] = (), owns: bool = False) -> Callable[[_Plain], Kernel]:
    """Make a function a :class:`Kernel`."""
    return lambda function: Kernel(function, helpers, apart, owns)


@contextmanager
def patiently(pairs: int) -> Iterator[None]:
    """Within it, kernels of this thread run as plain Python if the problem is too small to be worth compiling for."""
    global _spent
    if interpreting() or pairs > _SMALL or _spent > _PATIENCE or any(k.compiled is not None for k in Kernel.all):
        yield
        return
    _mode.interpreted = True
    begin = time.perf_counter()
    try:
        yield
    finally:
        _mode.interpreted = False
        _spent += time.perf_counter() - begin


def plain(array: np.ndarray) -> np.ndarray:
    """The array in the one layout that kernels are compiled for; a copy only if it has another."""
    return array if array.flags.carray else np.require(array, requirements=["C", "W"])


def impatiently() -> None:
    """From now on small problems of this process wait for the compiler too: many are to come."""
    global _spent
    _spent = math.inf


def interpreting() -> bool:
    """Whether kernels of this thread run as plain Python now."""
    return _mode.interpreted


def _compile(kernel: Kernel, arguments: tuple[Any, ...]) -> Any:
    import numba
    from numba.extending import register_jitable

    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        return kernel.function
    for helper in (*kernel.helpers, *kernel.apart):
        if helper not in _helpers:
            _helpers.add(helper)
            register_jitable(forceinline=helper not in kernel.apart, no_cfunc_wrapper=True)(helper)
    signature = tuple(numba.typeof(argument) for argument in arguments)
    options: dict[str, Any] = {
        "nogil": True,
        "_nrt": kernel.owns,  # numba's runtime, which counts references
        "no_cfunc_wrapper": True,  # for callers in C: there are none
    }
    try:
        compiled = numba.njit(cache=True, **options)(_stamped(kernel.function))
        compiled.compile(signature)
        if not compiled.stats.cache_hits:
            _announce()
    except Exception as error:  # whatever a damaged cache raises: pickle, zlib, OS and runtime errors
        logging.getLogger("wdist").warning(
            "numba's cache is of no use (%s: %s): compiling without it. NUMBA_CACHE_DIR names another folder",
            type(error).__name__,
            error,
        )
        # and without counting switched off: what another numba may not know must not stop it
        compiled = numba.njit(cache=False, nogil=True)(kernel.function)
        compiled.compile(signature)
    return compiled


@contextmanager
def _uncollected() -> Iterator[None]:
    """Garbage is left until afterwards: a compiler's objects are many, and looking through them takes its time too."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _stamped(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with the stamp of its package as a variable from outside: numba's key to the cache has those."""
    code = function.__code__.replace(co_freevars=("stamp",))
    stamp = _stamp(function.__module__.partition(".")[0])
    stamped = FunctionType(code, function.__globals__, function.__name__, closure=(CellType(stamp),))
    stamped.__doc__, stamped.__qualname__ = function.__doc__, function.__qualname__
    return stamped


@cache
def _stamp(package: str) -> str:
    """Names, sizes and times of a package's files: kernels hold constants and helpers from others than their own."""
    folder = Path(sys.modules[package].__path__[0])
    files = ((path.relative_to(folder), path.stat()) for path in sorted(folder.rglob("*.py")))
    return " ".join(f"{path} {found.st_size} {found.st_mtime_ns}" for path, found in files)


def _announce() -> None:
    global _announced
    if not _announced:
        _announced = True
        logging.getLogger("wdist").warning(
            "wdist compiles its solver, once: some seconds now, none later, since numba keeps the result on disk"
        )
