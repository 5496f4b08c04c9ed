"""Measurements on disk, a line of JSON each, so that a run of an hour can be interrupted and gone on with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .measure import Fit, Task, fit

__all__ = ["Cache"]


class Cache:
    """What ``path`` holds, and what is added to it; a line that was cut short is left out."""

    def __init__(self, path: Path):
        self.path = path
        self._fits = {_key(known.task): known for known in _read(path)}

    def measured(self, task: Task) -> Fit:
        """The fit that the file holds, or a new one, which is added to it; a ProcessError where that one fails."""
        known = self.get(task)
        if known is None:
            known = fit(task)
            self.add(known)
        return known

    def get(self, task: Task) -> Fit | None:
        return self._fits.get(_key(task))

    def add(self, new: Fit) -> None:
        self._fits[_key(new.task)] = new
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps(asdict(new)) + "\n")  # on a line of its own, whatever the last one came to


def _key(task: Task) -> str:
    return json.dumps(asdict(task), sort_keys=True)


def _read(path: Path) -> Iterator[Fit]:
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            record: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        yield Fit(**{**record, "task": Task(**record["task"])})
