"""Tasks are all answered, here or elsewhere, whatever answers them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import joblib
import pytest
from joblib._parallel_backends import ThreadingBackend

from wdist import jobs
from wdist.jobs import ask


class InTheEnd(ThreadingBackend):  # type: ignore[misc]
    """A backend that answers only when all is done."""

    supports_return_generator = False


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The first task and one more are done here, and all others elsewhere."""
    monkeypatch.setattr(jobs, "_HERE", 0.0)
    monkeypatch.setattr(jobs, "_WORTH", 0.0)
    joblib.register_parallel_backend("in the end", InTheEnd)
    yield
    del joblib.parallel.BACKENDS["in the end"]


def squared(k: int, elsewhere: bool = False) -> tuple[int, bool]:
    return k * k, elsewhere


@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_few_tasks_are_done_here_in_order(n_jobs: int | None, count: int) -> None:
    assert list(ask(squared, range(count), n_jobs)) == [(k * k, False) for k in range(count)]


@pytest.mark.parametrize("backend", ["threading", "in the end"])
@pytest.mark.parametrize("count", [2, 3, 30])
def test_many_are_answered_elsewhere(impatient: None, backend: str, count: int) -> None:
    with joblib.parallel_config(backend=backend, n_jobs=2):
        found = list(ask(squared, range(count), None))
    assert sorted(found) == [(k * k, k >= 2) for k in range(count)]


def test_one_job_stays_here_however_long_it_takes(impatient: None) -> None:
    seen = {threading.get_ident() for _ in ask(lambda k: threading.get_ident(), range(20), 1)}
    assert seen == {threading.get_ident()}
    assert [elsewhere for _, elsewhere in ask(squared, range(20), 1)] == [False] * 20


def test_errors_of_a_task_arrive(impatient: None) -> None:
    def fails(k: int, elsewhere: bool = False) -> int:
        if k == 5:
            raise ValueError("task 5 is wrong")
        return k

    with joblib.parallel_config(backend="threading", n_jobs=2), pytest.raises(ValueError, match="task 5 is wrong"):
        list(ask(fails, range(9), None))


@pytest.mark.parametrize("n_jobs", [0, True, 1.5, "two"])
def test_numbers_of_processes_that_are_none(n_jobs: object) -> None:
    with pytest.raises(ValueError, match=r"n_jobs is .*: give how many processes"):
        list(ask(squared, range(3), n_jobs))  # type: ignore[arg-type]
