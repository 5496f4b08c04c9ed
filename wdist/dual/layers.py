"""Layers whose Lipschitz constant is known exactly.

Sorting features permutes them, whatever they are, so its Jacobian is a permutation matrix almost everywhere:
1-Lipschitz, and gradients keep their norm, where a ReLU loses half of them.

Reference: Anil, Lucas, Grosse (2019), Sorting out Lipschitz function approximation, arXiv:1811.05381, section
4.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..errors import InvalidMeasureError
from ..settings import check_count
from .batches import check_batch

__all__ = ["Affine", "GroupSort", "MaxMin"]


class MaxMin(nn.Module):
    """GroupSort with groups of two: feature i and feature i + c/2 leave as their maximum and their minimum.

    Input (n, c, ...) with even c; output of the same shape.

    Examples
    --------
    >>> import torch
    >>> from wdist import dual
    >>> dual.MaxMin()(torch.tensor([[1.0, 2.0, 5.0, 0.0]])).tolist()
    [[5.0, 2.0, 1.0, 0.0]]
    """

    def forward(self, x: Tensor) -> Tensor:
        _check_features(x, 2)
        a, b = x.chunk(2, dim=1)
        return torch.cat([torch.maximum(a, b), torch.minimum(a, b)], dim=1)


class GroupSort(nn.Module):
    """Sorts the features of every group of ``size`` neighbours, ascending; None: all features are one group.

    Input (n, c, ...) with c a multiple of ``size``; output of the same shape.

    Examples
    --------
    >>> import torch
    >>> from wdist import dual
    >>> dual.GroupSort(2)(torch.tensor([[3.0, 1.0, 2.0, 4.0]])).tolist()
    [[1.0, 3.0, 2.0, 4.0]]
    """

    def __init__(self, size: int | None = None):
        super().__init__()
        self.size = None if size is None else check_count(size, "size", 1)

    def forward(self, x: Tensor) -> Tensor:
        _check_features(x, self.size or 1)
        if self.size is None:
            return x.sort(dim=1).values
        groups: Tensor = x.unflatten(1, (-1, self.size))
        return groups.sort(dim=2).values.flatten(1, 2)

    def extra_repr(self) -> str:
        return f"size={self.size}"


class Affine(nn.Module):
    """``scale * (x - shift)`` with a fixed number ``scale`` and a fixed ``shift`` (a number or a row)."""

    scale: Tensor
    shift: Tensor

    def __init__(self, scale: Tensor, shift: Tensor):
        super().__init__()
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)

    def forward(self, x: Tensor) -> Tensor:
        check_batch(x, "x", floating=True)
        return self.scale * (x - self.shift)


def _check_features(x: Tensor, group: int) -> None:
    check_batch(x, "x")
    if x.dim() < 2 or x.shape[1] % group:
        raise InvalidMeasureError(
            f"x has shape {tuple(x.shape)}: expected (n, c, ...) with c features that make groups of {group}"
        )
