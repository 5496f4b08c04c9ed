"""Measures on the line and on a circle, against POT, SciPy and closed forms."""

from __future__ import annotations

import math

import numpy as np
import ot
import scipy.stats
from scipy.special import gamma

import wdist

from .check import check
from .draws import EXPONENTS, weighted


@check("wasserstein_1d", "weighted samples, unequal sizes, p = 1 to 3", "POT `ot.wasserstein_1d`", 1e-12)
def _line_pot(rng: np.random.Generator) -> tuple[float, float]:
    (x, a), (y, b), p = weighted(rng), weighted(rng), float(rng.choice(EXPONENTS))
    return wdist.wasserstein_1d(x, y, p=p, u_weights=a, v_weights=b), float(ot.wasserstein_1d(x, y, a, b, p)) ** (1 / p)


@check("wasserstein_1d", "weighted samples, unequal sizes, p = 1", "SciPy `wasserstein_distance`", 1e-12)
def _line_scipy(rng: np.random.Generator) -> tuple[float, float]:
    (x, a), (y, b) = weighted(rng), weighted(rng)
    return wdist.wasserstein_1d(x, y, p=1, u_weights=a, v_weights=b), scipy.stats.wasserstein_distance(x, y, a, b)


@check("wasserstein_1d", "translation by t, p = 1 to inf", "closed form \\|t\\|", 1e-12)
def _line_translation(rng: np.random.Generator) -> tuple[float, float]:
    (x, a), t = weighted(rng), rng.normal()
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
    (x, a), (y, b), p = weighted(rng), weighted(rng), float(rng.choice(EXPONENTS))
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
