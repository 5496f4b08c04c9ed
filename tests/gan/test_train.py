"""What a step changes, what a run keeps to, and how it ends."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable

import pytest
import torch

from gan import ConfigError, DivergedError, checkpoint, records
from gan.interrupt import Interrupt
from gan.state import Run
from gan.train import train
from gan.updates import critic_update, generator_update

NewRun = Callable[..., Run]


def test_a_folder_that_holds_a_run_is_not_overwritten(new_run: NewRun) -> None:
    train(new_run(steps=2), progress=False)
    with pytest.raises(ConfigError, match="holds a run: add --resume to go on, or name another folder"):
        new_run()


def test_clipping_keeps_the_weights_in_range(new_run: NewRun) -> None:
    run = new_run(constraint="clip", clip=0.003)
    train(run, progress=False)
    bound = torch.tensor(0.003)  # as float32
    assert all((parameter.abs() <= bound).all() for parameter in run.critic.parameters())
    assert all(record["slope"] is None for record in records.read(run.folder, "train"))


def test_the_critic_step_leaves_the_generator_alone(new_run: NewRun) -> None:
    run = new_run()
    before = {name: value.clone() for name, value in run.generator.named_parameters()}
    critic_update(run)
    assert all(torch.equal(value, before[name]) for name, value in run.generator.named_parameters())
    assert all(value.grad is None for value in run.generator.parameters())


def test_the_generator_step_leaves_the_critic_alone(new_run: NewRun) -> None:
    run = new_run()
    critic_update(run)
    before = [(p.detach().clone(), p.grad.clone()) for p in run.critic.parameters()]
    generator_update(run)
    for parameter, (value, gradient) in zip(run.critic.parameters(), before, strict=True):
        assert torch.equal(parameter, value)
        assert torch.equal(parameter.grad, gradient)
        assert parameter.requires_grad


def test_the_critic_learns(new_run: NewRun) -> None:
    """The gap opens, and the slope comes near one: the update climbs, it does not descend."""
    run = new_run(batch_size=16)
    scores = [critic_update(run) for _ in range(40)]
    assert (scores[-1].real - scores[-1].fake).item() > 5
    assert 0.7 < scores[-1].slope.item() < 2.5


def test_divergence_is_named_and_keeps_the_checkpoint(new_run: NewRun) -> None:
    run = new_run(checkpoint_every=1)
    run.save()
    with torch.no_grad():
        run.critic[0].weight.fill_(float("nan"))
    with pytest.raises(DivergedError, match=r"scores nan and nan, .* is kept: start again with a smaller --lr"):
        train(run, progress=False)
    assert checkpoint.load(run.folder)["step"] == 0


def test_the_folder_says_what_the_run_is(new_run: NewRun) -> None:
    facts = json.loads((new_run().folder / "run.json").read_text())
    assert facts["config"]["seed"] == 0
    assert facts["data"]["name"] == "digits"
    assert {"torch", "wdist", "python"} <= facts["versions"].keys()


def test_the_second_signal_acts_as_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupt() as interrupt:
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupt.signal == signal.SIGINT
        assert signal.getsignal(signal.SIGINT) is before


def test_a_signal_that_was_ignored_stays_ignored() -> None:
    """A shell's background job: Ctrl-C in front of it is not meant for it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interrupt() as interrupt:
            os.kill(os.getpid(), signal.SIGINT)
            assert interrupt.signal is None
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
