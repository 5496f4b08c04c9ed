"""A row's fits over the seeds: medians, the worst, and the targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .instances import Instance
from .measure import Fit

__all__ = ["MET", "MISSED", "Row", "Target", "target"]

MET, MISSED = "yes", "NO"
_CPU_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Target:
    """Lines for medians: |error| of the estimate, what the lower bound may lack, both of W_1; and CPU seconds."""

    error: float
    shortfall: float | None
    seconds: float = _CPU_SECONDS

    def __str__(self) -> str:
        return f"{self.error:.0%}" + ("" if self.shortfall is None else f", {self.shortfall:.0%}")


@dataclass(frozen=True, slots=True)
class Row:
    """An instance's fits, and why there are not more of them."""

    instance: Instance
    fits: Sequence[Fit]
    failures: Sequence[str] = ()

    @property
    def error(self) -> float:
        """The median by size, with its sign."""
        return self._middle(lambda fit: fit.error, key=abs)

    @property
    def worst_error(self) -> float:
        return max((fit.error for fit in self.fits), key=abs)

    @property
    def shortfall(self) -> float:
        """What the lower bound lacks of W_1, relative; the median."""
        return self._middle(_shortfall)

    @property
    def worst_shortfall(self) -> float:
        return max(map(_shortfall, self.fits))

    @property
    def upper(self) -> float:
        """The upper bound over W_1."""
        return self._middle(lambda fit: fit.upper / fit.w1)

    @property
    def width(self) -> float:
        return self._middle(lambda fit: fit.width)

    @property
    def raw(self) -> float:
        """E f(x) - E f(y) over W_1."""
        return self._middle(lambda fit: fit.value / fit.w1)

    @property
    def cosine(self) -> float:
        return self._middle(lambda fit: fit.cosine)

    @property
    def seconds(self) -> float:
        return self._middle(lambda fit: fit.seconds)

    @property
    def outside(self) -> int:
        """Fits whose bracket misses the truth."""
        return sum(not fit.holds for fit in self.fits)

    @property
    def verdict(self) -> str:
        """`MET` or `MISSED`; empty without a target."""
        line = target(self.instance)
        if line is None:
            return ""
        met = (
            len(self.fits) == len(self.instance.seeds)
            and abs(self.error) <= line.error
            and (line.shortfall is None or self.shortfall <= line.shortfall)
            and max(fit.seconds for fit in self.fits) <= line.seconds
        )
        return MET if met else MISSED

    def _middle(self, value: Callable[[Fit], float], key: Callable[[float], float] | None = None) -> float:
        """The median; of an even number the larger one in the middle."""
        ordered = sorted(map(value, self.fits), key=key)
        return ordered[len(ordered) // 2]


def target(instance: Instance) -> Target | None:
    """The lines of a scored instance."""
    if not instance.scored:
        return None
    d = instance.dim
    return Target(0.05 if d <= 32 else 0.10, 0.15 if d <= 16 else 0.25 if d == 64 else None)


def _shortfall(fit: Fit) -> float:
    return 1.0 - fit.lower / fit.w1
