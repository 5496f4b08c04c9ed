"""The printed table, a line as soon as a row is known."""

from __future__ import annotations

import math

from .families import FAMILIES
from .row import Row, target

__all__ = ["head", "line", "summary"]

_TITLE = """\
wdist.dual.fit on pairs of known W1, fresh points, one thread. (5): median over 5 seeds, the worst of them behind it.
error: of `corrected`, of `value` where there is no correction, over W1, less 1 (a clipped critic's units are unknown).
raw: `value` over W1. cosine: of the critic's gradient with the optimal one. bracket: certified [lower, upper] over W1,
95 %. lacks: what lower is short of W1. target: for |error|, for what lower lacks; and 180 CPU seconds a fit. steps:
fit's own number where none is said.
"""
_WIDTHS = {"problem": 16, "W1": 7, "critic": 13, "steps": 5, "error": 7, "worst": 7, "raw": 6, "cosine": 6}
_WIDTHS |= {"bracket": 13, "width": 6, "lacks": 6, "worst ": 6, "CPU s": 6, "target": 8, "met": 3}
_LEFT = ("problem", "critic", "target", "met")


def head() -> str:
    """What the table is, and its columns."""
    names = _line({name: name for name in _WIDTHS})
    return f"{_TITLE}\n{names}\n{'-' * len(names)}"


def line(row: Row) -> str:
    """The row's line, and a line for each failure."""
    instance, lines = row.instance, list[str]()
    if row.fits:
        several = len(row.fits) > 1
        in_units = FAMILIES[instance.family].in_units
        cells = {
            "problem": instance.problem,
            "W1": f"{row.fits[0].w1:.4f}",
            "critic": f"{instance.family} ({len(row.fits)})" if several else instance.family,
            "steps": str(instance.effort.steps or ""),
            "error": _percent(row.error) if in_units else "—",
            "worst": _percent(row.worst_error) if several and in_units else "",
            "raw": f"{row.raw:.3f}",
            "cosine": f"{row.cosine:.3f}",
            "bracket": f"[{1.0 - row.shortfall:.2f}, {_upper(row.upper)}]",
            "width": _upper(row.width),
            "lacks": f"{row.shortfall:.1%}",
            "worst ": f"{row.worst_shortfall:.1%}" if several else "",
            "CPU s": f"{row.seconds:.3g}",
            "target": str(target(instance) or ""),
            "met": row.verdict,
        }
        lines.append(_line(cells) + (f"  {row.outside} outside" if row.outside else ""))
    return "\n".join([*lines, *(f"{instance.name}: {failure}" for failure in row.failures)])


def summary(rows: list[Row]) -> str:
    """How many targets are met, and of how many brackets the truth is outside."""
    verdicts = [row.verdict for row in rows if row.verdict]
    fits, outside = sum(len(row.fits) for row in rows), sum(row.outside for row in rows)
    lines = [f"{verdicts.count('yes')} of {len(verdicts)} targets met"] if verdicts else []
    return "\n".join([*lines, f"the bracket holds W1 in {fits - outside} of {fits} fits"])


def _line(cells: dict[str, str]) -> str:
    aligned = (f"{text:{'<' if name in _LEFT else '>'}{_WIDTHS[name]}}" for name, text in cells.items())
    return " ".join(aligned).rstrip()


def _percent(number: float) -> str:
    return f"{number:+.1%}"


def _upper(number: float) -> str:
    return "inf" if math.isinf(number) else f"{number:.2f}"
