"""The three solvers: wdist's, POT's on the matrix of all costs, and POT's that computes costs as it needs them.

A problem is given by points or by a matrix of costs; of a matrix, the exponent p is 1: its costs are what they are.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import wdist

from .data import Matrix, Measures

__all__ = ["LAZY", "OURS", "POT", "SOLVERS", "Answer", "Solver", "relative_gap"]

_ITERATIONS = 10**9  # POT stops at 100,000 by default, before the optimum of 2000 points
_METRICS = {1: "euclidean", 2: "sqeuclidean"}  # POT's names of |x - y|^p
_POT_LARGEST = 10_000  # points: 4 GB with all that emd2 makes of the costs


class Answer(NamedTuple):
    """W_p^p, and the certified relative width of its bracket where the solver has one."""

    cost: float
    gap: float | None = None


@dataclass(frozen=True, slots=True)
class Solver:
    """A way to solve, and why it is not asked to solve everything.

    Attributes
    ----------
    name, label : str
        For files and for tables.
    solve : callable
        ``(problem, p)`` to an `Answer`; a wrong or unfinished answer is an exception.
    declines : callable
        Number of points a side and their dimension, None of a matrix of costs, to a reason, or None.
    """

    name: str
    label: str
    solve: Callable[[Measures | Matrix, int], Answer]
    declines: Callable[[int, int | None], str | None]


def relative_gap(lower: float, upper: float, p: float) -> float:
    """``(upper^p - lower^p) / upper^p``, without cancellation."""
    if lower == upper:
        return 0.0
    return 1.0 if lower <= 0.0 else -math.expm1(p * math.log1p((lower - upper) / upper))


def _ours(problem: Measures | Matrix, p: int) -> Answer:
    if isinstance(problem, Matrix):
        result = wdist.transport_lp(*problem, p=p)
    else:
        x, y, a, b = problem
        result = wdist.transport(x, y, p=p, x_weights=a, y_weights=b)
    if result.kind != "exact":
        raise ArithmeticError(f"the answer is of kind {result.kind!r}, not exact")
    return Answer(float(result.cost), relative_gap(result.lower, result.upper, p))


def _pot(problem: Measures | Matrix, p: int) -> Answer:
    import ot

    if isinstance(problem, Matrix):
        return _finished(lambda: ot.emd2(problem.a, problem.b, problem.costs, numItermax=_ITERATIONS))
    x, y, a, b = problem
    masses: tuple[Any, Any] = ([] if a is None else a, [] if b is None else b)
    return _finished(lambda: ot.emd2(*masses, ot.dist(x, y, metric=_METRICS[p]), numItermax=_ITERATIONS))


def _lazy(problem: Measures | Matrix, p: int) -> Answer:
    import ot

    assert isinstance(problem, Measures), "declined"
    if not hasattr(ot.lp, "emd2_lazy"):
        raise NotImplementedError(f"POT {ot.__version__} has no lazy solver")
    x, y, a, b = problem
    options: dict[str, Any] = {"metric": _METRICS[p], "numItermax": _ITERATIONS, "return_matrix": False}
    return _finished(lambda: ot.lp.emd2_lazy(x, y, a, b, **options))


def _finished(call: Callable[[], float]) -> Answer:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # stopped before the optimum, it warns and returns what is not exact
        return Answer(float(call()))


def _pot_declines(n: int, dim: int | None) -> str | None:
    if n <= _POT_LARGEST:
        return None
    return f"not run: the costs of all pairs take {8 * n * n / 1e9:.2g} GB, and POT needs five times as much"


def _lazy_declines(n: int, dim: int | None) -> str | None:
    if dim is None:
        return "not run: it computes costs from points, and here the costs are given"
    return None if n <= _POT_LARGEST else f"not run above n = {_POT_LARGEST:,}, where a run takes many minutes"


OURS = Solver("wdist", "wdist", _ours, lambda n, dim: None)
POT = Solver("pot", "POT dist + emd2", _pot, _pot_declines)
LAZY = Solver("lazy", "POT emd2_lazy", _lazy, _lazy_declines)
SOLVERS = {solver.name: solver for solver in (OURS, POT, LAZY)}
