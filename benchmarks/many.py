"""Sliced distances, matrices of distances and nearest measures beside POT: seconds of the same answer, one thread.

Every row runs in a process of its own, after a warm-up that loads compiled code; its seconds are the median of its
runs. What POT has no function for is a loop over its function for a pair.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import wdist

from .process import ProcessError, stream
from .report import write_records

__all__ = ["MANY", "SLICED", "run"]

SLICED, MANY = "sliced", "many"  # what --only knows them by

_LIMIT = 600.0  # seconds for a row
_RUNS, _LEAST, _BUDGET = 5, 0.2, 3.0  # repetitions, seconds until there are more, and after which there are no more
_PATIENCE = 2.0  # seconds that POT gets to be as high as a climb
_AGREEMENT, _SEARCHED = 1e-9, 0.02


@dataclass(frozen=True, slots=True)
class Row:
    """Seconds of both on one problem; ``off`` is the largest relative difference of the answers.

    ``sense`` is "same", or "above" where both search for a maximum: then ``off`` is by how much ours is below theirs,
    which chance may make a little.
    """

    problem: str
    ours: float
    theirs: float
    off: float
    sense: str = "same"
    target: float = 3.0
    note: str = ""

    @property
    def agreed(self) -> bool:
        """Whether the answers are one, or ours is the better one, or nearly so."""
        return self.off <= (_AGREEMENT if self.sense == "same" else _SEARCHED)

    @property
    def ratio(self) -> float:
        """POT's seconds over ours."""
        return self.theirs / self.ours


def run(name: str, suite: str, out: Path) -> bool:
    """Measure, print the table, write ``NAME-SUITE.json``; whether all answers agree."""
    if find_spec("ot") is None:
        print(f"{name}: POT is not installed here, and nothing else to compare with: pip install -e '.[bench]'")
        return False
    head = f"{'problem':<58} {'wdist':>9} {'POT':>9} {'ratio':>7} {'off by':>8}  verdict"
    print(f"{name}, one thread, seconds.\n\n{head}\n{'-' * len(head)}", flush=True)
    rows, well = list[Row](), True
    for problem in _PROBLEMS[name](suite):
        try:
            for row in stream(_row, (problem,), _LIMIT):
                rows.append(row)
                well &= row.agreed
                print(_line(row), flush=True)
        except ProcessError as error:
            print(f"{', '.join(map(str, problem))}: {error}")
            well = False
    write_records(out / f"{name}-{suite}.json", [asdict(row) for row in rows])
    return well


def _line(row: Row) -> str:
    verdict = f">={row.target:g}x {'met' if row.ratio >= row.target else 'missed'}"
    if not row.agreed:
        verdict = f"DIFFERS by {row.off:.1e}"
    line = f"{row.problem:<58} {row.ours:>9.3g} {row.theirs:>9.3g} {row.ratio:>6.1f}x {row.off:>8.0e}  {verdict}"
    return f"{line}{'; ' * bool(row.note)}{row.note}"


def _sliced_problems(suite: str) -> Iterator[tuple[Any, ...]]:
    sizes = (100, 1000, 10_000, 100_000) if suite == "full" else (1000, 10_000)
    for n in sizes:
        for weighted in (False, True):
            yield ("sliced", n, 10, 256, weighted)
    yield ("sliced", 2000, 784, 256, False)
    for kind, directions in (("1 direction", 1), ("50 directions", 50), ("with its climbs", 50)):
        for n in sizes:
            yield (f"max_sliced, {kind}", n, 10, directions, False)
    for n in sizes:
        yield ("max_sliced, time to the same value", n, 10, 50, False)


def _many_problems(suite: str) -> Iterator[tuple[Any, ...]]:
    full = suite == "full"
    yield ("Gaussians", 300 if full else 60, 0, 5)
    yield ("line", 200 if full else 60, 200, 1)
    for k, n, d in ((60, 20, 2), (40, 50, 2), (30, 100, 2), (16, 500, 2), (16, 200, 10)):
        yield ("clouds", k if full else max(k // 3, 4), n, d)
    yield ("nearest of", 400 if full else 100, 50, 2)
    yield ("nearest of", 400 if full else 100, 50, 10)


_PROBLEMS: dict[str, Callable[[str], Iterator[tuple[Any, ...]]]] = {SLICED: _sliced_problems, MANY: _many_problems}


def _row(problem: tuple[Any, ...]) -> Iterator[Row]:
    """Runs in a process of its own."""
    makers: dict[str, Callable[..., Row]] = {
        "sliced": _sliced,
        "max_sliced, 1 direction": _max_sliced,
        "max_sliced, 50 directions": _max_sliced,
        "max_sliced, with its climbs": _max_sliced,
        "max_sliced, time to the same value": _as_high,
        "Gaussians": _gaussians,
        "line": _on_the_line,
        "clouds": _clouds,
        "nearest of": _nearest,
    }
    yield makers[problem[0]](*problem)


def _sliced(kind: str, n: int, dim: int, directions: int, weighted: bool) -> Row:
    import ot

    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(n, dim)), rng.normal(0.3, 1.5, size=(n, dim))
    a, b = (w / w.sum() for w in ((rng.random(n), rng.random(n)) if weighted else np.ones((2, n))))
    thetas = rng.normal(size=(directions, dim))
    thetas /= np.linalg.norm(thetas, axis=1, keepdims=True)
    P, Q = (wdist.Samples(z, w) if weighted else z for z, w in ((x, a), (y, b)))
    ours, mine = _timed(lambda: float(wdist.sliced(P, Q, p=2, directions=thetas)))
    weights = (a, b) if weighted else (None, None)
    theirs, other = _timed(lambda: float(ot.sliced_wasserstein_distance(x, y, *weights, projections=thetas.T, p=2)))
    name = f"{kind}, n = {n:,}, d = {dim}, {directions} directions{' weighted' * weighted}"
    return Row(name, ours, theirs, abs(mine / other - 1))


def _max_sliced(kind: str, n: int, dim: int, directions: int, weighted: bool) -> Row:
    """So many directions at random, besides those that moments tell, against POT's 50 at random."""
    x, y = _of_another_shape(n, dim)
    starts = 4 if "climbs" in kind else 0
    solve = partial(wdist.max_sliced, x, y, p=2, n_projections=directions, n_starts=starts, rng=0)
    ours, mine = _timed(lambda: float(solve()))
    theirs, other = _timed(lambda: _pot_max_sliced(x, y, 50))
    note = f"{mine / other:.2f} times as high"
    return Row(f"{kind}, n = {n:,}, d = {dim}", ours, theirs, max(1 - mine / other, 0.0), "above", 3.0, note)


def _as_high(kind: str, n: int, dim: int, directions: int, weighted: bool) -> Row:
    """With climbs; POT gets twice as many directions until its value is ours or its time is over."""
    x, y = _of_another_shape(n, dim)
    ours, mine = _timed(lambda: float(wdist.max_sliced(x, y, p=2, n_projections=directions, rng=0)))
    count, theirs, other = directions, 0.0, 0.0
    while other < mine and theirs < _PATIENCE:
        count *= 2
        began = time.perf_counter()
        other = _pot_max_sliced(x, y, count)
        theirs = time.perf_counter() - began
    note = f"{mine / other:.2f} times as high as POT's best of {count:,}"
    return Row(f"{kind}, n = {n:,}, d = {dim}", ours, theirs, max(1 - mine / other, 0.0), "above", 3.0, note)


def _of_another_shape(n: int, dim: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(n, dim)), rng.normal(size=(n, dim)) * np.linspace(0.5, 1.5, dim)


def _pot_max_sliced(x: np.ndarray, y: np.ndarray, directions: int) -> float:
    import ot

    return float(ot.max_sliced_wasserstein_distance(x, y, n_projections=directions, seed=0))


def _gaussians(kind: str, count: int, n: int, dim: int) -> Row:
    import ot

    rng = np.random.default_rng(1)
    means, roots = rng.normal(size=(count, dim)), rng.normal(size=(count, dim, dim))
    covs = roots @ roots.mT + 0.1 * np.eye(dim)
    measures = [wdist.Gaussian(m, c) for m, c in zip(means, covs, strict=True)]
    ours, mine = _timed(lambda: wdist.pairwise(measures, p=2, n_jobs=1))

    def pair(i: int, j: int) -> float:
        return float(ot.gaussian.bures_wasserstein_distance(means[i], means[j], covs[i], covs[j]))

    theirs, other = _timed(lambda: _loop(count, pair))
    return Row(f"pairwise, {count} {kind}, d = {dim}", ours, theirs, _off(mine, other))


def _on_the_line(kind: str, count: int, n: int, dim: int) -> Row:
    import ot

    samples = np.random.default_rng(1).normal(size=(count, n))
    ours, mine = _timed(lambda: wdist.pairwise(samples, p=2, n_jobs=1))
    pair = lambda i, j: float(ot.wasserstein_1d(samples[i], samples[j], p=2)) ** 0.5  # noqa: E731
    theirs, other = _timed(lambda: _loop(count, pair))
    return Row(f"pairwise, {count} samples of {n} on the {kind}", ours, theirs, _off(mine, other))


def _clouds(kind: str, count: int, n: int, dim: int) -> Row:
    clouds = _drawn(count, n, dim)
    ours, mine = _timed(lambda: wdist.pairwise(clouds, p=2, n_jobs=1))
    theirs, other = _timed(lambda: _loop(count, lambda i, j: _emd2(clouds[i], clouds[j])))
    return Row(f"pairwise, {count} {kind} of {n} points, d = {dim}", ours, theirs, _off(mine, other))


def _nearest(kind: str, count: int, n: int, dim: int) -> Row:
    clouds, queries = _drawn(count, n, dim), _drawn(5, n, dim, seed=2)
    ours, found = _timed(lambda: wdist.nearest(queries, clouds, p=2, k=3, n_jobs=1))

    def brute() -> np.ndarray:
        return np.sort([[_emd2(x, y) for y in clouds] for x in queries], axis=1)[:, :3]

    theirs, other = _timed(brute)
    name, note = f"3 {kind} {count} clouds of {n}, d = {dim}", f"{1 - found.solved.mean() / count:.0%} never solved"
    return Row(name, ours, theirs, _off(found.distances, other), note=note)


def _drawn(count: int, n: int, dim: int, seed: int = 1) -> np.ndarray:
    """Normal clouds of random shapes and places."""
    rng = np.random.default_rng(seed)
    stretch = rng.uniform(0.3, 1.5, (count, 1, dim)) * np.linalg.qr(rng.normal(size=(count, dim, dim)))[0]
    return rng.normal(size=(count, n, dim)) @ stretch + rng.normal(size=(count, 1, dim))


def _emd2(x: np.ndarray, y: np.ndarray) -> float:
    import ot

    return float(ot.emd2([], [], ot.dist(x, y))) ** 0.5


def _loop(count: int, pair: Callable[[int, int], float]) -> np.ndarray:
    matrix = np.zeros((count, count))
    for i in range(count):
        for j in range(i + 1, count):
            matrix[i, j] = matrix[j, i] = pair(i, j)
    return matrix


def _off(mine: np.ndarray, other: np.ndarray) -> float:
    return float(np.max(np.abs(mine - other)) / np.max(other))


def _timed(solve: Callable[[], Any]) -> tuple[float, Any]:
    """Median seconds and the answer; one run alone where that takes long."""
    answer, seconds = solve(), list[float]()
    start = began = time.perf_counter()
    while not seconds or began - start < (_LEAST if len(seconds) >= _RUNS else _BUDGET):
        began = time.perf_counter()
        answer = solve()
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds)), answer
