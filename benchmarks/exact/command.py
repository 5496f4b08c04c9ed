"""Runs rows of the benchmark, prints their table, and writes their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from . import figure, files
from .instances import EXACT, select
from .measure import Comparison, compare
from .table import Table

__all__ = ["run"]


def run(name: str, suite: str, only: Sequence[str], out: Path) -> bool:
    """Measure the rows; whether every solve gave an answer and all answers agree.

    Parameters
    ----------
    name : str
        "exact", or "exact-large" for the largest rows, which are in no suite.
    suite : str
    only : sequence of str
        Names of rows; empty for all.
    out : Path
        The folder for ``exact-SUITE.json``, ``.csv`` and, of clouds in the plane, ``.png``; or of ``exact-large``.
    """
    instances = select(name, suite, only)
    name = f"{EXACT}-{suite}" if name == EXACT else name
    table, rows = Table(), list[Comparison]()
    print(table.head(), flush=True)
    for instance in instances:
        rows.append(compare(instance))
        print(table.line(rows[-1]), flush=True)
        _write(out, name, rows)  # after every row: a run of half an hour may be interrupted
    if figure.drawn(rows):
        figure.write(out / f"{name}.png", rows)
    if notes := table.notes():
        print(f"\n{notes}")
    for path in sorted(out.glob(f"{name}.*")):
        print(f"wrote {path}")
    return all(row.error is None for row in rows)


def _write(out: Path, name: str, rows: Sequence[Comparison]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    files.write_json(out / f"{name}.json", rows)
    files.write_csv(out / f"{name}.csv", rows)
