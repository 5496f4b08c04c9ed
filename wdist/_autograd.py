"""Gradients by the envelope theorem: the optimum's derivative is that of the objective with the optimiser held fixed.

Every distance here is the optimum of a linear programme or a Procrustes problem; to differentiate the solver's own
steps (an SVD, a simplex) would be slow at best and NaN at ties. torch is loaded already when this module is used:
its caller holds a tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

__all__ = ["with_gradient"]

Gradients = Callable[[torch.Tensor], Sequence[torch.Tensor | None]]


def with_gradient(value: torch.Tensor, inputs: Sequence[torch.Tensor], gradients: Gradients) -> torch.Tensor:
    """Give a detached ``value`` of any batch shape a gradient with respect to ``inputs``.

    Parameters
    ----------
    value : torch.Tensor, shape (...)
    inputs : sequence of torch.Tensor
        Each with the value's batch axes (broadcast) in front of its own.
    gradients : callable
        Called at a backward pass with the derivative by ``value``, detached: one derivative of ``value`` per input, of
        shape value.shape + the input's own axes, or None. It may raise where one is infinite and asked for.
    """
    if not any(x.requires_grad for x in inputs):
        return value
    result: torch.Tensor = _Envelope.apply(value, gradients, *inputs)  # type: ignore[no-untyped-call]  # it is torch's
    return result


class _Envelope(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: torch.Tensor, gradients: Gradients, *inputs: torch.Tensor) -> torch.Tensor:
        ctx.gradients = gradients
        ctx.save_for_backward(*inputs)
        return value.clone()

    @staticmethod
    def backward(ctx: Any, upstream: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        inputs = ctx.saved_tensors
        products: list[torch.Tensor | None] = []
        for derivative, x in zip(ctx.gradients(upstream.detach()), inputs, strict=True):
            if derivative is None:
                products.append(None)
                continue
            own = derivative.ndim - upstream.ndim
            product = (upstream.detach()[(..., *[None] * own)] * derivative).sum_to_size(x.shape)
            # Under create_graph=True the product would pass for a constant, and a second derivative for 0.
            if torch.is_grad_enabled():
                product = _Once.apply(product, upstream, *inputs)  # type: ignore[no-untyped-call]  # it is torch's
            products.append(product)
        return None, None, *products


class _Once(torch.autograd.Function):
    """A first derivative that refuses to be differentiated: a second one would need the optimiser's own."""

    @staticmethod
    def forward(ctx: Any, derivative: torch.Tensor, *inputs: torch.Tensor) -> torch.Tensor:
        return derivative.clone()

    @staticmethod
    def backward(ctx: Any, upstream: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        raise RuntimeError(
            "a distance of wdist was differentiated twice, and only its first derivative exists here: "
            "keep what is built on the gradient out of the loss, or detach it"
        )
