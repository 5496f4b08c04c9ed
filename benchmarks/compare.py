"""Two runs beside each other: ``python -m benchmarks compare OLD.json NEW.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["CompareError", "compare"]

# Those that a row has name it.
_KEYS = (
    *("name", "problem", "preset", "device", "measure", "rows", "n", "weighted", "p"),
    *("estimator", "family", "steps", "solver"),
)
_SOLVERS = {"wdist": "wdist_seconds", "POT": "pot_seconds", "POT lazy": "lazy_seconds"}  # of a row of the exact engine
_BOTH = {"wdist": "ours", "POT": "theirs"}  # of many and sliced
_NOTABLE = 0.2  # a change of seconds by more than this is marked


class CompareError(ValueError):
    """A file that holds no run."""


def compare(old: Path, new: Path) -> list[str]:
    """A line per row that both runs have, and one per row that only one has.

    Raises
    ------
    CompareError
        If a file cannot be read as a run of this package.
    """
    before, after = _rows(old), _rows(new)
    head = f"{'':<60} {'seconds: old':>12} {'new':>9} {'ratio':>6}    {'error: old':>10} {'new':>8}   value"
    lines = [head, "-" * len(head)]
    for key in [*before, *(key for key in after if key not in before)]:
        name = ", ".join(key)
        if key not in after or key not in before:
            which, path = ("OLD", old) if key in before else ("NEW", new)
            lines.append(f"{name:<60} only in {which}, {path.name}")
            continue
        lines.append(f"{name:<60} {_line(before[key], after[key])}")
    return lines


def _rows(path: Path) -> dict[tuple[str, ...], Mapping[str, Any]]:
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
        rows = [part for row in (run if isinstance(run, list) else run["rows"]) for part in _parts(row)]
        return {tuple(_names(row)): row for row in rows}
    except FileNotFoundError:
        raise CompareError(f"{path} does not exist: give two JSON files that python -m benchmarks wrote") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CompareError(
            f"{path} holds no rows of a benchmark ({error}): give a JSON file of python -m benchmarks"
        ) from error


def _names(row: Mapping[str, Any]) -> Iterator[str]:
    for key in _KEYS:
        value = row.get(key)
        if isinstance(value, bool):
            yield from [key] * value
        elif value is not None:
            yield value if isinstance(value, str) else f"{key} = {value:,}"


def _parts(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A row for each solver of a row that has several."""
    if isinstance(row.get("problem"), Mapping):
        row = {**row, **row["problem"], "problem": None}
    if "cells" in row:
        yield from ({**row, **cell} for cell in row["cells"])
    elif several := next((names for names in (_SOLVERS, _BOTH) if names["wdist"] in row), None):
        yield from ({**row, "error": None, "solver": solver, "seconds": row[at]} for solver, at in several.items())
    else:
        yield row


def _line(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    a, b = old.get("seconds"), new.get("seconds")
    if a and b:
        ratio = b / a
        mark = " " if abs(ratio - 1.0) <= _NOTABLE else "+" if ratio < 1.0 else "-"
        seconds = f"{a:>12.3g} {b:>9.3g} {ratio:>6.2f}{mark}"
    else:
        seconds = f"{'':>30}"
    errors = " ".join(
        f"{'' if e is None else format(e, '+.2%' if abs(e) >= 1e-4 or e == 0.0 else '.0e'):>{width}}"
        for e, width in ((old.get("error"), 12), (new.get("error"), 8))
    )
    v, w = old.get("value"), new.get("value")
    same = "" if v is None or w is None else "the same" if v == w else f"{v:.8g} -> {w:.8g}"
    return f"{seconds}   {errors}   {same}".rstrip()
