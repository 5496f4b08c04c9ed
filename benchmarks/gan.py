"""A training step of ``gan`` beside the straightforward loop: milliseconds per update of the critic.

The peer is the loop that most tutorials share, on the same networks, batch and optimiser settings: a ``DataLoader``;
images generated with a graph, through which the critic's backward pass runs on; the generated term, the real term
and the penalty each with a backward pass and a step of the optimiser of its own; the penalty by double backward; three
numbers read back. Between the two stands one loss and one step, still by double backward, which makes the same update
as ``gan`` and has to agree with it.

Two measures. ``critic``: an update of the critic, with what it needs (real images, generated images). ``step``: a
whole step, with the generator's update and the average of its weights, over its number of critic updates; on CUDA that
is what the graph replays, and what the target there is about. The solvers take turns, and a figure is the median of
theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from .process import ProcessError, stream
from .report import write_records

__all__ = ["NAME", "run"]

NAME = "gan"  # what --only knows it by

_PRESETS = {"smoke": ("classic",), "full": ("classic", "fast", "paper")}
_ROUNDS = {"smoke": 5, "full": 9}
_TARGETS = {("critic", "cpu"): 2.5, ("step", "cuda"): 8.0}  # on the classic networks
_LIMIT = 900.0  # seconds for a process
_AGREEMENT = 1e-4  # of weights after one update, over their largest change: float32, in another order


@dataclass(frozen=True, slots=True)
class Cell:
    """A solver in a measure of a preset: the median of its seconds per update of the critic."""

    preset: str
    device: str
    measure: str
    solver: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """The largest difference of the critic's weights after the same update, over their largest change."""

    preset: str
    difference: float


def run(suite: str, out: Path) -> bool:
    """Measure, print the table, write ``gan-SUITE.json``; whether the updates that have to agree do."""
    head = f"{'networks':<9} {'device':<7} {'measure':<8} {'loop':<24} {'ms':>9} {'ratio':>7}  {'target':<8}"
    print(f"A critic update of gan, one thread. ratio: over gan's.\n\n{head}\n{'-' * len(head)}", flush=True)
    cells, well = list[Cell](), True
    for preset in _PRESETS[suite]:
        try:
            for item in stream(_measured, (preset, _ROUNDS[suite]), _LIMIT):
                if isinstance(item, Agreement):
                    well &= item.difference <= _AGREEMENT
                    print(f"{preset}: one step by double backward and gan's agree to {item.difference:.1e}", flush=True)
                else:
                    cells.append(item)
                    ours = next(c for c in cells if (c.preset, c.measure) == (item.preset, item.measure))
                    print(_line(item, ours), flush=True)
        except ProcessError as error:
            print(f"{preset}: {error}")
            well = False
    write_records(out / f"{NAME}-{suite}.json", [asdict(cell) for cell in cells])
    return well


def _line(cell: Cell, ours: Cell) -> str:
    ratio, verdict = cell.seconds / ours.seconds, ""
    target = _TARGETS.get((cell.measure, cell.device))
    if target and cell.preset == "classic" and cell.solver == "three steps, DataLoader":
        verdict = f">={target:g}x {'met' if ratio >= target else 'missed'}"
    start = f"{cell.preset:<9} {cell.device:<7} {cell.measure:<8} {cell.solver:<24}"
    return f"{start} {1e3 * cell.seconds:>9.2f} {ratio:>6.2f}x  {verdict}".rstrip()


def _measured(preset: str, rounds: int) -> Iterator[Cell | Agreement]:
    """Runs in a process of its own, where torch is imported."""
    from .gan_loops import difference, measured

    yield Agreement(preset, difference(preset))
    for device, measure, solver, seconds in measured(preset, rounds):
        yield Cell(preset, device, measure, solver, seconds)
