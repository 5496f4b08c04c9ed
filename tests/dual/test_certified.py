"""McShane extensions: between which bounds they lie, and that they are 1-Lipschitz to rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import ot
import pytest
import torch

import wdist
from wdist import dual
from wdist.dual import certified

SIDES = ["lower", "upper"]


def anchors(m: int = 40, d: int = 3) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(m, d))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_is_1_lipschitz_whatever_the_values(side: Any, offset: float) -> None:
    rng = np.random.default_rng(1)
    f = dual.mcshane(10 * rng.normal(size=40), anchors() + offset, side=side)
    x = torch.from_numpy(rng.normal(size=(300, 3)) + offset)
    # Far pairs, and pairs 1e-3 apart, where a cancelling distance formula would show slopes above 1.
    for y in (x.roll(1, 0), x + 1e-3 * torch.from_numpy(rng.normal(size=(300, 3)))):
        rise, run = (f(x) - f(y)).abs(), (x - y).norm(dim=1)
        assert float((rise - run).max()) <= 1e-14 * max(100.0, offset)


@pytest.mark.parametrize("side", SIDES)
def test_interpolates_1_lipschitz_data(side: Any) -> None:
    a = anchors()
    values = np.linalg.norm(a - 0.3, axis=1) * 0.9
    f = dual.mcshane(values, a, side=side)
    np.testing.assert_allclose(f(torch.from_numpy(a)).numpy(), values, rtol=0, atol=1e-14)


def test_every_1_lipschitz_function_lies_between() -> None:
    a = anchors()
    x = torch.from_numpy(np.random.default_rng(2).normal(size=(200, 3)))
    values = np.cos(a[:, 0])
    lower, upper = (dual.mcshane(values, a, side=side)(x) for side in ("lower", "upper"))
    middle = x[:, 0].cos()
    assert bool((lower <= middle).all())
    assert bool((middle <= upper).all())
    assert float((upper - lower).max()) > 0.1


def test_data_that_are_not_1_lipschitz_bound_their_own_side() -> None:
    values = np.array([0.0, 5.0])
    a = torch.tensor([0.0, 1.0], dtype=torch.float64)
    assert dual.mcshane(values, a, side="upper")(a[:, None]).tolist() == [0.0, 1.0]
    assert dual.mcshane(values, a, side="lower")(a[:, None]).tolist() == [4.0, 5.0]


@pytest.mark.parametrize("side", SIDES)
def test_potentials_of_the_lp_attain_w1(side: Any) -> None:
    """Lower extension of u from x, or upper one of -v from y: f(x_i) - f(y_j) >= u_i + v_j."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(30, 2)), rng.normal(size=(30, 2)) + 1
    weights = np.full(30, 1 / 30)
    exact, log = ot.emd2(weights, weights, ot.dist(x, y, metric="euclidean"), log=True)
    f = dual.mcshane(log["u"], x, side=side) if side == "lower" else dual.mcshane(-log["v"], y, side=side)
    score = float(dual.objective(f, torch.from_numpy(x), torch.from_numpy(y)))
    assert score == pytest.approx(exact, rel=1e-12)


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    f = dual.mcshane(np.arange(40.0), anchors(), side="lower")
    x = torch.from_numpy(np.random.default_rng(4).normal(size=(101, 3)))
    whole = f(x)
    monkeypatch.setattr(certified, "_CHUNK", 7 * 40)
    assert torch.equal(f(x), whole)


def test_dtype_follows_the_anchors_and_gradients_flow() -> None:
    a = torch.tensor([[0.0, 0.0], [4.0, 0.0]])
    f = dual.mcshane([0.0, 1.0], a, side="upper")
    x = torch.tensor([[3.0, 4.0]], requires_grad=True)
    score = f(x)
    score.sum().backward()
    assert score.dtype == torch.float32
    assert x.grad is not None
    torch.testing.assert_close(x.grad.norm(), torch.tensor(1.0))
    assert dual.lipschitz_upper_bound(f) == 1.0


@pytest.mark.parametrize(
    ("values", "points", "message"),
    [
        ([0.0, 1.0], [[0.0], [1.0], [2.0]], "values"),
        ([[0.0, 1.0], [1.0, 2.0]], [[0.0], [1.0]], "values"),
        ([0.0, np.nan], [[0.0], [1.0]], "values"),
        ([0.0, 1.0], [[0.0], [np.inf]], "anchors"),
        ([], np.empty((0, 2)), "anchors"),
        ([0.0, 1.0], [0j, 1j], "anchors"),
    ],
)
def test_bad_data_are_named(values: Any, points: Any, message: str) -> None:
    with pytest.raises(wdist.InvalidMeasureError, match=message):
        dual.mcshane(values, points, side="lower")


def test_unknown_side_is_named() -> None:
    with pytest.raises(ValueError, match="side is 'left'"):
        dual.mcshane([0.0], [[0.0]], side="left")  # type: ignore[arg-type]
