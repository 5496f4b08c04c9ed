"""``python -m benchmarks.fuzz TARGET [flags of libFuzzer]``: random bytes, led by what code they reach.

Needs atheris (``pip install -c constraints.txt '.[fuzz]'``), which is no dependency of the tests. A fault ends the run
and leaves the bytes that caused it; ``python -m benchmarks.fuzz TARGET FILE`` runs them again.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
import types
import warnings
from pathlib import Path
from typing import Any

from .targets import TARGETS

__all__ = ["FOLLOWED"]

# Modules whose branches lead the search, by target.
FOLLOWED = {
    "idx": ["gan.idx", "gzip", "_compression"],
    "checkpoint": ["gan.checkpoint", "torch._weights_only_unpickler"],
    "weights": ["gan.weights"],
    "text": ["wdist.files", "wdist.measures", "wdist.masses"],
    "npy": ["wdist.files", "wdist.measures", "zipfile", "numpy.lib._format_impl", "numpy.lib._npyio_impl"],
    "distance": ["wdist.files", "wdist.front", "wdist.line", "wdist.monotone", "wdist.projections", "wdist.__main__"],
}


def main(arguments: list[str]) -> None:
    """Run one target until libFuzzer's limits, or until a fault."""
    try:
        import atheris
    except ImportError:
        raise SystemExit("benchmarks.fuzz needs atheris: pip install -c constraints.txt '.[fuzz]'") from None
    if not arguments or arguments[0] not in TARGETS:
        raise SystemExit(f"usage: python -m benchmarks.fuzz TARGET [-runs=N …]; targets: {', '.join(TARGETS)}")
    name, flags = arguments[0], arguments[1:]
    seeds, run = TARGETS[name].seeds(), TARGETS[name].run
    warnings.simplefilter("error")
    for seed in seeds:  # imports and compiles what is used, before functions are changed
        run(seed)
    for module in FOLLOWED[name]:
        _follow(importlib.import_module(module), atheris.instrument_func)
    with tempfile.TemporaryDirectory() as corpus:
        for k, seed in enumerate(seeds):
            (Path(corpus) / str(k)).write_bytes(seed)
        folders = [] if any(Path(flag).is_file() for flag in flags) else [corpus]
        atheris.Setup([sys.argv[0], *flags, *folders], run)
        atheris.Fuzz()


def _follow(module: types.ModuleType, instrument: Any) -> None:
    """Have libFuzzer told of the branches that a module's functions and methods take."""
    holders = [module, *(kind for kind in vars(module).values() if isinstance(kind, type))]
    for holder in holders:
        for function in list(vars(holder).values()):
            if isinstance(function, types.FunctionType) and function.__module__ == module.__name__:
                instrument(function)


if __name__ == "__main__":
    main(sys.argv[1:])
