r"""Do two samples come from one population? A permutation test whose statistic is a Wasserstein distance.

If P = Q, which n of the n + m points are called x is a uniform choice, whatever P is. So are B choices more, drawn at
random, and the observed statistic is equally likely to have each rank among these B + 1:

.. math:: p = \frac{1 + \#\{b : W^{(b)} \ge W\}}{1 + B}, \qquad \mathbb{P}(p \le u) \le u \text{ for every } u

(Phipson and Smyth, 2010, doi:10.2202/1544-6115.1585). Nothing is asymptotic in this, and ties only raise p.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from .._arrays import namespace
from ..compilation import impatiently
from ..coupling import monotone_coupling
from ..directions import spread
from ..exact.exchanged import Pool
from ..jobs import ask
from ..result import SignificanceResult
from ..settings import check_choice, check_count, check_p, generator_of
from .draws import Draws
from .permutation import permuted_costs, sorted_shadows

__all__ = ["two_sample_test"]

_METHODS = ("1d", "sliced", "exact")
_BLOCK = 2**22  # labels held together
_TOGETHER = 8  # exact distances of a task
_STEEP, _FAINT = 20.0, 1e-290  # p above which powers below it may be lost of more than roundings of the points
_TIE = 1e-9  # relative difference below which two statistics are one, and rounding may have parted them


def two_sample_test(
    x: Any,
    y: Any,
    *,
    p: float,
    method: str = "sliced",
    n_resamples: int = 999,
    n_projections: int = 50,
    rng: Any = None,
    n_jobs: int | None = None,
) -> SignificanceResult:
    """Test whether two samples come from one population, by random exchanges of their points.

    Parameters
    ----------
    x, y : array_like, torch.Tensor or Samples, shapes (n,) or (n, d) and (m,) or (m, d)
        Independent draws of equal weight. Tensors are detached.
    p : float
        The exponent, in [1, inf).
    method : {"sliced", "1d", "exact"}
        The statistic: the sliced distance over random directions, which are the same for all resamples; W_p on the
        line; or W_p by the exact linear programme, solved for every resample.
    n_resamples : int
        Random exchanges B; no p-value is below ``1 / (B + 1)``.
    n_projections : int
        Directions of the sliced distance.
    rng : None, int or numpy.random.Generator
        Source of the directions and of the exchanges.
    n_jobs : int or None
        joblib's, for the exact statistic: how many processes at once, -1 for as many as there are cores. None: as
        ``joblib.parallel_config`` says, and this process alone where it says nothing. The result is the same for any.

    Returns
    -------
    SignificanceResult
        ``statistic``, ``pvalue`` and the ``null_distribution`` of the statistic.

    Raises
    ------
    InvalidMeasureError
        If an argument is not a set of points of equal weight, or the dimensions differ.
    ValueError
        If ``method``, ``p`` or a number is not one of those above, ``"1d"`` meets points off the line, or p is so large
        that powers of differences underflow.

    Notes
    -----
    O((n + m) B) steps for each direction, after one sort. The exact statistic costs B linear programmes, small
    ones up to some hundred points a side.

    References
    ----------
    Phipson and Smyth (2010), doi:10.2202/1544-6115.1585. Power of such tests on the line: Ramdas, Garcia Trillos and
    Cuturi (2017), doi:10.3390/e19020047.

    Examples
    --------
    >>> import numpy as np, wdist
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.standard_normal((200, 3)), rng.standard_normal((150, 3)) + 0.5
    >>> wdist.two_sample_test(x, y, p=1, rng=0).pvalue
    0.001
    """
    p = check_p(p, finite=True)
    x, y, unit = Draws.of(x, y)
    points, n, dim = np.concatenate([x, y]), len(x), x.shape[1]
    check_choice(method, "method", _METHODS)
    if method == "1d" and dim > 1:
        raise ValueError(f"method is '1d' and the points live in dimension {dim}: use 'sliced' or 'exact'")
    resamples, projections = check_count(n_resamples, "n_resamples", 1), check_count(n_projections, "n_projections", 1)
    generator = generator_of(rng)
    if dim == 1:  # all directions, and all methods, are one
        statistics = _sliced(points, n, p, np.ones((1, 1)), resamples, generator)
    elif method == "exact":
        statistics = _exact(points, n, p, resamples, generator, n_jobs)
    else:
        directions, _ = spread(generator, projections, dim)
        statistics = _sliced(points, n, p, directions, resamples, generator)
    if p > _STEEP and float(statistics.min()) <= _FAINT ** (1.0 / p) and np.ptp(points, axis=0).any():
        raise ValueError(f"p is {p:g}: powers of some of these differences lie below the floats; take a smaller p")
    exceeding = int(np.count_nonzero(statistics[1:] >= statistics[0] * (1.0 - _TIE)))
    statistics *= unit
    return SignificanceResult(float(statistics[0]), (1 + exceeding) / (1 + resamples), method, statistics[1:])


def _sides(generator: np.random.Generator, n: int, points: np.ndarray, resamples: int) -> Iterator[np.ndarray]:
    """Who is on side x: as observed, first, and then at random; some resamples at a time."""
    observed = (np.arange(len(points)) < n).astype(np.uint8)
    yield observed[None]
    step = max(_BLOCK // len(points), 1)
    for first in range(0, resamples, step):
        yield generator.permuted(np.tile(observed, (min(step, resamples - first), 1)), axis=1)


class _Some(NamedTuple):
    """Some resamples, and all that it takes to solve them anywhere."""

    first: int
    points: np.ndarray
    sides: np.ndarray
    p: float


def _exact(
    points: np.ndarray, n: int, p: float, resamples: int, generator: np.random.Generator, n_jobs: int | None
) -> np.ndarray:
    """All sides are drawn here, in one order: who solves them changes nothing."""
    sides = np.concatenate(list(_sides(generator, n, points, resamples)))
    tasks = [_Some(k, points, sides[k : k + _TOGETHER], p) for k in range(0, len(sides), _TOGETHER)]
    statistics = np.empty(len(sides))
    for first, values in ask(_distances, tasks, n_jobs):
        statistics[first : first + len(values)] = values
    return statistics


def _distances(some: _Some, elsewhere: bool = False) -> tuple[int, list[float]]:
    if elsewhere:
        impatiently()
    sides = some.sides == 1
    pool = Pool.of(some.points, int(np.count_nonzero(sides[0])), some.p)
    return some.first, [pool.distance(side) for side in sides]


def _sliced(
    points: np.ndarray, n: int, p: float, directions: np.ndarray, resamples: int, generator: np.random.Generator
) -> np.ndarray:
    shadows, sizes = sorted_shadows(points, directions), (n, len(points) - n)
    pieces = monotone_coupling(None, None, *sizes, namespace(points), points)
    blocks = _sides(generator, n, points, resamples)
    return np.concatenate([permuted_costs(shadows, sides, sizes, pieces, p) for sides in blocks]) ** (1.0 / p)
