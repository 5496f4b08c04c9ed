"""wdist.transport_lp: against HiGHS, exact rational answers, forbidden arcs, negative costs, gradients."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import ot
import pytest
import torch
from scipy import sparse
from scipy.optimize import linprog

import wdist
from wdist import InvalidMeasureError, transport_lp


def highs(cost: Any, a: np.ndarray, b: np.ndarray) -> float:
    """The optimum by another algorithm, over the arcs that are there."""
    arcs = sparse.coo_array(cost)
    n, m = arcs.shape
    k = np.arange(arcs.nnz)
    ends = np.r_[arcs.row, n + arcs.col]
    incidence = sparse.csr_array((np.ones(len(ends)), (ends, np.r_[k, k])), shape=(n + m, len(k)))
    solved = linprog(arcs.data, A_eq=incidence, b_eq=np.r_[a, b], method="highs")
    assert solved.status == 0, solved.message
    return float(solved.fun)


@pytest.mark.parametrize("seed", range(30))
def test_agrees_with_highs_and_pot(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 20, 2).tolist()
    cost = rng.random((n, m)) + 0.1 if seed % 2 else rng.integers(1, 6, (n, m)).astype(float)
    a, b = rng.random(n), rng.random(m)
    a, b = a / a.sum(), b / b.sum()
    r = transport_lp(cost, a, b)
    assert r.kind == "exact"
    assert r.lower <= r.distance <= r.upper
    assert r.distance == pytest.approx(highs(cost, a, b), rel=1e-9)
    assert r.distance == pytest.approx(ot.emd2(a, b, cost, numItermax=10**9), rel=1e-13)
    found = wdist.certify_lp(r.plan, r.potentials, cost, a, b)  # type: ignore[arg-type]
    assert found.violation == 0.0
    assert found.marginal_error <= 1e-15
    assert found.gap <= 1e-13


@pytest.mark.parametrize("seed", range(10))
def test_assignment_is_exact_in_rational_arithmetic(seed: int) -> None:
    """Uniform masses: the optimum is a permutation, and five of them can be listed."""
    cost = np.random.default_rng(seed).integers(0, 20, (5, 5))
    best = min(sum(Fraction(int(cost[i, j]), 5) for i, j in enumerate(s)) for s in itertools.permutations(range(5)))
    r = transport_lp(cost)
    assert Fraction(r.lower) <= best <= Fraction(r.upper)
    assert r.distance == pytest.approx(float(best), rel=1e-15)


@pytest.mark.parametrize("seed", range(10))
def test_integer_masses_are_exact_in_rational_arithmetic(seed: int) -> None:
    """Two by two with masses k/12: a segment of plans, the better end of which is optimal."""
    rng = np.random.default_rng(seed)
    cost = rng.integers(0, 9, (2, 2))
    a, b = rng.multinomial(12, [0.4, 0.6]), rng.multinomial(12, [0.7, 0.3])
    ends = [max(0, a[0] - b[1]), min(a[0], b[0])]  # of the mass that goes from source 0 to target 0
    plans = [np.array([[t, a[0] - t], [b[0] - t, b[1] - a[0] + t]]) for t in ends]
    best = Fraction(min(int(np.sum(plan * cost)) for plan in plans), 12)
    assert transport_lp(cost, a, b).distance == pytest.approx(float(best), rel=1e-15)


@pytest.mark.parametrize("seed", range(20))
def test_sparse_costs_agree_with_highs(seed: int) -> None:
    """What is not stored is forbidden; the diagonal makes a plan possible, stored zeros are arcs."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 15))
    a = rng.random(n)
    a /= a.sum()
    dense = np.where(rng.random((n, n)) < 0.4, rng.random((n, n)), np.nan)
    np.fill_diagonal(dense, np.where(rng.random(n) < 0.3, 0.0, 2.0))
    i, j = np.nonzero(~np.isnan(dense))
    cost = sparse.coo_array((dense[i, j], (i, j)), shape=(n, n))
    b = a[::-1] if seed % 2 == 0 and np.all(~np.isnan(dense[np.arange(n), np.arange(n)[::-1]])) else a
    r = transport_lp(cost, a, b)
    assert r.distance == pytest.approx(highs(cost, a, b), rel=1e-9, abs=1e-12)
    assert not np.any(np.isnan(dense[r.plan.row, r.plan.col]))  # type: ignore[union-attr]
    assert transport_lp(cost.tocsc(), a, b).distance == r.distance


def test_stored_zero_is_an_arc_and_a_missing_one_is_not() -> None:
    cost = sparse.coo_array(([0.0, 0.0, 5.0], ([0, 1, 0], [0, 1, 1])), shape=(2, 2))
    assert transport_lp(cost).distance == 0.0
    assert transport_lp(cost, [0.75, 0.25], [0.5, 0.5]).distance == 1.25


def test_infeasible_problem_says_how_much_is_stuck() -> None:
    cost = sparse.coo_array(([1.0, 1.0], ([0, 1], [0, 1])), shape=(2, 2))
    with pytest.raises(ValueError, match=r"cost leaves 0\.25 of the mass"):
        transport_lp(cost, [0.75, 0.25], [0.5, 0.5])
    with pytest.raises(ValueError, match="cost leaves 1 of the mass"):
        transport_lp(sparse.coo_array((2, 2)))


def test_separate_parts_of_a_sparse_problem() -> None:
    """No arc joins the two halves, so their potentials have no common constant."""
    cost = sparse.block_diag([np.array([[1.0, 2.0], [2.0, 1.5]]), np.array([[3.0]])])
    r = transport_lp(cost, [1, 1, 2], [1, 1, 2])
    assert r.distance == pytest.approx(0.25 * (1 + 1.5) + 0.5 * 3, rel=1e-15)
    assert r.kind == "exact"


def test_root_is_taken() -> None:
    r = transport_lp([[9.0]], p=2)
    assert (r.distance, r.cost, r.p) == (3.0, 9.0, 2.0)


def test_negative_costs_at_p_one_only() -> None:
    cost = np.array([[-1.0, 3.0], [2.0, -4.0]])
    r = transport_lp(cost)
    assert r.distance == -2.5
    assert r.lower <= -2.5 <= r.upper
    with pytest.raises(ValueError, match="cost has a negative entry, -4"):
        transport_lp(cost, p=2)


def test_weights_are_normalised_and_may_be_zero() -> None:
    r = transport_lp([[1.0, 2.0], [3.0, 4.0]], [4, 0], [0, 8])
    assert r.distance == 2.0
    assert r.plan.nnz == 1  # type: ignore[union-attr]
    assert wdist.certify_lp(r.plan, r.potentials, [[1.0, 2.0], [3.0, 4.0]], [4, 0], [0, 8]).violation == 0.0  # type: ignore[arg-type]


def test_float_range() -> None:
    cost = np.array([[1.0, 3.0], [4.0, 1.0]])
    for scale in (1e-300, 1e300):
        assert transport_lp(cost * scale).distance == pytest.approx(scale, rel=1e-15)


@pytest.mark.parametrize("p", [1, 2.5])
def test_gradients_are_the_plan_and_the_potentials(p: float) -> None:
    generator = torch.Generator().manual_seed(3)
    cost, a, b = (torch.rand(s, dtype=torch.float64, generator=generator) + 0.2 for s in ((5, 4), (5,), (4,)))
    for t in (cost, a, b):
        t.requires_grad_()
    assert torch.autograd.gradcheck(lambda c, u, v: transport_lp(c, u, v, p=p).distance, (cost, a, b))
    assert torch.autograd.gradcheck(lambda u: transport_lp(cost.detach().numpy(), u, None, p=p).distance, (a,))


def test_tensor_type_is_kept() -> None:
    r = transport_lp(torch.tensor([[0.1, 1.0], [1.0, 0.3]], dtype=torch.float32))
    assert r.distance.dtype == torch.float32
    assert r.lower <= float(r) <= r.upper


@pytest.mark.parametrize(
    ("cost", "a", "message"),
    [
        ([[1.0, np.nan]], None, "cost has 1 entry .*NaN"),
        ([[1.0, np.inf]], None, "cost has 1 entry .*infinite"),
        (sparse.coo_array([[1.0, np.nan]]), None, "cost has 1 entry"),
        ([1.0, 2.0], None, r"cost has shape \(2,\)"),
        (np.zeros((0, 3)), None, r"cost has shape \(0, 3\)"),
        ([[1j]], None, "cost holds complex"),
        ([[1.0, 2.0]], [1.0, 1.0], r"a has shape \(2,\)"),
        ([[1.0], [2.0]], [1.0, -1.0], "a has a negative entry"),
        ([[1.0], [2.0]], [0.0, 0.0], "a sums to 0"),
        ([[1.0], [2.0]], [np.nan, 1.0], "a has 1 entry"),
    ],
)
def test_malformed_input_is_named(cost: Any, a: Any, message: str) -> None:
    with pytest.raises(InvalidMeasureError, match=message):
        transport_lp(cost, a)
