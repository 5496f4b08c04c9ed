"""Two runs beside each other: ``python -m benchmarks compare OLD.json NEW.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["CompareError", "compare"]

_KEYS = ("problem", "n", "estimator", "instance", "case", "solver", "dim", "steps")  # those that a row has name it
_NUMBERS = ("seconds", "error", "value")
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
    head = f"{'':<44} {'seconds':>20} {'ratio':>7}   {'error':>19}   value"
    lines = [head, "-" * len(head)]
    for key in [*before, *(key for key in after if key not in before)]:
        name = " ".join(map(str, key))
        if key not in after or key not in before:
            lines.append(f"{name:<44} only in {(old if key in before else new).name}")
            continue
        lines.append(f"{name:<44} {_line(before[key], after[key])}")
    return lines


def _rows(path: Path) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
        return {tuple(row[key] for key in _KEYS if row.get(key) is not None): row for row in rows}
    except FileNotFoundError:
        raise CompareError(f"{path} does not exist: give two JSON files that python -m benchmarks wrote") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CompareError(
            f"{path} holds no rows of a benchmark ({error}): give a JSON file of python -m benchmarks"
        ) from error


def _line(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    a, b = old.get("seconds"), new.get("seconds")
    if a and b:
        ratio = b / a
        mark = " " if abs(ratio - 1.0) <= _NOTABLE else "+" if ratio < 1.0 else "-"
        seconds = f"{a:>9.3g} {b:>10.3g} {ratio:>6.2f}{mark}"
    else:
        seconds = f"{'':>28}"
    errors = " ".join(f"{'' if e is None else format(e, '+.2%'):>9}" for e in (old.get("error"), new.get("error")))
    v, w = old.get("value"), new.get("value")
    same = "" if v is None or w is None else "the same" if v == w else f"{v:.8g} -> {w:.8g}"
    return f"{seconds}   {errors}   {same}".rstrip()
