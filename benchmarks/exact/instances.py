"""The rows of the benchmark: what is solved, how often, and what is to be reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..selection import SelectionError
from . import data
from .solvers import OURS, Solver
from .targets import Target

__all__ = ["EXACT", "LARGE", "LARGE_ROWS", "ROWS", "SUITES", "Instance", "select"]

EXACT, LARGE = "exact", "exact-large"  # the benchmark and its largest rows, as --only knows them
_MINUTES = 60.0
_POT_PAIRS = 1024  # points up to which POT solves every pair of pictures, above it one a class


@dataclass(frozen=True)
class Instance:
    """A row: one problem solved repeatedly, or several pairs of pictures solved once each.

    Attributes
    ----------
    name : str
    n : int
        Points a side.
    dim : int or None
        Their dimension; None: no points, but a matrix of costs, n by n.
    p : int
        The exponent; 1 of a matrix.
    weights : str
        ``"random"``, ``"uniform"`` or ``"picture"``.
    draw : callable
        Number of the pair to the problem.
    per_class : int
        Pairs of pictures taken from every class; 0: a single problem.
    target : Target
    limit : float
        Seconds after which a solver's process is killed.
    needs : str or None
        The data set it is made of.
    """

    name: str
    n: int
    dim: int | None
    p: int
    weights: str
    draw: Callable[[int], data.Measures | data.Matrix]
    per_class: int = 0
    target: Target = field(default_factory=Target)
    limit: float = 5 * _MINUTES
    needs: str | None = None

    def missing(self) -> str | None:
        """Why it cannot be made here, or None."""
        found = {"mnist": data.mnist_file, "dotmark": data.dotmark_files}
        if self.needs is None or found[self.needs]():
            return None
        return f"no {self.needs} in {' or '.join(map(str, data.places(self.needs)))}; WDIST_DATA names another place"

    def plan(self, solver: Solver) -> list[int]:
        """The pairs to solve, in turn: the only one several times, or each of many once."""
        if not self.per_class:
            if solver is OURS or self.n <= 2_000:
                return [0] * 5
            return [0] * (3 if self.n <= 5_000 and solver.name == "pot" else 1)
        classes = len(data.dotmark_files())
        every = solver is OURS or self.n <= _POT_PAIRS
        return list(range(classes * self.per_class if every else classes))


def select(benchmark: str, suite: str, only: Sequence[str] = ()) -> list[Instance]:
    """The rows of the suite, or the largest ones, that ``only`` names; all where it names none.

    Raises
    ------
    SelectionError
        For a name that is none of those.
    """
    offered = SUITES[suite] if benchmark == EXACT else LARGE_ROWS
    if unknown := [name for name in only if name not in offered]:
        raise SelectionError(
            f"--only names {', '.join(map(repr, unknown))}, no row of {benchmark} in the suite {suite!r}; choose from "
            f"{', '.join(offered)}; or leave the names out for all"
        )
    return [ROWS[name] for name in offered if name in (only or offered)]


def _cloud(
    n: int,
    d: int = 2,
    p: int = 2,
    weights: str = "random",
    limit: float = 5 * _MINUTES,
    target: Target | None = None,
) -> Instance:
    size = f"{n // 10**6}m" if n % 10**6 == 0 else f"{n // 1000}k" if n % 1000 == 0 else str(n)
    name = f"{size}-{d}d" + ("-w1" if p == 1 else "") + ("-uniform" if weights == "uniform" else "")
    return Instance(name, n, d, p, weights, lambda pair: data.cloud(n, d, weights), 0, target or Target(), limit)


def _mnist(n: int, target: Target) -> Instance:
    return Instance(f"mnist-{n // 1000}k", n, 784, 2, "uniform", lambda pair: data.mnist(n), 0, target, needs="mnist")


def _grid(size: int, p: int) -> Instance:
    return Instance(f"grid-{size}-w{p}", size**2, 2, p, "picture", lambda pair: data.grid(size))


def _matrix(costs: str, n: int) -> Instance:
    faster = Target(speedup=1)
    return Instance(f"lp-{costs}-{n // 1000}k", n, None, 1, "random", lambda pair: data.matrix(costs, n), 0, faster)


def _dotmark(size: int, p: int, per_class: int, limit: float = 10 * _MINUTES, target: Target | None = None) -> Instance:
    def draw(pair: int) -> data.Measures:
        return data.dotmark(size, pair)

    name = f"dotmark-{size}-w{p}"
    return Instance(name, size**2, 2, p, "picture", draw, per_class, target or Target(), limit, "dotmark")


_SMALL = [_cloud(500), _cloud(500, weights="uniform"), _cloud(1_000, target=Target(speedup=10))]
_SMALL += [_cloud(1_000, weights="uniform"), _cloud(1_000, 3, target=Target(speedup=10))]
_GRIDS = [_grid(32, 1), _grid(32, 2)]
_MATRICES = [_matrix("random", 1_000), _matrix("sqeuclidean", 1_000)]
_MEDIUM = [
    _cloud(2_000),
    _cloud(2_000, weights="uniform"),
    _cloud(5_000, target=Target(speedup=60)),
    _cloud(5_000, weights="uniform"),
    _cloud(5_000, p=1, target=Target(speedup=25)),
    _cloud(5_000, 3, target=Target(speedup=30)),
    _cloud(10_000, target=Target(speedup=90, memory_ratio=50)),
    _cloud(10_000, weights="uniform"),
    _cloud(5_000, 10, target=Target(speedup=6)),
    _cloud(5_000, 50, target=Target(speedup=6)),
    _mnist(2_000, Target(speedup=3)),
    _cloud(20_000),
    _cloud(20_000, weights="uniform"),
    _cloud(50_000),
    _cloud(50_000, weights="uniform"),
    _cloud(100_000, limit=10 * _MINUTES, target=Target(seconds=12, megabytes=150, gap=1e-12)),
    _cloud(100_000, weights="uniform", target=Target(seconds=6, megabytes=150, gap=1e-12)),
    _cloud(300_000, weights="uniform", limit=20 * _MINUTES, target=Target(megabytes=400, finishes=True)),
]
_PICTURES = [
    *(_dotmark(32, p, per_class=5) for p in (1, 2)),
    *(_dotmark(64, p, per_class=5) for p in (1, 2)),
    _dotmark(128, 1, per_class=10, limit=20 * _MINUTES, target=Target(seconds=6)),
    _dotmark(128, 2, per_class=10, target=Target(seconds=3)),
]
_MEDIUM_MATRICES = [_matrix(costs, 2_000) for costs in ("random", "sqeuclidean", "euclidean", "integers")]
_LARGE = [
    *(_dotmark(256, p, per_class=1, limit=60 * _MINUTES) for p in (1, 2)),
    *(_dotmark(512, p, per_class=1, limit=120 * _MINUTES) for p in (1, 2)),
    _cloud(1_000_000, weights="uniform", limit=120 * _MINUTES),
]

ROWS = {row.name: row for row in (*_SMALL, *_GRIDS, *_MEDIUM, *_PICTURES, *_MATRICES, *_MEDIUM_MATRICES, *_LARGE)}
SUITES = {
    "smoke": tuple(row.name for row in (*_SMALL, *_GRIDS, *_MATRICES)),
    "full": tuple(row.name for row in (*_SMALL, *_MEDIUM, *_PICTURES, *_MATRICES, *_MEDIUM_MATRICES)),
}
LARGE_ROWS = tuple(row.name for row in _LARGE)
