"""Certified bounds of W_p that cost less than the distance itself."""

from .gaussian_bound import gelbrich
from .sandwich import bounds

__all__ = ["bounds", "gelbrich"]
