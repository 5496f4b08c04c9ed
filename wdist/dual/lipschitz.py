"""A certified Lipschitz constant: the product of the layers' operator norms, each rounded up.

A composition's constant is at most the product of its parts'. An affine layer's constant is the spectral norm
of its matrix, taken here from a float64 decomposition, never from a power iteration (which approaches it from
below). A convolution's matrix is not its kernel: the norm depends on stride, padding and image size, and the
norm of the reshaped kernel can lie on either side of it (:mod:`.convolution`). What this module does not know
has constant inf.

The bound speaks of the real function with the stored weights, in evaluation mode; the rounding of its
floating point evaluation comes on top.

References
----------
Miyato et al. (2018), Spectral normalization for GANs, arXiv:1802.05957, section 2.1 (the product).
Virmaux, Scaman (2018), Lipschitz regularity of deep neural networks, arXiv:1805.10965.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch
from torch import nn
from torch.nn.utils.parametrize import type_before_parametrizations

from ..errors import InvalidMeasureError
from .certified import McShane
from .convolution import convolution_norm
from .layers import Affine, GroupSort, MaxMin

__all__ = ["lipschitz_upper_bound"]


def lipschitz_upper_bound(critic: nn.Module, input_shape: Sequence[int] | None = None) -> float:
    """An upper bound of the critic's Lipschitz constant in Euclidean norms; inf if none is known.

    Parameters
    ----------
    critic : torch.nn.Module
        A layer, or nested ``nn.Sequential`` of layers. Known: Linear and Conv2d (parametrised ones too:
        spectral norm, orthogonal), the elementwise activations of PyTorch that are Lipschitz, Flatten,
        Unflatten, Identity, :class:`MaxMin` and the other modules of this package. Anything else, subclasses
        and modules with hooks included, makes the bound inf.
    input_shape : sequence of int, optional
        Shape of one sample, ``(c, h, w)`` for images. Without it a critic with convolutions has bound inf.

    Returns
    -------
    float
        At least the Lipschitz constant of the critic in evaluation mode, its weights as they stand (a
        spectral norm that is power-iterated moves them again with the next training step).

    Raises
    ------
    InvalidMeasureError
        If a sample of ``input_shape`` does not go through the critic.

    Notes
    -----
    The bound is a product over the layers: exact for one layer and for matched orthogonal ones, and otherwise loose
    by a factor that grows with depth, since it does not know which activations can be on together.

    Examples
    --------
    >>> import torch
    >>> from wdist import dual
    >>> layer = torch.nn.Linear(2, 1)
    >>> with torch.no_grad():
    ...     layer.weight[:] = torch.tensor([[3.0, 4.0]])
    >>> round(dual.lipschitz_upper_bound(layer), 9)
    5.0
    >>> dual.lipschitz_upper_bound(torch.nn.Sequential(layer, torch.nn.BatchNorm1d(1)))
    inf
    """
    shape = None if input_shape is None else _sizes(input_shape)
    with torch.no_grad(), _evaluation_mode(critic):
        bound, _ = _bound(critic, shape)
    return bound


def _sizes(given: Any) -> torch.Size:
    try:
        return torch.Size([operator.index(size) for size in given])
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"input_shape is {given!r:.60}: give the sizes of one sample, whole numbers") from None


def _bound(module: nn.Module, shape: torch.Size | None) -> tuple[float, torch.Size | None]:
    """The module's bound, and the shape of what leaves it."""
    if _is_altered(module):
        return math.inf, None
    kind = type_before_parametrizations(module)
    if kind is nn.Sequential:
        bound = 1.0
        for layer in module.children():
            factor, shape = _bound(layer, shape)
            bound = _times(bound, factor)
        return bound, shape
    if isinstance(module, nn.Conv2d) and kind is nn.Conv2d:
        if shape is None:
            return math.inf, None
        if len(shape) != 3:
            raise InvalidMeasureError(
                f"input_shape: a Conv2d receives a sample of shape {tuple(shape)}: it takes (c, h, w)"
            )
        after = _shape_after(module, shape)  # first, as it refuses a shape that does not fit
        return convolution_norm(module, shape), after
    if kind not in _CONSTANT:
        return math.inf, None
    return _CONSTANT[kind](module), _shape_after(module, shape)


def _linear(layer: Any) -> float:
    weight: torch.Tensor = layer.weight.detach().to("cpu", torch.float64)
    if not torch.isfinite(weight).all():
        return math.inf
    norm = float(torch.linalg.svdvals(weight)[0])
    # LAPACK's singular values are off by at most a modest multiple of eps times the norm.
    return norm * (1.0 + 8.0 * max(weight.shape) * torch.finfo(torch.float64).eps)


def _flatten(layer: Any) -> float:
    return 1.0 if layer.start_dim >= 1 else math.inf  # start_dim 0 would merge samples


def _one(layer: Any) -> float:
    return 1.0


def _at_least_one(slope: float) -> float:
    return math.inf if math.isnan(slope) else max(1.0, slope)


_CONSTANT: dict[type[nn.Module], Callable[[Any], float]] = {
    nn.Linear: _linear,
    Affine: lambda layer: abs(float(layer.scale)),
    nn.Flatten: _flatten,
    nn.Unflatten: lambda layer: 1.0 if isinstance(layer.dim, int) and layer.dim >= 1 else math.inf,
    nn.LeakyReLU: lambda layer: _at_least_one(abs(layer.negative_slope)),
    nn.PReLU: lambda layer: _at_least_one(float(layer.weight.detach().abs().max())),
    nn.ELU: lambda layer: _at_least_one(abs(layer.alpha)),
    nn.Sigmoid: lambda layer: 0.25,
    nn.SiLU: lambda layer: 1.0999,  # its largest slope is 1.09984, where x tanh(x / 2) = 2
    nn.GELU: lambda layer: 1.1291,  # 1.12890, at sqrt 2; 1.12899 for the tanh form
    **dict.fromkeys(
        (McShane, MaxMin, GroupSort, nn.Identity, nn.ReLU, nn.ReLU6, nn.Tanh, nn.Softsign, nn.LogSigmoid),
        _one,
    ),
}


def _times(a: float, b: float) -> float:
    if math.isinf(a) or math.isinf(b):
        return math.inf  # also beside a zero: nothing is known of the other layer
    return a * b if a == 1.0 or b == 1.0 else math.nextafter(a * b, math.inf)


def _shape_after(layer: nn.Module, shape: torch.Size | None) -> torch.Size | None:
    if shape is None:
        return None
    like = next(chain(layer.parameters(), layer.buffers()), torch.zeros(()))
    try:
        answer: torch.Tensor = layer(torch.zeros(1, *shape, dtype=like.dtype, device=like.device))
    except RuntimeError as error:
        raise InvalidMeasureError(
            f"input_shape: samples of shape {tuple(shape)} do not go through {type(layer).__name__}: {error}"
        ) from None
    return answer.shape[1:]


def _is_altered(module: nn.Module) -> bool:
    """Whether hooks or a replaced ``forward`` make the module something else than its class says."""
    return bool(module._forward_hooks or module._forward_pre_hooks or "forward" in vars(module))


@contextmanager
def _evaluation_mode(critic: nn.Module) -> Any:
    """Evaluation mode for the block: a spectral norm reads its weight without another power iteration."""
    training = [module for module in critic.modules() if module.training]
    critic.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
