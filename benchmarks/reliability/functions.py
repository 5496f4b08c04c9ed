"""All rows of the matrix, by what is given."""

from __future__ import annotations

from .critics import CRITICS
from .measures import MEASURES
from .pictures import PICTURES
from .points import POINTS
from .refusals import REFUSALS
from .row import Function
from .settings import SETTINGS

__all__ = ["FUNCTIONS", "GROUPS"]

GROUPS: dict[str, list[Function]] = {
    "Points": POINTS,
    "Parameters and functions": MEASURES,
    "The dual, by critics": CRITICS,
    "Pictures": PICTURES,
    "Points where a law is due": REFUSALS,
    **SETTINGS,
}
FUNCTIONS = [function for rows in GROUPS.values() for function in rows]
