"""wdist.transport: against independent solvers, known answers, the laws of a metric, and hard inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import ot
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from problems.clouds import clouds
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

import wdist
from wdist import InvalidMeasureError, NotConvergedError, transport

METRICS = ["euclidean", "cityblock", "chebyshev"]


def assert_consistent(r: wdist.Result, x: Any, y: Any, a: np.ndarray, b: np.ndarray, metric: str) -> None:
    """What every exact result promises, checked apart from the code that made it."""
    assert r.kind == "exact"
    assert r.lower <= float(r) <= r.upper
    assert r.plan is not None
    assert r.potentials is not None
    assert np.all(r.plan.data > 0)
    np.testing.assert_allclose(np.asarray(r.plan.sum(axis=1)).ravel(), a, rtol=0, atol=1e-15)
    np.testing.assert_allclose(np.asarray(r.plan.sum(axis=0)).ravel(), b, rtol=0, atol=1e-15)
    found = wdist.certify(r.plan, r.potentials, x, y, p=r.p, x_weights=a, y_weights=b, metric=metric)
    assert found.violation == 0.0
    assert found.gap <= 1e-9 * found.primal
    f, g = r.potentials
    assert a @ f + b @ g == pytest.approx(r.cost, rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
@pytest.mark.parametrize("seed", range(10))
def test_agrees_with_pot(seed: int, p: float, metric: str) -> None:
    """Unequal sizes, zero weights, duplicates, and every second time an integer grid, full of ties."""
    rng = np.random.default_rng(seed)
    (n, m), d = rng.integers(1, 25, 2).tolist(), int(rng.integers(1, 5))
    x, y = rng.random((n, d)), rng.random((m, d))
    if seed % 2:
        x, y = np.rint(3 * x), np.rint(3 * y)
    x[n // 2] = x[0]
    a, b = rng.random(n), rng.random(m)
    if n > 2 and m > 2:
        a[1], b[2] = 0.0, 0.0
    a, b = a / a.sum(), b / b.sum()
    r = transport(x, y, p=p, x_weights=a, y_weights=b, metric=metric)
    expected = ot.emd2(a, b, cdist(x, y, metric) ** p, numItermax=10**9)
    assert r.cost == pytest.approx(expected, rel=1e-12, abs=1e-15)
    assert_consistent(r, x, y, a, b, metric)


@pytest.mark.parametrize("seed", range(5))
def test_uniform_sizes_agree_with_the_assignment(seed: int) -> None:
    x, y = clouds(seed, 60, 60, 3)
    i, j = linear_sum_assignment(cdist(x, y, "sqeuclidean"))
    r = transport(x, y, p=2)
    assert r.cost == pytest.approx(cdist(x, y, "sqeuclidean")[i, j].mean(), rel=1e-13)
    assert r.plan is not None
    assert sorted(zip(r.plan.row.tolist(), r.plan.col.tolist(), strict=True)) == list(zip(i, j, strict=True))


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, 7])
@pytest.mark.parametrize("metric", METRICS)
def test_translation(p: float, metric: str) -> None:
    x, _ = clouds(3, 40)
    t = np.array([[3.0, -4.0]])
    length = {"euclidean": 5.0, "cityblock": 7.0, "chebyshev": 4.0}[metric]
    assert transport(x, x[::-1] + t, p=p, metric=metric).distance == pytest.approx(length, rel=1e-13)


@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
def test_homothety(p: float) -> None:
    """On paired samples the plan pairs them, and W_p is the mean of the distances."""
    x, _ = clouds(4, 50)
    y = 0.25 * x + 2
    expected = np.mean(np.linalg.norm(x - y, axis=1) ** p) ** (1 / p)
    assert transport(x, y[::-1], p=p).distance == pytest.approx(expected, rel=1e-13)


def test_one_point_against_many() -> None:
    x, y = np.array([[0.5, 0.5]]), clouds(5)[1]
    expected = np.sqrt(np.mean(np.sum((y - 0.5) ** 2, axis=1)))
    assert transport(x, y, p=2).distance == pytest.approx(expected, rel=1e-14)
    assert transport(y, x, p=2).distance == pytest.approx(expected, rel=1e-14)


def test_two_points() -> None:
    r = transport([0.0], [3.0], p=4)
    assert r.distance == pytest.approx(3.0, rel=1e-15)
    assert r.stats["n"] == r.stats["m"] == 1


points = st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=1, max_size=6).map(
    lambda rows: np.array(rows, dtype=float)
)


@settings(max_examples=30)
@given(points, points, points, st.sampled_from([1, 1.5, 2, 3]), st.sampled_from(METRICS))
def test_metric_laws(x: np.ndarray, y: np.ndarray, z: np.ndarray, p: float, metric: str) -> None:
    def W(u: np.ndarray, v: np.ndarray) -> float:
        return float(transport(u, v, p=p, metric=metric))

    xy = W(x, y)
    assert W(x, x[::-1]) == 0.0
    assert W(y, x) == pytest.approx(xy, rel=1e-12)
    assert xy <= (W(x, z) + W(z, y)) * (1 + 1e-12)
    assert W(x + 5, y + 5) == pytest.approx(xy, rel=1e-12)
    assert W(8 * x, 8 * y) == pytest.approx(8 * xy, rel=1e-12)
    assert W(np.repeat(x, 2, axis=0), y) == pytest.approx(xy, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e-80, 1e75, 1e150, 1e307])
@pytest.mark.parametrize("p", [1, 2, 3])
def test_scale(scale: float, p: float) -> None:
    x, y = clouds(6)
    r = transport(x * scale, y * scale, p=p)
    assert r.kind == "exact"
    assert r.distance / scale == pytest.approx(transport(x, y, p=p).distance, rel=1e-12)


def test_far_from_the_origin() -> None:
    x, y = (np.rint(2**20 * z) / 2**20 for z in clouds(7))  # so that adding 2^27 is exact
    assert transport(x + 2**27, y + 2**27, p=2).distance == transport(x, y, p=2).distance


def test_tiny_weight_counts() -> None:
    """All mass at rest but 1e-16, which integer masses alone would know to 0.25 % only."""
    r = transport([0.0, 1.0], [0.0, 2.0], p=1, x_weights=[1, 1e-16], y_weights=[1, 1e-16])
    assert r.distance == pytest.approx(1e-16, rel=1e-14)
    assert r.kind == "exact"


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("far", [1e4, 1e7])
def test_outlier_at_rest_changes_nothing(p: int, far: float) -> None:
    x, y = clouds(8, 150, 150)
    x[0] = y[0] = far
    cost = cdist(x[1:], y[1:]) ** p
    i, j = linear_sum_assignment(cost)
    r = transport(x, y, p=p)
    assert r.kind == "exact"
    assert r.cost == pytest.approx(cost[i, j].sum() / 150, rel=1e-12)


@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
@pytest.mark.parametrize("shift", [1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14])
def test_nearly_equal_clouds_are_bracketed(p: float, shift: float) -> None:
    """Where double precision cannot close the certificate, the error says so and carries a bracket that holds."""
    x, _ = clouds(9, 60)
    y = x.copy()
    y[:, 0] += shift
    moved = y[:, 0] - x[:, 0]  # exact, and not quite the shift
    truth = np.mean(moved**p) ** (1 / p)
    r = best_result(x, y[::-1], p)
    assert r.kind == "exact" or r.distance == r.upper
    assert r.lower <= truth * (1 + 1e-14)
    assert truth * (1 - 1e-14) <= r.upper <= truth * (1 + 1e-9)


def best_result(x: np.ndarray, y: np.ndarray, p: float) -> wdist.Result:
    try:
        return transport(x, y, p=p)
    except NotConvergedError as error:
        if error.result is None:
            pytest.fail("the error carries no result")
        return error.result


def test_points_without_mass_get_feasible_potentials() -> None:
    r = transport([[0.0], [7.0]], [[1.0], [5.0], [9.0]], p=2, x_weights=[1, 0], y_weights=[1, 0, 0])
    assert_consistent(r, [[0.0], [7.0]], [[1.0], [5.0], [9.0]], np.array([1.0, 0]), np.array([1.0, 0, 0]), "euclidean")
    assert r.plan is not None
    assert r.plan.nnz == 1


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
def test_gradients(p: float, metric: str) -> None:
    x, y = (torch.tensor(z, requires_grad=True) for z in clouds(11, 5, 4))
    a, b = (torch.rand(n, dtype=torch.float64, generator=torch.Generator().manual_seed(n)) + 0.2 for n in (5, 4))
    a.requires_grad_()
    b.requires_grad_()

    def distance(x: Any, y: Any, a: Any, b: Any) -> Any:
        return transport(x, y, p=p, x_weights=a, y_weights=b, metric=metric).distance

    assert torch.autograd.gradcheck(distance, (x, y, a, b))


def test_gradient_at_coincident_points_is_zero() -> None:
    x = torch.tensor([[0.0, 0.0], [1.0, 1.0]], dtype=torch.float64, requires_grad=True)
    for p in (1, 2):
        (gradient,) = torch.autograd.grad(transport(x, x.detach(), p=p).distance, x)
        assert torch.equal(gradient, torch.zeros_like(x))
    (gradient,) = torch.autograd.grad(transport(x, [[0.0, 0.0], [4.0, 5.0]], p=1).distance, x)
    torch.testing.assert_close(gradient, torch.tensor([[0.0, 0.0], [-0.3, -0.4]], dtype=torch.float64))


def test_tensor_type_is_kept() -> None:
    x, y = clouds(12)
    r = transport(torch.tensor(x, dtype=torch.float32, requires_grad=True), y, p=2)
    assert r.distance.dtype == torch.float32
    assert r.lower <= float(r) <= r.upper
    assert isinstance(r.plan.data, np.ndarray)  # type: ignore[union-attr]
    r.distance.backward()
    assert isinstance(transport(x.astype(np.float32), y, p=2).distance, float)


NAN = float("nan")


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        ([0.0, NAN], {}, "x has 1 entry .*NaN"),
        ([0.0, np.inf], {}, "x has 1 entry"),
        ([], {}, "x is empty"),
        ([1j, 0], {}, "x holds complex"),
        (np.array([object()]), {}, "x holds data of type object"),
        (np.zeros((2, 3)), {}, "x lives in dimension 3 and y in dimension 1"),
        ([0.0, 1.0], {"x_weights": [1.0, -1.0]}, "x_weights has a negative entry"),
        ([0.0, 1.0], {"x_weights": [0.0, 0.0]}, "x_weights sums to 0"),
        ([0.0, 1.0], {"x_weights": [1.0]}, r"x_weights has shape \(1,\)"),
        ([0.0, 1.0], {"y_weights": [NAN, 1.0]}, "y_weights has 1 entry"),
    ],
)
def test_malformed_input_is_named(x: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidMeasureError, match=message):
        transport(x, [0.0, 2.0], p=2, **options)


@pytest.mark.parametrize("p", [0.5, np.inf, NAN, -1])
def test_exponent_out_of_range(p: float) -> None:
    with pytest.raises(ValueError, match="p is "):
        transport([0.0], [1.0], p=p)


def test_unknown_metric_and_rtol() -> None:
    with pytest.raises(ValueError, match="euclidean, cityblock, chebyshev"):
        transport([0.0], [1.0], p=1, metric="sqeuclidean")
    with pytest.raises(ValueError, match="rtol is -1"):
        transport([0.0], [1.0], p=1, rtol=-1)
