"""What `fit` takes (arrays, tensors, weights, critics), what it hands back, and what it refuses by name."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch
from problems.dual_fits import QUICK, samples
from torch import nn

import wdist
from wdist import dual


def test_arrays_tensors_and_samples_agree() -> None:
    x, y = samples()
    reference = dual.fit(x, y, rng=0, **QUICK)
    tensors = dual.fit(torch.from_numpy(x), torch.from_numpy(y).requires_grad_(), rng=0, **QUICK)
    measures = dual.fit(wdist.Samples(x), wdist.Samples(torch.from_numpy(y)), rng=0, **QUICK)
    assert reference.value == tensors.value == measures.value


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_returned_critic_takes_the_dtype_of_the_input(dtype: torch.dtype) -> None:
    x, y = (torch.from_numpy(z).to(dtype) for z in samples())
    critic = dual.fit(x, y, rng=0, **QUICK).critic
    assert not critic.training
    assert critic(x).dtype == dtype


def test_points_on_the_line_may_be_one_dimensional() -> None:
    x, y = samples(d=1)
    assert dual.fit(x[:, 0], y[:, 0], rng=0, **QUICK).value == dual.fit(x, y, rng=0, **QUICK).value


def test_given_critic_is_copied_not_trained() -> None:
    x, y = samples()
    critic = dual.critic("mlp", 2, width=8, rng=0)
    before = {name: value.clone() for name, value in critic.state_dict().items()}
    result = dual.fit(x, y, critic=critic, rng=0, **QUICK)
    assert all(torch.equal(before[name], value) for name, value in critic.state_dict().items())
    assert any(isinstance(m, nn.Linear) and m.out_features == 8 for m in result.critic.modules())


@pytest.mark.parametrize("kind", ["spectral", "groupsort"])
def test_none_takes_every_certified_kind(kind: Any) -> None:
    x, y = samples()
    for critic in (kind, dual.critic(kind, 2, rng=0)):
        result = dual.fit(x, y, constraint="none", critic=critic, rng=0, **QUICK)
        assert result.lipschitz <= 1 + 1e-4


class Unknown(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 1)
        with torch.no_grad():
            self.layer.weight.fill_(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)


def test_without_a_certificate_there_is_no_bound() -> None:
    x, y = samples()
    result = dual.fit(x, y, critic=Unknown(), rng=0, **QUICK)
    assert (result.lower, result.lower_from, result.witness) == (0.0, "nothing", None)
    assert result.lipschitz == math.inf
    assert result.value > 0


@pytest.mark.parametrize("critic", ["mlp", Unknown(), nn.Sequential(nn.Linear(2, 1), nn.LeakyReLU(2.0))])
def test_none_refuses_a_critic_that_is_not_certified(critic: Any) -> None:
    if isinstance(critic, nn.Sequential):
        with torch.no_grad():
            critic[0].weight.copy_(torch.tensor([[0.6, 0.8]]))  # times the activation's 2: constant 2
    x, y = samples()
    with pytest.raises(ValueError, match="critic has certified Lipschitz constant"):
        dual.fit(x, y, constraint="none", critic=critic, rng=0, **QUICK)


def test_history_and_quantiles() -> None:
    x, y = samples()
    rows: list[dict[str, float]] = []
    result = dual.fit(x, y, rng=0, progress=rows.append, **QUICK)
    assert set(result.history) == {"step", "train", "validation", "penalty", "slope", "score"}
    assert result.history["step"][-1] == 60
    assert result.history == {name: [row[name] for row in rows] for name in rows[0]}
    assert list(result.slope_quantiles.values()) == sorted(result.slope_quantiles.values())


def test_progress_bar_reaches_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    x, y = samples()
    dual.fit(x, y, rng=0, progress=True, **QUICK)
    assert "60/60" in capsys.readouterr().err


def test_result_is_frozen() -> None:
    x, y = samples()
    result = dual.fit(x, y, rng=0, **QUICK)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.value = 0.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.full((50, 2), np.nan), "x has 100 entries"),
        (np.full((50, 2), np.inf), "x has"),
        (np.empty((0, 2)), "x is empty"),
        (np.ones((50, 2), dtype=complex), "x holds complex"),
        (np.full((50, 2), None), "x holds data of type object"),
        (np.ones((50, 3)), "x lives in dimension 3 and y in dimension 2"),
        (np.ones((19, 2)), "x has 19 points"),
        (np.ones((5, 5, 5)), r"x has shape \(5, 5, 5\)"),
        (wdist.Samples(np.ones((50, 2)), np.eye(50)[0]), "x_weights"),
        (wdist.Gaussian(np.zeros(2), np.eye(2)), "x is a Gaussian"),
        (lambda n: np.ones((n - 1, 2)), "x.* returned"),
        (lambda n: np.full((n, 2), np.nan), "x has"),
        (lambda n: "points", "x"),
    ],
)
def test_what_is_no_sample_is_named(x: Any, message: str) -> None:
    _, y = samples()
    with pytest.raises(wdist.InvalidMeasureError, match=message):
        dual.fit(x, y, rng=0, **QUICK)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"constraint": "two-sided"}, "constraint is 'two-sided'"),
        ({"penalty": 0.0}, "penalty is 0"),
        ({"penalty": math.nan}, "penalty is nan"),
        ({"clip": -1.0}, "clip is -1"),
        ({"lr": math.inf}, "lr is inf"),
        ({"steps": 0}, "steps is 0"),
        ({"batch_size": 2.5}, "batch_size is 2.5"),
        ({"patience": 0}, "patience is 0"),
        ({"confidence_level": 1.0}, "confidence_level is 1"),
        ({"critic": "resnet"}, "critic is 'resnet'"),
        ({"critic": nn.Flatten()}, "no parameters to train"),
    ],
)
def test_settings_out_of_range_are_named(options: dict[str, Any], message: str) -> None:
    x, y = samples()
    with pytest.raises(ValueError, match=message):
        dual.fit(x, y, rng=0, **{**QUICK, **options})


def test_divergence_raises() -> None:
    x, y = samples()
    with pytest.raises(wdist.NotConvergedError, match="lower lr"):
        dual.fit(x, y, lr=1e30, rng=0, **QUICK)


@pytest.mark.parametrize(
    ("critic", "message"),
    [
        (nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)), r"BatchNorm1d \('1'\).*LayerNorm"),
        (nn.Linear(3, 1), r"does not take points of shape \(n, 2\)"),
        (nn.Linear(2, 3), r"returned shape \(2, 3\) for 2 points"),
        (nn.Sequential(nn.Linear(2, 1), nn.Flatten(0), nn.Linear(2, 1)), r"returned shape \(1,\) for 2 points"),
    ],
)
def test_critics_that_do_not_score_points_are_named(critic: nn.Module, message: str) -> None:
    x, y = samples()
    with pytest.raises(ValueError, match=message):
        dual.fit(x, y, critic=critic, rng=0, **QUICK)
