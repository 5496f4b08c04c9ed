"""A Wasserstein GAN trainer on top of :mod:`wdist.dual`: ``python -m gan --help``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# Loaded when first asked for, so that `python -m gan --help` does not wait for torch.
_HOMES = {
    "Config": "config",
    "ConfigError": "config",
    "DataError": "data",
    "CheckpointError": "checkpoint",
    "DivergedError": "train",
}

__all__ = ["CheckpointError", "Config", "ConfigError", "DataError", "DivergedError"]

if TYPE_CHECKING:
    from .checkpoint import CheckpointError as CheckpointError
    from .config import Config as Config
    from .config import ConfigError as ConfigError
    from .data import DataError as DataError
    from .train import DivergedError as DivergedError


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
