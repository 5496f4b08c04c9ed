"""Gaussians and their mixtures, against POT and closed forms."""

from __future__ import annotations

import math

import numpy as np
import ot
import scipy.linalg

import wdist

from .check import check
from .draws import covariance, dimension, gaussian


@check("gaussian_w2", "unrelated covariances, d = 2 to 19", "POT `bures_wasserstein_distance`", 1e-10)
def _gaussian_pot(rng: np.random.Generator) -> tuple[float, float]:
    d = dimension(rng)
    P, Q = gaussian(rng, d), gaussian(rng, d)
    return wdist.gaussian_w2(P, Q), float(ot.gaussian.bures_wasserstein_distance(P.mean, Q.mean, P.cov, Q.cov))


@check("gaussian_w2", "translation by t", "closed form ‖t‖", 1e-12)
def _gaussian_translation(rng: np.random.Generator) -> tuple[float, float]:
    P, t = gaussian(rng, 5), rng.normal(size=5)
    return wdist.gaussian_w2(P, wdist.Gaussian(P.mean + t, P.cov)), float(np.linalg.norm(t))


@check("gaussian_w2", "homothety x → s x about the mean", "closed form \\|1 − s\\| √tr Σ", 1e-12)
def _gaussian_homothety(rng: np.random.Generator) -> tuple[float, float]:
    P, s = gaussian(rng, 5), rng.uniform(1.5, 3.0)
    return wdist.gaussian_w2(P, wdist.Gaussian(P.mean, s**2 * P.cov)), (s - 1) * math.sqrt(np.trace(P.cov))


@check("gaussian_w2", "homothety by s − 1 = 1e-6", "closed form \\|1 − s\\| √tr Σ", 1e-8)
def _gaussian_near(rng: np.random.Generator) -> tuple[float, float]:
    F, s = rng.normal(size=(5, 5)), 1 + 1e-6
    P, Q = (wdist.Gaussian.from_factor(np.zeros(5), G) for G in (F, s * F))
    return wdist.gaussian_w2(P, Q), (s - 1) * float(np.linalg.norm(F))


@check("gaussian_w2", "a point mass", "closed form √(‖Δm‖² + tr Σ)", 1e-12)
def _gaussian_dirac(rng: np.random.Generator) -> tuple[float, float]:
    P, a = gaussian(rng, 5), rng.normal(size=5)
    known = math.sqrt(float(np.sum((P.mean - a) ** 2)) + float(np.trace(P.cov)))
    return wdist.gaussian_w2(P, wdist.Gaussian(a, np.zeros((5, 5)))), known


@check("gaussian_w2", "products", "W2² adds, each factor by POT", 1e-10)
def _gaussian_product(rng: np.random.Generator) -> tuple[float, float]:
    sides = [[gaussian(rng, d) for d in (2, 3)] for _ in range(2)]
    joint = [wdist.Gaussian(np.concatenate([A.mean, B.mean]), scipy.linalg.block_diag(A.cov, B.cov)) for A, B in sides]
    parts = [
        float(ot.gaussian.bures_wasserstein_distance(A.mean, B.mean, A.cov, B.cov)) for A, B in zip(*sides, strict=True)
    ]
    return wdist.gaussian_w2(*joint), math.hypot(*parts)


@check("gaussian_map", "unrelated covariances, the sum of squares", "POT `bures_wasserstein_mapping`", 1e-10)
def _gaussian_map(rng: np.random.Generator) -> tuple[float, float]:
    d = dimension(rng)
    P, Q = gaussian(rng, d), gaussian(rng, d)
    known = ot.gaussian.bures_wasserstein_mapping(P.mean, Q.mean, P.cov, Q.cov)[0]
    return float(np.sum(wdist.gaussian_map(P, Q) ** 2)), float(np.sum(known**2))


@check("gaussian_geodesic", "the distance at time t", "t times POT's `bures_wasserstein_distance`", 1e-10)
def _gaussian_geodesic(rng: np.random.Generator) -> tuple[float, float]:
    P, Q, t = gaussian(rng, 5), gaussian(rng, 5), rng.uniform(0.2, 1.0)
    known = float(ot.gaussian.bures_wasserstein_distance(P.mean, Q.mean, P.cov, Q.cov))
    R = wdist.gaussian_geodesic(P, Q, t)
    return float(ot.gaussian.bures_wasserstein_distance(P.mean, R.mean, P.cov, R.cov)), t * known


@check("gaussian_barycenter", "weighted, the trace", "POT `bures_wasserstein_barycenter`", 1e-8)
def _gaussian_barycenter(rng: np.random.Generator) -> tuple[float, float]:
    members, weights = [gaussian(rng, 4) for _ in range(4)], rng.dirichlet(np.ones(4))
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
        (rng.dirichlet(np.ones(k)), rng.normal(size=(k, 3)), np.stack([covariance(rng, 3) for _ in range(k)]))
        for k in (3, 4)
    )
    found = wdist.mixture_w2(wdist.GaussianMixture(a, m1, c1), wdist.GaussianMixture(b, m2, c2))
    return found, math.sqrt(float(ot.gmm.gmm_ot_loss(m1, m2, c1, c2, a, b)))
