r"""The lower end of an interval: feasible potentials, each averaged over points that had no part in fitting it.

.. math:: W_p^p(P, Q) \ge \mathbb{E} f(X) + \mathbb{E} g(Y) \approx \frac1n \sum_i f_{-i}(x_i)
   + \frac1m \sum_j g_{-j}(y_j)

with the potentials of point i fitted to the other folds (cross-fitting: Chernozhukov et al., 2018,
doi:10.1111/ectj.12097). Since W_p rises with p, bounds of W_1 and W_2 serve every larger p.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from ..result import Result
from .convex import convex_pairs
from .lipschitz import Pair, lipschitz_pairs, mcshane_pair

__all__ = ["Bound", "best_bound", "held_out_bounds"]

_FOLDS = 5


class Bound(NamedTuple):
    """A lower bound of W_p by a family of potentials: as estimated, and what is left of it at a level of confidence."""

    family: str
    value: float
    low: float


def best_bound(bounds: Iterable[Bound]) -> Bound:
    """The highest of the confident ones."""
    return max(bounds, key=lambda bound: (bound.low, bound.value))


def held_out_bounds(
    x: np.ndarray, y: np.ndarray, p: float, alpha: float, halves: tuple[Result, Result] | None
) -> list[Bound]:
    """Every family's bound; each exceeds the populations' W_p with probability alpha / 2 at most.

    Parameters
    ----------
    x, y : numpy.ndarray, shapes (n, d) and (m, d)
        In random order.
    p, alpha : float
    halves : tuple of Result or None
        W_1 of the first k points of both, and of the next k, where it is known.
    """
    straight = _scores(x, y, lipschitz_pairs)
    if halves is not None:
        straight["the potentials of the linear programme"] = _mcshane_scores(x, y, halves)
    # The best of several families errs more often than one; a convex map that fits chance costs its own square.
    found = [_bound(name, 1.0, *scores, alpha, len(straight)) for name, scores in straight.items()]
    if p >= 2:
        found += [_bound(name, 2.0, *scores, alpha, 1) for name, scores in _scores(x, y, convex_pairs).items()]
    return found


Scores = tuple[np.ndarray, np.ndarray]  # values of f and of g, each at points that it was not fitted to


def _scores(
    x: np.ndarray, y: np.ndarray, pairs: Callable[[np.ndarray, np.ndarray], Iterator[tuple[str, Pair]]]
) -> dict[str, Scores]:
    scores: dict[str, Scores] = {}
    n, m = np.arange(len(x)) % _FOLDS, np.arange(len(y)) % _FOLDS
    for fold in range(_FOLDS):
        a, b = n == fold, m == fold
        for name, pair in pairs(x[~a], y[~b]):
            f, g = scores.setdefault(name, (np.full(len(x), np.nan), np.full(len(y), np.nan)))
            f[a], g[b] = _evaluated(pair, x[~a], x[a], y[b])
    return {name: pair for name, pair in scores.items() if not (np.isnan(pair[0]).any() or np.isnan(pair[1]).any())}


def _mcshane_scores(x: np.ndarray, y: np.ndarray, halves: tuple[Result, Result]) -> Scores:
    k = halves[0].plan.shape[0]  # type: ignore[union-attr]
    f, g = np.empty(2 * k), np.empty(2 * k)
    parts = slice(0, k), slice(k, 2 * k)
    for fit, rest, result in zip(parts, parts[::-1], halves, strict=True):
        pair = mcshane_pair(x[fit], y[fit], *result.potentials)  # type: ignore[misc]
        f[rest], g[rest] = _evaluated(pair, x[fit], x[rest], y[rest])
    return f, g


def _evaluated(pair: Pair, fitted_to: np.ndarray, x: np.ndarray, y: np.ndarray) -> Scores:
    """With f of mean 0 where it was fitted: a constant that changed from fold to fold would count as noise."""
    offset = float(np.mean(pair[0](fitted_to)))
    return pair[0](x) - offset, pair[1](y) + offset


def _bound(family: str, q: float, f: np.ndarray, g: np.ndarray, alpha: float, families: int) -> Bound:
    """The bound of W_q^q, and its root.

    Where P = Q, the mean is a degenerate U-statistic: every pair of folds enters it twice, so that its variance is
    twice that of independent terms, and its tail may be that of a chi-square of one degree of freedom, of which
    sqrt(2) (Z^2 - 1) / sqrt(2) is left in units of the error. Well above 0 the potentials hardly change from fold to
    fold, and the mean is the normal one of independent terms.
    """
    value = float(f.mean() + g.mean())
    error = float(np.sqrt(f.var(ddof=1) / len(f) + g.var(ddof=1) / len(g)))
    far, near = (-float(stdtrit(min(len(f), len(g)) - 1, level / 2)) for level in (alpha, alpha / families))
    near = max(near * near - 1.0, far)
    weight = min(1.0, (near * error / value) ** 4) if value > 0.0 else 1.0
    low = value - error * (weight * near + (1.0 - weight) * far)
    return Bound(family, max(value, 0.0) ** (1 / q), max(low, 0.0) ** (1 / q))
