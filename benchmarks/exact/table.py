"""The printed table, a line as soon as a row is known, with numbered notes below."""

from __future__ import annotations

import textwrap

from .measure import AGREEMENT, Cell, Comparison
from .solvers import SOLVERS

__all__ = ["Table"]

_TITLE = """\
wdist.transport beside POT, one thread. Seconds of a warm solve, wdist's with its certificate. (5): median of 5 runs;
(30p): mean over 30 pairs of pictures, a run each. ratio: POT's dist + emd2 over wdist, on what both solved. MB: peak of
memory above the input. gap: certified, (upper^p - lower^p) / upper^p. value: W_p^p of wdist over POT's, less 1.
Points are uniform in the unit cube, weights random unless the name says uniform, p = 2 unless it says w1.
lp-COSTS-n: wdist.transport_lp beside POT's emd2 on the same n by n matrix of costs, whose making is not timed: random
in [0, 1], integers from 0 to 19 (many ties), or distances in the plane, squared or not.
"""
_WIDTHS = {"instance": 19, "wdist s": 13, "POT s": 13, "POT lazy s": 13, "ratio": 6, "target": 24, "met": 9}
_WIDTHS |= {"MB": 7, "POT MB": 7, "lazy MB": 7, "gap": 7, "value": 9}
_LEFT = ("instance", "target", "met")
_NOTE_LENGTH = 300


class Table:
    """Formats one comparison after the other, and remembers the notes that they refer to."""

    def __init__(self) -> None:
        self._notes: dict[str, int] = {}

    def head(self) -> str:
        names = _line({name: name for name in _WIDTHS})
        return f"{_TITLE}\n{names}\n{'-' * len(names)}"

    def line(self, row: Comparison) -> str:
        """The row's line of the table."""
        ours, pot, lazy = (row.cells[name] for name in SOLVERS)
        error = "" if row.error is None else self._mark(row.error)
        return _line(
            {
                "instance": row.instance.name,
                "wdist s": self._seconds(row, ours),
                "POT s": self._seconds(row, pot),
                "POT lazy s": self._seconds(row, lazy),
                "ratio": "" if row.speedup is None else f"{row.speedup:.3g}x",
                "target": str(row.instance.target),
                "met": row.verdict + error,
                "MB": _megabytes(ours),
                "POT MB": _megabytes(pot),
                "lazy MB": _megabytes(lazy),
                "gap": "" if ours.gap is None else f"{ours.gap:.0e}",
                "value": _difference(row.difference),
            }
        )

    def notes(self) -> str:
        """What the numbers in brackets refer to."""
        return "\n".join(
            textwrap.fill(textwrap.shorten(note, _NOTE_LENGTH), 120, initial_indent=f"[{n}] ", subsequent_indent="    ")
            for note, n in self._notes.items()
        )

    def _seconds(self, row: Comparison, cell: Cell) -> str:
        mark = "" if cell.failure is None else self._mark(cell.failure)
        if cell.seconds is None:
            return f"—{mark}"
        times = f"{len(cell.times())}p" if row.instance.per_class else f"{len(cell.runs)}"
        return f"{cell.seconds:.3g} ({times}){mark}"

    def _mark(self, note: str) -> str:
        return f" [{self._notes.setdefault(note, len(self._notes) + 1)}]"


def _line(cells: dict[str, str]) -> str:
    aligned = (f"{text:{'<' if name in _LEFT else '>'}{_WIDTHS[name]}}" for name, text in cells.items())
    return " ".join(aligned).rstrip()


def _megabytes(cell: Cell) -> str:
    size = cell.megabytes
    return "" if size is None else f"{size:.0f}" if size >= 9.95 else f"{size:.1f}"


def _difference(difference: float | None) -> str:
    if difference is None:
        return ""
    if difference == 0.0:
        return "0"
    return f"{difference:+.0e}" if abs(difference) <= AGREEMENT else f"DIFFERS {difference:+.0e}"
