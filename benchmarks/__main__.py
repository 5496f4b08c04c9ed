"""The command line: ``python -m benchmarks [--suite smoke|full] [--only NAME...] [--out DIR]``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from . import report, runner

_IMPORT = "import"  # the benchmark of `import wdist`, by the name that --only knows


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a suite, print its tables, write its files, and return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    suite, only = runner.SUITES[options.suite], [name for name in options.only if name != _IMPORT]
    try:
        pairs = runner.cells(suite, only) if only or not options.only else []
    except ValueError as error:
        parser.error(str(error))
    seconds = runner.import_seconds() if _IMPORT in options.only or not options.only else None
    rows = _measure(suite, pairs)
    if seconds is not None:
        print(f"\n{report.import_line(seconds)}" if rows else report.import_line(seconds))
    for path in _write(options.out, suite, rows, seconds):
        print(f"wrote {path}")
    return 0


def _measure(suite: runner.Suite, pairs: list[tuple[runner.Problem, runner.Estimator]]) -> list[runner.Row]:
    """The rows, each printed when it is known."""
    rows: list[runner.Row] = []
    if pairs:
        print(report.header(suite))
    for row in runner.run(suite, pairs):
        print(report.table_line(row, rows[-1] if rows else None), flush=True)
        rows.append(row)
    return rows


def _write(out: Path, suite: runner.Suite, rows: Sequence[runner.Row], seconds: float | None) -> list[Path]:
    """The paths of what was written: no table without rows, no figure without errors."""
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="wdist on problems of known W1.")
    parser.add_argument("--suite", choices=runner.SUITES, default="smoke", help="which problems, how much work")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="problems, estimators, or import; default: all"
    )
    parser.add_argument("--out", type=Path, default=Path("bench-out"), metavar="DIR", help="where JSON, CSV and PNG go")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
