"""The measured rows as JSON, every fit; as CSV, a line a row; and as Markdown, a line a problem."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..report import machine
from .families import FAMILIES
from .measure import Fit
from .row import Row, target

__all__ = ["plain", "write_csv", "write_json", "write_markdown"]


def write_json(path: Path, rows: Sequence[Row]) -> None:
    """Everything that was measured; null stands for an infinite upper bound."""
    record = {
        "machine": machine(),
        "rows": [_summary(row) | {"fits": [plain(fit) for fit in row.fits], "failures": row.failures} for row in rows],
    }
    path.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Numbers to four digits; empty where there is none."""
    lines = [{name: _short(value) for name, value in _summary(row).items()} for row in rows]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)


def write_markdown(path: Path, rows: Sequence[Row]) -> None:
    """Error, cosine and width of the bracket, for every problem and every critic; no error in unknown units."""
    known = {(row.instance.problem, row.instance.family): row for row in rows if row.fits and not row.instance.on_curve}
    families = [name for name in FAMILIES if any(family == name for _, family in known)]
    lines = [f"| | {' | '.join(families)} |", f"|---|{'---|' * len(families)}"]
    for problem in dict.fromkeys(problem for problem, _ in known):
        cells = (_cell(known.get((problem, family))) for family in families)
        lines.append(f"| {problem} | {' | '.join(cells)} |")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def plain(fit: Fit) -> dict[str, Any]:
    """A fit as it goes into a file."""
    return {name: _finite(value) for name, value in asdict(fit).items()}


def _summary(row: Row) -> dict[str, Any]:
    instance = row.instance
    summary: dict[str, Any] = {"problem": instance.problem, "dim": instance.dim, "family": instance.family}
    summary |= {"steps": instance.effort.steps, "bounds": instance.effort.bounds}
    summary |= {"seeds": len(instance.seeds), "target": str(target(instance) or "") or None, "met": row.verdict or None}
    names = ("error", "worst_error", "raw", "cosine", "shortfall", "worst_shortfall", "upper", "width", "seconds")
    return summary | {name: _finite(getattr(row, name)) if row.fits else None for name in names}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _short(value: Any) -> Any:
    return f"{value:.4g}" if isinstance(value, float) else value


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    error = f"{row.error:+.1%}" if FAMILIES[row.instance.family].in_units else "—"
    return f"{error}, {row.cosine:.2f}, {row.width:.2f}"
