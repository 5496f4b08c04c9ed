"""Holding a critic near slope one: the gradient penalty, and weight clipping.

A 1-Lipschitz critic has |grad f| <= 1 everywhere, and an optimal one has |grad f| = 1 almost everywhere on
the segments along which mass moves (Gulrajani et al. 2017, Proposition 1). The penalty asks for that on
random points of random segments between the two samples,

    (|grad f(z)| - 1)^2,    z = u x + (1 - u) y,    u ~ U(0, 1), one u a pair;

its one-sided form relu(|grad f(z)| - 1)^2 asks only for |grad f| <= 1, which is all that the dual problem
requires: it leaves the critic free to be flat where the optimal one has a kink. Clipping the weights
(Arjovsky et al. 2017) bounds the slope too, at a constant that the clip does not tell.

References
----------
Gulrajani et al. (2017), Improved training of Wasserstein GANs, arXiv:1704.00028,
section 4. Petzka, Fischer, Lukovnikov (2018), On the regularization of Wasserstein GANs, arXiv:1709.08894
(one-sided form). Arjovsky, Chintala, Bottou (2017), Wasserstein GAN, arXiv:1701.07875, algorithm 1.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..errors import InvalidMeasureError
from ..settings import check_number
from .batches import check_batch, check_batches

__all__ = ["clip_weights_", "excess_slope", "gradient_penalty", "interpolates", "norms", "slopes"]


def gradient_penalty(
    critic: Callable[[Tensor], Tensor],
    x: Tensor,
    y: Tensor,
    *,
    one_sided: bool = False,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Squared deviation of the critic's slope from one, at one random point between each x[i] and y[i].

    Parameters
    ----------
    critic : callable
        Maps a batch (n, ...) to scores (n,) or (n, 1), each score a function of its own row alone (no batch
        normalisation).
    x, y : torch.Tensor, shape (n, ...)
        Equally many points (n, d), images (n, c, h, w) or anything else of one shape; real numbers.
    one_sided : bool
        Punish only slopes above one.
    generator : torch.Generator, optional
        Draws the mixing weights, on the device of ``x``. None: fresh entropy of the operating system;
        PyTorch's global generator is never used. Inside a CUDA graph it must be given, and registered with
        the graph.

    Returns
    -------
    torch.Tensor, shape (n,)
        ``(|grad| - 1)**2`` or ``relu(|grad| - 1)**2``, a value a sample. Differentiable, twice, in the
        critic's parameters and in x and y (under ``torch.no_grad()``: values only).

    Raises
    ------
    TypeError
        If x or y is no tensor.
    InvalidMeasureError
        If x and y differ in shape, dtype or device, or are empty, sparse or not floating point.

    Examples
    --------
    >>> import torch
    >>> from wdist import dual
    >>> x, y = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [0.0]])
    >>> dual.gradient_penalty(lambda z: 3 * z[:, 0], x, y).tolist()  # slope 3: (3 - 1)**2
    [4.0, 4.0]
    """
    return excess_slope(slopes(critic, interpolates(x, y, generator=generator)), one_sided=one_sided)


def excess_slope(slope: Tensor, *, one_sided: bool = False) -> Tensor:
    """The penalty of given slopes: ``(slope - 1)**2``, or ``relu(slope - 1)**2``."""
    excess = slope - 1
    return (excess.relu() if one_sided else excess).square()


def interpolates(x: Tensor, y: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
    """``u x + (1 - u) y`` with one uniform u per pair of rows; parameters as in :func:`gradient_penalty`."""
    check_batches(x, y, floating=True)
    if x.shape != y.shape or x.dtype != y.dtype:
        raise InvalidMeasureError(
            f"x has shape {tuple(x.shape)} ({x.dtype}) and y {tuple(y.shape)} ({y.dtype}): the penalty "
            "pairs their rows, so give batches of one shape and dtype"
        )
    if x.dim() == 0 or len(x) == 0:
        raise InvalidMeasureError(f"x and y have shape {tuple(x.shape)}: give non-empty batches")
    if generator is None:
        generator = torch.Generator(device=x.device)
        generator.seed()
    mixing = torch.rand(len(x), *[1] * (x.dim() - 1), generator=generator, device=x.device, dtype=x.dtype)
    return torch.lerp(y, x, mixing)


def slopes(critic: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """Euclidean norm of the critic's gradient at each of ``points`` (n, ...), as (n,).

    Differentiable in the parameters. Where the gradient vanishes the result is the dtype's epsilon, with derivative 0.

    Examples
    --------
    >>> import torch
    >>> from wdist import dual
    >>> dual.slopes(lambda z: z.square().sum(1), torch.tensor([[3.0, 4.0], [0.6, 0.8]])).tolist()
    [10.0, 2.0]
    """
    check_batch(points, "points", floating=True)
    create_graph = torch.is_grad_enabled()
    with torch.enable_grad():
        if not points.requires_grad:
            points = points.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(critic(points).sum(), points, create_graph=create_graph)
        norm = norms(gradient)
    return norm if create_graph else norm.detach()


def norms(gradient: Tensor) -> Tensor:
    """Euclidean norm of each row of gradients (n, ...), as (n,): differentiable at 0 too, with derivative 0 there."""
    gradient = gradient.reshape(len(gradient), -1)
    gradient = gradient.to(torch.promote_types(gradient.dtype, torch.float32))  # half precision would overflow
    # The square root of eps^2 is below the rounding of any slope near one, and keeps sqrt'(0) finite.
    return (gradient.square().sum(1) + torch.finfo(gradient.dtype).eps ** 2).sqrt()


def clip_weights_(critic: nn.Module, c: float) -> None:
    """Clamp every parameter of ``critic`` into [-c, c], in place.

    What Lipschitz constant this leaves depends on the architecture: see :func:`lipschitz_upper_bound`.

    Examples
    --------
    >>> import torch
    >>> from wdist import dual
    >>> layer = torch.nn.Linear(2, 1)
    >>> dual.clip_weights_(layer, 0.25)
    >>> all(bool(w.abs().max() <= 0.25) for w in layer.parameters())
    True
    """
    c = check_number(c, "c", "a positive bound")
    if not c > 0.0:
        raise ValueError(f"c is {c:g}: clip to a positive bound")
    with torch.no_grad():
        for parameter in critic.parameters():
            parameter.clamp_(-c, c)
