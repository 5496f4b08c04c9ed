"""The commands of the benchmarks, by the names that ``--only`` knows them by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from . import gan, gaussians, inference, line, many, suites
from .comparison import command as comparison
from .comparison.stage import NAME as COMPARISON
from .critics import command as critics
from .critics import coverage
from .exact import command as exact
from .exact.instances import EXACT, LARGE
from .faults import command as faults
from .reliability import command as reliability

__all__ = ["COMMANDS", "Command", "chosen"]


@dataclass(frozen=True, slots=True)
class Command:
    """One of the benchmarks.

    Attributes
    ----------
    run : callable
        ``(suite, rows, out)``: measures, prints, writes files to the folder out, and says whether all went well.
    what : str
        What it measures, in a line.
    rows : str
        What the other names of ``--only`` choose of it; "" where they choose nothing.
    unasked : tuple of str
        The suites that it belongs to where ``--only`` names nothing.
    """

    run: Callable[[str, Sequence[str], Path], bool]
    what: str
    rows: str = ""
    unasked: tuple[str, ...] = ()


def _whole(run: Callable[[str, Path], bool], what: str, unasked: tuple[str, ...] = ()) -> Command:
    """A command without rows to choose from."""
    return Command(lambda suite, rows, out: run(suite, out), what, unasked=unasked)


_FULL = ("full",)
COMMANDS = {
    "problems": Command(
        suites.run,
        "every estimator on problems of known W1 and W2",
        "problems, estimators and import",
        ("smoke", "full"),
    ),
    EXACT: Command(partial(exact.run, EXACT), "transport and transport_lp beside POT", "rows", _FULL),
    line.NAME: _whole(line.run, "wasserstein_1d beside SciPy and POT", _FULL),
    gaussians.NAME: _whole(gaussians.run, "gaussian_w2 beside POT, and its accuracy", _FULL),
    gan.NAME: _whole(gan.run, "a training step beside the straightforward loop", _FULL),
    many.SLICED: _whole(partial(many.run, many.SLICED), "sliced and max_sliced beside POT", _FULL),
    many.MANY: _whole(partial(many.run, many.MANY), "pairwise and nearest beside loops over POT", _FULL),
    # Long, or the same in every suite: only where they are named.
    COMPARISON: Command(
        comparison.run, "every estimator, POT and geomloss: error against n, d and seconds", "estimators"
    ),
    critics.NAME: Command(critics.run, "critics on problems of known W1", "problems and critics"),
    coverage.NAME: _whole(coverage.run, "how often the brackets of dual.fit hold W1"),
    LARGE: Command(partial(exact.run, LARGE), "transport of a million points and of large pictures", "rows"),
    reliability.NAME: _whole(reliability.run, "bad and unusual input to every function"),
    inference.NAME: _whole(inference.run, "intervals of estimate, power of two_sample_test"),
    faults.NAME: _whole(faults.run, "damaged files, read by every reader"),
}
_TWICE = {many.SLICED}  # names of a command and of an estimator


def chosen(suite: str, only: Sequence[str]) -> list[tuple[Command, list[str]]]:
    """The commands to run, with the rows of each: names of no command are rows, of the problems where nothing is said.

    "sliced" is a command, and an estimator: the latter alone beside a command with rows, both where there is none.
    """
    if not only:
        return [(command, []) for command in COMMANDS.values() if suite in command.unasked]
    rows = [name for name in only if name not in COMMANDS or name in _TWICE]
    names = {name for name in only if name in COMMANDS}
    if any(COMMANDS[name].rows for name in names):
        names -= _TWICE
    elif rows:
        names.add("problems")
    return [(command, rows if command.rows else []) for name, command in COMMANDS.items() if name in names]
