"""W_p of continuous laws against 25-digit quadrature and moments: the bracket holds the truth, and is narrow."""

import itertools
import math

import mpmath
import numpy as np
import pytest
import scipy.special
import scipy.stats as st
import torch

import wdist
from wdist.measures import as_measure

inf = math.inf
mp = mpmath.mpf

# SciPy's law, and its quantile at t and at 1 - s in mpmath.
LAWS = {
    "expon": (st.expon(), lambda t: -mpmath.log1p(-t), lambda s: -mpmath.log(s)),
    "uniform": (st.uniform(-1, 4), lambda t: -1 + 4 * t, lambda s: 3 - 4 * s),
    "logistic": (
        st.logistic(1, 0.5),
        lambda t: 1 + mpmath.log(t / (1 - t)) / 2,
        lambda s: 1 + mpmath.log((1 - s) / s) / 2,
    ),
    "laplace": (st.laplace(0, 2), lambda t: 2 * mpmath.log(2 * t), lambda s: -2 * mpmath.log(2 * s)),
    "gumbel": (
        st.gumbel_r(),
        lambda t: -mpmath.log(-mpmath.log(t)),
        lambda s: -mpmath.log(-mpmath.log1p(-s)),
    ),
    "rayleigh": (
        st.rayleigh(),
        lambda t: mpmath.sqrt(-2 * mpmath.log1p(-t)),
        lambda s: mpmath.sqrt(-2 * mpmath.log(s)),
    ),
    "weibull": (
        st.weibull_min(0.8),
        lambda t: (-mpmath.log1p(-t)) ** (1 / mp(0.8)),
        lambda s: (-mpmath.log(s)) ** (1 / mp(0.8)),
    ),
    "pareto": (st.pareto(7), lambda t: (1 - t) ** (-mp(1) / 7), lambda s: s ** (-mp(1) / 7)),
    "lomax": (st.lomax(8), lambda t: (1 - t) ** (-mp(1) / 8) - 1, lambda s: s ** (-mp(1) / 8) - 1),
    "power": (st.powerlaw(3), lambda t: t ** (mp(1) / 3), lambda s: (1 - s) ** (mp(1) / 3)),
}
PAIRS = list(itertools.combinations(LAWS, 2))  # 45


def precise(P, Q, p):
    (law, *ends), (other, *other_ends) = LAWS[P], LAWS[Q]
    grid = np.exp(np.linspace(math.log(1e-25), math.log(0.5), 3000))
    total = mp(0)
    xs, ys = ((z.ppf(grid), z.isf(grid)) for z in (law, other))
    for f, g, x, y in zip(ends, other_ends, xs, ys, strict=True):
        cuts = [mp(0)]
        for k in np.flatnonzero(np.diff(np.sign(x - y))):
            cuts.append(mpmath.findroot(lambda t, f=f, g=g: f(t) - g(t), (grid[k], grid[k + 1]), solver="anderson"))
        cuts.append(mp(1) / 2)
        total += mpmath.quad(lambda t, f=f, g=g: abs(f(t) - g(t)) ** p, cuts)
    return total ** (1 / mp(p))


@pytest.mark.parametrize(("P", "Q"), PAIRS)
def test_the_bracket_holds_the_truth_and_is_narrow(P, Q):
    for p in (1, 2, 3) if (P, Q) != ("expon", "laplace") else (1, 1.5, 2, 3):
        with mpmath.workdps(30):
            truth = precise(P, Q, p)
        r = wdist.wasserstein(LAWS[P][0], LAWS[Q][0], p=p)
        assert r.lower <= truth <= r.upper
        assert r.distance == pytest.approx(float(truth), rel=1e-9)
        assert r.gap <= 1e-8 * float(truth)


def moment(kind, a, p):
    """E |X|^p, from the textbook."""
    if a <= p:
        return inf
    gammaln = scipy.special.gammaln
    if kind == "pareto":
        return a / (a - p)
    if kind == "lomax":
        return a * math.exp(gammaln(a - p) + gammaln(p + 1) - gammaln(a + 1))
    return math.exp(p / 2 * math.log(a) + gammaln((p + 1) / 2) + gammaln((a - p) / 2) - gammaln(0.5) - gammaln(a / 2))


@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
@pytest.mark.parametrize("excess", [-0.3, -0.05, 0, 0.05, 0.3])
@pytest.mark.parametrize("kind", ["pareto", "lomax", "t"])
def test_a_tail_index_beside_p_decides_what_is_finite(kind, excess, p):
    a = p + excess
    r = wdist.wasserstein(getattr(st, kind)(a), [0.0], p=p)
    truth = moment(kind, a, p) ** (1 / p)
    assert r.lower <= truth <= r.upper
    if excess <= 0:
        assert r.distance == inf
    else:
        assert r.distance == pytest.approx(truth, rel=1e-3)
        assert r.gap <= 1e-2 * truth


@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
@pytest.mark.parametrize("a", [0.5, 1, 1.05, 1.5])
def test_a_zipf_law_is_never_finite_where_its_moment_is_not(a, p):
    r = wdist.wasserstein(st.zipf(1 + a), [0.0], p=p)
    with mpmath.workdps(20):
        truth = (mpmath.zeta(1 + a - p) / mpmath.zeta(1 + a)) ** (1 / mp(p)) if a > p else inf
    assert r.lower <= truth <= r.upper


@pytest.mark.parametrize("p", [1, 2, 3])
def test_a_zipf_law_exactly_at_the_edge_has_no_finite_upper_end(p):
    assert wdist.wasserstein(st.zipf(1 + p), [0.0], p=p).upper == inf


@pytest.mark.parametrize("p", [1, 1.5, 2])
@pytest.mark.parametrize("s", [0.5, 1, 3, 8])
def test_log_normal_moments(s, p):
    r = wdist.wasserstein(st.lognorm(s), [0.0], p=p)
    assert r.lower <= math.exp(p * s**2 / 2) <= r.upper
    assert r.distance == pytest.approx(math.exp(p * s**2 / 2), rel=1e-10)


def test_a_log_cauchy_law_is_infinitely_far():
    law = wdist.Quantile(lambda t: np.exp(np.tan(np.pi * (t - 0.5))))
    assert wdist.wasserstein_1d(law, st.norm(), p=1) == inf


# --- torch ---

D = torch.distributions
NEW = {"dtype": torch.float64}
TORCH = {
    "normal": (D.Normal(torch.tensor(1.0, **NEW), 2.0), st.norm(1, 2)),
    "uniform": (D.Uniform(torch.tensor(-1.0, **NEW), 3.0), st.uniform(-1, 4)),
    "laplace": (D.Laplace(torch.tensor(0.5, **NEW), 2.0), st.laplace(0.5, 2)),
    "cauchy": (D.Cauchy(torch.tensor(0.5, **NEW), 2.0), st.cauchy(0.5, 2)),
    "exponential": (D.Exponential(torch.tensor(4.0, **NEW)), st.expon(scale=0.25)),
    "gumbel": (D.Gumbel(torch.tensor(1.0, **NEW), torch.tensor(2.0, **NEW)), st.gumbel_r(1, 2)),
    "log-normal": (D.LogNormal(torch.tensor(0.0, **NEW), 1.5), st.lognorm(1.5)),
    "pareto": (D.Pareto(torch.tensor(1.0, **NEW), torch.tensor(3.0, **NEW)), st.pareto(3)),
    "weibull": (D.Weibull(torch.tensor(1.0, **NEW), torch.tensor(0.8, **NEW)), st.weibull_min(0.8)),
    "half-normal": (D.HalfNormal(torch.tensor(1.0, **NEW)), st.halfnorm()),
}


@pytest.mark.parametrize(("law", "same"), TORCH.values(), ids=TORCH)
def test_a_torch_law_is_scipys(law, same):
    P = as_measure(law, "P")
    t = np.array([1e-12, 1e-4, 0.3, 0.5])
    np.testing.assert_allclose(P.quantile(t), same.ppf(t), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(P.quantile(t, upper=True), same.isf(t), rtol=1e-4 if P.cdf is None else 1e-12)
    assert wdist.wasserstein_1d(law, same, p=1) <= 1e-9


@pytest.mark.parametrize("p", [1, 2, 7, inf])
@pytest.mark.parametrize("kind", ["Normal", "Laplace", "Cauchy", "Gumbel"])
def test_a_torch_law_is_as_far_as_its_shift(kind, p):
    law = getattr(D, kind)
    assert wdist.wasserstein_1d(law(0.0, 2.0), law(3.0, 2.0), p=p) == 3.0


def test_torch_gauss_and_scipy_are_one_family():
    for P in (st.norm(0, 2), wdist.Gaussian(0, 4)):
        assert wdist.wasserstein_1d(P, D.Normal(3.0, 2.0), p=3) == 3.0


def test_a_torch_tail_reaches_past_1_minus_eps():
    r = wdist.wasserstein(D.LogNormal(torch.tensor(0.0, **NEW), 3.0), [0.0], p=2)
    assert r.distance == pytest.approx(math.exp(9), rel=1e-10)
    assert r.gap <= 1e-9 * r.distance
    assert wdist.wasserstein_1d(D.Pareto(torch.tensor(1.0), torch.tensor(2.0)), [0.0], p=2) == inf


@pytest.mark.parametrize(
    ("law", "message"),
    [
        (lambda: D.Normal(torch.zeros(2), 1.0), r"P is a Normal of batch_shape \(2,\)"),
        (lambda: D.MultivariateNormal(torch.zeros(2), torch.eye(2)), r"event_shape \(2,\): give one law"),
        (lambda: D.Gamma(1.0, 1.0), "P is a Gamma of torch without icdf"),
        (lambda: D.Normal(torch.tensor(0.0, requires_grad=True), 1.0), "require a gradient.* detach them"),
    ],
)
def test_bad_torch_laws_are_refused(law, message):
    with pytest.raises(wdist.InvalidMeasureError, match=message):
        wdist.wasserstein(law(), [0.0], p=1)
