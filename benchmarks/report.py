"""Tables, files and the figure of a benchmark run."""

from __future__ import annotations

import csv
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, fields
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from pathlib import Path
from typing import Any

from .estimators import ESTIMATORS
from .problems import known_problem
from .runner import IMPORT_LIMIT, Row, Suite

__all__ = [
    "figure",
    "full_label",
    "header",
    "import_line",
    "machine",
    "table_line",
    "write_csv",
    "write_json",
    "write_records",
]

_HEAD = (
    f"{'estimator':<18} {'kind':<11} {'value':>8} {'raw':>8} {'truth':>8} {'error':>9} {'bracket':>21} "
    f"{'seconds':>8} {'MiB':>6}"
)
_SMALLEST, _LARGEST = 1e-4, 3.0  # limits of the figure's axis
# Okabe and Ito's palette, distinct for colour-blind readers too.
_COLOURS = {"wdist": "#0072B2", "peer": "#E69F00", "critic": "#009E73"}
_LEGEND = {"wdist": "wdist, direct", "peer": "POT, geomloss", "critic": "wdist, critic"}


def header(suite: Suite) -> str:
    """What a run is, and how to read its table."""
    return (
        f"Suite {suite.name}: {suite.n} points a side, critics {suite.effort.steps} steps, sliced "
        f"{suite.effort.projections} projections, one thread.\n"
        "truth is W1 of the laws unless W2 is said. 'exact' is exact for the samples, so its error is sampling error;\n"
        "paired samples have a W1 of their own, known to rounding. A clipped critic proves a lower bound only: its\n"
        "raw value is in unknown units. SW1, the sliced distance, is another quantity than W1 above dimension 1: it\n"
        "has no error. The closed form of fitted Gaussians is a lower bound of W2.\n"
    )


def table_line(row: Row, previous: Row | None) -> str:
    """A line of the table, with the head before the first row of a problem."""
    bracket = "" if row.lower is None else f"[{row.lower:.5g}, {_number(row.upper, '.5g', 'inf')}]"
    line = (
        f"{full_label(row.estimator):<18} {row.kind:<11} {row.value:>8.4f} {_number(row.raw, '.4f'):>8} "
        f"{_number(row.truth, '.4f'):>8} {_error(row.error):>9} {bracket:>21} "
        f"{row.seconds:>8.2g} {_number(row.peak_mib, '.1f'):>6}"
    )
    if previous is not None and previous.problem == row.problem:
        return line
    return f"\n{row.problem}, W1 = {_law_w1(row)}\n{_HEAD}\n{line}"


def full_label(estimator: str) -> str:
    """The label, with the quantity where it is not W1."""
    quantity = ESTIMATORS[estimator].quantity
    return ESTIMATORS[estimator].label + ("" if quantity == "W1" else f" ({quantity})")


def import_line(seconds: float) -> str:
    verdict = "within" if seconds <= IMPORT_LIMIT else "ABOVE"
    return f"import wdist: {seconds:.4f} s of CPU above import numpy, {verdict} the limit of {IMPORT_LIMIT} s"


def machine() -> dict[str, Any]:
    """Where the numbers come from."""
    packages = ("numpy", "scipy", "numba", "torch", "pot", "geomloss")
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "packages": {name: _version(name) for name in packages},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def write_json(path: Path, suite: Suite, rows: Sequence[Row], seconds: float | None) -> None:
    """Everything that was measured; null stands for what does not apply, and for a missing upper bound."""
    record = {
        "suite": asdict(suite),
        "machine": machine(),
        "import": None if seconds is None else {"cpu_seconds": seconds, "limit": IMPORT_LIMIT},
        "rows": [asdict(row) for row in rows],
    }
    path.write_text(json.dumps(record, indent=2, allow_nan=False) + "\n")


def write_records(path: Path, records: Sequence[Any]) -> None:
    """As JSON, to a folder that is made where there is none; the path is printed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {path}")


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def figure(path: Path, suite: Suite, rows: Sequence[Row]) -> None:
    """Relative error per estimator, a panel per problem, on one logarithmic axis."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    scored = [row for row in rows if row.error is not None]
    panels = [list(group) for _, group in groupby(scored, key=lambda row: row.problem)]
    names = [name for name in ESTIMATORS if any(row.estimator == name for row in scored)]
    columns = min(5, len(panels))
    lines = -(-len(panels) // columns)
    size = (1.6 + 2.3 * columns, 1.3 + (0.5 + 0.3 * len(names)) * lines)
    canvas, axes = plt.subplots(lines, columns, sharex=True, sharey=True, figsize=size, squeeze=False)
    for ax, panel in zip(axes.flat, panels, strict=False):
        _draw_panel(ax, panel, names)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    canvas.legend(handles=_legend(scored), loc="outside lower center", ncols=5, frameon=False, fontsize=8)
    canvas.suptitle(
        f"Relative error of $W_1$, or of $W_2$ where it is said, suite {suite.name}, {suite.n} points a side",
        fontsize=11,
    )
    canvas.set_layout_engine("constrained")
    canvas.savefig(path, dpi=130)
    plt.close(canvas)


def _draw_panel(ax: Any, panel: Sequence[Row], names: Sequence[str]) -> None:
    ax.set_title(f"{panel[0].problem}\n$W_1$ = {_law_w1(panel[0])}", fontsize=9)
    ax.set_xscale("log")
    ax.set_xlim(_SMALLEST, _LARGEST * 40)  # room for the numbers
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xticks([1e-4, 1e-3, 1e-2, 1e-1, 1.0], ["≤10⁻⁴", "10⁻³", "1%", "10%", "100%"], fontsize=7)
    ax.set_yticks(range(len(names)), [full_label(name) for name in names], fontsize=8)
    ax.grid(axis="x", color="0.9")
    ax.spines[["top", "right"]].set_visible(False)
    ax.minorticks_off()
    for row in panel:
        _draw_row(ax, row, names.index(row.estimator))
    measured = {row.estimator for row in panel}
    for y, name in enumerate(names):
        if name not in measured:
            _write_beside(ax, y, "d = 1 only" if ESTIMATORS[name].line_only else "no truth", color="0.55")


def _draw_row(ax: Any, row: Row, y: int) -> None:
    assert row.error is not None
    assert row.truth is not None
    colour, marker = _COLOURS[_family(row.estimator)], "<" if row.kind == "lower bound" else "o"
    at = min(max(abs(row.error), _SMALLEST), _LARGEST)
    ax.axhline(y, color="0.95", zorder=0)
    if row.raw is not None and row.kind == "estimate":
        raw = min(max(abs(row.raw / row.truth - 1.0), _SMALLEST), _LARGEST)
        ax.plot([raw, at], [y, y], color=colour, lw=1)
        ax.plot(raw, y, "o", mfc="white", mec=colour, ms=6)
    ax.plot(at, y, marker, color=colour, ms=6, clip_on=False, zorder=3)
    _write_beside(ax, y, _error(row.error))


def _write_beside(ax: Any, y: int, text: str, color: str = "black") -> None:
    place = ("axes fraction", "data")
    ax.annotate(text, (1.0, y), xycoords=place, ha="right", va="center", fontsize=7, color=color)


def _legend(rows: Sequence[Row]) -> list[Any]:
    """Entries for the marks that are in the figure."""
    from matplotlib.lines import Line2D

    def entry(label: str, marker: str, colour: str, face: str | None = None) -> Line2D:
        return Line2D([], [], ls="", marker=marker, mec=colour, mfc=face or colour, ms=6, label=label)

    families = {_family(row.estimator) for row in rows}
    kinds = {row.kind for row in rows if _family(row.estimator) == "critic"}
    entries = [entry(_LEGEND[name], "o", colour) for name, colour in _COLOURS.items() if name in families]
    if "estimate" in kinds:
        entries.append(entry("before correction", "o", _COLOURS["critic"], "white"))
    if "lower bound" in kinds:
        entries.append(entry("lower bound", "<", _COLOURS["critic"]))
    return entries


def _family(estimator: str) -> str:
    if ESTIMATORS[estimator].package is not None:
        return "peer"
    return "critic" if ESTIMATORS[estimator].trains else "wdist"


def _law_w1(row: Row) -> str:
    return f"{known_problem(row.problem).w1:.4f}"


def _error(error: float | None) -> str:
    if not error:
        return "" if error is None else "0"
    return f"{error:+.1%}" if abs(error) >= 1e-3 else f"{error:+.0e}"


def _number(value: float | None, form: str, missing: str = "") -> str:
    return missing if value is None else format(value, form)
