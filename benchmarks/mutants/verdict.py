"""What became of one mutant."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Verdict"]


class Verdict(NamedTuple):
    """A mutant of a file, by mutmut's name or by what it changes; ``why`` it cannot be told from the original.

    ``late``: it was killed because its tests did not end in time.
    """

    file: str
    change: str
    killed: bool
    why: str = ""
    late: bool = False
