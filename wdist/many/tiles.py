"""A matrix of distances in tiles: some rows against some columns, each an answer of its own.

A tile knows nothing but its measures, so that it can be solved anywhere. Its size depends on the measures only, never
on the machine: the same matrix always falls into the same tiles.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .._arrays import power_of_two
from ..compilation import impatiently
from ..coupling import coupling_distance
from ..errors import NotConvergedError
from ..exact import transport
from ..exact.small import are_few, few_costs, few_points
from ..families import gaussian_of, stacked
from ..front import wasserstein
from ..gaussian import gaussian_w2
from ..measures import Gaussian, Samples

__all__ = ["KINDS", "Question", "Tile", "alike", "cut", "pair", "solve"]

KINDS = ("exact", "bound", "estimate")  # a kind is stored as its place here

_SECONDS = 0.25  # that a tile of separate solves should take, very roughly
_WORK = 2.0**24  # elementary steps of a tile that is solved as one batch
_WIDEST = 512


class Question(NamedTuple):
    """What is asked of every pair.

    ``how`` is "gaussian" or "1d" for tiles in one batch; "clouds" for points pair by pair, without brackets; else
    "pairs", by ``wasserstein``.
    """

    how: str
    method: str
    p: float
    metric: str
    brackets: bool


class Tile(NamedTuple):
    """Rows against columns, from (first_row, first_column) on; of a tile on the diagonal only what is above it."""

    number: int
    first_row: int
    first_column: int
    rows: Sequence[Any]
    columns: Sequence[Any]
    diagonal: bool
    question: Question

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the answer: distances; and with brackets lower, upper and kind."""
        return (4 if self.question.brackets else 1, len(self.rows), len(self.columns))

    @property
    def pairs(self) -> int:
        """How many distances it takes."""
        return len(self.rows) * (len(self.rows) - 1) // 2 if self.diagonal else len(self.rows) * len(self.columns)


def cut(rows: Sequence[Any], columns: Sequence[Any], symmetric: bool, question: Question) -> Iterator[Tile]:
    """The tiles of a matrix; of a symmetric one those on and above the diagonal."""
    edge = _edge([*rows, *([] if symmetric else columns)], question)
    number = 0
    for i in range(0, len(rows), edge):
        for j in range(i if symmetric else 0, len(columns), edge):
            part, beside = rows[i : i + edge], columns[j : j + edge]
            yield Tile(number, i, j, part, beside, symmetric and i == j, question)
            number += 1


def solve(tile: Tile, elsewhere: bool = False) -> tuple[int, np.ndarray]:
    """The tile's number and its answer; in a process of its own, kernels are compiled at once."""
    if elsewhere:
        impatiently()
    if tile.question.how == "gaussian":
        rows, columns = stacked(list(tile.rows)), stacked(list(tile.columns))
        return tile.number, np.asarray(gaussian_w2(_along(rows, 1), _along(columns, 0)))[None]
    return tile.number, _sorted_once(tile)[None] if tile.question.how == "1d" else _one_by_one(tile)


def pair(x: Any, y: Any, question: Question, at: tuple[int, int]) -> tuple[float, ...]:
    """The distance of two measures; with brackets also lower, upper and kind."""
    if question.how == "clouds" and (distance := _quickly(x, y, question)) is not None:
        return (distance,)
    try:
        if question.metric != "euclidean":
            found = transport(x, y, p=question.p, metric=question.metric)
        else:
            found = wasserstein(x, y, p=question.p, method=question.method)
    except NotConvergedError as error:
        raise NotConvergedError(f"row {at[0]} and column {at[1]}: {error.message}", error.result) from None
    facts = (found.distance, found.lower, found.upper, KINDS.index(found.kind))
    return facts if question.brackets else facts[:1]


def alike(clouds: Sequence[Samples]) -> Iterator[tuple[list[int], np.ndarray, np.ndarray | None]]:
    """Clouds of one size and kind as one array of points and one of weights, with their places in the sequence."""
    found: dict[tuple[int, bool], list[int]] = defaultdict(list)
    for k, cloud in enumerate(clouds):
        found[len(cloud), cloud.weights is None].append(k)
    for (_, equal), places in found.items():
        points = np.stack([clouds[k].points for k in places])
        yield places, points, None if equal else np.stack([clouds[k].mass for k in places])


def _edge(measures: Sequence[Any], question: Question) -> int:
    if question.how == "gaussian":
        pairs = _WORK / (measures[0].dim ** 3 + 50)
    elif question.how == "1d":
        pairs = _WORK / (2 * max(len(m) for m in measures))
    else:
        pairs = _SECONDS / max(_seconds(m) for m in measures)
    return int(min(max(math.sqrt(pairs), 1), _WIDEST))


def _seconds(measure: Any) -> float:
    """What a distance to its like takes, very roughly."""
    if isinstance(measure, Samples):
        return 2e-4 + 1e-5 * len(measure)
    return 1e-2


def _along(law: Gaussian, axis: int) -> Gaussian:
    """A batch of Gaussians along one axis of two."""
    parts = (None if z is None else np.expand_dims(z, axis) for z in (law.mean, law.cov, law.factor))
    mean, cov, factor = parts
    return gaussian_of(mean, cov, factor, law.dtype)


def _sorted_once(tile: Tile) -> np.ndarray:
    """Samples on the line: those of one size and kind as one batch, of which every row is sorted once."""
    answer = np.empty(tile.shape[1:])
    for i, x, a in alike(tile.rows):
        for j, y, b in alike(tile.columns):
            left, right = (None if a is None else a[:, None], None if b is None else b[None])
            answer[np.ix_(i, j)] = coupling_distance(x[:, None, :, 0], y[None, :, :, 0], left, right, tile.question.p)
    return answer


def _one_by_one(tile: Tile) -> np.ndarray:
    answer = np.zeros(tile.shape)
    for i, x in enumerate(tile.rows):
        for j in range(i + 1 if tile.diagonal else 0, len(tile.columns)):
            answer[:, i, j] = pair(x, tile.columns[j], tile.question, (tile.first_row + i, tile.first_column + j))
    return answer


def _quickly(x: Samples, y: Samples, question: Question) -> float | None:
    """W_p of few points, without plan and bracket; None where it takes the whole engine."""
    if not are_few(len(x), len(y), x.dim):
        return None
    unit = power_of_two(max(float(np.max(np.abs(z.points))) for z in (x, y)))
    cost = few_costs(x.points / unit, y.points / unit, question.p, question.metric)
    least = few_points(cost, x.given, y.given)
    return None if least is None else unit * least ** (1 / question.p)
