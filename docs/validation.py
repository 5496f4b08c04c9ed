"""Measure wdist against other implementations and closed forms, and write ``docs/validation.md``.

    python docs/validation.py [--instances N]

A check draws random problems whose answer is known from elsewhere: from POT or SciPy, whose algorithms are not those
of wdist, or from a closed form (Villani, Topics in Optimal Transportation, 2003; Peyré and Cuturi, Computational
Optimal Transport, 2019, doi:10.1561/2200000073). Its row on the page is the worst of its problems.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import ot
import scipy.stats
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from scipy.special import gamma

import wdist

PAGE = Path(__file__).with_suffix(".md")
SEED = 20_241
EXPONENTS = (1.0, 1.5, 2.0, 3.0)

Problem = Callable[[np.random.Generator], tuple[float, float]]  # -> (wdist's answer, the known one)


class Check(NamedTuple):
    """One row of the page: a function of wdist, the case, what it is held against, and how far off it may be."""

    function: str
    case: str
    reference: str
    tolerance: float
    problem: Problem


CHECKS: list[Check] = []


def check(function: str, case: str, reference: str, tolerance: float) -> Callable[[Problem], Problem]:
    """Enter a problem into the table."""

    def enter(problem: Problem) -> Problem:
        CHECKS.append(Check(function, case, reference, tolerance, problem))
        return problem

    return enter


def largest_difference(item: Check, instances: int) -> float:
    """The largest relative difference over the instances; each row has its own, fixed, random stream."""
    rng = np.random.default_rng([SEED, *item.case.encode()])
    return max(abs(found - known) / abs(known) for found, known in (item.problem(rng) for _ in range(instances)))


# --- on the line ---


def _weighted(rng: np.random.Generator, d: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    n = int(rng.integers(2, 60))
    return rng.normal(size=n if d is None else (n, d)), rng.dirichlet(np.ones(n))


@check("wasserstein_1d", "weighted samples, unequal sizes, p = 1 to 3", "POT `ot.wasserstein_1d`", 1e-12)
def _line_pot(rng: np.random.Generator) -> tuple[float, float]:
    (x, a), (y, b), p = _weighted(rng), _weighted(rng), float(rng.choice(EXPONENTS))
    return wdist.wasserstein_1d(x, y, p=p, u_weights=a, v_weights=b), float(ot.wasserstein_1d(x, y, a, b, p)) ** (1 / p)


@check("wasserstein_1d", "weighted samples, unequal sizes, p = 1", "SciPy `wasserstein_distance`", 1e-12)
def _line_scipy(rng: np.random.Generator) -> tuple[float, float]:
    (x, a), (y, b) = _weighted(rng), _weighted(rng)
    return wdist.wasserstein_1d(x, y, p=1, u_weights=a, v_weights=b), scipy.stats.wasserstein_distance(x, y, a, b)


@check("wasserstein_1d", "translation by t, p = 1 to inf", "closed form \\|t\\|", 1e-12)
def _line_translation(rng: np.random.Generator) -> tuple[float, float]:
    (x, a), t = _weighted(rng), rng.normal()
    p = float(rng.choice([*EXPONENTS, math.inf]))
    return wdist.wasserstein_1d(x, x + t, p=p, u_weights=a, v_weights=a), abs(t)


@check("wasserstein_1d", "normal laws, p = 1", "closed form E\\|Δm + Δσ Z\\|", 1e-10)
def _line_normal_1(rng: np.random.Generator) -> tuple[float, float]:
    (m1, m2), (s1, s2) = rng.normal(size=2), rng.uniform(0.1, 3.0, size=2)
    m, s = m1 - m2, abs(s1 - s2)
    known = s * math.sqrt(2 / math.pi) * math.exp(-(m**2) / (2 * s**2)) + m * math.erf(m / (s * math.sqrt(2)))
    return wdist.wasserstein_1d(scipy.stats.norm(m1, s1), scipy.stats.norm(m2, s2), p=1), known


@check("wasserstein_1d", "normal laws, p = 2", "closed form √(Δm² + Δσ²)", 1e-10)
def _line_normal_2(rng: np.random.Generator) -> tuple[float, float]:
    (m1, m2), (s1, s2) = rng.normal(size=2), rng.uniform(0.1, 3.0, size=2)
    found = wdist.wasserstein_1d(scipy.stats.norm(m1, s1), scipy.stats.norm(m2, s2), p=2)
    return found, math.hypot(m1 - m2, s1 - s2)


@check("wasserstein_1d", "exponential laws, p = 1 to 3", "closed form \\|1/λ₁ − 1/λ₂\\| Γ(p + 1)^(1/p)", 1e-10)
def _line_exponential(rng: np.random.Generator) -> tuple[float, float]:
    s, t, p = *rng.uniform(0.1, 5.0, size=2), float(rng.choice(EXPONENTS))
    found = wdist.wasserstein_1d(scipy.stats.expon(scale=s), scipy.stats.expon(scale=t), p=p)
    return found, abs(s - t) * gamma(p + 1) ** (1 / p)


@check("wasserstein_1d", "Bernoulli laws, p = 1 to 3", "closed form \\|q − r\\|^(1/p)", 1e-10)
def _line_bernoulli(rng: np.random.Generator) -> tuple[float, float]:
    q, r, p = *rng.uniform(0.05, 0.95, size=2), float(rng.choice(EXPONENTS))
    return wdist.wasserstein_1d(scipy.stats.bernoulli(q), scipy.stats.bernoulli(r), p=p), abs(q - r) ** (1 / p)


@check("wasserstein_1d", "Cauchy laws, translation by t, p = 1 to 3", "closed form \\|t\\|", 1e-10)
def _line_cauchy(rng: np.random.Generator) -> tuple[float, float]:
    m, t, p = *rng.normal(size=2), float(rng.choice(EXPONENTS))
    return wdist.wasserstein_1d(scipy.stats.cauchy(m), scipy.stats.cauchy(m + t), p=p), abs(t)


@check("wasserstein_1d", "histograms of one bin against a uniform law, p = 2", "closed form", 1e-10)
def _line_uniform(rng: np.random.Generator) -> tuple[float, float]:
    shift, width = rng.normal(), rng.uniform(0.1, 3.0)
    found = wdist.wasserstein_1d(wdist.Histogram([shift, shift + width], [7]), scipy.stats.uniform(0, 1), p=2)
    return found, math.sqrt(shift**2 + shift * (width - 1) + (width - 1) ** 2 / 3)


@check("wasserstein_1d", "weighted samples on a circle, p = 1 to 3", "POT `ot.wasserstein_circle`", 1e-8)
def _line_circle(rng: np.random.Generator) -> tuple[float, float]:
    (x, a), (y, b), p = _weighted(rng), _weighted(rng), float(rng.choice(EXPONENTS))
    found = wdist.wasserstein_1d(x, y, p=p, u_weights=a, v_weights=b, period=1.0)
    known = ot.wasserstein_circle(x % 1.0, y % 1.0, u_weights=a, v_weights=b, p=p)
    return found, float(np.ravel(known)[0]) ** (1 / p)


@check("wasserstein_1d", "t^a and t^b, p = inf", "closed form, where the derivatives agree", 1e-8)
def _line_supremum(rng: np.random.Generator) -> tuple[float, float]:
    a, b = np.sort(rng.uniform(0.5, 4.0, size=2))
    t = (a / b) ** (1 / (b - a))
    found = wdist.wasserstein_1d(wdist.Quantile(lambda s: s**a), wdist.Quantile(lambda s: s**b), p=math.inf)
    return found, t**a - t**b


@check("wasserstein_1d", "Pareto laws of index p + 0.001 to p + 1", "closed form (a / (a − p))^(1/p)", 1e-8)
def _line_heavy(rng: np.random.Generator) -> tuple[float, float]:
    p = float(rng.choice(EXPONENTS))
    a = p + 10 ** rng.uniform(-3.0, 0.0)
    return wdist.wasserstein_1d(scipy.stats.pareto(a), [0.0], p=p), (a / (a - p)) ** (1 / p)


@check("transport_map_1d", "a normal law to a logistic one", "−log of SciPy's `log_ndtr`s", 1e-10)
def _line_map(rng: np.random.Generator) -> tuple[float, float]:
    x = rng.uniform(-30.0, 30.0)
    found = wdist.transport_map_1d(scipy.stats.norm(), scipy.stats.logistic(), p=2)(x)
    return float(found), float(scipy.special.log_ndtr(x) - scipy.special.log_ndtr(-x))


# --- Gaussians ---


def _covariance(rng: np.random.Generator, d: int) -> np.ndarray:
    axes = np.linalg.qr(rng.normal(size=(d, d)))[0]
    cov = (axes * rng.uniform(0.1, 3.0, size=d)) @ axes.T
    return (cov + cov.T) / 2


def _gaussian(rng: np.random.Generator, d: int) -> wdist.Gaussian:
    return wdist.Gaussian(rng.normal(size=d), _covariance(rng, d))


def _dimension(rng: np.random.Generator) -> int:
    return int(rng.integers(2, 20))


@check("gaussian_w2", "unrelated covariances, d = 2 to 19", "POT `bures_wasserstein_distance`", 1e-10)
def _gaussian_pot(rng: np.random.Generator) -> tuple[float, float]:
    d = _dimension(rng)
    P, Q = _gaussian(rng, d), _gaussian(rng, d)
    return wdist.gaussian_w2(P, Q), float(ot.gaussian.bures_wasserstein_distance(P.mean, Q.mean, P.cov, Q.cov))


@check("gaussian_w2", "translation by t", "closed form ‖t‖", 1e-12)
def _gaussian_translation(rng: np.random.Generator) -> tuple[float, float]:
    P, t = _gaussian(rng, 5), rng.normal(size=5)
    return wdist.gaussian_w2(P, wdist.Gaussian(P.mean + t, P.cov)), float(np.linalg.norm(t))


@check("gaussian_w2", "homothety x → s x about the mean", "closed form \\|1 − s\\| √tr Σ", 1e-12)
def _gaussian_homothety(rng: np.random.Generator) -> tuple[float, float]:
    P, s = _gaussian(rng, 5), rng.uniform(1.5, 3.0)
    return wdist.gaussian_w2(P, wdist.Gaussian(P.mean, s**2 * P.cov)), (s - 1) * math.sqrt(np.trace(P.cov))


@check("gaussian_w2", "homothety by s − 1 = 1e-6", "closed form \\|1 − s\\| √tr Σ", 1e-8)
def _gaussian_near(rng: np.random.Generator) -> tuple[float, float]:
    F, s = rng.normal(size=(5, 5)), 1 + 1e-6
    P, Q = (wdist.Gaussian.from_factor(np.zeros(5), G) for G in (F, s * F))
    return wdist.gaussian_w2(P, Q), (s - 1) * float(np.linalg.norm(F))


@check("gaussian_w2", "a point mass", "closed form √(‖Δm‖² + tr Σ)", 1e-12)
def _gaussian_dirac(rng: np.random.Generator) -> tuple[float, float]:
    P, a = _gaussian(rng, 5), rng.normal(size=5)
    known = math.sqrt(float(np.sum((P.mean - a) ** 2)) + float(np.trace(P.cov)))
    return wdist.gaussian_w2(P, wdist.Gaussian(a, np.zeros((5, 5)))), known


@check("gaussian_w2", "products", "W2² adds, each factor by POT", 1e-10)
def _gaussian_product(rng: np.random.Generator) -> tuple[float, float]:
    sides = [[_gaussian(rng, d) for d in (2, 3)] for _ in range(2)]
    joint = [wdist.Gaussian(np.concatenate([A.mean, B.mean]), scipy.linalg.block_diag(A.cov, B.cov)) for A, B in sides]
    parts = [
        float(ot.gaussian.bures_wasserstein_distance(A.mean, B.mean, A.cov, B.cov)) for A, B in zip(*sides, strict=True)
    ]
    return wdist.gaussian_w2(*joint), math.hypot(*parts)


@check("gaussian_map", "unrelated covariances, the sum of squares", "POT `bures_wasserstein_mapping`", 1e-10)
def _gaussian_map(rng: np.random.Generator) -> tuple[float, float]:
    d = _dimension(rng)
    P, Q = _gaussian(rng, d), _gaussian(rng, d)
    known = ot.gaussian.bures_wasserstein_mapping(P.mean, Q.mean, P.cov, Q.cov)[0]
    return float(np.sum(wdist.gaussian_map(P, Q) ** 2)), float(np.sum(known**2))


@check("gaussian_geodesic", "the distance at time t", "t times POT's `bures_wasserstein_distance`", 1e-10)
def _gaussian_geodesic(rng: np.random.Generator) -> tuple[float, float]:
    P, Q, t = _gaussian(rng, 5), _gaussian(rng, 5), rng.uniform(0.2, 1.0)
    known = float(ot.gaussian.bures_wasserstein_distance(P.mean, Q.mean, P.cov, Q.cov))
    R = wdist.gaussian_geodesic(P, Q, t)
    return float(ot.gaussian.bures_wasserstein_distance(P.mean, R.mean, P.cov, R.cov)), t * known


@check("gaussian_barycenter", "weighted, the trace", "POT `bures_wasserstein_barycenter`", 1e-8)
def _gaussian_barycenter(rng: np.random.Generator) -> tuple[float, float]:
    members, weights = [_gaussian(rng, 4) for _ in range(4)], rng.dirichlet(np.ones(4))
    means, covs = np.stack([G.mean for G in members]), np.stack([G.cov for G in members])
    known = ot.gaussian.bures_wasserstein_barycenter(means, covs, weights=weights, num_iter=10_000, eps=1e-12)[1]
    return float(np.trace(wdist.gaussian_barycenter(members, weights).cov)), float(np.trace(known))


@check("gelbrich", "samples", "POT `empirical_bures_wasserstein_distance`", 1e-8)
def _gelbrich(rng: np.random.Generator) -> tuple[float, float]:
    x, y = rng.normal(size=(40, 4)), rng.exponential(size=(60, 4))
    return wdist.gelbrich(x, y), float(ot.gaussian.empirical_bures_wasserstein_distance(x, y, reg=0.0))


@check("mixture_w2", "mixtures of three and of four", "POT `gmm_ot_loss`", 1e-8)
def _mixture(rng: np.random.Generator) -> tuple[float, float]:
    (a, m1, c1), (b, m2, c2) = (
        (rng.dirichlet(np.ones(k)), rng.normal(size=(k, 3)), np.stack([_covariance(rng, 3) for _ in range(k)]))
        for k in (3, 4)
    )
    found = wdist.mixture_w2(wdist.GaussianMixture(a, m1, c1), wdist.GaussianMixture(b, m2, c2))
    return found, math.sqrt(float(ot.gmm.gmm_ot_loss(m1, m2, c1, c2, a, b)))


# --- the linear programme ---


def _pot(x: np.ndarray, y: np.ndarray, a: np.ndarray, b: np.ndarray, p: float, metric: str = "euclidean") -> float:
    return float(ot.emd2(a, b, cdist(x, y, metric) ** p)) ** (1 / p)


def _mean_power(z: np.ndarray, weights: np.ndarray, p: float) -> float:
    return float(weights @ np.abs(z) ** p) ** (1 / p)


def _cloud(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    """Weighted points in a random dimension, and an exponent."""
    return *_weighted(rng, int(rng.integers(2, 6))), float(rng.choice(EXPONENTS))


def _transport(x: np.ndarray, y: np.ndarray, a: np.ndarray, p: float, rng: np.random.Generator) -> float:
    """wdist's answer for paired points of weights ``a``, shuffled so that the rows do not tell the plan."""
    order = rng.permutation(len(a))
    return wdist.transport(x, y[order], p=p, x_weights=a, y_weights=a[order]).distance


@check("transport", "weighted points, unequal sizes, d = 2 to 5, p = 1 to 3", "POT `ot.emd2`", 1e-11)
def _transport_pot(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = _cloud(rng)
    y, b = _weighted(rng, x.shape[1])
    return wdist.transport(x, y, p=p, x_weights=a, y_weights=b).distance, _pot(x, y, a, b, p)


@check("transport", "city-block ground metric, p = 1 to 3", "POT `ot.emd2`", 1e-11)
def _transport_cityblock(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = _cloud(rng)
    y, b = _weighted(rng, x.shape[1])
    found = wdist.transport(x, y, p=p, x_weights=a, y_weights=b, metric="cityblock").distance
    return found, _pot(x, y, a, b, p, "cityblock")


@check("transport", "equal weights, n = m, p = 1 to 3", "SciPy `linear_sum_assignment`", 1e-11)
def _transport_assignment(rng: np.random.Generator) -> tuple[float, float]:
    (n, d), p = rng.integers(2, 60, size=2), float(rng.choice(EXPONENTS))
    x, y = rng.normal(size=(2, n, d))
    cost = cdist(x, y) ** p
    return wdist.transport(x, y, p=p).distance, float(cost[linear_sum_assignment(cost)].mean()) ** (1 / p)


@check("transport", "translation by t, p = 1 to 3", "closed form ‖t‖", 1e-11)
def _transport_translation(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = _cloud(rng)
    t = rng.normal(size=x.shape[1])
    return _transport(x, x + t, a, p, rng), float(np.linalg.norm(t))


@check("transport", "homothety x → s x + t, p = 1 to 3", "closed form \\|1 − s\\| (E‖X − c‖^p)^(1/p)", 1e-11)
def _transport_homothety(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = _cloud(rng)
    s, t = rng.uniform(0.0, 0.8), rng.normal(size=x.shape[1])
    known = (1 - s) * _mean_power(np.linalg.norm(x - t / (1 - s), axis=1), a, p)
    return _transport(x, s * x + t, a, p, rng), known


@check("transport", "radial laws, p = 1 to 3", "closed form: W_p of the radii", 1e-11)
def _transport_radial(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = _cloud(rng)
    radius = np.linalg.norm(x, axis=1)
    other = radius**2 / 2 + 0.1  # increasing in the radius
    return _transport(x, x * (other / radius)[:, None], a, p, rng), _mean_power(radius - other, a, p)


@check("transport", "a point mass, p = 1 to 3", "closed form (E‖Y − a‖^p)^(1/p)", 1e-11)
def _transport_dirac(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = _cloud(rng)
    at = rng.normal(size=(1, x.shape[1]))
    return wdist.transport(at, x, p=p, y_weights=a).distance, _mean_power(np.linalg.norm(x - at, axis=1), a, p)


@check("transport", "gradient of a convex function, p = 2", "closed form (E‖X − ∇φ(X)‖²)^½", 1e-11)
def _transport_brenier(rng: np.random.Generator) -> tuple[float, float]:
    x, a, _ = _cloud(rng)
    y = x @ _covariance(rng, x.shape[1]) + x**3 + rng.normal(size=x.shape[1])
    return _transport(x, y, a, 2.0, rng), _mean_power(np.linalg.norm(x - y, axis=1), a, 2.0)


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
    y, a, _ = _cloud(rng)
    h, direction = rng.exponential(size=len(y)), rng.normal(size=y.shape[1])
    x = y - h[:, None] * direction / np.linalg.norm(direction)
    return _transport(x, y, a, 1.0, rng), float(a @ h)


@check("transport", "funnel pairs, p = 1", "closed form E[(1 − s)‖Y − a_n*‖]", 1e-11)
def _transport_funnel(rng: np.random.Generator) -> tuple[float, float]:
    y, a, _ = _cloud(rng)
    anchors, heights, s = rng.normal(size=(4, y.shape[1])), rng.normal(size=4) / 4, rng.random(len(y))
    nearest = anchors[np.argmin(cdist(y, anchors) + heights, axis=1)]
    x = nearest + s[:, None] * (y - nearest)
    return _transport(x, y, a, 1.0, rng), float(a @ ((1 - s) * np.linalg.norm(y - nearest, axis=1)))


@check("transport_lp", "random costs in [0, 1], unequal sizes", "POT `ot.emd2`", 1e-11)
def _lp_pot(rng: np.random.Generator) -> tuple[float, float]:
    (_, a), (_, b) = _weighted(rng), _weighted(rng)
    cost = rng.random((len(a), len(b)))
    return wdist.transport_lp(cost, a, b).distance, float(ot.emd2(a, b, cost))


@check("transport_lp", "random costs in [−2, −1], unequal sizes", "POT `ot.emd2`", 1e-11)
def _lp_negative(rng: np.random.Generator) -> tuple[float, float]:
    (_, a), (_, b) = _weighted(rng), _weighted(rng)
    cost = rng.random((len(a), len(b))) - 2
    return wdist.transport_lp(cost, a, b).distance, float(ot.emd2(a, b, cost))


# --- the front door and sliced distances ---


@check("wasserstein", "two Gaussians, p = 2", "POT `bures_wasserstein_distance`", 1e-10)
def _front_gaussian(rng: np.random.Generator) -> tuple[float, float]:
    P, Q = _gaussian(rng, 4), _gaussian(rng, 4)
    known = float(ot.gaussian.bures_wasserstein_distance(P.mean, Q.mean, P.cov, Q.cov))
    return wdist.wasserstein(P, Q, p=2).distance, known


@check("wasserstein", "weighted samples on the line, p = 1 to 3", "POT `ot.wasserstein_1d`", 1e-12)
def _front_line(rng: np.random.Generator) -> tuple[float, float]:
    (x, a), (y, b), p = _weighted(rng), _weighted(rng), float(rng.choice(EXPONENTS))
    found = wdist.wasserstein(wdist.Samples(x, a), wdist.Samples(y, b), p=p).distance
    return found, float(ot.wasserstein_1d(x, y, a, b, p)) ** (1 / p)


@check("wasserstein", "weighted points, d = 2 to 5, p = 1 to 3", "POT `ot.emd2`", 1e-11)
def _front_points(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = _cloud(rng)
    y, b = _weighted(rng, x.shape[1])
    return wdist.wasserstein(wdist.Samples(x, a), wdist.Samples(y, b), p=p).distance, _pot(x, y, a, b, p)


@check("sliced", "on the line, p = 1 to 3", "POT `ot.wasserstein_1d`", 1e-12)
def _sliced_line(rng: np.random.Generator) -> tuple[float, float]:
    x, y, p = rng.normal(size=30), rng.normal(size=20), float(rng.choice(EXPONENTS))
    return wdist.sliced(x, y, p=p, rng=rng).distance, float(ot.wasserstein_1d(x, y, p=p)) ** (1 / p)


@check("sliced", "translation by t, d = 2 to 5, p = 1 to 3, 4096 lines", "closed form ‖t‖ (E\\|θ₁\\|^p)^(1/p)", 0.1)
def _sliced_translation(rng: np.random.Generator) -> tuple[float, float]:
    x, _, p = _cloud(rng)
    d = x.shape[1]
    t = rng.normal(size=d)
    moment = gamma((p + 1) / 2) * gamma(d / 2) / (math.sqrt(math.pi) * gamma((d + p) / 2))
    found = wdist.sliced(x, x + t, p=p, n_projections=4096, rng=rng).distance
    return found, float(np.linalg.norm(t)) * moment ** (1 / p)


@check("sliced", "weighted points, given lines, d = 2 to 5, p = 1 to 3", "POT `ot.sliced_wasserstein_distance`", 1e-11)
def _sliced_pot(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = _cloud(rng)
    y, b = _weighted(rng, x.shape[1])
    lines = rng.normal(size=(20, x.shape[1]))
    lines /= np.linalg.norm(lines, axis=1, keepdims=True)
    found = wdist.sliced(wdist.Samples(x, a), wdist.Samples(y, b), p=p, directions=lines).distance
    return found, float(ot.sliced_wasserstein_distance(x, y, a / a.sum(), b / b.sum(), projections=lines.T, p=p))


@check("max_sliced", "translation by t, d = 2 to 5, p = 1 to 3", "closed form ‖t‖", 1e-9)
def _max_sliced_translation(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = _cloud(rng)
    t = rng.normal(size=x.shape[1])
    found = wdist.max_sliced(wdist.Samples(x, a), wdist.Samples(x + t, a), p=p, rng=rng).distance
    return found, float(np.linalg.norm(t))


# --- brackets, populations, tests ---


@check("bounds", "weighted points on the line, p = 1 to 3, both ends", "POT `ot.wasserstein_1d`", 1e-11)
def _bounds_line(rng: np.random.Generator) -> tuple[float, float]:
    (x, a), (y, b), p = _weighted(rng), _weighted(rng), float(rng.choice(EXPONENTS))
    lower, upper = wdist.bounds(wdist.Samples(x, a), wdist.Samples(y, b), p=p)
    return (lower + upper) / 2, float(ot.wasserstein_1d(x, y, a, b, p)) ** (1 / p)


@check("bounds", "weighted points, d = 2 to 5, p = 1 to 3: the nearest of the bracket", "POT `ot.emd2`", 1e-11)
def _bounds_pot(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = _cloud(rng)
    y, b = _weighted(rng, x.shape[1])
    known = _pot(x, y, a, b, p)
    return float(np.clip(known, *wdist.bounds(wdist.Samples(x, a), wdist.Samples(y, b), p=p))), known


@check("bounds", "translation by t, d = 2 to 5, p = 1 to 3, from below", "closed form ‖t‖", 1e-9)
def _bounds_translation(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = _cloud(rng)
    t = rng.normal(size=x.shape[1])
    return wdist.bounds(wdist.Samples(x, a), wdist.Samples(x + t, a), p=p)[0], float(np.linalg.norm(t))


@check("estimate", "the plug-in, d = 2 to 5, p = 1 to 3", "POT `ot.emd2`", 1e-11)
def _estimate_plug_in(rng: np.random.Generator) -> tuple[float, float]:
    x, y, p = _two_samples(rng)
    found = wdist.estimate(x, y, p=p, bias="kept", rng=0)
    return found.stats["plug_in"], _pot_equal(x, y, p)


@check("estimate", "what halves of x and of y are apart, d = 2 to 5, p = 1 to 3", "POT `ot.emd2`", 1e-11)
def _estimate_halves(rng: np.random.Generator) -> tuple[float, float]:
    x, y, p = _two_samples(rng)
    known, order, k = 0.0, np.random.default_rng(7), min(len(x), len(y)) // 2
    for z in (x, y):
        z = order.permutation(z)
        known += _pot_equal(z[:k], z[k : 2 * k], p)
    return sum(wdist.estimate(x, y, p=p, rng=7).stats["within"]), known


@check("two_sample_test", "the exact statistic, d = 2 to 5, p = 1 to 3", "POT `ot.emd2`", 1e-11)
def _test_statistic(rng: np.random.Generator) -> tuple[float, float]:
    x, y, p = _two_samples(rng)
    found = wdist.two_sample_test(x, y, p=p, method="exact", n_resamples=1, rng=rng).statistic
    return found, _pot_equal(x, y, p)


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


def _pot_equal(x: np.ndarray, y: np.ndarray, p: float) -> float:
    return _pot(x, y, *(np.full(len(z), 1.0 / len(z)) for z in (x, y)), p)


def _two_samples(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    """Independent draws, enough for an interval."""
    d, (n, m) = int(rng.integers(2, 6)), rng.integers(20, 60, size=2)
    x, y = rng.normal(size=(n, d)), rng.normal(size=(m, d)) * rng.random(d) + rng.normal(size=d)
    return x, y, float(rng.choice(EXPONENTS))


@check("pairwise", "4 weighted clouds, d = 2 to 5, p = 1 to 3", "POT `ot.emd2`, in a loop", 1e-11)
def _pairwise_pot(rng: np.random.Generator) -> tuple[float, float]:
    d, p = int(rng.integers(2, 6)), float(rng.choice(EXPONENTS))
    clouds = [_weighted(rng, d) for _ in range(4)]
    found = wdist.pairwise([wdist.Samples(*cloud) for cloud in clouds], p=p, n_jobs=1)
    return float(found.sum()), sum(_pot(x, y, a, b, p) for x, a in clouds for y, b in clouds if x is not y)


@check("nearest", "the nearest of 12 weighted clouds, d = 2 to 5, p = 1 to 3", "POT `ot.emd2`, the least", 1e-11)
def _nearest_pot(rng: np.random.Generator) -> tuple[float, float]:
    x, a, p = _cloud(rng)
    clouds = [_weighted(rng, x.shape[1]) for _ in range(12)]
    clouds = [(y + rng.normal(size=x.shape[1]), b) for y, b in clouds]
    found = wdist.nearest([wdist.Samples(x, a)], [wdist.Samples(*cloud) for cloud in clouds], p=p, n_jobs=1)
    return float(found.distances[0, 0]), min(_pot(x, y, a, b, p) for y, b in clouds)


# --- the page ---

_OPENING = """# Validation

How far wdist is from answers that it did not compute itself: those of other implementations, whose algorithms are
different, and closed forms. A row is the largest relative difference over its random problems, seeds fixed. Exact
methods differ by rounding, quadrature of continuous laws by its own tolerance. `sliced` draws random directions, and a
test random exchanges: their rows are the sampling error. A bracket that holds the answer is not off at all. How often
the intervals of `estimate` hold, which no single problem tells, is measured in [populations](theory/inference.md).

"""


def page(instances: int) -> str:
    """The page as Markdown; raises where a difference exceeds the check's tolerance."""
    return "".join([_OPENING, *_table(instances), "\n", _closing(instances)])


def _table(instances: int) -> Iterator[str]:
    yield "| function | case | reference | instances | largest relative difference |\n|---|---|---|---:|---:|\n"
    for item in CHECKS:
        difference = largest_difference(item, instances)
        if not difference <= item.tolerance:
            raise SystemExit(f"{item.function}, {item.case}: {difference:.1e} exceeds {item.tolerance:.0e}")
        yield f"| `{item.function}` | {item.case} | {item.reference} | {instances} | {difference:.1e} |\n"


def _closing(instances: int) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "numba", "POT"))
    return (
        f"Made by `python docs/validation.py --instances {instances}` on {os.cpu_count()} cores of "
        f"{platform.machine()} (CPU, {platform.system()}), Python {platform.python_version()}, {packages}. "
        "The test suite repeats every row on fewer problems. It holds each to a limit: "
        "1e-12 to 1e-8 for everything but random directions and exchanges, which are held to 0.1 and 0.2.\n"
    )


def main() -> None:
    """Write the page beside this script."""
    parser = argparse.ArgumentParser(description="Write docs/validation.md.")
    parser.add_argument("--instances", type=int, default=100, help="random problems a row (default: 100)")
    PAGE.write_text(page(parser.parse_args().instances), encoding="utf-8")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
