"""Runs the rows, prints their table, and writes their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..process import ProcessError
from . import figure, files, table
from .cache import Cache
from .instances import Instance, select
from .measure import Task
from .row import Row

__all__ = ["NAME", "run"]

NAME = "dual"


def run(suite: str, only: Sequence[str], out: Path) -> bool:
    """Measure the rows; whether every fit gave an answer.

    Parameters
    ----------
    suite : str
    only : sequence of str
        Names of problems and of critics.
    out : Path
        The folder for ``dual-SUITE.json``, ``.csv``, ``.md`` and ``.png``, and for ``dual-SUITE.fits.jsonl``, which has
        every fit as soon as it is done: what stands there is not measured again.
    """
    instances = select(suite, only)
    cache, rows = Cache(out / f"{NAME}-{suite}.fits.jsonl"), list[Row]()
    print(table.head(), flush=True)
    for instance in instances:
        rows.append(_row(instance, cache))
        print(table.line(rows[-1]), flush=True)
    print(f"\n{table.summary(rows)}")
    out.mkdir(parents=True, exist_ok=True)
    files.write_json(out / f"{NAME}-{suite}.json", rows)
    files.write_csv(out / f"{NAME}-{suite}.csv", rows)
    files.write_markdown(out / f"{NAME}-{suite}.md", rows)
    figure.write(out / f"{NAME}-{suite}.png", rows)
    for path in sorted(out.glob(f"{NAME}-{suite}.*")):
        print(f"wrote {path}")
    return not any(row.failures for row in rows)


def _row(instance: Instance, cache: Cache) -> Row:
    fits, failures = [], []
    for seed in instance.seeds:
        task = Task(instance.problem, instance.family, seed, instance.effort.arguments())
        try:
            fits.append(cache.measured(task))
        except ProcessError as error:
            failures.append(f"seed {seed}: {error}")
    return Row(instance, fits, failures)
