"""Coverage and power: tables, files and a picture."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
from scipy.stats import binom

from ..report import write_records
from .coverage import Cell, Grid, measured
from .figure import draw
from .power import Power, detected

__all__ = ["NAME", "run"]

NAME = "inference"  # what --only knows it by
NOMINAL, ASKED = 0.95, 0.93
_CHANCE = 0.005  # a coverage as asked would look worse than what was measured this seldom, or it is said to be below
_REFUSED = 0.2

_GRIDS = {
    "smoke": Grid((1, 5), {100: 4}),
    "full": Grid((1, 2, 3, 5, 10, 20), {100: 60, 500: 12, 2000: 3}),
}
_POWER_DRAWS = {"smoke": 4, "full": 100}
_HEAD = (
    f"{'populations':<16} {'d':>3} {'n':>5} {'p':>2} {'W_p':>7} {'plug-in':>8} {'centred':>8} {'rmse':>13} "
    f"{'median interval':>17} {'width':>6} {'cheap':>6} {'outside':>8} {'ms':>5}"
)


def run(suite: str, out: Path) -> bool:
    """Print, and write ``inference-SUITE.jsonl`` (cells, as they are done), ``.csv``, ``.png`` and ``power`` JSON.

    A run that was stopped goes on where it was. Returns whether coverage is what is asked for.
    """
    print(
        f"wdist.estimate, nominal {NOMINAL:.0%}. rmse: of plug-in and centred. width: median of high - low; cheap: of\n"
        "the same from wdist.bounds. outside: intervals below + above W_p, of all draws.\n"
    )
    cells = list[Cell]()
    for cell in measured(_GRIDS[suite], out / f"{NAME}-{suite}.jsonl"):
        if not cells or (cells[-1].dim, cells[-1].n) != (cell.dim, cell.n):
            print(f"\n{_HEAD}")
        print(_line(cell), flush=True)
        cells.append(cell)
    well = _summary(cells)
    _write_csv(out / f"{NAME}-{suite}.csv", cells)
    draw(cells, out / f"{NAME}-{suite}.png", NOMINAL)
    powers = list(detected(_POWER_DRAWS[suite]))
    _power_table(powers)
    write_records(out / f"{NAME}-power-{suite}.json", [asdict(power) for power in powers])
    return well


def coverage(cells: Iterable[Cell]) -> tuple[float, int]:
    """Share of intervals that hold the truth, and how many there are."""
    cells = list(cells)
    given = sum(cell.draws - cell.refused for cell in cells)
    return 1.0 - sum(cell.below + cell.above for cell in cells) / given, given


def _line(cell: Cell) -> str:
    error = f"{cell.plug_in_error:.3f}/{cell.centred_error:.3f}"
    return (
        f"{cell.pair:<16} {cell.dim:>3} {cell.n:>5} {cell.p:>2} {cell.truth:>7.3f} {cell.plug_in:>8.3f} "
        f"{cell.centred:>8.3f} {error:>13} {f'[{cell.low:.3f}, {cell.high:.3f}]':>17} {cell.width:>6.3f} "
        f"{cell.cheap_width:>6.3f} {f'{cell.below}+{cell.above}/{cell.draws}':>8} {1000 * cell.seconds:>5.0f}"
    )


def _summary(cells: Sequence[Cell]) -> bool:
    """Coverage by dimension and size, and by populations; whether none is significantly below what is asked for."""
    print(f"\n{'coverage':<22} {'intervals':>9} {'refused':>8} {'width / cheap':>14}")
    groups = {f"d = {d}, n = {n}": [c for c in cells if (c.dim, c.n) == (d, n)] for d, n in _sizes(cells)}
    names = list(dict.fromkeys(cell.pair for cell in cells))
    groups |= {name: [c for c in cells if c.pair == name] for name in names}
    groups |= {"all": list(cells)}
    well = True
    for name, group in groups.items():
        share, given = coverage(group)
        refused = sum(cell.refused for cell in group) / sum(cell.draws for cell in group)
        ratio = float(np.median([cell.width / cell.cheap_width for cell in group]))
        missed = sum(cell.below + cell.above for cell in group)
        met = missed == 0 or binom.sf(missed - 1, given, 1 - ASKED) > _CHANCE
        well &= bool(met) and refused <= _REFUSED
        print(f"{name:<14} {share:>7.1%} {given:>9} {refused:>8.1%} {ratio:>14.2f}{'' if met else '  BELOW'}")
    return well


def _sizes(cells: Sequence[Cell]) -> list[tuple[int, int]]:
    return list(dict.fromkeys((cell.dim, cell.n) for cell in cells))


def _write_csv(path: Path, cells: Sequence[Cell]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Cell)])
        writer.writeheader()
        writer.writerows(asdict(cell) for cell in cells)


def _power_table(powers: Sequence[Power]) -> None:
    tests = list(dict.fromkeys(power.test for power in powers))
    print(
        f"\nShare of samples that a test at level 5 % tells apart\n\n{'change':<28}"
        + "".join(f"{t:>14}" for t in tests)
    )
    for change in dict.fromkeys(power.change for power in powers):
        found = {power.test: power.share for power in powers if power.change == change}
        print(f"{change:<28}" + "".join(f"{found[t]:>14.0%}" if t in found else f"{'':>14}" for t in tests))
