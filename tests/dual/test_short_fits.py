"""A few steps of training of every kind: no good critic, but a result that holds together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from wdist.dual import DualResult, critic, fit


def points(shift: float, d: int = 2) -> np.ndarray:
    return np.random.default_rng(int(10 * shift)).standard_normal((60, d)) + shift


def short(**options: Any) -> DualResult:
    given: dict[str, Any] = {"steps": 4, "batch_size": 8, "rng": 0, "critic": critic("smooth", 2, width=8, rng=1)}
    return fit(points(0.0), points(1.0), **{**given, **options})


@pytest.mark.parametrize("constraint", ["one-sided", "gp", "clip", "none"])
@pytest.mark.parametrize("bounds", [True, False])
def test_every_constraint_ends_in_a_bracket(constraint: Any, bounds: bool) -> None:
    kind = critic("groupsort", 2, width=8, rng=1) if constraint == "none" else critic("smooth", 2, width=8, rng=1)
    found = short(constraint=constraint, critic=kind, bounds=bounds)
    assert math.isfinite(found.value)
    assert 0.0 <= found.lower <= found.upper
    assert (found.upper < math.inf) == bounds
    assert found.history["step"][-1] == 4


@pytest.mark.parametrize("d", [1, 2, 6])
def test_critics_by_default_are_of_the_dimension(d: int) -> None:
    found = fit(points(0.0, d), points(1.0, d), steps=1, batch_size=4, rng=0, bounds=False)
    with torch.no_grad():
        assert found.critic(torch.zeros(3, d)).shape in ((3,), (3, 1))


def test_the_given_critic_is_left_alone_and_progress_is_told() -> None:
    given = critic("smooth", 2, width=8, rng=1)
    before = [p.clone() for p in given.parameters()]
    rows: list[dict[str, float]] = []
    found = short(critic=given, progress=rows.append)
    assert all(torch.equal(p, q) for p, q in zip(before, given.parameters(), strict=True))
    assert rows[-1]["step"] == 4
    assert [row["train"] for row in rows] == list(found.history["train"])


def test_a_bar_reaches_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    short(progress=True)
    assert "4/4" in capsys.readouterr().err


def test_the_same_seed_gives_the_same_bits() -> None:
    one, other = short(), short()
    assert (one.value, one.lower, one.upper) == (other.value, other.lower, other.upper)
    assert short(rng=1).value != one.value


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"critic": nn.Flatten()}, r"critic \(Flatten\) has no parameters to train"),
        ({"critic": nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))}, "has a BatchNorm1d"),
        ({"critic": nn.Linear(3, 1)}, r"critic \(Linear\) does not take points of shape \(n, 2\)"),
        ({"critic": nn.Linear(2, 2)}, r"critic returned shape \(2, 2\) for 2 points"),
        ({"critic": nn.Sequential(nn.Linear(2, 1), nn.Flatten(0))}, None),
        ({"constraint": "none", "critic": nn.Sequential(nn.Linear(2, 1), nn.Softplus())}, "constraint 'none' needs 1"),
        ({"confidence_level": 1.0}, "confidence_level is 1.0"),
        ({"confidence_level": 0.0}, "confidence_level is 0.0"),
    ],
)
def test_what_cannot_be_trained_is_named(options: dict[str, Any], message: str | None) -> None:
    if message is None:
        assert math.isfinite(short(**options).value)
        return
    with pytest.raises(ValueError, match=message):
        short(**options)
