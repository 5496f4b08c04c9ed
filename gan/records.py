"""The log of a run: one JSON object a line, in ``metrics.jsonl``.

Lines of kind ``train`` hold means over the steps since the line before; lines of kind ``exact`` hold an exact
distance, taken when a picture was drawn. A resumed run drops the lines that lie beyond its checkpoint, so
that the file tells the story of one run, whatever interrupted it.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from .atomic import naming, write_atomically

__all__ = ["NAME", "append", "read", "truncate"]

NAME = "metrics.jsonl"


def append(folder: Path, record: dict[str, Any]) -> None:
    """Add one line; a number that is not finite was not measured, and is written as null."""
    clean = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in record.items()}
    path = folder / NAME
    with naming(path), open(path, "a", encoding="utf-8") as stream:
        stream.write(json.dumps(clean, allow_nan=False) + "\n")


def read(folder: Path, kind: str | None = None) -> list[dict[str, Any]]:
    """All records, or those of one kind, in order; a last line that a crash cut short is left out."""
    path = folder / NAME
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]  # what follows the last newline is cut short
    records = [json.loads(line) for line in lines]
    return [record for record in records if kind in (None, record["kind"])]


def truncate(folder: Path, step: int) -> None:
    """Drop the records of later steps than ``step``."""
    kept = [json.dumps(record) + "\n" for record in read(folder) if record["step"] <= step]
    write_atomically(folder / NAME, "".join(kept).encode())
