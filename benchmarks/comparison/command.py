"""Measures the stage's cells, prints them, and writes JSON, CSV and the figure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from .. import report
from ..estimators import ESTIMATORS
from ..problems import known_problem
from ..process import ProcessError
from ..runner import Row, measured
from . import figure
from .stage import NAME, STAGES, Cell, cells, left_out

__all__ = ["run"]

_SEED = 20261124


def run(suite: str, out: Path, only: Sequence[str] = ()) -> bool:
    """Measure, print and write; False where an estimator failed otherwise than by its time."""
    stage = STAGES[suite]
    chosen = cells(stage, only)
    print(f"Comparison, {suite}: funnel pairs, one thread, {stage.limit:g} s a cell at most. W1 is that of the laws.")
    print("\n".join(left_out()))
    rows: list[tuple[Cell, Row]] = []
    failures: list[tuple[Cell, str]] = []
    previous: Row | None = None
    for cell in chosen:
        try:
            row = measured(
                known_problem(cell.problem), ESTIMATORS[cell.estimator], cell.n, cell.effort, seed=_SEED,
                limit=stage.limit,
            )  # fmt: skip
        except ProcessError as error:
            print(f"{ESTIMATORS[cell.estimator].label:<18} n = {cell.n}, {cell.problem}: {error}", flush=True)
            failures.append((cell, str(error)))
            continue
        if previous is None or (previous.problem, previous.n) != (row.problem, row.n):
            print(f"\n{row.n} points a side", end="")
            previous = None
        print(report.table_line(row, previous), flush=True)
        rows.append((cell, row))
        previous = row
    _write(out, suite, rows, failures)
    return all(message.startswith("stopped after") for _, message in failures)


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
