"""Many tasks: here while they are few, wherever joblib's backend is when they are many.

The first half second of tasks is done in this process, and all of them if the rest takes no more than two, so that a
small job waits for no other to start; kernels are compiled once, onto the disk, before others look for them there. A
longer rest goes through joblib's ``Parallel`` with no backend named: processes on this machine, or what
``joblib.parallel_config`` says.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any

from .compilation import impatiently
from .settings import check_jobs

__all__ = ["ask"]

_HERE = 0.5  # seconds of tasks that are done before others are asked for help,
_WORTH = 2.0  # and seconds that the rest has to take, for processes take a second or two to start


def ask(function: Callable[..., Any], tasks: Sequence[Any], n_jobs: int | None) -> Iterator[Any]:
    """``function`` of every task, in any order; elsewhere it is called with ``elsewhere=True``."""
    n_jobs = check_jobs(n_jobs)
    rest, begin, done = iter(tasks), time.perf_counter(), 0
    for task in rest:
        yield function(task)
        done, spent = done + 1, time.perf_counter() - begin
        if spent > _HERE:
            impatiently()
            if n_jobs != 1 and spent / done * (len(tasks) - done) > _WORTH:
                break
    for task in islice(rest, 1):
        yield function(task)  # by compiled code, which is on the disk when others look for it
    if (first := next(rest, None)) is None:
        return
    from joblib import Parallel, delayed, effective_n_jobs

    call, rest = delayed(partial(function, elsewhere=True)), chain([first], rest)
    try:
        yield from Parallel(n_jobs=n_jobs, return_as="generator_unordered")(map(call, rest))
    except ValueError as error:
        if "return_as" not in str(error):
            raise
        # A backend that answers only when all is done is asked for a little at a time.
        with Parallel(n_jobs=n_jobs) as parallel:
            while some := list(islice(rest, 4 * effective_n_jobs(n_jobs))):
                yield from parallel(map(call, some))
