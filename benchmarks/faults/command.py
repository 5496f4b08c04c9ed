"""Damages every kind of file, prints what readers say as a table, and writes it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .damage import OTHER, REFUSED, SAME, Row, flips, measure, truncations
from .formats import real, small

__all__ = ["NAME", "page", "run"]

NAME = "faults"
_SMOKE = 400  # random flips of small files in the smoke suite,
_REAL = 2000  # and of files of their usual size in the full one


def run(suite: str, out: Path) -> bool:
    """Smoke: some bits and lengths of small files. Full: all of them, and 2,000 random ones of real files."""
    with tempfile.TemporaryDirectory() as folder:
        rows = _rows(suite, Path(folder))
    print(page(rows))
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{NAME}.json").write_text(json.dumps({"rows": [vars(row) for row in rows]}, indent=2) + "\n")
    (out / f"{NAME}.md").write_text(page(rows), encoding="utf-8")
    print(f"wrote {out / NAME}.json and .md")
    return all(row.well for row in rows)


def page(rows: Sequence[Row]) -> str:
    """The table in Markdown."""
    head = ["file", "bytes", "bits flipped", REFUSED, SAME, OTHER, "cut to a length", REFUSED, SAME, OTHER]
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    for row in rows:
        counts = [
            f"{n:,}"
            for found in (row.flips, row.truncations)
            for n in (found.total(), *(found[verdict] for verdict in (REFUSED, SAME, OTHER)))
        ]
        lines.append(f"| {row.name} | {row.size:,} | " + " | ".join(counts) + " |")
    return "\n".join(lines) + "\n"


def _rows(suite: str, folder: Path) -> list[Row]:
    full = suite == "full"
    bits, lengths = (None, None) if full else (_SMOKE, _SMOKE // 4)
    rows = []
    for format in small(folder):
        size = len(format.content)
        rows.append(measure(format, flips(size, bits), truncations(size, lengths)))
    for format in real(folder) if full else ():
        size = len(format.content)
        rows.append(measure(format, flips(size, _REAL), truncations(size, _REAL // 10)))
    return rows
