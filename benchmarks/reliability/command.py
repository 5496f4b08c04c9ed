"""Runs the matrix, prints what is wrong in it, and writes it as a page and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from .inputs import INPUTS
from .matrix import Cell, cells

__all__ = ["NAME", "page", "run"]

NAME = "reliability"
_SIGNS = {"named error": "error", "right": "right", "WRONG": "**WRONG**"}


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
    """The matrix in Markdown, an input a row."""
    functions = list(dict.fromkeys(cell.function for cell in found))
    verdicts = {(cell.input, cell.function): _SIGNS[cell.verdict] for cell in found}
    head = ["| input | " + " | ".join(f"`{name}`" for name in functions) + " |", "|---" * (len(functions) + 1) + "|"]
    rows = [
        f"| {spoilt.name} | " + " | ".join(verdicts.get((spoilt.name, name), "") for name in functions) + " |"
        for spoilt in INPUTS
    ]
    return "\n".join([_count(found), "", *head, *rows]) + "\n"


def _count(found: Sequence[Cell]) -> str:
    counts = Counter(cell.verdict for cell in found)
    return (
        f"{len(found)} cells: {counts['named error']} errors that name the argument, {counts['right']} right numbers, "
        f"{counts['WRONG']} wrong."
    )
