"""The ways to hold a critic's slope down, as arguments of ``wdist.dual.fit``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["FAMILIES", "Family"]


@dataclass(frozen=True, slots=True)
class Family:
    """A constraint, and the critic that goes with it.

    Attributes
    ----------
    name : str
    arguments : mapping
        Of ``wdist.dual.fit``.
    in_units : bool
        Whether E f(x) - E f(y) is meant as W_1. A clipped critic's is in unknown units.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    in_units: bool = True


_ALL = [
    Family("one-sided", {"constraint": "one-sided"}),
    Family("gp", {"constraint": "gp"}),
    Family("leaky", {"constraint": "one-sided", "critic": "mlp"}),
    Family("groupsort", {"constraint": "none", "critic": "groupsort"}),
    Family("bjorck", {"constraint": "none", "critic": "bjorck"}),
    Family("spectral", {"constraint": "none", "critic": "spectral"}),
    Family("clip", {"constraint": "clip"}, in_units=False),
]
FAMILIES = {family.name: family for family in _ALL}
