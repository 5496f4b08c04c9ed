"""The measured rows as JSON, every run, and as CSV, a line a row."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..report import machine
from .measure import Comparison

__all__ = ["write_csv", "write_json"]


def write_json(path: Path, rows: Sequence[Comparison]) -> None:
    """Everything that was measured; null stands for what was not."""
    record = {"machine": machine(), "rows": [_summary(row) | {"runs": _runs(row)} for row in rows]}
    path.write_text(json.dumps(record, indent=2, allow_nan=False) + "\n")


def write_csv(path: Path, rows: Sequence[Comparison]) -> None:
    lines = [_summary(row) for row in rows]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)


def _summary(row: Comparison) -> dict[str, Any]:
    instance = row.instance
    summary: dict[str, Any] = {name: getattr(instance, name) for name in ("name", "n", "dim", "p", "weights")}
    for name, cell in row.cells.items():
        summary |= {
            f"{name}_seconds": cell.seconds,
            f"{name}_runs": len(cell.runs),
            f"{name}_pairs": len(cell.times()),
            f"{name}_mb": cell.megabytes,
            f"{name}_failure": cell.failure,
        }
    return summary | {
        "ratio": row.speedup,
        "target": str(instance.target) or None,
        "met": row.verdict or None,
        "gap": row.ours.gap,
        "difference": row.difference,
        "error": row.error,
    }


def _runs(row: Comparison) -> dict[str, list[dict[str, Any]]]:
    return {name: [asdict(run) for run in cell.runs] for name, cell in row.cells.items()}
