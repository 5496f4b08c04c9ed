"""One step of training: the updates of the critic, then the one of the generator and of its average.

    min over generators G of  W_1(P, law of G)  =  min over G of  sup over |f|_L <= 1 of  E_P f - E f(G(Z))

Each update of the critic is the one update of :func:`wdist.dual.critic_step`: real and generated images in one
pass, one penalty, one step of the optimiser. No number leaves the device here, and all that changes changes in
place: a step can be recorded once as a CUDA graph and replayed.

References
----------
Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017, algorithm 1.
"""

from __future__ import annotations

import torch

from wdist import dual

from . import models
from .state import Run

__all__ = ["METRICS", "critic_update", "generator_update", "iteration"]

METRICS = ("real", "fake", "penalty", "slope", "generator")


def iteration(run: Run) -> torch.Tensor:
    """``critic_steps`` updates of the critic and one of the generator.

    Returns
    -------
    torch.Tensor, shape (5,)
        On the run's device, as :data:`METRICS` names them: the critic's mean scores, penalty and slope in its last
        update, and the generator's loss.
    """
    for _ in range(run.config.critic_steps):
        scores = critic_update(run)
    return torch.stack([*scores, generator_update(run)])


def critic_update(run: Run) -> dual.CriticStep:
    """One update of the critic; no graph is built through the generator, which is not being trained here."""
    real = run.real()
    with run.autocast(), torch.no_grad():
        fake = run.generator(run.noise()).to(real.dtype)
    with run.autocast(), run.team.own_share(run.rng, run.config.batch_size):
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
    with run.autocast():
        scores = run.critic(run.generator(run.noise()))
    loss: torch.Tensor = -scores.to(torch.promote_types(scores.dtype, torch.float32)).mean()
    run.generator_optimizer.zero_grad(set_to_none=True)
    loss.backward()
    run.generator_optimizer.step()
    run.critic.requires_grad_(True)
    models.average_(run.average, run.generator, run.share)
    return loss.detach()
