"""Runs the matrix, prints what is wrong in it, and writes it as a page and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from .functions import FUNCTIONS, GROUPS
from .inputs import INPUTS
from .matrix import Cell, cells

__all__ = ["NAME", "page", "run"]

NAME = "reliability"
_SIGNS = {"named error": "error", "right": "right", "NaN": "NaN", "WRONG": "**WRONG**"}


def run(suite: str, out: Path) -> bool:
    """The same in both suites; False where a cell is wrong."""
    found = list(cells())
    wrong = [cell for cell in found if cell.verdict == "WRONG"]
    for cell in wrong:
        print(f"WRONG: {cell.function}, {cell.input}, due: {cell.due}: {cell.found}")
    print(_count(found))
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{NAME}.json").write_text(json.dumps({"rows": [asdict(cell) for cell in found]}, indent=2) + "\n")
    (out / f"{NAME}.md").write_text(page(found), encoding="utf-8")
    print(f"wrote {out / NAME}.json and .md")
    return not wrong


def page(found: Sequence[Cell]) -> str:
    """The matrix in Markdown, a table for each group of functions, an input a row."""
    verdicts = {(cell.input, cell.function): _SIGNS[cell.verdict] for cell in found}
    parts = [_count(found)]
    for group, rows in GROUPS.items():
        names = [function.name for function in rows]
        shown = dict.fromkeys(i.name for i in INPUTS if any((i.name, name) in verdicts for name in names))
        parts += ["", f"### {group}", "", "| input | " + " | ".join(f"`{name}`" for name in names) + " |"]
        parts.append("|---" * (len(names) + 1) + "|")
        parts += [f"| {i} | " + " | ".join(verdicts.get((i, name), "") for name in names) + " |" for i in shown]
    return "\n".join(parts) + "\n"


def _count(found: Sequence[Cell]) -> str:
    counts = Counter(cell.verdict for cell in found)
    names = {i.name for i in INPUTS}
    independent = sum(function.truth is not None for function in FUNCTIONS)
    return (
        f"{len(found):,} cells of {len(FUNCTIONS)} rows by {len(names)} inputs: {counts['named error']:,} errors that "
        f"name the argument, {counts['right']:,} right numbers, {counts['NaN']} NaN that stay NaN, {counts['WRONG']} "
        f"wrong. {independent} rows are judged by numbers from code that shares nothing with wdist."
    )
