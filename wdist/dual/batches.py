"""What a critic takes: dense tensors of real numbers. Nothing here looks at a value, so nothing waits for a device."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..errors import InvalidMeasureError

__all__ = ["check_batch", "check_batches"]


def check_batch(x: Any, name: str, *, floating: bool = False) -> None:
    """Refuse what is no dense tensor of real numbers; with ``floating`` of whole numbers too, which have no slopes."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{name} is a {type(x).__name__}: give a torch.Tensor (torch.as_tensor makes one of an array)")
    if x.layout is not torch.strided or x.is_complex():
        found = "complex numbers" if x.is_complex() else f"data of layout {x.layout}"
        raise InvalidMeasureError(f"{name} holds {found}: give a dense tensor of real numbers")
    if floating and not x.is_floating_point():
        raise InvalidMeasureError(f"{name} holds {x.dtype}: give floating point numbers ({name}.float() makes some)")


def check_batches(x: Any, y: Any, *, floating: bool = False) -> None:
    """The same of two batches, which have to be on one device."""
    check_batch(x, "x", floating=floating)
    check_batch(y, "y", floating=floating)
    if x.device != y.device:
        raise InvalidMeasureError(f"x is on the device {x.device} and y on {y.device}: move them to one")
