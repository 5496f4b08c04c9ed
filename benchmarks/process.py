"""A process of its own for every measurement, so that its seconds and its peak memory are its own.

Imports are done before a measurement starts, in the server that its process is forked from. All arithmetic is on one
thread. A process that takes too long is killed, what it sent until then is kept.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["MIB", "ProcessError", "metered", "stream"]

MIB = 2**20
_PRELOAD = ["numpy", "scipy.sparse", "scipy.spatial", "scipy.special", "scipy.stats", "numba", "torch", "ot"]
_THREADS = ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB_MAXIMUM")

T = TypeVar("T")


class ProcessError(RuntimeError):
    """What ended a process before its work was done, in one line; a note holds the traceback, if there is one."""


def stream(function: Callable[..., Iterable[T]], arguments: tuple[Any, ...], limit: float | None = None) -> Iterator[T]:
    """Iterate over ``function(*arguments)``, which runs in a fresh process.

    Raises
    ------
    ProcessError
        If it fails, dies, or takes more than ``limit`` seconds; after the items that came before.
    """
    context = _context()
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(sender, function, arguments), daemon=True)
    process.start()
    sender.close()  # the child has the other copy: without this one, its death ends the pipe
    try:
        deadline = None if limit is None else time.monotonic() + limit
        while (message := _next(receiver, process, deadline, limit)) is not None:
            yield message[0]
    finally:
        receiver.close()
        process.kill()
        process.join()
        process.close()


def metered(call: Callable[[], T]) -> tuple[T, float, int | None]:
    """The answer, its wall time in seconds, and the peak of memory above what was resident before, in bytes.

    Memory is None where the system does not tell.
    """
    _give_back()
    _reset_peak()
    before = _peak()
    start = time.perf_counter()
    answer = call()
    seconds = time.perf_counter() - start
    after = _peak()
    return answer, seconds, None if before is None or after is None else after - before


def _context() -> ForkServerContext:
    os.environ.update({f"{library}_NUM_THREADS": "1" for library in _THREADS})  # children read them
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOAD)
    return context


def _serve(sender: Connection, function: Callable[..., Iterable[T]], arguments: tuple[Any, ...]) -> None:
    """Runs in a process of its own: items as 1-tuples, then None, or the error as text, which always pickles."""
    try:
        for item in function(*arguments):
            sender.send((item,))
        sender.send(None)
    except Exception as error:
        sender.send((f"{type(error).__name__}: {error}", traceback.format_exc()))


def _next(receiver: Connection, process: BaseProcess, deadline: float | None, limit: float | None) -> Any:
    if deadline is not None and not receiver.poll(max(0.0, deadline - time.monotonic())):
        raise ProcessError(f"stopped after {limit:g} s")
    try:
        message = receiver.recv()
    except EOFError:
        process.join()
        raise ProcessError(_epitaph(process.exitcode)) from None
    if message is not None and len(message) == 2:
        error = ProcessError(message[0])
        error.add_note(message[1])
        raise error
    return message


def _epitaph(code: int | None) -> str:
    if code is None or code >= 0:
        return f"ended by itself with status {code}"
    hint = ", perhaps for want of memory" if -code == getattr(signal, "SIGKILL", None) else ""
    return f"killed by signal {-code}{hint}"


def _give_back() -> None:
    """Return freed memory to the system, where its C library can: used again, it then counts."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return


def _reset_peak() -> None:
    """Make the peak what is resident now, where the system can; else it stays that of the warm-up."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _peak() -> int | None:
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return _peak_posix()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def _peak_posix() -> int | None:
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS, where there is no /proc
