"""Critics that are 1-Lipschitz exactly, whatever they are given.

McShane (1934): for any numbers v_i at points a_i,

    upper(x) = min_i (v_i + |x - a_i|),      lower(x) = max_i (v_i - |x - a_i|)

are 1-Lipschitz, as a minimum and a maximum of 1-Lipschitz functions. Where the data are 1-Lipschitz
themselves, |v_i - v_j| <= |a_i - a_j|, both pass through them, and every 1-Lipschitz function that does lies
between: lower <= f <= upper. Where they are not, upper is the largest 1-Lipschitz function below the data,
and lower the smallest above. So any potentials, a linear programme's or a network's values, become a critic
that certifies a lower bound of W_1 on fresh samples.

Reference: E. J. McShane (1934), Extension of range of functions, Bull. Amer. Math. Soc. 40, 837-842.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn

from .._arrays import power_of_two
from ..errors import InvalidMeasureError
from ..measures import as_samples
from ..settings import check_choice
from .batches import check_batch

__all__ = ["McShane", "mcshane"]

_CHUNK = 2**22  # distances held at a time, 32 MiB in float64


def mcshane(values: Any, anchors: Any, *, side: Literal["lower", "upper"]) -> McShane:
    """The 1-Lipschitz extension of ``values`` at ``anchors`` to the whole space.

    Parameters
    ----------
    values : array_like or torch.Tensor, shape (m,)
        Finite real numbers.
    anchors : array_like or torch.Tensor, shape (m,) or (m, d)
        The points they belong to.
    side : {"lower", "upper"}
        ``"upper"``: ``min_i (v_i + |x - a_i|)``, the largest extension: it never exceeds v_i at a_i.
        ``"lower"``: ``max_i (v_i - |x - a_i|)``, the smallest: it is never below v_i at a_i. Both equal v_i
        there when the data are 1-Lipschitz. Which of the two gives the larger objective depends on the
        problem: choose on a validation sample.

    Returns
    -------
    McShane
        A module: points (n, d) in the dtype and on the device of ``anchors`` (float64 for arrays, float32 for tensors
        in half precision) to scores (n,). Memory is that of a few million distances, whatever n and m are.

    Raises
    ------
    InvalidMeasureError
        If values and anchors do not fit each other, are empty, or are not finite real numbers.
    ValueError
        If ``side`` is neither.

    Examples
    --------
    >>> import torch
    >>> from wdist import dual
    >>> middle = torch.tensor([[1.0]], dtype=torch.float64)
    >>> upper, lower = (dual.mcshane([0.0, 1.0], [0.0, 2.0], side=side) for side in ("upper", "lower"))
    >>> upper(middle).item(), lower(middle).item()
    (1.0, 0.0)
    """
    points, heights = as_samples(anchors, "anchors"), as_samples(values, "values")
    if heights.dim != 1 or len(heights) != len(points):
        raise InvalidMeasureError(
            f"values is {len(heights)} numbers of dimension {heights.dim} beside {len(points)} anchors: "
            "give one number each"
        )
    tensor = isinstance(points.points, Tensor)
    dtype = torch.promote_types(points.dtype, torch.float32) if tensor else torch.float64
    a = torch.as_tensor(points.points).detach().to(dtype)
    v = torch.as_tensor(heights.points[:, 0]).detach().to(a)
    return McShane(v, a, side)


class McShane(nn.Module):
    """What :func:`mcshane` returns: buffers ``values`` (m,) and ``anchors`` (m, d), and a ``side``."""

    values: Tensor
    anchors: Tensor

    def __init__(self, values: Tensor, anchors: Tensor, side: Literal["lower", "upper"]):
        super().__init__()
        self.side = check_choice(side, "side", ("lower", "upper"))
        self.register_buffer("values", values)
        self.register_buffer("anchors", anchors)

    def forward(self, x: Tensor) -> Tensor:
        check_batch(x, "x", floating=True)
        if x.dim() == 0 or x[:1].numel() not in (0, self.anchors.shape[1]):
            raise InvalidMeasureError(f"x has shape {tuple(x.shape)}: expected (n, {self.anchors.shape[1]})")
        x = x.reshape(len(x), -1)
        rows = max(1, _CHUNK // len(self.anchors))
        return torch.cat([self._extend(chunk) for chunk in x.split(rows)])

    def _extend(self, x: Tensor) -> Tensor:
        # Through |x|^2 - 2xa + |a|^2 short distances would lose half their digits: not 1-Lipschitz any more.
        unit = power_of_two(float(self.anchors.abs().max()))  # lengths whose squares are no floats are lengths
        pair = x / unit, self.anchors / unit
        distance = unit * torch.cdist(*pair, compute_mode="donot_use_mm_for_euclid_dist")
        if self.side == "upper":
            return (self.values + distance).amin(1)
        return (self.values - distance).amax(1)

    def extra_repr(self) -> str:
        return f"m={len(self.anchors)}, side={self.side!r}"
