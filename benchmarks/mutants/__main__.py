"""Mutation testing: ``python -m benchmarks.mutants [--only NAME...] [--out DIR]``; hours of one core in all."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .automatic import GROUPS, automatic
from .by_hand import Changes, by_hand
from .kernels import KERNELS
from .verdict import Verdict

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mutants, print and write what became of them; 1 where one survived for no stated reason."""
    files = {group.file: group for group in KERNELS}
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants", description="Does a wrong line fail a test?")
    parser.add_argument("--only", nargs="+", default=[*files, *GROUPS], choices=[*files, *GROUPS], metavar="NAME",
                        help=f"files changed by hand: {', '.join(files)}; groups that mutmut changes: "
                        f"{', '.join(GROUPS)}; default: all")  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("bench-out"), metavar="DIR", help="where the table goes")
    options = parser.parse_args(arguments)
    verdicts = []
    for verdict in _verdicts(options.only, files):
        verdicts.append(verdict)
        if not verdict.killed:
            print(f"{verdict.file}: survived: {verdict.change}{verdict.why and f' ({verdict.why})'}", flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "mutants.json").write_text(json.dumps([verdict._asdict() for verdict in verdicts], indent=2) + "\n")
    (options.out / "mutants.md").write_text(table(verdicts), encoding="utf-8")
    print(f"wrote {options.out / 'mutants'}.json and .md")
    return 0 if all(verdict.killed or verdict.why for verdict in verdicts) else 1


def _verdicts(only: Sequence[str], files: dict[str, Changes]) -> Iterator[Verdict]:
    yield from by_hand(ROOT, [files[name] for name in only if name in files])
    for name in only:
        if name in GROUPS:
            with tempfile.TemporaryDirectory() as place:
                yield from automatic(ROOT, Path(place) / "wdist", GROUPS[name])


def table(verdicts: Iterable[Verdict]) -> str:
    """Killed, of these because the tests did not end, of how many, by file, in Markdown."""
    verdicts = list(verdicts)
    rows = ["| file | mutants | killed | by time | changes no result | survived |", "|---|---|---|---|---|---|"]
    for file in [*dict.fromkeys(verdict.file for verdict in verdicts), "all"]:
        of = [verdict for verdict in verdicts if file in (verdict.file, "all")]
        killed, late = sum(v.killed for v in of), sum(v.late for v in of)
        same = sum(not v.killed and v.why != "" for v in of)
        rows.append(f"| `{file}` | {len(of)} | {killed} | {late} | {same} | {len(of) - killed - same} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
