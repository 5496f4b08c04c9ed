"""From one pair to many: all distances among many measures, and the nearest ones."""

from .matrix import pairwise
from .neighbours import nearest

__all__ = ["nearest", "pairwise"]
