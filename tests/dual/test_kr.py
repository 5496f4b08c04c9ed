"""The dual objective, and the one critic update."""

from __future__ import annotations

import copy
import subprocess
import sys
from typing import Any

import numpy as np
import ot
import pytest
import torch
from torch import Tensor, nn

import wdist
from wdist import dual


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batches(n: int = 6, m: int = 6, dim: int = 3) -> tuple[Tensor, Tensor]:
    x = torch.randn(n, dim, dtype=torch.float64, generator=generator(0)) + 1
    return x, torch.randn(m, dim, dtype=torch.float64, generator=generator(1))


def network() -> nn.Sequential:
    return dual.critic("mlp", 3, width=8, depth=2, rng=5, dtype=torch.float64)


def test_objective_is_the_difference_of_means() -> None:
    x, y = batches(6, 4)
    critic = network()
    expected = critic(x).mean() - critic(y).mean()
    torch.testing.assert_close(dual.objective(critic, x, y), expected)
    torch.testing.assert_close(dual.objective(lambda z: critic(z)[:, 0], x, y), expected)


def test_objective_gradcheck() -> None:
    x, y = (z.requires_grad_() for z in batches(3, 4))
    critic = network()
    assert torch.autograd.gradcheck(lambda x, y: dual.objective(critic, x, y), (x, y))


def test_objective_of_a_1_lipschitz_critic_is_at_most_w1() -> None:
    x, y = batches(30, 40)
    exact = ot.emd2(np.full(30, 1 / 30), np.full(40, 1 / 40), ot.dist(x.numpy(), y.numpy(), metric="euclidean"))
    for seed in range(5):
        critic = dual.critic("groupsort", 3, rng=seed, dtype=torch.float64)
        assert abs(float(dual.objective(critic, x, y).detach())) <= exact * (1 + 1e-12)


def test_c_transform_of_any_critic_is_at_most_w1() -> None:
    """f and its transform g(y) = min_x |x - y| - f(x) are feasible, whatever f is."""
    x, y = batches(30, 40)
    costs = torch.cdist(x, y)
    exact = ot.emd2(np.full(30, 1 / 30), np.full(40, 1 / 40), costs.numpy())
    result = dual.fit(x, y, steps=200, batch_size=32, rng=0)
    for critic in (result.critic, network(), lambda z: 100 * z.sin().sum(1)):
        with torch.no_grad():
            f = torch.as_tensor(critic(x)).reshape(-1)
        assert float(f.mean() + (costs - f[:, None]).amin(0).mean()) <= exact * (1 + 1e-12)


@pytest.mark.parametrize("constraint", ["gp", "one-sided", "clip", "none"])
def test_step_equals_the_update_written_out(constraint: Any) -> None:
    """Separate passes over real, fake and interpolates, one sum, and one step of plain SGD by hand."""
    x, y = batches()
    critic, reference = network(), network()
    with torch.no_grad():  # steep enough for the one-sided penalty to bite
        for p in (*critic.parameters(), *reference.parameters()):
            p.mul_(3)
    step = dual.critic_step(
        critic,
        torch.optim.SGD(critic.parameters(), lr=0.01),
        x,
        y,
        constraint=constraint,
        penalty=4.0,
        clip=0.5,
        generator=generator(9),
    )
    real, fake = reference(x).mean(), reference(y).mean()
    u = torch.rand(6, 1, dtype=torch.float64, generator=generator(9))
    z = (u * x + (1 - u) * y).requires_grad_()
    (gradient,) = torch.autograd.grad(reference(z).sum(), z, create_graph=True)
    excess = gradient.norm(dim=1) - 1
    penalised = constraint in ("gp", "one-sided")
    penalty = (excess.clamp(min=0) if constraint == "one-sided" else excess).square().mean()
    loss = fake - real + (4.0 * penalty if penalised else 0.0)
    gradients = torch.autograd.grad(loss, list(reference.parameters()))
    for updated, old, slope in zip(critic.parameters(), reference.parameters(), gradients, strict=True):
        new = old - 0.01 * slope
        torch.testing.assert_close(updated, new.clamp(-0.5, 0.5) if constraint == "clip" else new)
    torch.testing.assert_close(step.real, real.detach())
    torch.testing.assert_close(step.fake, fake.detach())
    torch.testing.assert_close(step.penalty, penalty.detach() if penalised else torch.zeros_like(real))
    expected_slope = gradient.norm(dim=1).mean().detach() if penalised else torch.full_like(real, torch.nan)
    torch.testing.assert_close(step.slope, expected_slope, equal_nan=True)
    assert all(t.dim() == 0 and not t.requires_grad for t in step)


def test_steps_climb_the_objective() -> None:
    x, y = batches(64, 64)
    critic = network()
    optimizer = torch.optim.Adam(critic.parameters(), lr=0.01)
    before = float(dual.objective(critic, x, y).detach())
    for _ in range(50):
        dual.critic_step(critic, optimizer, x, y, generator=generator(2))
    assert float(dual.objective(critic, x, y).detach()) > before + 1.0


def test_nothing_flows_into_the_generator_behind_y() -> None:
    source = nn.Linear(3, 3, dtype=torch.float64)
    x, noise = batches()
    critic = network()
    dual.critic_step(critic, torch.optim.SGD(critic.parameters(), lr=0.1), x, source(noise))
    assert all(p.grad is None for p in source.parameters())


def test_parameters_without_a_part_in_the_score_are_left_alone() -> None:
    critic = network()
    critic.register_parameter("unused", nn.Parameter(torch.ones(2, dtype=torch.float64)))
    frozen = critic[0].bias.requires_grad_(False).clone()
    x, y = batches()
    dual.critic_step(critic, torch.optim.SGD(critic.parameters(), lr=0.1), x, y)
    assert torch.equal(critic.unused, torch.ones(2, dtype=torch.float64))
    assert torch.equal(critic[0].bias, frozen)


def test_a_penalised_linear_critic_ends_at_the_predicted_overshoot() -> None:
    """On a translation the maximiser of a W - L (a - 1)^2 reports W (1 + W / (2 L)), one- or two-sided."""
    y = torch.randn(64, 2, dtype=torch.float64, generator=generator(4))
    x = y + torch.tensor([0.6, 0.8], dtype=torch.float64)  # W = 1
    for constraint, coefficient in (("gp", 2.0), ("one-sided", 2.0), ("gp", 0.1), ("one-sided", 10.0)):
        critic = nn.Linear(2, 1, dtype=torch.float64)
        with torch.no_grad():
            critic.weight.copy_(torch.tensor([[0.5, 0.1]]))
        optimizer = torch.optim.SGD(critic.parameters(), lr=0.2 / coefficient if coefficient > 1 else 0.5)
        for _ in range(400):
            dual.critic_step(critic, optimizer, x, y, constraint=constraint, penalty=coefficient)
        predicted = 1 + 1 / (2 * coefficient)  # 6 at 0.1
        assert float(dual.objective(critic, x, y).detach()) == pytest.approx(predicted, rel=1e-6)


def test_step_is_reproducible_and_leaves_the_global_generator_alone() -> None:
    x, y = batches()
    before = torch.get_rng_state()
    critics = [network(), network()]
    for critic in critics:
        dual.critic_step(critic, torch.optim.SGD(critic.parameters(), lr=0.1), x, y, generator=generator(1))
    dual.critic_step(network(), torch.optim.SGD(critics[0].parameters(), lr=0.1), x, y)
    assert all(torch.equal(a, b) for a, b in zip(critics[0].parameters(), critics[1].parameters(), strict=True))
    assert torch.equal(torch.get_rng_state(), before)


def test_step_never_reads_a_tensor_on_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the meta device every read of a value fails, so what runs there does not wait for one."""
    critic = copy.deepcopy(network()).to("meta")
    x, y = (z.to("meta") for z in batches())
    optimizer = torch.optim.SGD(critic.parameters(), lr=0.1)
    for constraint in ("clip", "none"):
        dual.critic_step(critic, optimizer, x, y, constraint=constraint)  # type: ignore[arg-type]
    # There are no generators on the meta device: the weights' place is all that is filled in.
    monkeypatch.setattr(torch, "rand", lambda *size, generator, **kind: torch.empty(*size, **kind))
    for constraint in ("gp", "one-sided"):
        step = dual.critic_step(critic, optimizer, x, y, constraint=constraint, generator=generator(0))  # type: ignore[arg-type]
        assert all(t.device.type == "meta" for t in step)


def test_unknown_constraint_names_the_valid_ones() -> None:
    x, y = batches()
    critic = network()
    with pytest.raises(ValueError, match=r"'two-sided'.*: choose one of gp, one-sided, clip, none"):
        dual.critic_step(critic, torch.optim.SGD(critic.parameters(), lr=0.1), x, y, constraint="two-sided")  # type: ignore[arg-type]


def test_batches_that_do_not_fit_are_refused() -> None:
    critic = network()
    x, y = batches()
    for bad in (y[:, :2], y[:0], y[0]):
        with pytest.raises(wdist.InvalidMeasureError, match=r"x has shape .* y "):
            dual.objective(critic, x, bad)
    with pytest.raises(wdist.InvalidMeasureError, match="pairs their rows"):
        dual.critic_step(critic, torch.optim.SGD(critic.parameters(), lr=0.1), x, y[:4])
    with pytest.raises(ValueError, match=r"critic returned shape \(12, 3\)"):
        dual.objective(lambda z: z, x, y)


def test_without_torch_the_import_says_what_to_install() -> None:
    program = """
import sys
sys.modules["torch"] = None
try:
    from wdist import dual
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'wdist[dual]'" in done.stdout
