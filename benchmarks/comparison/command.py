"""Measures the stage's cells, prints them, and writes JSON, CSV and the figure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from .. import report
from ..estimators import ESTIMATORS
from ..journal import Journal
from ..problems import known_problem
from ..process import ProcessError
from ..runner import Row, left_out, measured
from . import figure
from .stage import NAME, STAGES, Cell, cells

__all__ = ["run"]

_SEED = 20261124


def run(suite: str, only: Sequence[str], out: Path) -> bool:
    """Measure, print and write; False where an estimator failed otherwise than by its time.

    Parameters
    ----------
    suite : str
    only : sequence of str
        Names of estimators; empty for all that are on this machine.
    out : Path
        The folder for ``comparison-SUITE.json``, ``.csv`` and ``.png``, and for ``comparison-SUITE.cells.jsonl``, which
        has every cell as soon as it is done: what stands there is not measured again.
    """
    chosen, limit = cells(STAGES[suite], only), STAGES[suite].limit
    print(f"Comparison, {suite}: one thread, {limit:g} s a cell at most. truth is W1 or W2 of the laws.")
    print("\n".join(left_out()))
    journal = Journal(out / f"{NAME}-{suite}.cells.jsonl", key="cell")
    rows, failures = list[tuple[Cell, Row]](), list[tuple[Cell, str]]()
    for cell in chosen:
        try:
            row = _row(cell, journal, limit)
        except ProcessError as error:
            print(f"{ESTIMATORS[cell.estimator].label:<18} n = {cell.n}, {cell.problem}: {error}", flush=True)
            failures.append((cell, str(error)))
            continue
        previous = rows[-1][1] if rows and (rows[-1][0].problem, rows[-1][0].n) == (cell.problem, cell.n) else None
        if previous is None:
            print(f"\n{row.n} points a side", end="")
        print(report.table_line(row, previous), flush=True)
        rows.append((cell, row))
    _write(out, suite, rows, failures)
    return all(message.startswith("stopped after") for _, message in failures)


def _row(cell: Cell, journal: Journal, limit: float) -> Row:
    """The journal's, or a new one, which is added to it."""
    if known := journal.find(asdict(cell)):
        return Row(**known["row"])
    problem, estimator = known_problem(cell.problem), ESTIMATORS[cell.estimator]
    row = measured(problem, estimator, cell.n, cell.effort, seed=_SEED, limit=limit)
    journal.add({"cell": asdict(cell), "row": asdict(row)})
    return row


def _write(out: Path, suite: str, rows: list[tuple[Cell, Row]], failures: list[tuple[Cell, str]]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    record = {
        "suite": f"{NAME}-{suite}",
        "machine": report.machine(),
        "missing": left_out(),
        "rows": [asdict(row) | {"steps": cell.effort.steps} for cell, row in rows],
        "failures": [asdict(cell) | {"why": why} for cell, why in failures],
    }
    path = out / f"{NAME}-{suite}"
    path.with_suffix(".json").write_text(json.dumps(record, indent=2, allow_nan=False) + "\n")
    report.write_csv(path.with_suffix(".csv"), [row for _, row in rows])
    if any(row.error is not None for _, row in rows):
        figure.write(path.with_suffix(".png"), STAGES[suite], [row for _, row in rows])
    print(f"wrote {path}.json, .csv and .png")
