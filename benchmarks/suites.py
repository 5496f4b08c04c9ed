"""The estimators on the problems of a suite, and the seconds of ``import wdist``: measured, printed, written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from . import report, runner
from .process import ProcessError

__all__ = ["IMPORT", "run"]

IMPORT = "import"  # the benchmark of `import wdist`, by the name that --only knows


def run(suite_name: str, only: Sequence[str], out: Path) -> bool:
    """Measure the cells that ``only`` names and the import; whether every cell gave an answer."""
    suite, names = runner.SUITES[suite_name], [name for name in only if name != IMPORT]
    pairs = runner.cells(suite, names) if names or not only else []
    rows = list[runner.Row]()
    if pairs:
        print("\n".join([report.header(suite), *(() if names else runner.left_out())]))
    for problem, estimator in pairs:
        try:
            row = runner.measured(problem, estimator, suite.n, suite.effort, limit=suite.limit)
        except ProcessError as error:
            print(f"{estimator.label:<18} {problem.name}: {error}", flush=True)
            continue
        print(report.table_line(row, rows[-1] if rows else None), flush=True)
        rows.append(row)
    seconds = runner.import_seconds() if IMPORT in only or not only else None
    if seconds is not None:
        print(f"\n{report.import_line(seconds)}" if rows else report.import_line(seconds))
    for path in _write(out, suite, rows, seconds):
        print(f"wrote {path}")
    return len(rows) == len(pairs)


def _write(out: Path, suite: runner.Suite, rows: Sequence[runner.Row], seconds: float | None) -> list[Path]:
    """The paths of what was written: nothing without measurements, no table without rows, no figure without errors."""
    if not rows and seconds is None:
        return []
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / f"{suite.name}.json"]
    report.write_json(paths[0], suite, rows, seconds)
    if rows:
        paths.append(out / f"{suite.name}.csv")
        report.write_csv(paths[-1], rows)
    if any(row.error is not None for row in rows):
        paths.append(out / f"{suite.name}.png")
        report.figure(paths[-1], suite, rows)
    return paths
