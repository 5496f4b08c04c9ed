"""Exact nearest neighbours under W_p, most of which are never solved for.

Every candidate has a lower bound that costs next to nothing, by its mean, and a better one by its marginals
(:mod:`wdist.many.below`). Candidates are solved in the order of their bounds, and as soon as the next bound is above
the k-th best distance so far, none of the rest can be among the k nearest.
"""

from __future__ import annotations

import heapq
import math
from bisect import insort
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..compilation import impatiently
from ..exact.progress import Progress, shown
from ..jobs import ask
from ..measures import Samples
from ..settings import check_count, check_p
from .below import Lens, Sketches
from .graph import places_with_graph
from .matrix import pairwise, question_of
from .members import in_their_type, of_numpy, read_measures, requires_gradient
from .tiles import Question, pair

__all__ = ["Neighbours", "nearest"]

_BATCH = 64  # candidates that get their second bound together
_SAFE = 1e-9  # relative: more than the error of an exact distance


class Neighbours(NamedTuple):
    """The k nearest measures of each query, nearest first; equal distances in the order of the measures.

    Attributes
    ----------
    indices : numpy.ndarray of int, shape (queries, k)
    distances : numpy.ndarray or torch.Tensor, shape (queries, k)
    solved : numpy.ndarray of int, shape (queries,)
        How many distances were computed; the other candidates were ruled out by lower bounds.
    """

    indices: np.ndarray
    distances: Any
    solved: np.ndarray


class _Search(NamedTuple):
    """Some queries, and all that it takes to answer them anywhere."""

    first: int
    queries: Sequence[Samples]
    measures: Sequence[Samples]
    question: Question
    k: int
    sketches: tuple[Sketches, Sketches]  # of all queries, of the measures
    cheap: np.ndarray  # bounds by means


def nearest(
    queries: Any, measures: Any, *, p: float, k: int = 1, n_jobs: int | None = -1, progress: Progress = None
) -> Neighbours:
    """The k nearest measures of every query under W_p, exactly.

    Parameters
    ----------
    queries, measures : sequences of measures
        As :func:`wdist.pairwise` takes them, all of one dimension.
    p : float
        The exponent, in [1, inf].
    k : int
        How many neighbours, at most as many as there are measures. A query that is among the measures finds itself.
    n_jobs : int or None
        joblib's, as for :func:`wdist.pairwise`.
    progress : callable or True, optional
        Called with the number of queries so far. True: a tqdm bar.

    Returns
    -------
    Neighbours
        A named tuple ``(indices, distances, solved)``. Indices and distances are those of the k smallest entries of
        every row of ``pairwise(queries, measures, p=p)``. Clouds in R^d are ruled out by certain lower bounds where
        possible; Gaussians, and whatever lies on the line, are all solved, being cheap. Where a measure requires a
        gradient, the distances carry it: those of the k nearest are solved once more, in this process. Who is among
        them is a choice, and has no gradient.

    Raises
    ------
    InvalidMeasureError, ValueError, NotConvergedError
        As :func:`wdist.pairwise` does; ValueError also for a k that is out of range.

    Examples
    --------
    >>> import wdist
    >>> clouds = [[[0.0, 0.0], [1.0, 0.0]], [[5.0, 5.0], [6.0, 5.0]], [[0.0, 1.0], [1.0, 1.0]]]
    >>> found = wdist.nearest([[[0.0, 0.8], [1.0, 0.8]]], clouds, p=2)
    >>> found.indices.tolist(), found.solved.tolist()
    ([[2]], [1])
    """
    p = check_p(p)
    laws, others = read_measures(queries, "queries"), read_measures(measures, "measures")
    (asked, tensors), (known, more) = of_numpy(laws), of_numpy(others)
    k = check_count(k, "k", 1)
    if k > len(known):
        raise ValueError(f"k is {k}, and there are {len(known)} measures: ask for at most so many neighbours")
    question = question_of(asked, known, p, "auto", "euclidean", False, ("queries", "measures"))
    if question.how == "clouds":
        indices, distances, solved = _pruned(asked, known, question, k, n_jobs, progress)
    else:
        matrix = pairwise(asked, known, p=p, n_jobs=n_jobs)
        indices = np.argsort(matrix, axis=1, kind="stable")[:, :k]
        distances, solved = np.take_along_axis(matrix, indices, axis=1), np.full(len(asked), len(known))
    if any(requires_gradient(law) for law in (*laws, *others)):
        return Neighbours(indices, places_with_graph(laws, others, indices, question), solved)
    return Neighbours(indices, in_their_type(distances, tensors + more), solved)


def _pruned(
    queries: list[Samples], measures: list[Samples], question: Question, k: int, n_jobs: int | None, progress: Progress
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    lens = Lens.on([*measures, *queries])
    ours, theirs = Sketches.of(queries, lens), Sketches.of(measures, lens)
    sizes = np.array([len(x) for x in queries])[:, None] + np.array([len(y) for y in measures])
    cheap = ours.by_means(theirs, sizes)
    step = max(len(queries) // 32, 1)
    tasks = [
        _Search(i, queries[i : i + step], measures, question, k, (ours, theirs), cheap[i : i + step])
        for i in range(0, len(queries), step)
    ]
    indices = np.empty((len(queries), k), dtype=np.int64)
    distances, solved, done = np.empty((len(queries), k)), np.empty(len(queries), dtype=np.int64), 0
    with shown(progress, "nearest", "queries", len(queries)) as tell:
        for first, answers in ask(_answer, tasks, n_jobs):
            for i, (best, count) in enumerate(answers, first):
                distances[i], indices[i] = zip(*best, strict=True)
                solved[i] = count
            done += len(answers)
            if tell:
                tell(done)
    return indices, distances, solved


def _answer(search: _Search, elsewhere: bool = False) -> tuple[int, list[tuple[list[tuple[float, int]], int]]]:
    if elsewhere:
        impatiently()
    return search.first, [_best(search, i) for i in range(len(search.queries))]


def _best(search: _Search, i: int) -> tuple[list[tuple[float, int]], int]:
    """The k nearest, as (distance, index), and how many distances it took."""
    query, cheap, k, at = search.queries[i], search.cheap[i], search.k, search.first + i
    ours, theirs = search.sketches
    order, position = np.argsort(cheap, kind="stable"), 0
    bounded: list[tuple[float, int]] = []  # candidates by their second bound, a heap
    best: list[tuple[float, int]] = []
    solved = 0
    while True:
        limit = best[k - 1][0] * (1 + _SAFE) if len(best) >= k else math.inf
        following = cheap[order[position]] if position < len(order) else math.inf
        if bounded and bounded[0][0] <= following:
            bound, j = heapq.heappop(bounded)
            if bound > limit:
                break
            insort(best, (float(pair(query, search.measures[j], search.question, (at, j))[0]), j))
            solved += 1
        elif position < len(order) and following <= limit:
            some = order[position : position + _BATCH]
            some, position = some[cheap[some] <= limit], position + _BATCH
            bounds = ours.by_marginals(at, query, theirs, some, search.measures, search.question.p)
            for bound, j in zip(np.maximum(bounds, cheap[some]), some, strict=True):
                heapq.heappush(bounded, (float(bound), int(j)))
        else:
            break
    return best[:k], solved
