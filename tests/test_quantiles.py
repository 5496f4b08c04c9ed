"""W_p between laws on the line that functions give: closed forms, divergence, honest brackets."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats as st
import torch
from scipy.special import beta, gamma

import wdist

inf = math.inf
normal_cdf = st.norm.cdf


def folded(shift, spread):
    """E |shift + spread Z|."""
    r = abs(shift / spread)
    return spread * (math.sqrt(2 / math.pi) * math.exp(-(r**2) / 2) + r * (1 - 2 * normal_cdf(-r)))


@pytest.mark.parametrize(
    ("P", "Q", "p", "truth"),
    [
        (st.norm(0, 1), st.norm(1, 2), 2, math.sqrt(2)),
        (st.norm(0, 1), st.norm(1, 2), 1, folded(1, 1)),
        (st.expon(scale=1), st.expon(scale=1 / 3), 1, 2 / 3),
        (st.uniform(), st.norm(), 2, math.sqrt(4 / 3 - 1 / math.sqrt(math.pi))),
        (st.uniform(), st.uniform(0, 2), 50, (1 / 51) ** (1 / 50)),
        (st.poisson(3.5), st.poisson(2), 1, 1.5),
        (st.binom(5, 0.4), st.binom(5, 0.9), 1, 2.5),
        (st.bernoulli(0.3), st.bernoulli(0.7), 2, math.sqrt(0.4)),
        (st.pareto(2.5), st.pareto(3), 2, math.sqrt(0.5)),
        (st.cauchy(), st.cauchy(3), 1, 3),
        (st.cauchy(), st.cauchy(3), inf, 3),
        (st.norm(0, 1e150), st.norm(0, 3e150), 3, 2e150 * (2 * math.sqrt(2 / math.pi)) ** (1 / 3)),
        (st.uniform(), st.uniform(1, 3), inf, 3),
        (st.norm(), st.uniform(), inf, inf),
        (np.array([0.3]), st.norm(), 2, math.sqrt(1.09)),
        (np.array([-1.0, 1.0]), st.norm(), 1, 2 * (0.5 - 2 * normal_cdf(-1)) + 0.0),
        (wdist.Gaussian(0, 1), st.norm(0, 2), 2, 1.0),
        (wdist.Histogram([0, 1, 2], [1, 1]), st.uniform(), 1, 0.5),
        (wdist.Histogram([0, 1], [5]), st.uniform(), 2, 0.0),
        (wdist.CDF(lambda x: np.clip(x, 0, 1), (0, 1)), st.uniform(2, 1), 2, 2.0),
        (wdist.Quantile(lambda t: 3 * t), wdist.Quantile(lambda t: t), 1, 1.0),
        (wdist.Quantile(math.log), wdist.Quantile(lambda t: np.log(t) + 2), 2, 2.0),
    ],
)
def test_known_answers_lie_in_the_bracket(P, Q, p, truth):
    if isinstance(P, np.ndarray) and len(P) == 2:  # E |sign(Z) - Z| = 2 (phi(0) ... ): by the folded normal at 1
        truth = 2 * (2 * st.norm.pdf(1) - st.norm.pdf(0) + 0.5 - 2 * normal_cdf(-1)) if p == 1 else truth
    r = wdist.wasserstein(P, Q, p=p)
    assert r.method == "1d"
    assert r.lower <= truth <= r.upper
    if math.isfinite(truth):
        assert r.distance == pytest.approx(truth, rel=1e-11, abs=1e-14)
        assert r.gap <= 1e-10 * max(truth, 1e-4) or p == inf


@pytest.mark.parametrize(
    ("P", "Q", "p"),
    [
        (st.cauchy(), st.norm(), 1),
        (st.t(3), st.norm(), 3),
        (st.pareto(1.5), st.expon(), 2),
        (np.array([0.0, 1.0]), st.cauchy(), 1),
        (wdist.Quantile(lambda t: np.tan(np.pi * (t - 0.5))), st.norm(), 1),
    ],
)
def test_a_diverging_integral_is_infinite(P, Q, p):
    assert wdist.wasserstein_1d(P, Q, p=p) == inf


def test_a_crossing_beside_a_cell_s_edge_is_seen():
    a, s, b, r = 0.8581569804343313, 0.3719640290437416, 0.8602201684545382, 2.320113788070739
    truth = folded(b - a, r - s)
    result = wdist.wasserstein(st.norm(a, s), st.norm(b, r), p=1)
    assert result.lower <= truth <= result.upper
    assert result.distance == pytest.approx(truth, rel=1e-12)


def test_brackets_hold_for_random_normal_pairs():
    rng = np.random.default_rng(12)
    for a, b, s, r in rng.random((200, 4)) * [3, 3, 2, 2] + 0.1:
        result = wdist.wasserstein(st.norm(a, s), st.norm(b, r), p=1)
        assert result.lower <= folded(b - a, abs(r - s)) <= result.upper


def test_a_heavy_tail_below_divergence_is_finite():
    # E |T|^2 of Student's t with df = 5 is 5/3, and it is the distance to a point at 0.
    r = wdist.wasserstein(st.t(5), np.array([0.0]), p=2)
    assert r.lower <= math.sqrt(5 / 3) <= r.upper
    assert r.distance == pytest.approx(math.sqrt(5 / 3), rel=1e-9)


def test_cauchy_by_quantile_functions_is_as_far_as_its_shift():
    def quantile(t):
        return np.tan(np.pi * (t - 0.5))

    r = wdist.wasserstein(wdist.Quantile(quantile), wdist.Quantile(lambda t: quantile(t) + 3), p=1)
    assert r.distance == pytest.approx(3, rel=1e-9)


def test_samples_of_a_law_come_close_to_it():
    x = st.expon.rvs(size=4000, random_state=5)
    coarse = wdist.wasserstein(x, st.expon(), p=1)
    fine = wdist.wasserstein_1d(x, st.expon.ppf((np.arange(400_000) + 0.5) / 400_000), p=1)
    assert coarse.distance == pytest.approx(fine, rel=2e-3)
    assert coarse.kind == "estimate"


def test_atoms_of_a_cdf_agree_with_the_same_samples():
    def F(x):
        return np.where(x < 1, 0.0, np.where(x < 2, 0.25, 1.0))

    law, points = wdist.CDF(F, (0, 5)), wdist.Samples([1, 2], [0.25, 0.75])
    assert wdist.wasserstein(law, points, p=2).upper < 1e-6
    ours, exact = wdist.wasserstein_1d(law, [0.0, 3.0], p=2), wdist.wasserstein_1d(points, [0.0, 3.0], p=2)
    assert ours == pytest.approx(exact, rel=1e-9)


def test_supremum_of_two_laws():
    assert wdist.wasserstein_1d(wdist.Gaussian(1, 1), wdist.Gaussian(3, 4), p=inf) == inf
    assert wdist.wasserstein_1d(wdist.Gaussian(1, 1), wdist.Gaussian(3, 1), p=inf) == 2.0
    assert wdist.wasserstein_1d(wdist.Gaussian(1, 0), [0.0, 3.0], p=inf) == 2.0
    assert wdist.wasserstein_1d(wdist.Histogram([0, 1], [1]), [0.0, 2.0], p=inf) == pytest.approx(1.5, rel=1e-12)
    assert wdist.wasserstein_1d(st.binom(5, 0.5), st.binom(5, 0.2), p=inf) == 2.0


@pytest.mark.parametrize(
    ("P", "Q", "truth", "gap"),
    [
        (wdist.Quantile(lambda t: t), wdist.Quantile(lambda t: t * t), 0.25, 1e-7),
        (st.beta(2, 2), st.uniform(), math.sqrt(3) / 18, 1e-6),  # s - 3 s^2 + 2 s^3 at its largest
        (st.logistic(), st.laplace(), math.log(2), 0.05),  # approached at both ends, far out
        (wdist.CDF(st.uniform.cdf, (0, 1)), wdist.CDF(st.uniform(0, 2).cdf), 1.0, 1e-5),
        (wdist.CDF(lambda x: np.where(x < 0, 0, np.where(x < 1, 0.3, 1.0))), [0.0, 1.0], 1.0, 1e-10),
        (wdist.CDF(lambda x: 0.1 * (x >= 0) + 0.2 * (x >= 0) + 0.7 * (x >= 1)), wdist.Samples([0, 1], [3, 7]), 0.0, 1),
        (wdist.CDF(st.norm.cdf), st.norm(3), 3.0, 0.05),
        (wdist.Quantile(st.t(3).ppf), st.t(3, 1), 1.0, inf),
        (wdist.CDF(st.cauchy.cdf), wdist.CDF(st.cauchy(2).cdf), 2.0, inf),
        (st.uniform(0, 1e300), st.beta(2, 2, scale=1e300), math.sqrt(3) / 18 * 1e300, 1e-6),
        (st.uniform(0, 1e-300), st.beta(2, 2, scale=1e-300), math.sqrt(3) / 18 * 1e-300, 1e-6),
        (st.norm(), st.uniform(), inf, 0),
        (st.norm(), st.logistic(), inf, 0),
        (st.poisson(2), st.poisson(3), inf, 0),
        (st.gumbel_r(), st.logistic(), inf, 0),
        (wdist.CDF(st.expon.cdf, (0, inf)), st.expon(scale=2), inf, 0),
        (wdist.Quantile(st.norm.ppf), wdist.Quantile(st.cauchy.ppf), inf, 0),
    ],
)
def test_the_bracket_of_a_supremum_holds_it(P, Q, truth, gap):
    for left, right in ((P, Q), (Q, P)):
        r = wdist.wasserstein(left, right, p=inf)
        assert r.lower <= truth * (1 + 1e-15)
        assert truth * (1 - 1e-15) <= r.upper
        assert r.gap <= gap * truth or truth in (0, inf)
        assert r.distance == pytest.approx(truth, rel=1e-4, abs=1e-11)


def test_tensors_against_a_law_come_back_as_tensors_and_a_gradient_is_refused():
    x = torch.tensor([0.0, 1.0])
    r = wdist.wasserstein(x, st.norm(), p=1)
    assert r.distance.dtype == torch.float32
    assert r.lower <= float(r) <= r.upper
    with pytest.raises(ValueError, match="P requires a gradient"):
        wdist.wasserstein(x.requires_grad_(), st.norm(), p=1)


LAWS = {
    "norm": (st.norm(), lambda p: 2 ** (p / 2) * gamma((p + 1) / 2) / math.sqrt(math.pi)),
    "gamma": (st.gamma(0.3), lambda p: gamma(p + 0.3) / gamma(0.3)),
    "weibull": (st.weibull_min(0.5), lambda p: gamma(1 + 2 * p)),
    "log-normal": (st.lognorm(1), lambda p: math.exp(p * p / 2)),
    "beta": (st.beta(0.5, 0.7), lambda p: beta(0.5 + p, 0.7) / beta(0.5, 0.7)),
    "pareto": (st.pareto(2.5), lambda p: 2.5 / (2.5 - p) if p < 2.5 else inf),
    "f": (st.f(5, 7), lambda p: 1.4**p * beta(2.5 + p, 3.5 - p) / beta(2.5, 3.5) if p < 3.5 else inf),
    "log-logistic": (st.fisk(3.5), lambda p: (math.pi * p / 3.5) / math.sin(math.pi * p / 3.5) if p < 3.5 else inf),
    "geometric": (st.geom(0.2), lambda p: math.fsum(k**p * 0.2 * 0.8 ** (k - 1) for k in range(1, 900))),
    "poisson": (st.poisson(2.5), lambda p: math.fsum(k**p * math.exp(-2.5) * 2.5**k / gamma(k + 1) for k in range(99))),
}


# Through a function from below, the levels of the upper end are known to eps only: its brackets are wider, and hold.
@pytest.mark.parametrize("form", ["frozen", "quantile", "cdf"])
@pytest.mark.parametrize("name", LAWS)
def test_a_moment_is_the_distance_to_a_point(name, form):
    law, moment = LAWS[name]
    P = {"frozen": lambda: law, "quantile": lambda: wdist.Quantile(law.ppf), "cdf": lambda: wdist.CDF(law.cdf)}[form]()
    for p in (1, 2, 5.5) if form == "frozen" else (1, 3.5):
        truth = moment(p) ** (1 / p)
        r = wdist.wasserstein(P, [0.0], p=p)
        assert r.lower <= truth * (1 + 1e-13)
        assert truth * (1 - 1e-13) <= r.upper
        assert r.distance == pytest.approx(truth, rel=1e-6 if form == "frozen" else 1e-2)


@pytest.mark.parametrize("at", [0.26, 0.2873, 0.3750001, 0.4999, 0.75, 0.9])
def test_a_jump_that_nobody_announced_is_found(at):
    P = wdist.Quantile(lambda t: np.where(t <= at, 0.0, 1.0))
    r = wdist.wasserstein(P, [0.0], p=1)
    assert r.lower <= 1 - at <= r.upper
    assert r.distance == pytest.approx(1 - at, rel=1e-11)


FAR = [st.norm(1, 2), st.expon(), st.beta(2, 3), wdist.Quantile(np.log), wdist.CDF(lambda x: 1 / (1 + np.exp(-x)))]


@pytest.mark.parametrize("p", [1, 2.5])
def test_triangle_and_symmetry(p):
    d = {(i, j): wdist.wasserstein_1d(FAR[i], FAR[j], p=p) for i in range(5) for j in range(5)}
    for i, j in d:
        assert d[i, j] == pytest.approx(d[j, i], rel=1e-9)
        for k in range(5):
            assert d[i, j] <= (d[i, k] + d[k, j]) * (1 + 1e-9)


def test_p_monotonicity():
    for P, Q in itertools.combinations(FAR, 2):
        found = [wdist.wasserstein_1d(P, Q, p=p) for p in (1, 1.5, 2, 4, inf)]
        assert all(low <= high * (1 + 1e-9) for low, high in itertools.pairwise(found))


@pytest.mark.parametrize("scale", [1e-200, 1e-3, 1e200])
@pytest.mark.parametrize("p", [1, 3])
def test_scaling_and_translation(scale, p):
    near = wdist.wasserstein_1d(st.gamma(2), st.weibull_min(2), p=p)
    far = wdist.wasserstein_1d(st.gamma(2, 5 * scale, scale), st.weibull_min(2, 5 * scale, scale), p=p)
    assert far == pytest.approx(scale * near, rel=1e-9)


def test_mass_splitting():
    """A uniform law on [0, 2] is that on [0, 1] and that on [1, 2], half of each."""
    halves = wdist.CDF(lambda x: 0.5 * np.clip(x, 0, 1) + 0.5 * np.clip(x - 1, 0, 1), (0, 2))
    for p in (1, 2):
        whole = wdist.wasserstein_1d(st.uniform(0, 2), st.norm(), p=p)
        assert wdist.wasserstein_1d(halves, st.norm(), p=p) == pytest.approx(whole, rel=1e-10)


@pytest.mark.parametrize("p", [1, 2, 3])
def test_agrees_with_transport_on_discrete_laws(p):
    k = np.arange(11)
    P, Q = st.binom(10, 0.3), st.hypergeom(30, 12, 10)
    exact = wdist.transport(k, k, p=p, x_weights=P.pmf(k), y_weights=Q.pmf(k))
    assert wdist.wasserstein_1d(P, Q, p=p) == pytest.approx(exact.distance, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_atoms_that_only_a_cdf_knows_of_are_in_the_bracket(seed):
    rng = np.random.default_rng(seed)
    at, mass = np.sort(rng.integers(0, 20, 7).astype(float)), rng.dirichlet(np.ones(7))
    total = np.append(np.append(0.0, np.cumsum(mass)[:-1]), 1.0)
    P = wdist.CDF(lambda x: total[np.searchsorted(at, x, side="right")], (-1, 25))
    y = rng.normal(8, 5, 4)
    for p in (1, 3.3, inf):
        exact = wdist.wasserstein_1d(at, y, p=p, u_weights=mass)
        r = wdist.wasserstein(P, y, p=p)
        assert r.lower <= exact * (1 + 1e-12)
        assert exact * (1 - 1e-12) <= r.upper
        assert r.distance == pytest.approx(exact, rel=1e-9)
