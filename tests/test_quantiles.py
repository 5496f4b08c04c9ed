"""W_p between laws on the line that functions give: closed forms, divergence, honest brackets."""

import math

import numpy as np
import pytest
import scipy.stats as st
import torch

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
    with pytest.raises(ValueError, match="p is inf"):
        wdist.wasserstein_1d(st.poisson(2), st.poisson(3), p=inf)


def test_tensors_against_a_law_come_back_as_tensors_and_a_gradient_is_refused():
    x = torch.tensor([0.0, 1.0])
    r = wdist.wasserstein(x, st.norm(), p=1)
    assert r.distance.dtype == torch.float32
    assert r.lower <= float(r) <= r.upper
    with pytest.raises(ValueError, match="P requires a gradient"):
        wdist.wasserstein(x.requires_grad_(), st.norm(), p=1)


def test_two_unbounded_laws_of_different_families_have_no_decidable_supremum():
    with pytest.raises(ValueError, match="p is inf"):
        wdist.wasserstein_1d(st.norm(), st.logistic(), p=inf)
