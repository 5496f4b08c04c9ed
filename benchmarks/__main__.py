"""The command line: ``python -m benchmarks [--suite smoke|full] [--only NAME...] [--out DIR]``, ``compare OLD NEW``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from . import gan, gaussians, inference, line, many, report, runner
from .compare import CompareError, compare
from .comparison import command as comparison
from .comparison import stage
from .critics import command as critics
from .critics import coverage
from .critics.instances import select as select_critics
from .estimators import ESTIMATORS
from .exact import command, instances
from .reliability import command as reliability

_IMPORT = "import"  # the benchmark of `import wdist`, by the name that --only knows
# Comparisons with tables of their own: run(suite, out) says whether all went well.
_TABLES = {line.NAME: line.run, gaussians.NAME: gaussians.run, gan.NAME: gan.run}
_TABLES |= {name: partial(many.run, name) for name in (many.SLICED, many.MANY)}
# As those, but long, or the same in every suite: only where --only names them.
_ALONE = {coverage.NAME: coverage.run, reliability.NAME: reliability.run, inference.NAME: inference.run}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a suite, print its tables, write its files, and return the exit status: 1 for a wrong or missing answer."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["compare"]:
        return _compare(arguments[1:])
    parser = _parser()
    options = parser.parse_args(arguments)
    if stage.NAME in options.only:
        return _comparison(parser, options)
    if critics.NAME in options.only:
        return _critics(parser, options)
    elsewhere = {_IMPORT, *_TABLES, *_ALONE} - set(ESTIMATORS)  # "sliced" names an estimator and a table
    suite, only = runner.SUITES[options.suite], [name for name in options.only if name not in elsewhere]
    if not options.only and suite.name == "full":
        only_exact = ["exact"]  # the smoke suite leaves it out, to stay within its half minute
    else:
        only_exact = only if set(only) & set(instances.NAMES) else []
    try:
        solved = instances.select(suite.name, only_exact) if only_exact else []
        pairs = runner.cells(suite, only) if not options.only or (only and not only_exact) else []
    except ValueError as error:
        parser.error(str(error))
    seconds = runner.import_seconds() if _IMPORT in options.only or not options.only else None
    _problems(suite, pairs, seconds, options.out)
    name = f"exact-{suite.name}" if "exact" in only_exact else "exact-large"
    well = not solved or command.run(solved, options.out, name)
    for name, table in (_TABLES | _ALONE).items():  # like the exact engine, not in the smoke suite unless named
        if name in options.only or (not options.only and suite.name == "full" and name in _TABLES):
            well &= table(suite.name, options.out)
    return 0 if well else 1


def _compare(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks compare", description="Two runs beside each other.")
    parser.add_argument("old", type=Path, metavar="OLD.json")
    parser.add_argument("new", type=Path, metavar="NEW.json")
    options = parser.parse_args(arguments)
    try:
        print("\n".join(compare(options.old, options.new)))
    except CompareError as error:
        parser.error(str(error))
    return 0


def _comparison(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """All estimators on one stage, or those that --only gives beside the name."""
    try:
        well = comparison.run(options.suite, options.out, [name for name in options.only if name != stage.NAME])
    except ValueError as error:
        parser.error(str(error))
    return 0 if well else 1


def _critics(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """The critics' table, which the other names that --only gives choose the rows of."""
    try:
        rows = select_critics(options.suite, [name for name in options.only if name != critics.NAME])
    except ValueError as error:
        parser.error(str(error))
    return 0 if critics.run(rows, options.out, options.suite) else 1


def _problems(
    suite: runner.Suite, pairs: list[tuple[runner.Problem, runner.Estimator]], seconds: float | None, out: Path
) -> None:
    """The estimators on their problems, and the seconds of the import."""
    rows = _measure(suite, pairs)
    if seconds is not None:
        print(f"\n{report.import_line(seconds)}" if rows else report.import_line(seconds))
    for path in _write(out, suite, rows, seconds):
        print(f"wrote {path}")


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="wdist on problems of known W1, and its exact engine beside POT."
    )
    parser.add_argument("--suite", choices=runner.SUITES, default="smoke", help="which problems, how much work")
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="NAME",
        help=f"problems, estimators, import, {', '.join(_TABLES | _ALONE)}; comparison, and estimators; dual, exact or "
        f"exact-large, and rows of theirs; default: all problems and the import, and in the full suite "
        f"{', '.join(_TABLES)} and exact",
    )
    parser.add_argument("--out", type=Path, default=Path("bench-out"), metavar="DIR", help="where JSON, CSV and PNG go")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
