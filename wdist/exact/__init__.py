"""The exact linear programme of optimal transport: between points, or for any cost matrix."""

from .linear_programme import transport_lp
from .points import transport

__all__ = ["transport", "transport_lp"]
