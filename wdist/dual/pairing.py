"""Where a penalty looks: between points that an optimal plan might join.

A critic's slope is 1 on the segments along which mass moves, and the penalty has to keep it there. Segments between
random points of P and Q fill the space evenly; in many dimensions they hardly come near the ones that matter, and a
critic with enough freedom grows too steep on those: a value too large, by a bias that no law describes. Joined to its
nearest neighbour in a minibatch of the other side, a point names a segment much closer to an optimal one.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["near_pairs"]


def near_pairs(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Rows of x (n, d) and of y (n, d) to be joined, n pairs.

    The first half of x goes to its nearest points of y, the second half of y to its nearest of x. Without a wait for
    the device.
    """
    half = len(x) // 2
    near_y = torch.cdist(x[:half], y).argmin(1)
    near_x = torch.cdist(y[half:], x).argmin(1)
    return torch.cat([x[:half], x[near_x]]), torch.cat([y[near_y], y[half:]])
