"""Distances that carry gradients: pair by pair, in this process, where the graph is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._arrays import is_tensor, namespace, widest
from ..exact import transport
from ..exact.progress import Progress, shown
from ..front import wasserstein
from ..measures import Samples
from .members import of_numpy
from .tiles import Question

__all__ = ["places_with_graph", "with_graph"]


def with_graph(rows: list[Any], columns: list[Any] | None, question: Question, progress: Progress) -> Any:
    """The matrix as a tensor; None for ``columns`` are the rows, of which each pair is solved once."""
    entry, xp = _in_one_type([*rows, *(columns or ())])
    found = dict[tuple[int, int], Any]()
    with shown(progress, "pairwise", "distances") as tell:
        for i, x in enumerate(rows):
            for j, y in enumerate(rows if columns is None else columns):
                if columns is not None or i < j:
                    found[i, j] = entry(_distance(x, y, question))
                    if columns is None:
                        found[j, i] = found[i, j]
                    if tell:
                        tell(len(found) // (1 if columns else 2))
    width = len(rows if columns is None else columns)
    return xp.stack([xp.stack([found.get((i, j), entry(0.0)) for j in range(width)]) for i in range(len(rows))])


def places_with_graph(rows: list[Any], columns: list[Any], places: np.ndarray, question: Question) -> Any:
    """Of every row, shape (rows, k), the distances to the columns at ``places[row]``."""
    entry, xp = _in_one_type([*rows, *columns])
    return xp.stack(
        [
            xp.stack([entry(_distance(x, columns[j], question)) for j in at])
            for x, at in zip(rows, places.tolist(), strict=True)
        ]
    )


def _in_one_type(laws: list[Any]) -> tuple[Callable[[Any], Any], Any]:
    """What makes a distance a tensor of the widest type among measures, and the namespace of these tensors."""
    tensors = of_numpy(laws)[1]
    like, dtype = tensors[0][0], widest(dtype for _, dtype in tensors)
    xp = namespace(like)

    def entry(distance: Any) -> Any:
        if is_tensor(distance):
            return xp.astype(distance, dtype)
        return xp.asarray(float(distance), dtype=dtype, device=like.device)

    return entry, xp


def _distance(x: Any, y: Any, question: Question) -> Any:
    if question.metric != "euclidean" and isinstance(x, Samples):
        return transport(x, y, p=question.p, metric=question.metric).distance
    return wasserstein(x, y, p=question.p, method=question.method).distance
