"""Measure every check and write ``docs/validation.md``: ``python -m benchmarks.validation [--instances N]``."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from .check import CHECKS, largest_difference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "validation.md"

_OPENING = """# Validation

How far wdist is from answers that it did not compute itself: those of other implementations, whose algorithms are
different, and closed forms. A row is the largest relative difference over its random problems, seeds fixed. Exact
methods differ by rounding, quadrature of continuous laws by its own tolerance. `sliced` draws random directions, and a
test random exchanges: their rows are the sampling error. A bracket that holds the answer is not off at all. How often
the intervals of `estimate` hold, which no single problem tells, is measured in [populations](theory/inference.md).

"""


def page(instances: int) -> str:
    """The page as Markdown; raises where a difference exceeds the check's tolerance."""
    return "".join([_OPENING, *_table(instances), "\n", _closing(instances)])


def _table(instances: int) -> Iterator[str]:
    yield "| function | case | reference | instances | largest relative difference |\n|---|---|---|---:|---:|\n"
    for item in CHECKS:
        difference = largest_difference(item, instances)
        if not difference <= item.tolerance:
            raise SystemExit(f"{item.function}, {item.case}: {difference:.1e} exceeds {item.tolerance:.0e}")
        yield f"| `{item.function}` | {item.case} | {item.reference} | {instances} | {difference:.1e} |\n"


def _closing(instances: int) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "numba", "POT"))
    return (
        f"Made by `python -m benchmarks.validation --instances {instances}` on {os.cpu_count()} cores of "
        f"{platform.machine()} (CPU, {platform.system()}), Python {platform.python_version()}, {packages}. "
        "The test suite repeats every row on fewer problems. It holds each to a limit: "
        "1e-12 to 1e-8 for everything but random directions and exchanges, which are held to 0.1 and 0.2.\n"
    )


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.validation", description="Write docs/validation.md.")
    parser.add_argument("--instances", type=int, default=100, help="random problems a row (default: 100)")
    PAGE.write_text(page(parser.parse_args().instances), encoding="utf-8")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
