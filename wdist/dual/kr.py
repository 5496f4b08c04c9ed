"""Kantorovich-Rubinstein duality, and the one update that every critic here is trained with.

    W_1(P, Q) = sup { E_P f - E_Q f : |f|_L <= 1 }

A critic is a network f that climbs this objective while a constraint holds its slope down: a gradient penalty
(two- or one-sided), weight clipping, or an architecture that is 1-Lipschitz whatever its parameters are.
Throughout, x is a sample of P (real) and y of Q (fake): f is high on x.

References
----------
Villani (2009), Optimal Transport: Old and New, Theorem 5.10 and Remark 6.5.
Gulrajani et al. (2017), Improved training of Wasserstein GANs, arXiv:1704.00028, algorithm 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from ..errors import InvalidMeasureError
from ..settings import check_choice, check_not_negative, check_positive
from .adjoint import is_piecewise_linear, replayed_gradient
from .batches import check_batches
from .penalties import clip_weights_, excess_slope, interpolates, norms, slopes

__all__ = ["Constraint", "CriticStep", "critic_step", "objective"]

Constraint = Literal["gp", "one-sided", "clip", "none"]


class CriticStep(NamedTuple):
    """What one critic update saw before it moved: detached 0-d tensors on the critic's device.

    Attributes
    ----------
    real, fake : torch.Tensor
        Mean score of x and of y; ``real - fake`` is the objective.
    penalty : torch.Tensor
        Mean penalty, not multiplied by its coefficient; 0 for the constraints that have none.
    slope : torch.Tensor
        Mean slope at the interpolates; nan (not measured) for the constraints that have no penalty.
    """

    real: Tensor
    fake: Tensor
    penalty: Tensor
    slope: Tensor


def objective(critic: Callable[[Tensor], Tensor], x: Tensor, y: Tensor) -> Tensor:
    """``E f(x) - E f(y)``, differentiable: W_1 of the two samples from below when the critic is 1-Lipschitz.

    Parameters
    ----------
    critic : callable
        Maps a batch (n, ...) to scores (n,) or (n, 1), each score a function of its own row alone.
    x, y : torch.Tensor, shapes (n, ...) and (m, ...)
        Samples of P (real) and of Q (fake).

    Returns
    -------
    torch.Tensor, 0-d
        NaN where a score is.

    Raises
    ------
    TypeError
        If x or y is no tensor.
    InvalidMeasureError
        If x and y do not fit each other in shape or device, or are complex or sparse.
    ValueError
        If they do not go through the critic, or it returns other than a score a point.

    Examples
    --------
    >>> import torch
    >>> from wdist import dual
    >>> x, y = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [0.0]])
    >>> float(dual.objective(lambda z: z[:, 0], x, y))
    2.0
    """
    real, fake = _mean_scores(critic, x, y)
    return real - fake


def critic_step(
    critic: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: Tensor,
    y: Tensor,
    *,
    constraint: Constraint = "gp",
    penalty: float = 10.0,
    clip: float = 0.01,
    generator: torch.Generator | None = None,
    segments: tuple[Tensor, Tensor] | None = None,
) -> CriticStep:
    """One update of the critic, uphill on ``E f(x) - E f(y)`` under one of four constraints.

    Real and fake pass through the critic as one batch, and there is one loss and one optimiser step, so all
    that is returned was measured at the same parameters. Nothing waits for the device and nothing branches on
    a tensor's value: the step can be captured in a CUDA graph (with a capturable optimiser, and ``generator``
    registered). The penalty's gradient takes no double backward where the critic is piecewise linear layer by layer.

    Parameters
    ----------
    critic : torch.nn.Module
        Maps a batch (n, ...) to scores (n,) or (n, 1).
    optimizer : torch.optim.Optimizer
        Over the parameters of ``critic``.
    x, y : torch.Tensor, shapes (n, ...) and (m, ...)
        Samples of P (real) and of Q (fake), on the critic's device; detached here, so that nothing flows back
        into a generator. The penalties pair their rows and need n = m.
    constraint : {"gp", "one-sided", "clip", "none"}
        Two-sided penalty, one-sided penalty, weights clipped to ``[-clip, clip]`` after the step, or nothing
        (for a critic that is 1-Lipschitz by construction).
    penalty : float
        Coefficient of the penalty. The critic's slope overshoots 1 by about ``W / (2 penalty)``.
    clip : float
        Bound of the weights.
    generator : torch.Generator, optional
        Draws the penalty's mixing weights, on the device of ``x``; see :func:`gradient_penalty`.
    segments : tuple of two torch.Tensor, shapes (k, ...), optional
        The penalty is taken between their rows instead of those of x and y.

    Returns
    -------
    CriticStep
        ``(real, fake, penalty, slope)``, detached 0-d tensors.

    Raises
    ------
    ValueError
        If ``constraint`` is not one of the four, or x and y do not go through the critic.
    TypeError
        If x or y is no tensor.
    InvalidMeasureError
        If x and y do not fit each other in shape or device, or are complex or sparse.

    Examples
    --------
    >>> import torch
    >>> from wdist import dual
    >>> critic = dual.critic("mlp", 2, rng=0)
    >>> adam = torch.optim.Adam(critic.parameters(), lr=0.002)
    >>> draw = torch.Generator().manual_seed(0)
    >>> for _ in range(100):  # two normal laws, 2 apart: W_1 = 2
    ...     x, y = torch.randn(2, 64, 2, generator=draw)
    ...     step = dual.critic_step(critic, adam, x + torch.tensor([2.0, 0.0]), y, generator=draw)
    >>> 1 < float(step.real - step.fake) < 4
    True
    """
    check_choice(constraint, "constraint", get_args(Constraint))
    penalty = check_not_negative(penalty, "penalty", "a coefficient")
    clip = check_positive(clip, "clip", "the bound of the weights")
    check_batches(x, y)
    x, y = x.detach(), y.detach()
    real, fake = _mean_scores(critic, x, y)
    loss = fake - real
    if constraint in ("gp", "one-sided"):
        points = interpolates(*((x, y) if segments is None else segments), generator=generator)
        replayable = is_piecewise_linear(critic)
        slope = norms(replayed_gradient(critic, points)) if replayable else slopes(critic, points)
        excess = excess_slope(slope, one_sided=constraint == "one-sided").mean()
        loss = loss + penalty * excess
    else:
        slope, excess = torch.full_like(loss, torch.nan), torch.zeros_like(loss)
    optimizer.zero_grad(set_to_none=True)
    # Naming the inputs spares the gradient of the interpolates, which nobody asked for.
    loss.backward(inputs=[p for p in critic.parameters() if p.requires_grad])
    optimizer.step()
    if constraint == "clip":
        clip_weights_(critic, clip)
    return CriticStep(real.detach(), fake.detach(), excess.detach(), slope.detach().mean())


def _mean_scores(critic: Callable[[Tensor], Tensor], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    check_batches(x, y)
    if x.dim() == 0 or x.shape[1:] != y.shape[1:] or len(x) == 0 or len(y) == 0:
        raise InvalidMeasureError(
            f"x has shape {tuple(x.shape)} and y {tuple(y.shape)}: give non-empty batches whose rows have one shape"
        )
    batch = torch.cat([x, y])
    try:
        scores = critic(batch)
    except torch.cuda.OutOfMemoryError:
        raise
    except RuntimeError as error:
        raise ValueError(
            f"x and y, a batch of shape {tuple(batch.shape)} and {batch.dtype} on {batch.device}, do not go through "
            f"the critic: {error}"
        ) from error
    if scores.shape not in ((len(batch),), (len(batch), 1)):
        raise ValueError(
            f"critic returned shape {tuple(scores.shape)} for {len(batch)} points: expected a score a point, "
            f"({len(batch)},) or ({len(batch)}, 1)"
        )
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32))  # half precision would round the gap away
    return scores[: len(x)].mean(), scores[len(x) :].mean()
