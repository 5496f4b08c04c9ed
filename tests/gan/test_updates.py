"""A step of training can be recorded: nothing waits for the device, and everything stays where it is."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from gan import capture
from gan.state import Run
from gan.team import Team
from gan.updates import METRICS, critic_update, iteration

NewRun = Callable[..., Run]

SETTINGS = [
    {},
    {"constraint": "one-sided", "critic_steps": 2},
    {"constraint": "clip"},
    {"critic": "spectral"},
    {"preset": "classic"},
    {"precision": "bfloat16"},
]
NAMES = ["fast", "one-sided", "clip", "spectral", "classic", "bfloat16"]


class NothingIsRead(TorchDispatchMode):
    """Refuses what needs a number on the host: .item(), masks as indices, copies between host and device."""

    waits = ("_local_scalar_dense", "nonzero", "masked_select", "is_pinned", "equal.default")

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert not any(name in str(func) for name in self.waits), f"{func} waits for the device"
        return func(*args, **(kwargs or {}))


def test_the_guard_sees_what_waits() -> None:
    with pytest.raises(AssertionError, match="waits for the device"), NothingIsRead():
        torch.ones(()).item()


@pytest.mark.parametrize("flags", SETTINGS, ids=NAMES)
def test_nothing_waits_for_the_device(new_run: NewRun, flags: dict[str, Any]) -> None:
    run = new_run(**{**flags, "batch_size": 4})
    with NothingIsRead():
        metrics = iteration(run)
    assert metrics.shape == (len(METRICS),)


def addresses(run: Run) -> list[int]:
    """Where everything is that one step hands on to the next."""
    tensors = [*run.generator.state_dict().values(), *run.average.state_dict().values(), run.share]
    tensors += run.critic.state_dict().values()
    for optimizer in (run.generator_optimizer, run.critic_optimizer):
        tensors += [value for state in optimizer.state.values() for value in state.values()]
    return [tensor.data_ptr() for tensor in tensors]


@pytest.mark.parametrize("flags", SETTINGS, ids=NAMES)
def test_everything_that_changes_changes_in_place(new_run: NewRun, flags: dict[str, Any]) -> None:
    run = new_run(**{**flags, "batch_size": 4})
    iteration(run)
    before, weights = addresses(run), run.generator[0].weight.clone()
    run.set_rates()
    iteration(run)
    assert addresses(run) == before
    assert not torch.equal(run.generator[0].weight, weights)


def test_the_average_follows_its_own_schedule(new_run: NewRun) -> None:
    """Decay min(0.9, (1 + step) / (10 + step)) of an average that starts at the first weights."""
    run = new_run(average=0.15)
    expected = run.generator[0].weight.detach().clone()
    for step in range(3):
        run.set_rates()
        iteration(run)
        run.step += 1
        decay = min(0.15, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * run.generator[0].weight.detach()
    torch.testing.assert_close(run.average[0].weight, expected, rtol=1e-5, atol=1e-7)


def test_bfloat16_is_near_float32(new_run: NewRun) -> None:
    """Same weights and numbers: scores within bfloat16's 3 digits, the penalty's slope nearer than that."""
    full, half = (critic_update(new_run(name, precision=name)) for name in ("float32", "bfloat16"))
    assert half.real.dtype == half.slope.dtype == torch.float32
    torch.testing.assert_close(half.real, full.real, rtol=2e-2, atol=2e-3)
    torch.testing.assert_close(half.slope, full.slope, rtol=2e-3, atol=0)  # differs by the points alone


def test_bfloat16_learns(new_run: NewRun) -> None:
    run = new_run(batch_size=16, precision="bfloat16")
    scores = [critic_update(run) for _ in range(40)]
    assert (scores[-1].real - scores[-1].fake).item() > 5
    assert all(p.dtype == torch.float32 for p in run.critic.parameters())


class FakeCuda:
    """Records and replays on the CPU, as CUDA graphs do: recording executes nothing, a replay makes the step.

    A step that is recorded here runs, and is undone when the recording ends.
    """

    def __init__(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        self.run, self.step = run, capture._Captured(run)
        self.registered, self.recordings, self.replays = list[torch.Generator](), 0, 0
        for name, value in {
            "CUDAGraph": lambda: self,
            "graph": lambda graph: graph.recording(),
            "Stream": lambda device: self,
            "current_stream": lambda device: self,
            "stream": lambda stream: nullcontext(),
            "device": lambda device: nullcontext(),
        }.items():
            monkeypatch.setattr(torch.cuda, name, value)

    def wait_stream(self, other: Any) -> None: ...

    def register_generator_state(self, generator: torch.Generator) -> None:
        self.registered.append(generator)

    @contextmanager
    def recording(self) -> Iterator[None]:
        assert self.registered == [self.run.rng]
        self.recordings += 1
        before = copy.deepcopy(self.run.state_dict())
        yield
        self.run.load_state_dict(before)

    def replay(self) -> None:
        self.replays += 1
        self.step._metrics.copy_(iteration(self.run))


def test_recorded_steps_are_the_steps(new_run: NewRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Warm-up, recording and replays: six calls are six steps, each made once, with the same numbers."""
    plain, recorded = new_run("plain"), new_run("recorded")
    cuda, seen = FakeCuda(recorded, monkeypatch), []
    for _ in range(6):
        plain.set_rates()
        recorded.set_rates()
        seen.append(cuda.step())
        assert torch.equal(seen[-1], iteration(plain))
    assert (cuda.recordings, cuda.replays) == (1, 3)
    for one, two in zip(plain.critic.parameters(), recorded.critic.parameters(), strict=True):
        assert torch.equal(one, two)
    assert len({metrics.data_ptr() for metrics in seen}) == 6, "a replay would overwrite the metrics that wait"


def test_a_graph_is_for_one_process_on_cuda(new_run: NewRun) -> None:
    run = new_run()
    assert not isinstance(capture.stepper(run), capture._Captured)
    run.device = torch.device("cuda")
    assert isinstance(capture.stepper(run), capture._Captured)
    run.team = Team(0, 2)
    assert not isinstance(capture.stepper(run), capture._Captured)
