"""The slope of a piecewise linear critic without double backward.

A sequence of affine layers and leaky ReLUs is, near almost every point z, the affine map

    f(z) = W_L D_L W_(L-1) ... D_1 W_1 z + const,

where the diagonal D_k holds the derivatives of activation k, which depend on z only through the signs of what
enters it. Its gradient is the transposed product, ``grad f(z) = W_1' D_1 ... D_L W_L'``: one pass over the
layers in reverse with the transposes of their weights. The D_k are locally constant, so differentiating that
pass in the weights, D_k held fixed, is differentiating the gradient itself: a penalty on the slope costs a
forward pass, the reverse pass, and one ordinary backward through the latter, instead of a backward through a
backward.

References
----------
Griewank, Walther (2008), Evaluating Derivatives, 2nd ed., SIAM, section 3.2 (the reverse pass as a program).
Gulrajani et al. (2017), Improved training of Wasserstein GANs, arXiv:1704.00028, section 4 (the penalty).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from .layers import Affine, MaxMin

__all__ = ["is_piecewise_linear", "replayed_gradient"]

Adjoint = Callable[[Tensor], Tensor]  # from the gradient at a layer's output to the one at its input


def is_piecewise_linear(critic: nn.Module) -> bool:
    """Whether :func:`replayed_gradient` knows every layer: a plain ``Sequential`` (nested ones too) without
    hooks of ``Linear``, ``Conv2d``, ``Flatten``, ``ReLU``, ``LeakyReLU``, ``MaxMin``, ``Affine``, ``Identity``.
    """
    return type(critic) is nn.Sequential and _is_known(critic)


def replayed_gradient(critic: nn.Module, points: Tensor) -> Tensor:
    """The gradient of a piecewise linear critic at each of ``points``, in their shape (n, ...).

    Differentiable in the critic's parameters, and equal to double backward there, kinks included (where both take
    the same one-sided derivative); constant in ``points``, as it is almost everywhere. Weights are read once, so a
    power iteration of spectral normalisation advances once, as in a forward pass. Computed outside autocast, in the
    precision of the parameters.
    """
    with _full_precision(points.device.type):
        x, adjoints = points.detach(), list[Adjoint]()
        for layer in _leaves(critic):
            x, adjoint = _RULES[parametrize.type_before_parametrizations(layer)](layer, x)
            adjoints.append(adjoint)
        gradient = torch.ones_like(x)
        for adjoint in reversed(adjoints):
            gradient = adjoint(gradient)
    return gradient


def _full_precision(device: str) -> AbstractContextManager[Any]:
    available = torch.amp.is_autocast_available(device)
    return torch.autocast(device, enabled=False) if available else nullcontext()


def _leaves(critic: nn.Module) -> Iterator[nn.Module]:
    for layer in critic.children():
        if type(layer) is nn.Sequential:
            yield from _leaves(layer)
        else:
            yield layer


def _is_known(layer: nn.Module) -> bool:
    if any((layer._forward_hooks, layer._forward_pre_hooks, layer._backward_hooks, layer._backward_pre_hooks)):
        return False
    if type(layer) is nn.Sequential:
        return all(map(_is_known, layer.children()))
    if isinstance(layer, nn.Conv2d) and (layer.padding_mode != "zeros" or isinstance(layer.padding, str)):
        return False
    return parametrize.type_before_parametrizations(layer) in _RULES


# Each rule: the layer's output without a graph, and its adjoint at that point.


def _linear(layer: nn.Linear, x: Tensor) -> tuple[Tensor, Adjoint]:
    weight = layer.weight
    return F.linear(x, weight.detach(), _detached(layer.bias)), lambda g: g @ weight


def _convolution(layer: nn.Conv2d, x: Tensor) -> tuple[Tensor, Adjoint]:
    weight, kernel = layer.weight, layer.kernel_size
    stride, padding, dilation = layer.stride, cast(tuple[int, ...], layer.padding), layer.dilation
    y = F.conv2d(x, weight.detach(), _detached(layer.bias), stride, padding, dilation, layer.groups)
    # Rows and columns at the far border that a stride leaves over: the transpose has to be told of them.
    used = [(y.shape[i - 2] - 1) * stride[i] - 2 * padding[i] + dilation[i] * (kernel[i] - 1) + 1 for i in (0, 1)]
    rest = [x.shape[i - 2] - used[i] for i in (0, 1)]
    return y, lambda g: F.conv_transpose2d(g, weight, None, stride, padding, rest, layer.groups, dilation)


def _leaky(layer: nn.LeakyReLU, x: Tensor) -> tuple[Tensor, Adjoint]:
    return _activation(x, layer.negative_slope)


def _relu(layer: nn.ReLU, x: Tensor) -> tuple[Tensor, Adjoint]:
    return _activation(x, 0.0)


def _activation(x: Tensor, slope: float) -> tuple[Tensor, Adjoint]:
    # 1 or the slope, from vectorised operations alone: filling by a mask takes thirty times as long on a CPU.
    factor = x.sign().clamp_(min=0).mul_(1 - slope).add_(slope)
    return x * factor, lambda g: g * factor


def _max_min(layer: MaxMin, x: Tensor) -> tuple[Tensor, Adjoint]:
    a, b = x.chunk(2, dim=1)
    larger = ((a - b).sign() + 1) / 2  # 1/2 where they tie, as torch.maximum has it

    def adjoint(g: Tensor) -> Tensor:
        top, bottom = g.chunk(2, dim=1)
        return torch.cat([torch.lerp(bottom, top, larger), torch.lerp(top, bottom, larger)], dim=1)

    return layer(x), adjoint


def _affine(layer: Affine, x: Tensor) -> tuple[Tensor, Adjoint]:
    return layer(x), lambda g: g * layer.scale


def _flatten(layer: nn.Flatten, x: Tensor) -> tuple[Tensor, Adjoint]:
    shape = x.shape
    return layer(x), lambda g: g.reshape(shape)


def _identity(layer: nn.Module, x: Tensor) -> tuple[Tensor, Adjoint]:
    return x, lambda g: g


def _detached(bias: Tensor | None) -> Tensor | None:
    return None if bias is None else bias.detach()


_RULES: dict[type, Callable[[Any, Tensor], tuple[Tensor, Adjoint]]] = {
    nn.Linear: _linear,
    nn.Conv2d: _convolution,
    nn.LeakyReLU: _leaky,
    nn.ReLU: _relu,
    nn.Flatten: _flatten,
    nn.Identity: _identity,
    MaxMin: _max_min,
    Affine: _affine,
}
