"""All distances among many measures.

The matrix is cut into tiles (:mod:`wdist.many.tiles`), which go to as many processes or machines as there are
(:mod:`wdist.jobs`), and onto the disk as soon as they are solved (:mod:`wdist.many.blockfile`).
"""

from __future__ import annotations

import hashlib
import os
from contextlib import nullcontext
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from ..errors import InvalidMeasureError
from ..exact.progress import Progress, shown
from ..front import METHODS, choose
from ..jobs import ask
from ..measures import Gaussian, Histogram, Samples
from ..settings import check_choice, check_p
from .blockfile import BlockFile
from .graph import with_graph
from .members import in_their_type, of_numpy, read_measures, requires_gradient
from .tiles import KINDS, Question, Tile, cut, solve

__all__ = ["Distances", "pairwise", "question_of"]

_ANSWERS = 1  # raised when the distances of the same measures change, so that files of before are refused
_METRICS = ("euclidean", "cityblock", "chebyshev")
_FIELDS = {Samples: ("points", "given"), Gaussian: ("mean", "cov", "factor"), Histogram: ("edges", "masses")}


class Distances(NamedTuple):
    """What ``pairwise(..., brackets=True)`` returns: four matrices, of what a ``Result`` says of each pair."""

    distance: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    kind: np.ndarray


def pairwise(
    measures: Any,
    others: Any = None,
    *,
    p: float,
    method: str = "auto",
    metric: str = "euclidean",
    n_jobs: int | None = -1,
    brackets: bool = False,
    cache: str | os.PathLike[str] | None = None,
    progress: Progress = None,
) -> Any:
    """The matrix of W_p between many measures.

    Parameters
    ----------
    measures : sequence of k measures
        As :func:`wdist.wasserstein` takes them, all of one dimension; an array of shape (k, n) holds k samples on the
        line, one of shape (k, n, d) k clouds. Or a ``Gaussian`` with a batch axis.
    others : sequence of l measures, optional
        None: distances among ``measures``, half of which are computed, the other half being the same.
    p : float
        The exponent, in [1, inf].
    method : {"auto", "gaussian", "1d", "exact"}
        As that of :func:`wdist.wasserstein`. Gaussians at p = 2 and samples on the line are solved in batches, each
        sample being sorted once; all else pair by pair.
    metric : {"euclidean", "cityblock", "chebyshev"}
        The ground metric of clouds.
    n_jobs : int or None
        joblib's: how many processes at once, -1 for as many as there are cores; 1 stays in this process. No backend is
        named: ``joblib.parallel_config`` moves the work to dask or ray. Nobody is asked for what takes two seconds, nor
        where a measure requires a gradient: a graph lives in one process.
    brackets : bool
        Return lower and upper bounds and kinds as well. Everything is then solved pair by pair.
    cache : path, optional
        A file to which finished parts of the matrix go at once. A call that was killed goes on from there when it is
        made again, with the same measures, p and method; any other is refused. Of measures that are functions no one
        can tell whether they are the same: points, Gaussians and histograms only.
    progress : callable or True, optional
        Called with the number of distances so far, now and then. True: a tqdm bar.

    Returns
    -------
    numpy.ndarray or torch.Tensor, shape (k, l) or (k, k)
        Distances, roots taken; a tensor where a measure has one, with gradient where one requires it: pair by pair,
        for matrices of moderate size. With ``brackets`` a tuple of arrays ``(distance, lower, upper, kind)``.

    Raises
    ------
    InvalidMeasureError
        If a member is no measure, or their dimensions differ; the message names it.
    ValueError
        If there is no method for a pair, the file belongs to another call, or a measure requires a gradient beside
        ``brackets`` or ``cache``, which hold numbers only.
    NotConvergedError
        Of the first pair whose certificate stays open.

    Notes
    -----
    joblib gives each of its processes one share of the cores' threads; with n_jobs=-1 that is one. A process that has
    never solved anything loads compiled code from numba's cache on disk, which this process has filled by then.

    Examples
    --------
    >>> import wdist
    >>> wdist.pairwise([[0.0, 1.0], [2.0, 3.0], [0.0, 5.0]], p=1)
    array([[0., 2., 2.],
           [2., 0., 2.],
           [2., 2., 0.]])
    """
    p = check_p(p)
    laws = read_measures(measures, "measures")
    beside = None if others is None else read_measures(others, "others")
    question = question_of(laws, beside or laws, p, method, metric, brackets, ("measures", "others"))
    if any(requires_gradient(law) for law in (*laws, *(beside or ()))):
        for asked, name in ((brackets, "brackets"), (cache is not None, "cache")):
            if asked:
                raise ValueError(f"a measure requires a gradient, and {name} holds numbers only: detach the measures")
        return with_graph(laws, beside, question, progress)
    rows, tensors = of_numpy(laws)
    columns, more = (rows, []) if beside is None else of_numpy(beside)
    key = None if cache is None else _key(rows, None if others is None else columns, question)
    keep = nullcontext() if cache is None or key is None else BlockFile(cache, key)
    tiles = list(cut(rows, columns, others is None, question))
    answer = np.zeros((4 if brackets else 1, len(rows), len(columns)))
    with keep as file:
        _fill(answer, tiles, file, n_jobs, progress)
    if others is None:
        above = np.triu_indices(len(rows), 1)
        answer[:, above[1], above[0]] = answer[:, above[0], above[1]]
        answer[:, range(len(rows)), range(len(rows))] = 0.0
    if brackets:
        return Distances(answer[0], answer[1], answer[2], np.array(KINDS)[answer[3].astype(int)])
    return in_their_type(answer[0], tensors + more)


def question_of(
    rows: list[Any], columns: list[Any], p: float, method: str, metric: str, brackets: bool, names: tuple[str, str]
) -> Question:
    """What to ask of every pair, and whether a tile of them is one batch; refused if a pair has no answer."""
    for value, name, choice in ((method, "method", METHODS), (metric, "metric", _METRICS)):
        check_choice(value, name, choice)
    if rows[0].dim != columns[0].dim:
        raise InvalidMeasureError(
            f"{names[0]} live in dimension {rows[0].dim} and {names[1]} in dimension {columns[0].dim}: they must agree"
        )
    kinds = {type(law) for law in (*rows, *columns)}
    if metric != "euclidean" and rows[0].dim > 1 and kinds != {Samples}:
        other = (kinds - {Samples}).pop().__name__
        raise ValueError(f"metric is {metric!r}, which is for points, and a measure is a {other}: draw samples from it")
    if method == "auto":
        for x, y in product(*({type(law): law for law in side}.values() for side in (rows, columns))):
            choose(x, y, p)
    how = "pairs"
    if not brackets and kinds == {Gaussian} and p == 2 and method in ("auto", "gaussian"):
        how = "gaussian"
    elif not brackets and kinds == {Samples} and rows[0].dim == 1 and method in ("auto", "1d"):
        how = "1d"
    elif not brackets and kinds == {Samples} and rows[0].dim > 1 and method in ("auto", "exact"):
        how = "clouds"
    return Question(how, method, p, metric if rows[0].dim > 1 else "euclidean", brackets)


def _key(rows: list[Any], columns: list[Any] | None, question: Question) -> bytes:
    """A hash of all that the answer depends on."""
    told = hashlib.sha256(repr((_ANSWERS, question)).encode())
    for name, side in (("measures", rows), ("others", columns)):
        told.update(name.encode())
        for k, law in enumerate(side or ()):
            if not (fields := _FIELDS.get(type(law))):
                raise ValueError(
                    f"{name}[{k}] is a {type(law).__name__}, a function of which no file can tell whether it is the "
                    "same: a cache takes points, Gaussians and histograms"
                )
            for field in fields:
                array = np.ascontiguousarray(getattr(law, field) if getattr(law, field) is not None else [], "<f8")
                told.update(f"{type(law).__name__} {field} {array.shape}".encode())
                told.update(array.tobytes())
    return told.digest()


def _fill(
    answer: np.ndarray, tiles: list[Tile], file: BlockFile | None, n_jobs: int | None, progress: Progress
) -> None:
    """Put every tile into its place: what the file holds, then what has to be solved."""
    missing, done = dict(enumerate(tiles)), 0

    def put(index: int, block: np.ndarray) -> None:
        nonlocal done
        if (tile := missing.pop(index, None)) is not None:
            i, j = tile.first_row, tile.first_column
            answer[:, i : i + len(tile.rows), j : j + len(tile.columns)] = block.reshape(tile.shape)
            done += tile.pairs

    with shown(progress, "pairwise", "distances", sum(tile.pairs for tile in tiles)) as tell:
        if file is not None:
            file.read(put)
        if tell and done:
            tell(done)
        for index, block in ask(solve, list(missing.values()), n_jobs):
            if file is not None:
                file.append(index, block)
            put(index, block)
            if tell:
                tell(done)
