"""How often tests at level 5 % tell two populations apart: wdist's beside Kolmogorov-Smirnov and the energy distance.

The energy distance is tested by permutations, too: on the line with SciPy's statistic, in R^d with mean distances.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.spatial.distance import cdist

import wdist

__all__ = ["Power", "detected"]

_SEED = 20261124
_RESAMPLES = 199
_LEVEL = 0.05

Draw = Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]]
Pvalue = Callable[[np.ndarray, np.ndarray, np.random.Generator], float]


@dataclass(frozen=True, slots=True)
class Power:
    """The share of draws in which a test finds a change."""

    change: str
    test: str
    share: float


def detected(draws: int) -> Iterator[Power]:
    """Every change by every test that knows its dimension, over so many draws."""
    for change, draw in _CHANGES.items():
        x, _ = draw(np.random.default_rng(0))
        tests = _TESTS | (_ON_THE_LINE if x.ndim == 1 else _IN_SPACE)
        for test, pvalue in tests.items():
            rng = np.random.default_rng(_SEED)
            found = sum(pvalue(*draw(rng), rng) <= _LEVEL for _ in range(draws))
            yield Power(change, test, found / draws)


def _wdist(p: int, method: str) -> Pvalue:
    def pvalue(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> float:
        return wdist.two_sample_test(x, y, p=p, method=method, n_resamples=_RESAMPLES, rng=rng).pvalue

    return pvalue


def _energy(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> float:
    """By permutations of the matrix of distances."""
    points = np.concatenate([x, y]).reshape(len(x) + len(y), -1)
    distances = cdist(points, points)
    n, m = len(x), len(y)

    def statistic(order: np.ndarray) -> float:
        u, v = order[:n], order[n:]
        across, first, second = (distances[np.ix_(a, b)].mean() for a, b in ((u, v), (u, u), (v, v)))
        return float(2 * across - first - second)

    observed = statistic(np.arange(n + m))
    return (1 + sum(statistic(rng.permutation(n + m)) >= observed for _ in range(_RESAMPLES))) / (1 + _RESAMPLES)


def _ks(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> float:
    return float(stats.ks_2samp(x, y).pvalue)


_TESTS: dict[str, Pvalue] = {"sliced W1": _wdist(1, "sliced"), "sliced W2": _wdist(2, "sliced")}
_ON_THE_LINE: dict[str, Pvalue] = {"energy": _energy, "KS": _ks}
_IN_SPACE: dict[str, Pvalue] = {"exact W1": _wdist(1, "exact"), "energy": _energy}


def _line(make: Callable[[np.random.Generator], np.ndarray]) -> Draw:
    return lambda rng: (rng.standard_normal(60), make(rng))


def _space(make: Callable[[np.random.Generator], np.ndarray]) -> Draw:
    return lambda rng: (rng.standard_normal((60, 5)), make(rng))


def _rare(rng: np.random.Generator) -> np.ndarray:
    """A normal law, of which a twentieth part is far away."""
    return rng.standard_normal(60) + 6.0 * (rng.random(60) < 0.05)


def _correlated(rng: np.random.Generator) -> np.ndarray:
    """Two of the five coordinates correlated."""
    z = rng.standard_normal((60, 5))
    z[:, 1] = 0.7 * z[:, 0] + np.sqrt(1 - 0.7**2) * z[:, 1]
    return z


_CHANGES: dict[str, Draw] = {
    "line: none": _line(lambda rng: rng.standard_normal(60)),
    "line: mean + 0.4": _line(lambda rng: rng.standard_normal(60) + 0.4),
    "line: deviation x 1.5": _line(lambda rng: 1.5 * rng.standard_normal(60)),
    "line: 5 % at distance 6": _line(_rare),
    "line: exponential": _line(lambda rng: rng.exponential(size=60) - 1.0),
    "d = 5: none": _space(lambda rng: rng.standard_normal((60, 5))),
    "d = 5: mean + 0.6 e_1": _space(lambda rng: rng.standard_normal((60, 5)) + 0.6 * np.eye(1, 5)),
    "d = 5: deviation x 1.25": _space(lambda rng: 1.25 * rng.standard_normal((60, 5))),
    "d = 5: correlation 0.7": _space(_correlated),
}
