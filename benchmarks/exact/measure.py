"""Measures a row: every solver in a process of its own, on the same problem.

A process solves a small problem of the same kind first, which loads compiled code, and then the row's own, sending each
run when it is done: a process that is killed for its time keeps the runs it finished.
"""

from __future__ import annotations

import gc
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from ..process import ProcessError, metered, stream
from .instances import ROWS, Instance
from .solvers import LAZY, OURS, POT, SOLVERS, Solver
from .targets import MISSED, Figures

__all__ = ["AGREEMENT", "Cell", "Comparison", "Run", "compare"]

AGREEMENT = 1e-9  # relative difference of two solvers' costs above which one of them is wrong
_LONG = 60.0  # seconds of a run after which it is not repeated
_WARM_UP_POINTS = 1000
_WARM_UP_POT = 100  # POT is compiled already
_MB = 1e6


@dataclass(frozen=True, slots=True)
class Run:
    """One solve: which pair, W_p^p, its certified relative gap, wall seconds, peak bytes above the input."""

    pair: int
    cost: float
    gap: float | None
    seconds: float
    peak: int | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A solver's runs on a row.

    Attributes
    ----------
    runs : list of Run
    failure : str or None
        Why there are no runs, or no more, and by which solver.
    declined : bool
        Whether that is by choice: not an error.
    """

    runs: list[Run] = field(default_factory=list)
    failure: str | None = None
    declined: bool = False

    @property
    def seconds(self) -> float | None:
        """Mean over the pairs of the median over a pair's runs."""
        return _mean(self.times())

    @property
    def megabytes(self) -> float | None:
        return max((run.peak / _MB for run in self.runs if run.peak is not None), default=None)

    @property
    def gap(self) -> float | None:
        return max((run.gap for run in self.runs if run.gap is not None), default=None)

    def times(self) -> dict[int, float]:
        """The median seconds of every pair."""
        return {pair: statistics.median(run.seconds for run in self.runs if run.pair == pair) for pair in self.costs()}

    def costs(self) -> dict[int, float]:
        return {run.pair: run.cost for run in self.runs}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A measured row; everything but the cells is derived from them."""

    instance: Instance
    cells: dict[str, Cell]

    @property
    def ours(self) -> Cell:
        return self.cells[OURS.name]

    @property
    def speedup(self) -> float | None:
        """POT's seconds over wdist's, on the pairs that both solved."""
        ours, pot = self.ours.times(), self.cells[POT.name].times()
        common = ours.keys() & pot.keys()
        return sum(pot[pair] for pair in common) / sum(ours[pair] for pair in common) if common else None

    @property
    def difference(self) -> float | None:
        """The largest relative difference of a peer's cost from wdist's, with its sign; None without a peer."""
        ours, peers = self.ours.costs(), [self.cells[solver.name].costs() for solver in (POT, LAZY)]
        found = [_excess(ours[pair], cost) for peer in peers for pair, cost in peer.items() if pair in ours]
        return max(found, key=abs, default=None)

    @property
    def error(self) -> str | None:
        """What is wrong, not only slow: no answer of ours, or two answers."""
        if self.ours.failure is not None and not self.ours.declined:
            return self.ours.failure
        if self.difference is not None and not abs(self.difference) <= AGREEMENT:
            return f"the values of wdist and POT differ by {self.difference:.1e}"
        return None

    @property
    def verdict(self) -> str:
        """Of the row's target; empty without one, and where there was nothing to measure."""
        if self.ours.declined:
            return ""
        if self.error is not None and str(self.instance.target):
            return MISSED
        ours, pot = self.ours.megabytes, self.cells[POT.name].megabytes
        ratio = None if ours is None or pot is None else pot / max(ours, 1e-3)
        return self.instance.target.verdict(
            Figures(self.ours.seconds, ours, self.ours.gap, speedup=self.speedup, memory_ratio=ratio)
        )


def compare(instance: Instance) -> Comparison:
    """Measure a row with every solver, one after the other."""
    return Comparison(instance, {solver.name: _cell(instance, solver) for solver in SOLVERS.values()})


def _cell(instance: Instance, solver: Solver) -> Cell:
    if missing := instance.missing():
        return Cell(failure=missing, declined=True)
    if reason := solver.declines(instance.n, instance.dim):
        return Cell(failure=f"{solver.label}: {reason}", declined=True)
    runs: list[Run] = []
    try:
        for run in stream(_runs, (instance.name, solver.name), instance.limit):
            runs.append(run)  # one by one: a failure keeps those before it
    except ProcessError as error:
        return Cell(runs, f"{solver.label}: {error}")
    return Cell(runs)


def _runs(instance_name: str, solver_name: str) -> Iterator[Run]:
    """Runs in a process of its own."""
    instance, solver = ROWS[instance_name], SOLVERS[solver_name]
    plan = instance.plan(solver)
    solver.solve(instance.draw(plan[0]).thinned(_WARM_UP_POINTS if solver is OURS else _WARM_UP_POT), instance.p)
    gc.collect()  # what imports have left behind, so that no run has to
    for turn, pair in enumerate(plan):
        problem = instance.draw(pair)
        answer, seconds, peak = metered(partial(solver.solve, problem, instance.p))
        yield Run(pair, answer.cost, answer.gap, seconds, peak)
        if seconds > _LONG and pair in plan[turn + 1 :]:
            return


def _excess(cost: float, peer: float) -> float:
    """Relative to the peer's; where that is 0, as an optimum may be, two answers are all apart or not at all."""
    return (cost - peer) / (peer or cost or 1.0)


def _mean(times: dict[int, float]) -> float | None:
    return statistics.mean(times.values()) if times else None
