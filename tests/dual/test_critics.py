"""The networks by name: shapes, constants, seeds."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from wdist import dual
from wdist.dual.critics import CriticKind


@pytest.mark.parametrize("kind", get_args(CriticKind))
def test_a_score_a_point(kind: CriticKind) -> None:
    network = dual.critic(kind, 3, width=6, depth=2, rng=0, dtype=torch.float64)
    assert network(torch.zeros(5, 3, dtype=torch.float64)).shape == (5, 1)
    assert sum(isinstance(m, torch.nn.Linear) for m in network.modules()) == 3  # two hidden layers and the last


@pytest.mark.parametrize("kind", get_args(CriticKind))
def test_weights_follow_the_seed_and_leave_the_global_generator_alone(kind: CriticKind) -> None:
    before = torch.get_rng_state()
    a, b, c = (dual.critic(kind, 3, rng=seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not all(torch.equal(a[name], c[name]) for name in a)


@pytest.mark.parametrize(("dim", "width", "depth"), [(1, 2, 1), (2, 64, 3), (100, 32, 2)])
@pytest.mark.parametrize("kind", ["spectral", "groupsort", "bjorck"])
def test_constant_is_one_by_construction(kind: CriticKind, dim: int, width: int, depth: int) -> None:
    # 1e-5: the rounding of a handful of float32 matrix products and solves.
    assert dual.lipschitz_upper_bound(dual.critic(kind, dim, width=width, depth=depth, rng=0)) <= 1 + 1e-5
    exact = dual.critic(kind, dim, width=width, depth=depth, rng=0, dtype=torch.float64)
    assert dual.lipschitz_upper_bound(exact) <= 1 + (1e-5 if kind == "spectral" else 1e-12)


def test_groupsort_stays_1_lipschitz_when_its_parameters_move() -> None:
    network = dual.critic("groupsort", 3, width=8, rng=0, dtype=torch.float64)
    g = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in network.parameters():
            p.add_(torch.randn(p.shape, generator=g, dtype=p.dtype))
    assert dual.lipschitz_upper_bound(network) <= 1 + 1e-12


def test_maxmin_sorts_pairs() -> None:
    x = torch.tensor([[3.0, -1.0, 2.0, 5.0]])
    assert dual.MaxMin()(x).tolist() == [[3.0, 5.0, 2.0, -1.0]]
    images = x.reshape(1, 4, 1, 1).expand(1, 4, 2, 2)
    assert dual.MaxMin()(images)[0, :, 1, 1].tolist() == [3.0, 5.0, 2.0, -1.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "resnet"}, "'resnet'.*mlp, maxmin, smooth, spectral, groupsort, bjorck"),
        ({"dim": 0}, "dim is 0"),
        ({"width": 0}, "width is 0"),
        ({"depth": 0}, "depth is 0"),
        ({"kind": "groupsort", "width": 7}, "width is 7"),
    ],
)
def test_wrong_settings_are_named(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dual.critic(**{"kind": "mlp", "dim": 2, **options})
