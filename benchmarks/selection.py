"""What `--only` refuses."""

from __future__ import annotations

__all__ = ["SelectionError"]


class SelectionError(ValueError):
    """Names that select nothing: the command line says so, and ends."""
