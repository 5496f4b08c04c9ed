"""Orthogonal weights by Björck's iteration.

For a matrix A with singular values in (0, sqrt 3),

    A <- A (3/2 I - 1/2 A' A)

sends every singular value s to s (3 - s^2) / 2 and leaves the singular vectors alone: the limit, reached quadratically,
is the nearest matrix with orthonormal columns. From s <= 2 on no iterate exceeds norm 1, so that stopping early costs
tightness only. A trained weight is close to orthogonal already, as its last step was small, and a few steps do.

The start is made safe by a bound of the norm that is cheap and differs from it by little:

    |A| <= (sum_i s_i^8)^(1/8) = |(A' A)^2|_F^(1/4) <= r^(1/8) |A|,    r the rank.

References
----------
Björck, Bowie (1971), An iterative algorithm for computing the best estimate of an orthogonal matrix, SIAM J. Numer.
Anal. 8, 358-364.
Anil, Lucas, Grosse (2019), Sorting out Lipschitz function approximation, arXiv:1811.05381, section 4.2.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..errors import InvalidMeasureError
from ..settings import check_count
from .batches import check_batch

__all__ = ["Bjorck"]

_LARGEST_START = 1.9  # below 2, the last start from which no iterate exceeds norm 1


class Bjorck(nn.Module):
    """A parametrization (``torch.nn.utils.parametrize``): the weight (m, n), made orthogonal by rows or columns.

    An orthogonal weight is left as it is, whatever number it is multiplied by.
    """

    def __init__(self, iterations: int = 3):
        super().__init__()
        self.iterations = check_count(iterations, "iterations", 0)

    def forward(self, weight: Tensor) -> Tensor:
        check_batch(weight, "weight", floating=True)
        if weight.dim() != 2:
            raise InvalidMeasureError(f"weight has shape {tuple(weight.shape)}: expected a matrix (m, n)")
        tall = weight if weight.shape[0] >= weight.shape[1] else weight.mT
        tall = tall * _start(tall.detach()).to(tall.dtype)
        for _ in range(self.iterations):
            tall = 1.5 * tall - 0.5 * tall @ (tall.mT @ tall)
        return tall if weight.shape[0] >= weight.shape[1] else tall.mT

    def extra_repr(self) -> str:
        return f"iterations={self.iterations}"


def _start(tall: Tensor) -> Tensor:
    """The factor that brings the largest singular value to between 1 and `_LARGEST_START`, others in proportion."""
    tall = tall.to(torch.promote_types(tall.dtype, torch.float32))  # half precision has no room for fourth powers
    gram = tall.mT @ tall
    bound = torch.linalg.matrix_norm(gram @ gram).clamp_min(torch.finfo(tall.dtype).tiny) ** 0.25
    start: Tensor = min(tall.shape[1] ** 0.125, _LARGEST_START) / bound
    return start
