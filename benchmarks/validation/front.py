"""The front door and sliced distances, against POT and closed forms."""

from __future__ import annotations

import math

import numpy as np
import ot
from scipy.special import gamma

import wdist

from .check import check
from .draws import EXPONENTS, cloud, gaussian, pot, weighted


@check("wasserstein", "two Gaussians, p = 2", "POT `bures_wasserstein_distance`", 1e-10)
def _front_gaussian(rng: np.random.Generator) -> tuple[float, float]:
    P, Q = gaussian(rng, 4), gaussian(rng, 4)
    known = float(ot.gaussian.bures_wasserstein_distance(P.mean, Q.mean, P.cov, Q.cov))
    return wdist.wasserstein(P, Q, p=2).distance, known


@check("wasserstein", "weighted samples on the line, p = 1 to 3", "POT `ot.wasserstein_1d`", 1e-12)
def _front_line(rng: np.random.Generator) -> tuple[float, float]:
    (x, a), (y, b), p = weighted(rng), weighted(rng), float(rng.choice(EXPONENTS))
    found = wdist.wasserstein(wdist.Samples(x, a), wdist.Samples(y, b), p=p).distance
    return found, float(ot.wasserstein_1d(x, y, a, b, p)) ** (1 / p)


@check("wasserstein", "weighted points, d = 2 to 5, p = 1 to 3", "POT `ot.emd2`", 1e-11)
def _front_points(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = cloud(rng)
    y, b = weighted(rng, x.shape[1])
    return wdist.wasserstein(wdist.Samples(x, a), wdist.Samples(y, b), p=p).distance, pot(x, y, a, b, p)


@check("sliced", "on the line, p = 1 to 3", "POT `ot.wasserstein_1d`", 1e-12)
def _sliced_line(rng: np.random.Generator) -> tuple[float, float]:
    x, y, p = rng.normal(size=30), rng.normal(size=20), float(rng.choice(EXPONENTS))
    return wdist.sliced(x, y, p=p, rng=rng).distance, float(ot.wasserstein_1d(x, y, p=p)) ** (1 / p)


@check("sliced", "translation by t, d = 2 to 5, p = 1 to 3, 4096 lines", "closed form ‖t‖ (E\\|θ₁\\|^p)^(1/p)", 0.1)
def _sliced_translation(rng: np.random.Generator) -> tuple[float, float]:
    x, _, p = cloud(rng)
    d = x.shape[1]
    t = rng.normal(size=d)
    moment = gamma((p + 1) / 2) * gamma(d / 2) / (math.sqrt(math.pi) * gamma((d + p) / 2))
    found = wdist.sliced(x, x + t, p=p, n_projections=4096, rng=rng).distance
    return found, float(np.linalg.norm(t)) * moment ** (1 / p)


@check("sliced", "weighted points, given lines, d = 2 to 5, p = 1 to 3", "POT `ot.sliced_wasserstein_distance`", 1e-11)
def _sliced_pot(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = cloud(rng)
    y, b = weighted(rng, x.shape[1])
    lines = rng.normal(size=(20, x.shape[1]))
    lines /= np.linalg.norm(lines, axis=1, keepdims=True)
    found = wdist.sliced(wdist.Samples(x, a), wdist.Samples(y, b), p=p, directions=lines).distance
    return found, float(ot.sliced_wasserstein_distance(x, y, a / a.sum(), b / b.sum(), projections=lines.T, p=p))


@check("max_sliced", "translation by t, d = 2 to 5, p = 1 to 3", "closed form ‖t‖", 1e-9)
def _max_sliced_translation(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = cloud(rng)
    t = rng.normal(size=x.shape[1])
    found = wdist.max_sliced(wdist.Samples(x, a), wdist.Samples(x + t, a), p=p, rng=rng).distance
    return found, float(np.linalg.norm(t))
