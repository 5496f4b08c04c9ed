"""What a row is to reach, and whether it did.

Timings are medians that vary from run to run: one that misses its line by at most a tenth of it counts as met, and is
marked. Memory, gap and values do not vary, and have no such slack.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["MET", "MISSED", "NEARLY", "UNKNOWN", "Figures", "Target"]

SLACK = 0.1
MET, NEARLY, MISSED, UNKNOWN = "yes", "yes, -10%", "NO", "?"


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of a row, None where it was not.

    Attributes
    ----------
    seconds, megabytes, gap : float or None
        Of wdist: time of a solve, memory above the input, certified relative gap of the cost.
    speedup, memory_ratio : float or None
        POT's ``dist`` and ``emd2``, or ``emd2`` alone where the costs are given, over wdist.
    """

    seconds: float | None = None
    megabytes: float | None = None
    gap: float | None = None
    speedup: float | None = None
    memory_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Lines to reach; None: no line of that kind. ``finishes`` asks for an answer, whatever it takes."""

    speedup: float | None = None
    seconds: float | None = None
    megabytes: float | None = None
    memory_ratio: float | None = None
    gap: float | None = None
    finishes: bool = False

    def __str__(self) -> str:
        parts = {
            "finishes": self.finishes,
            f"{self.speedup}x": self.speedup,
            f"{self.seconds} s": self.seconds,
            f"{self.megabytes} MB": self.megabytes,
            f"1/{self.memory_ratio} of MB": self.memory_ratio,
            f"gap {self.gap}": self.gap,
        }
        return ", ".join(text for text, line in parts.items() if line)

    def verdict(self, found: Figures) -> str:
        """`MET`, `NEARLY`, `MISSED` or `UNKNOWN`, the worst over the lines; empty without a line."""
        verdicts = set(self._verdicts(found))
        return next((word for word in (MISSED, UNKNOWN, NEARLY, MET) if word in verdicts), "")

    def _verdicts(self, found: Figures) -> Iterator[str]:
        if self.finishes:
            yield MISSED if found.seconds is None else MET
        if self.speedup is not None:
            yield _at_least(found.speedup, self.speedup, SLACK)
        if self.seconds is not None:
            yield _at_most(found.seconds, self.seconds, SLACK)
        if self.megabytes is not None:
            yield _at_most(found.megabytes, self.megabytes)
        if self.memory_ratio is not None:
            yield _at_least(found.memory_ratio, self.memory_ratio)
        if self.gap is not None:
            yield _at_most(found.gap, self.gap)


def _at_least(value: float | None, line: float, slack: float = 0.0) -> str:
    if value is None:
        return UNKNOWN
    return MET if value >= line else NEARLY if value >= line * (1.0 - slack) else MISSED


def _at_most(value: float | None, line: float, slack: float = 0.0) -> str:
    if value is None:
        return UNKNOWN
    return MET if value <= line else NEARLY if value <= line * (1.0 + slack) else MISSED
