"""The training loop: step after step, with a log, pictures and checkpoints on the way.

A step itself is :mod:`gan.updates`; nothing waits for the device between two lines of the log. Pictures and exact
distances draw from generators of random numbers of their own, so that looking at a run does not change it.
"""

from __future__ import annotations

import math
import time

import torch
from tqdm import tqdm

from . import figures, records
from .board import Board
from .capture import stepper
from .data import to_unit
from .interrupt import Interrupt
from .report import report
from .state import Run

__all__ = ["DivergedError", "train"]


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
    config, team, started = run.config, run.team, time.monotonic() - run.seconds
    pictures, per_step = set(config.picture_steps()), config.batch_size * config.critic_steps
    step, stopped = stepper(run), None
    board = Board(run.folder, run.step) if team.leads else None
    with Interrupt() as interrupt, _bar(config.steps * per_step, run.step * per_step, progress and team.leads) as bar:
        while run.step < config.steps and not stopped:
            run.set_rates()
            run.pending.append(step())
            run.step += 1
            bar.update(per_step)
            drawing = run.step in pictures
            saving = drawing or run.step % config.checkpoint_every == 0
            logging = saving or run.step % config.log_every == 0
            if logging or team.size == 1:
                stopped = team.any_signal(interrupt.signal, run.device)
            run.seconds = time.monotonic() - started
            if logging:
                bar.set_postfix(flush(run), refresh=False)
            if drawing and team.leads:
                report(run)
            if saving or stopped:
                run.save()
                if board:
                    board.update()
    if board:
        board.close()
    return stopped


def flush(run: Run) -> dict[str, str]:
    """Fetch the metrics that wait on the device, log their means, and return what the progress bar shows."""
    if not run.pending:
        return {}
    means = run.team.mean(torch.stack(run.pending).mean(0))
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
    line = {"kind": "train", "step": run.step, "seconds": run.seconds, "lr": rate, **numbers}
    if run.team.leads:
        records.append(run.folder, line)
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
    drop: torch.Tensor = training - held_out
    return drop.reshape(1)


def _bar(total: int, done: int, shown: bool) -> tqdm:
    """Images a second, and the time that is left."""
    return tqdm(total=total, initial=done, unit="img", unit_scale=True, disable=not shown)
