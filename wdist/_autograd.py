"""Gradients by the envelope theorem: the optimum's derivative is that of the objective with the optimiser held fixed.

Every distance here is the optimum of a linear programme or a Procrustes problem; to differentiate the solver's own
steps (an SVD, a simplex) would be slow at best and NaN at ties. torch is loaded already when this module is used:
its caller holds a tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.autograd.function import once_differentiable

__all__ = ["with_gradient"]

Gradients = Callable[[], Sequence[torch.Tensor | None]]


def with_gradient(value: torch.Tensor, inputs: Sequence[torch.Tensor], gradients: Gradients) -> torch.Tensor:
    """Give a detached ``value`` of any batch shape a gradient with respect to ``inputs``.

    Parameters
    ----------
    value : torch.Tensor, shape (...)
    inputs : sequence of torch.Tensor
        Each with the value's batch axes (broadcast) in front of its own.
    gradients : callable
        Called at the first backward pass: one derivative per input, of shape value.shape + the input's own axes.
        It may raise where the derivative is infinite.
    """
    if not any(x.requires_grad for x in inputs):
        return value
    return _Envelope.apply(value, gradients, *inputs)  # type: ignore[no-any-return, no-untyped-call]


class _Envelope(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: torch.Tensor, gradients: Gradients, *inputs: torch.Tensor) -> torch.Tensor:
        ctx.gradients = gradients
        ctx.shapes = [x.shape for x in inputs]
        return value.clone()

    @staticmethod
    @once_differentiable  # a second derivative would need the optimiser's own: refused rather than wrong
    def backward(ctx: Any, upstream: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        products = []
        for derivative, shape in zip(ctx.gradients(), ctx.shapes, strict=True):
            if derivative is None:
                products.append(None)
                continue
            own = derivative.ndim - upstream.ndim
            products.append((upstream[(..., *[None] * own)] * derivative).sum_to_size(shape))
        return None, None, *products
