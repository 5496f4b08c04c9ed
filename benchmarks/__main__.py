"""The command line: ``python -m benchmarks [--suite smoke|full] [--only NAME...] [--out DIR]``, ``compare OLD NEW``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .commands import COMMANDS, chosen
from .compare import CompareError, compare
from .runner import SUITES
from .selection import SelectionError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the commands, which print and write, and return the exit status: 1 for a wrong or missing answer."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["compare"]:
        return _compare(arguments[1:])
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        well = [command.run(options.suite, rows, options.out) for command, rows in chosen(options.suite, options.only)]
    except SelectionError as error:
        parser.error(str(error))
    return 0 if all(well) else 1


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="wdist on problems of known W1 and W2, and beside POT, geomloss and SciPy.",
        epilog=_commands(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--suite", choices=SUITES, default="smoke", help="how much work (default: smoke)")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="commands, and rows of them (below)")
    parser.add_argument("--out", type=Path, default=Path("bench-out"), metavar="DIR", help="for JSON, CSV, PNG")
    return parser


def _commands() -> str:
    """What ``--only`` takes, from the table of commands."""
    lines = ["commands, and in brackets which other names choose among their rows:"]
    for name, command in COMMANDS.items():
        lines.append(f"  {name:<14} {command.what}{f' [{command.rows}]' if command.rows else ''}")
    lines.append("\nNames of problems and estimators need no command. Without --only:")
    for suite in SUITES:
        unasked = (name for name, command in COMMANDS.items() if suite in command.unasked)
        lines.append(f"  {suite:<14} {', '.join(unasked)}")
    return "\n".join([*lines, "\npython -m benchmarks compare OLD.json NEW.json puts two runs beside each other."])


if __name__ == "__main__":
    raise SystemExit(main())
