"""The training loop: climb the Kantorovich-Rubinstein dual with the critic, descend it with the generator.

    min over generators G of  W_1(P, law of G)  =  min over G of  sup over |f|_L <= 1 of  E_P f - E f(G(Z))

One step is ``critic_steps`` updates of the critic, each the one update of :func:`wdist.dual.critic_step`,
then one of the generator. All randomness of a run flows from one generator that the checkpoint carries;
pictures and exact distances draw from generators of their own, so that looking at a run does not change it.

Precision is PyTorch's own default: float32, with TF32 inside cuDNN convolutions on CUDA, and no bfloat16,
which costs the penalty's gradient about a percent.

References
----------
Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017, algorithm 1.
"""

from __future__ import annotations

import math
import time

import torch
from tqdm import tqdm

from wdist import dual

from . import figures, models, records
from .data import to_unit
from .interrupt import Interrupt
from .report import report
from .runs import Run

__all__ = ["DivergedError", "critic_update", "generator_update", "train"]


_HELD_OUT = 256  # images a side in the critic's held-out score


class DivergedError(RuntimeError):
    """A score, the penalty or the generator's loss is no longer a finite number."""


def train(run: Run, *, progress: bool = True) -> int | None:
    """Train until ``config.steps``; save, draw and log on the way.

    Returns
    -------
    int or None
        The signal that ended training early, after a checkpoint was saved; None at the end of the run.

    Raises
    ------
    DivergedError
        If the numbers stop being finite; the last checkpoint is kept.
    """
    config, started = run.config, time.monotonic() - run.seconds
    pictures = set(config.picture_steps())
    per_step = config.batch_size * config.critic_steps
    with (
        Interrupt() as interrupt,
        tqdm(
            total=config.steps * per_step,
            initial=run.step * per_step,
            unit="img",
            unit_scale=True,
            disable=not progress,
        ) as bar,
    ):
        while run.step < config.steps and not interrupt.signal:
            _set_learning_rate(run)
            for _ in range(config.critic_steps):
                scores = critic_update(run)
            loss = generator_update(run)
            run.step += 1
            run.pending.append(torch.stack([*scores, loss]))
            bar.update(per_step)
            drawing = run.step in pictures
            saving = drawing or run.step % config.checkpoint_every == 0
            if saving or run.step % config.log_every == 0:
                run.seconds = time.monotonic() - started
                bar.set_postfix(flush(run), refresh=False)
            if drawing:
                report(run)
            if saving:
                run.save()
        run.seconds = time.monotonic() - started
        if interrupt.signal:
            flush(run)
            run.save()
    return interrupt.signal


def critic_update(run: Run) -> dual.CriticStep:
    """One update of the critic; no graph is built through the generator, which is not being trained here."""
    real = run.real()
    with torch.no_grad():
        fake = run.generator(run.noise())
    return dual.critic_step(
        run.critic,
        run.critic_optimizer,
        real,
        fake,
        constraint=run.config.constraint,  # type: ignore[arg-type]  # checked by Config
        penalty=run.config.penalty,
        clip=run.config.clip,
        generator=run.rng,
    )


def generator_update(run: Run) -> torch.Tensor:
    """One update of the generator, and of its average; the critic's own gradients are not computed."""
    run.critic.requires_grad_(False)
    loss = -run.critic(run.generator(run.noise())).mean()
    run.generator_optimizer.zero_grad(set_to_none=True)
    loss.backward()
    run.generator_optimizer.step()
    run.critic.requires_grad_(True)
    # A young average forgets its random start quickly.
    models.average_(run.average, run.generator, min(run.config.average, (1 + run.step) / (10 + run.step)))
    return loss.detach()


def flush(run: Run) -> dict[str, str]:
    """Fetch the metrics that wait on the device, log their means, and return what the progress bar shows."""
    if not run.pending:
        return {}
    means = torch.stack(run.pending).mean(0)
    run.pending.clear()
    real, fake, penalty, slope, loss, drop = torch.cat([means, _held_out_drop(run)]).tolist()
    if not all(math.isfinite(value) for value in (real, fake, penalty, loss)):
        raise DivergedError(
            f"step {run.step}: scores {real:g} and {fake:g}, penalty {penalty:g}, generator loss {loss:g}; "
            f"the last checkpoint in {run.folder} is kept: start again with a smaller --lr, or another "
            "--constraint"
        )
    numbers = {
        "real": real,
        "fake": fake,
        "held_out": real - drop,
        "penalty": penalty,
        "slope": slope,
        "generator": loss,
    }
    rate = run.config.learning_rate(run.step - 1)
    records.append(
        run.folder, {"kind": "train", "step": run.step, "seconds": run.seconds, "lr": rate, **numbers}
    )
    if run.config.constraint == "clip":
        return {"gap": f"{real - fake:.3g}"}
    return {"W": f"{figures.corrected(real - fake, run.config.penalty):.2f}", "slope": f"{slope:.2f}"}


@torch.no_grad()
def _held_out_drop(run: Run) -> torch.Tensor:
    """How much lower the critic scores images that it never trains on than those that it does.

    The critic's zero drifts, so both are scored at once; in evaluation mode, so that nothing moves.
    """
    run.critic.eval()
    training, held_out = (
        run.critic(to_unit(part[:_HELD_OUT])).mean() for part in (run.data.images, run.data.test_images)
    )
    run.critic.train()
    return (training - held_out).reshape(1)


def _set_learning_rate(run: Run) -> None:
    rate = run.config.learning_rate(run.step)
    for optimizer in (run.generator_optimizer, run.critic_optimizer):
        for group in optimizer.param_groups:
            group["lr"] = rate
