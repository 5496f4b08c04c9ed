"""How often the intervals of ``wdist.estimate`` hold, and what ``wdist.two_sample_test`` detects."""

from .command import NAME, run

__all__ = ["NAME", "run"]
