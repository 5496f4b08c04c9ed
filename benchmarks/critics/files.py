"""The measured rows as JSON, every fit, and as CSV, a line a row."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..report import machine
from .measure import Fit
from .row import Row, target

__all__ = ["plain", "write_csv", "write_json"]


def write_json(path: Path, rows: Sequence[Row]) -> None:
    """Everything that was measured; null stands for an infinite upper bound."""
    record = {
        "machine": machine(),
        "rows": [_summary(row) | {"fits": [plain(fit) for fit in row.fits], "failures": row.failures} for row in rows],
    }
    path.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    lines = [_summary(row) for row in rows]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)


def plain(fit: Fit) -> dict[str, Any]:
    """A fit as it goes into a file."""
    return {name: _finite(value) for name, value in asdict(fit).items()}


def _summary(row: Row) -> dict[str, Any]:
    instance = row.instance
    summary: dict[str, Any] = {"problem": instance.problem, "dim": instance.dim, "family": instance.family}
    summary |= {"seeds": len(instance.seeds), "target": str(target(instance) or "") or None, "met": row.verdict or None}
    names = ("error", "worst_error", "raw", "cosine", "shortfall", "worst_shortfall", "upper", "width", "seconds")
    return summary | {name: _finite(getattr(row, name)) if row.fits else None for name in names}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
