"""A process of its own: what it sends, how it may end, and what its meters read."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest

from benchmarks.process import MIB, ProcessError, metered, stream


def test_items_come_in_order_from_another_process_with_one_thread() -> None:
    assert list(stream(map, (os.getenv, ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"]))) == ["1", "1"]
    assert os.getpid() not in stream(map, (_process_number, [None]))


def test_an_error_ends_the_stream_and_says_what_it_was() -> None:
    items, error = drained(stream(map, (int, ["1", "two"])))
    assert items == [1]
    assert str(error) == "ValueError: invalid literal for int() with base 10: 'two'"
    assert "Traceback" in error.__notes__[0]


def test_a_process_is_killed_at_its_limit_and_what_it_sent_is_kept() -> None:
    start = time.monotonic()
    items, error = drained(stream(map, (time.sleep, [0.0, 60.0]), 1.0))
    assert items == [None]
    assert str(error) == "stopped after 1 s"
    assert time.monotonic() - start < 20.0


def test_a_death_is_told_from_an_end() -> None:
    assert drained(stream(map, (os._exit, [3])))[1].args == ("ended by itself with status 3",)
    if sys.platform == "linux":
        assert str(drained(stream(map, (_kill_me, [9])))[1]).startswith("killed by signal 9")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_meter_sees_the_peak_and_not_what_was_there_before() -> None:
    ((first, second, small),) = stream(map, (_metered_peaks, [48 * MIB]))
    assert first == pytest.approx(48 * MIB, rel=0.05)
    assert second == pytest.approx(48 * MIB, rel=0.05)  # given back in between
    assert small < 4 * MIB


def drained(items: Iterator[object]) -> tuple[list[object], ProcessError]:
    """What came, and what ended it."""
    got: list[object] = []
    with pytest.raises(ProcessError) as stopped:
        got.extend(items)  # keeps those before the error
    return got, stopped.value


def _process_number(_: object) -> int:
    return os.getpid()


def _kill_me(signal: int) -> None:
    os.kill(os.getpid(), signal)


def _metered_peaks(size: int) -> tuple[int | None, ...]:
    held = np.ones(size // 4)  # resident before: does not count
    calls = (lambda: np.ones(size // 8).sum(), lambda: np.ones(size // 8).sum(), lambda: held[0])
    return tuple(metered(call)[2] for call in calls)
