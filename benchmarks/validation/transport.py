"""The linear programme, against POT, SciPy and closed forms."""

from __future__ import annotations

import math

import numpy as np
import ot
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

import wdist

from .check import check
from .draws import EXPONENTS, cloud, covariance, mean_power, pot, weighted


def _transport(x: np.ndarray, y: np.ndarray, a: np.ndarray, p: float, rng: np.random.Generator) -> float:
    """wdist's answer for paired points of weights ``a``, shuffled so that the rows do not tell the plan."""
    order = rng.permutation(len(a))
    return wdist.transport(x, y[order], p=p, x_weights=a, y_weights=a[order]).distance


@check("transport", "weighted points, unequal sizes, d = 2 to 5, p = 1 to 3", "POT `ot.emd2`", 1e-11)
def _transport_pot(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = cloud(rng)
    y, b = weighted(rng, x.shape[1])
    return wdist.transport(x, y, p=p, x_weights=a, y_weights=b).distance, pot(x, y, a, b, p)


@check("transport", "city-block ground metric, p = 1 to 3", "POT `ot.emd2`", 1e-11)
def _transport_cityblock(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = cloud(rng)
    y, b = weighted(rng, x.shape[1])
    found = wdist.transport(x, y, p=p, x_weights=a, y_weights=b, metric="cityblock").distance
    return found, pot(x, y, a, b, p, "cityblock")


@check("transport", "equal weights, n = m, p = 1 to 3", "SciPy `linear_sum_assignment`", 1e-11)
def _transport_assignment(rng: np.random.Generator) -> tuple[float, float]:
    (n, d), p = rng.integers(2, 60, size=2), float(rng.choice(EXPONENTS))
    x, y = rng.normal(size=(2, n, d))
    cost = cdist(x, y) ** p
    return wdist.transport(x, y, p=p).distance, float(cost[linear_sum_assignment(cost)].mean()) ** (1 / p)


@check("transport", "translation by t, p = 1 to 3", "closed form ‖t‖", 1e-11)
def _transport_translation(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = cloud(rng)
    t = rng.normal(size=x.shape[1])
    return _transport(x, x + t, a, p, rng), float(np.linalg.norm(t))


@check("transport", "homothety x → s x + t, p = 1 to 3", "closed form \\|1 − s\\| (E‖X − c‖^p)^(1/p)", 1e-11)
def _transport_homothety(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = cloud(rng)
    s, t = rng.uniform(0.0, 0.8), rng.normal(size=x.shape[1])
    known = (1 - s) * mean_power(np.linalg.norm(x - t / (1 - s), axis=1), a, p)
    return _transport(x, s * x + t, a, p, rng), known


@check("transport", "radial laws, p = 1 to 3", "closed form: W_p of the radii", 1e-11)
def _transport_radial(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = cloud(rng)
    radius = np.linalg.norm(x, axis=1)
    other = radius**2 / 2 + 0.1  # increasing in the radius
    return _transport(x, x * (other / radius)[:, None], a, p, rng), mean_power(radius - other, a, p)


@check("transport", "a point mass, p = 1 to 3", "closed form (E‖Y − a‖^p)^(1/p)", 1e-11)
def _transport_dirac(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = cloud(rng)
    at = rng.normal(size=(1, x.shape[1]))
    return wdist.transport(at, x, p=p, y_weights=a).distance, mean_power(np.linalg.norm(x - at, axis=1), a, p)


@check("transport", "gradient of a convex function, p = 2", "closed form (E‖X − ∇φ(X)‖²)^½", 1e-11)
def _transport_brenier(rng: np.random.Generator) -> tuple[float, float]:
    x, a, _ = cloud(rng)
    y = x @ covariance(rng, x.shape[1]) + x**3 + rng.normal(size=x.shape[1])
    return _transport(x, y, a, 2.0, rng), mean_power(np.linalg.norm(x - y, axis=1), a, 2.0)


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.stack([z.ravel() for z in np.meshgrid(a, b, indexing="ij")], axis=1)


@check("transport", "products of laws on the line, p = 2", "W2² adds, each factor by POT", 1e-11)
def _transport_product(rng: np.random.Generator) -> tuple[float, float]:
    (a, b), (c, d) = rng.normal(size=(2, 2, 6))
    known = math.sqrt(float(ot.wasserstein_1d(a, c, p=2)) + float(ot.wasserstein_1d(b, d, p=2)))
    return wdist.transport(_product(a, b), _product(c, d), p=2).distance, known


@check("transport", "one differing factor, p = 1 to 3", "W_p of that factor by POT", 1e-11)
def _transport_factor(rng: np.random.Generator) -> tuple[float, float]:
    (a, b, common), p = rng.normal(size=(3, 6)), float(rng.choice(EXPONENTS))
    found = wdist.transport(_product(a, common), _product(b, common), p=p).distance
    return found, float(ot.wasserstein_1d(a, b, p=p)) ** (1 / p)


@check("transport", "downhill shear X = Y − h(Y) e, p = 1", "closed form E h", 1e-11)
def _transport_shear(rng: np.random.Generator) -> tuple[float, float]:
    y, a, _ = cloud(rng)
    h, direction = rng.exponential(size=len(y)), rng.normal(size=y.shape[1])
    x = y - h[:, None] * direction / np.linalg.norm(direction)
    return _transport(x, y, a, 1.0, rng), float(a @ h)


@check("transport", "funnel pairs, p = 1", "closed form E[(1 − s)‖Y − a_n*‖]", 1e-11)
def _transport_funnel(rng: np.random.Generator) -> tuple[float, float]:
    y, a, _ = cloud(rng)
    anchors, heights, s = rng.normal(size=(4, y.shape[1])), rng.normal(size=4) / 4, rng.random(len(y))
    nearest = anchors[np.argmin(cdist(y, anchors) + heights, axis=1)]
    x = nearest + s[:, None] * (y - nearest)
    return _transport(x, y, a, 1.0, rng), float(a @ ((1 - s) * np.linalg.norm(y - nearest, axis=1)))


@check("transport_lp", "random costs in [0, 1], unequal sizes", "POT `ot.emd2`", 1e-11)
def _lp_pot(rng: np.random.Generator) -> tuple[float, float]:
    (_, a), (_, b) = weighted(rng), weighted(rng)
    cost = rng.random((len(a), len(b)))
    return wdist.transport_lp(cost, a, b).distance, float(ot.emd2(a, b, cost))


@check("transport_lp", "random costs in [−2, −1], unequal sizes", "POT `ot.emd2`", 1e-11)
def _lp_negative(rng: np.random.Generator) -> tuple[float, float]:
    (_, a), (_, b) = weighted(rng), weighted(rng)
    cost = rng.random((len(a), len(b))) - 2
    return wdist.transport_lp(cost, a, b).distance, float(ot.emd2(a, b, cost))
