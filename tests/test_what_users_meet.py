"""What users of other libraries meet today, a test a row: here it is right, or a clear error.

Facts about POT 0.9.7 and SciPy 1.17: a wrong number, a warning or a crash where each of these calls should have been.
"""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

import wdist

RNG = np.random.default_rng(11)
X, Y = RNG.normal(size=(40, 3)), RNG.normal(size=(40, 3)) + 1.0


def assignment(x: np.ndarray, y: np.ndarray, metric: str = "sqeuclidean") -> float:
    """The mean cost of the best matching, by SciPy's assignment solver."""
    cost = cdist(x, y, metric)
    return float(cost[linear_sum_assignment(cost)].mean())


def test_no_iteration_limit_ends_a_solve_early() -> None:
    """POT's default limit leaves n = 4,000 in d = 10 almost 5 % too high; here the bracket is closed or it raises."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(1500, 10)), rng.normal(size=(1500, 10))
    result = wdist.transport(x, y, p=2)
    assert result.kind == "exact"
    assert result.cost == pytest.approx(assignment(x, y), rel=1e-9)


@pytest.mark.parametrize(
    ("cost", "a"),
    [
        ([[np.nan, 1.0], [1.0, 0.0]], None),
        ([[0.0, 1.0], [1.0, 0.0]], [-1.0, 2.0]),
        ([[0.0, 1.0], [1.0, 0.0]], [0.0, 0.0]),
        (np.zeros((0, 0)), None),
        (np.zeros((0, 3)), None),
    ],
    ids=["NaN cost", "negative weights", "weights all 0", "empty cost", "no rows"],
)
def test_bad_costs_and_weights_are_errors(cost: object, a: object) -> None:
    with pytest.raises(wdist.InvalidMeasureError):
        wdist.transport_lp(cost, a)


def test_far_from_the_origin() -> None:
    """The expanded square loses all digits at 1e8; whole coordinates keep theirs."""
    x, y = RNG.integers(0, 100, (30, 2)).astype(float), RNG.integers(0, 100, (30, 2)).astype(float)
    assert wdist.transport(x + 1e8, y + 1e8, p=2).cost == pytest.approx(assignment(x, y), rel=1e-12)


@pytest.mark.parametrize("scale", [1e-20, 1e-150, 1e20, 1e150])
def test_costs_of_any_scale(scale: float) -> None:
    cost = RNG.random((25, 25))
    due = float(cost[linear_sum_assignment(cost)].mean())
    assert wdist.transport_lp(scale * cost).cost == pytest.approx(scale * due, rel=1e-12)


def test_integers_are_numbers() -> None:
    assert wdist.wasserstein_1d([0, 1, 2], [1, 2, 4], p=1) == float(Fraction(4, 3))
    plan = wdist.transport_lp(np.array([[5, 1], [1, 5]])).plan
    assert plan is not None
    np.testing.assert_array_equal(plan.toarray(), [[0, 0.5], [0.5, 0]])


def test_weights_need_not_sum_to_one() -> None:
    u, v, a, b = RNG.random(20), RNG.random(30), RNG.random(20), RNG.random(30)
    due = stats.wasserstein_distance(u, v, a, b)
    assert wdist.wasserstein_1d(u, v, p=1, u_weights=50 * a, v_weights=b / 7) == pytest.approx(due, rel=1e-12)


def test_p_inf_on_the_line_is_the_longest_way() -> None:
    u, v = RNG.normal(size=50), RNG.normal(size=50)
    assert wdist.wasserstein_1d(u, v, p=np.inf) == np.max(np.abs(np.sort(u) - np.sort(v)))


def test_gradients_at_coincident_points_are_numbers() -> None:
    torch = pytest.importorskip("torch")
    x = torch.tensor(X, requires_grad=True)
    wdist.transport(x, X, p=1).distance.backward()
    assert torch.isfinite(x.grad).all()
    cov = torch.eye(3, dtype=torch.float64, requires_grad=True)
    P = wdist.Gaussian(torch.zeros(3, dtype=torch.float64), cov)
    wdist.gaussian_w2(P, P).backward()
    assert torch.equal(cov.grad, torch.zeros(3, 3, dtype=torch.float64))


def test_float32_at_an_offset() -> None:
    x, y = (RNG.integers(0, 100, (30, 2)).astype(np.float32) for _ in range(2))
    due = assignment(x.astype(float), y.astype(float))
    assert wdist.transport(x + np.float32(1e4), y + np.float32(1e4), p=2).cost == pytest.approx(due, rel=1e-6)


def test_nothing_is_regularised_and_nothing_warns() -> None:
    """A small entropic regularisation is 30 % off without a word; there is none here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert wdist.transport(X, Y, p=2).cost == pytest.approx(assignment(X, Y), rel=1e-12)


def test_tensors_that_require_a_gradient_are_taken() -> None:
    torch = pytest.importorskip("torch")
    u, v = torch.tensor(X[:, 0], requires_grad=True), torch.tensor(Y[:, 0], requires_grad=True)
    distance = wdist.wasserstein_1d(u, v, p=1)
    assert float(distance.detach()) == pytest.approx(stats.wasserstein_distance(X[:, 0], Y[:, 0]), rel=1e-12)
    distance.backward()
    assert u.grad.abs().sum() > 0


def test_one_convention_of_roots() -> None:
    """W_p everywhere: of points, of Gaussians, on the line; and cost is always its p-th power."""
    t = np.array([3.0, 4.0])
    P, Q = wdist.Gaussian(np.zeros(2), np.eye(2)), wdist.Gaussian(t, np.eye(2))
    assert wdist.gaussian_w2(P, Q) == pytest.approx(5.0)
    assert wdist.gelbrich(X[:, :2], X[:, :2] + t) == pytest.approx(5.0)
    assert wdist.wasserstein_1d(X[:, 0], X[:, 0] + 5.0, p=2) == pytest.approx(5.0)
    for p in (1, 2, 3):
        result = wdist.transport(X[:, :2], X[:, :2] + t, p=p)
        assert result.distance == pytest.approx(5.0)
        assert result.cost == pytest.approx(5.0**p)


def test_histograms_have_a_form_of_their_own() -> None:
    """Heights passed as values compare the heights; a Histogram compares the masses."""
    before, after, edges = [5.0, 3.0, 2.0], [2.0, 3.0, 5.0], [0.0, 1.0, 2.0, 3.0]
    assert stats.wasserstein_distance(before, after) == 0.0
    due = stats.wasserstein_distance([0, 1, 2], [0, 1, 2], before, after)
    found = wdist.wasserstein_1d(wdist.Histogram(edges, before), wdist.Histogram(edges, after), p=1)
    assert found == pytest.approx(due)


def test_a_rank_deficient_covariance_is_no_failure() -> None:
    """POT: NaN at condition 1e14, a LinAlgError where the rank is deficient."""
    x, y = RNG.normal(size=(3, 6)), RNG.normal(size=(3, 6))
    P, Q = (wdist.Gaussian(np.zeros(6), z.T @ z) for z in (x, y))
    singular = np.linalg.svd(x @ y.T, compute_uv=False)
    due = np.sqrt(np.trace(x.T @ x) + np.trace(y.T @ y) - 2 * singular.sum())  # Procrustes, on the factors
    assert wdist.gaussian_w2(P, Q) == pytest.approx(due, rel=1e-6)
