"""Brackets, populations, tests and many measures at once, against POT and SciPy."""

from __future__ import annotations

import numpy as np
import ot
import scipy.stats

import wdist

from .check import check
from .draws import EXPONENTS, cloud, pot, pot_equal, two_samples, weighted


@check("bounds", "weighted points on the line, p = 1 to 3, both ends", "POT `ot.wasserstein_1d`", 1e-11)
def _bounds_line(rng: np.random.Generator) -> tuple[float, float]:
    (x, a), (y, b), p = weighted(rng), weighted(rng), float(rng.choice(EXPONENTS))
    lower, upper = wdist.bounds(wdist.Samples(x, a), wdist.Samples(y, b), p=p)
    return (lower + upper) / 2, float(ot.wasserstein_1d(x, y, a, b, p)) ** (1 / p)


@check("bounds", "weighted points, d = 2 to 5, p = 1 to 3: the nearest of the bracket", "POT `ot.emd2`", 1e-11)
def _bounds_pot(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = cloud(rng)
    y, b = weighted(rng, x.shape[1])
    known = pot(x, y, a, b, p)
    return float(np.clip(known, *wdist.bounds(wdist.Samples(x, a), wdist.Samples(y, b), p=p))), known


@check("bounds", "translation by t, d = 2 to 5, p = 1 to 3, from below", "closed form ‖t‖", 1e-9)
def _bounds_translation(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = cloud(rng)
    t = rng.normal(size=x.shape[1])
    return wdist.bounds(wdist.Samples(x, a), wdist.Samples(x + t, a), p=p)[0], float(np.linalg.norm(t))


@check("estimate", "the plug-in, d = 2 to 5, p = 1 to 3", "POT `ot.emd2`", 1e-11)
def _estimate_plug_in(rng: np.random.Generator) -> tuple[float, float]:
    x, y, p = two_samples(rng)
    found = wdist.estimate(x, y, p=p, bias="kept", rng=0)
    return found.stats["plug_in"], pot_equal(x, y, p)


@check("estimate", "what halves of x and of y are apart, d = 2 to 5, p = 1 to 3", "POT `ot.emd2`", 1e-11)
def _estimate_halves(rng: np.random.Generator) -> tuple[float, float]:
    x, y, p = two_samples(rng)
    known, order, k = 0.0, np.random.default_rng(7), min(len(x), len(y)) // 2
    for z in (x, y):
        z = order.permutation(z)
        known += pot_equal(z[:k], z[k : 2 * k], p)
    return sum(wdist.estimate(x, y, p=p, rng=7).stats["within"]), known


@check("two_sample_test", "the exact statistic, d = 2 to 5, p = 1 to 3", "POT `ot.emd2`", 1e-11)
def _test_statistic(rng: np.random.Generator) -> tuple[float, float]:
    x, y, p = two_samples(rng)
    found = wdist.two_sample_test(x, y, p=p, method="exact", n_resamples=1, rng=rng).statistic
    return found, pot_equal(x, y, p)


@check(
    "two_sample_test",
    "p-value on the line, p = 1, 99,999 resamples",
    "SciPy `permutation_test`, all 252 exchanges",
    0.2,
)
def _test_pvalue(rng: np.random.Generator) -> tuple[float, float]:
    x, y = rng.normal(size=5), rng.normal(size=5)
    every = scipy.stats.permutation_test(
        (x, y), scipy.stats.wasserstein_distance, n_resamples=np.inf, alternative="greater"
    )
    return wdist.two_sample_test(x, y, p=1, method="1d", n_resamples=99_999, rng=rng).pvalue, float(every.pvalue)


@check("pairwise", "4 weighted clouds, d = 2 to 5, p = 1 to 3", "POT `ot.emd2`, in a loop", 1e-11)
def _pairwise_pot(rng: np.random.Generator) -> tuple[float, float]:
    d, p = int(rng.integers(2, 6)), float(rng.choice(EXPONENTS))
    clouds = [weighted(rng, d) for _ in range(4)]
    found = wdist.pairwise([wdist.Samples(*cloud) for cloud in clouds], p=p, n_jobs=1)
    return float(found.sum()), sum(pot(x, y, a, b, p) for x, a in clouds for y, b in clouds if x is not y)


@check("nearest", "the nearest of 12 weighted clouds, d = 2 to 5, p = 1 to 3", "POT `ot.emd2`, the least", 1e-11)
def _nearest_pot(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = cloud(rng)
    clouds = [weighted(rng, x.shape[1]) for _ in range(12)]
    clouds = [(y + rng.normal(size=x.shape[1]), b) for y, b in clouds]
    found = wdist.nearest([wdist.Samples(x, a)], [wdist.Samples(*cloud) for cloud in clouds], p=p, n_jobs=1)
    return float(found.distances[0, 0]), min(pot(x, y, a, b, p) for y, b in clouds)
