"""Fits that are made once: those of an earlier run, and those that are added to them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from ..journal import Journal
from .measure import Fit, Task, fit

__all__ = ["Cache"]


class Cache:
    """The fits that the journal at ``path`` holds."""

    def __init__(self, path: Path):
        self._journal = Journal(path, key="task")

    def measured(self, task: Task) -> Fit:
        """The fit that the file holds, or a new one, which is added to it; a ProcessError where that one fails."""
        known = self.get(task)
        if known is None:
            known = fit(task)
            self.add(known)
        return known

    def get(self, task: Task) -> Fit | None:
        record = self._journal.find(asdict(task))
        return None if record is None else Fit(**{**record, "task": task})

    def add(self, new: Fit) -> None:
        self._journal.add(asdict(new))
