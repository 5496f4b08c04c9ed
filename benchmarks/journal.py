"""Measurements on disk, a line of JSON each, so that a run of an hour can be interrupted and gone on with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["Journal"]


class Journal:
    """The records that ``path`` holds, found by their field ``key``; a line that was cut short is left out."""

    def __init__(self, path: Path, key: str):
        self.path, self.key = path, key
        self._records = {_text(record[key]): record for record in _read(path)}

    def find(self, what: Mapping[str, Any]) -> dict[str, Any] | None:
        """The record whose ``key`` is ``what``."""
        return self._records.get(_text(what))

    def add(self, record: dict[str, Any]) -> None:
        self._records[_text(record[self.key])] = record
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps(record) + "\n")  # on a line of its own, whatever the last one came to


def _text(what: Mapping[str, Any]) -> str:
    return json.dumps(what, sort_keys=True)


def _read(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue
