r"""The sliced distance: W_p of one-dimensional shadows, averaged over directions.

.. math:: SW_p(P, Q) = \Big( \mathbb{E}_\theta \, W_p^p(\theta^\top P, \theta^\top Q) \Big)^{1/p},
   \qquad \theta \text{ uniform on the sphere}

(Bonneel, Rabin, Peyré and Pfister, 2015, doi:10.1007/s10851-014-0506-3). A distance of its own, never above W_p, and
not an approximation of it: for a translation by t in R^d, SW_2 is |t| / sqrt(d).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._arrays import Array, common_kind, is_tensor, namespace, to_numpy, widest
from .coupling import coupling_distance
from .measures import as_samples, check_p, same_dimension
from .result import Result

__all__ = ["sliced"]

_BLOCK = 2**22  # projected coordinates held together
_Z = 2.5758293035489004  # 99 % two-sided


def sliced(x: Any, y: Any, *, p: float, n_projections: int = 256, rng: Any = None) -> Result:
    """The sliced Wasserstein distance SW_p, estimated over random directions.

    Parameters
    ----------
    x, y : array_like, torch.Tensor or Samples, shape (n, d) and (m, d)
    p : float
        The exponent, in [1, inf).
    n_projections : int
        Random directions, at least 2.
    rng : None, int or numpy.random.Generator
        Source of the directions.

    Returns
    -------
    Result
        ``kind="estimate"``, ``method="sliced"``: an estimate of SW_p, not of W_p. ``stderr`` is its standard error and
        ``lower``, ``upper`` a 99 % normal interval, both over the choice of directions only. On the line (d = 1) every
        direction gives the same distance, and the error is 0. With torch input ``distance`` is a tensor with gradient.

    Raises
    ------
    InvalidMeasureError
        If an argument is not a set of points, or the dimensions differ.
    """
    p = check_p(p, finite=True)
    x, y = as_samples(x, "x"), as_samples(y, "y")
    same_dimension(x, y, ("x", "y"))
    if isinstance(n_projections, bool) or not isinstance(n_projections, int | np.integer) or n_projections < 2:
        raise ValueError(f"n_projections is {n_projections!r}: give a whole number of at least 2")
    normals = np.random.default_rng(rng).standard_normal((int(n_projections), x.dim))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    x_points, y_points, a, b, directions = common_kind(x.points, y.points, x.weights, y.weights, normals)

    distances = _shadows(x_points, y_points, a, b, directions, p)
    xp = namespace(distances)
    # Powers of distances relative to the largest neither overflow nor vanish together.
    values = to_numpy(distances)
    scale = float(values.max()) or 1.0
    costs = xp.sum((distances / scale) ** p) / len(values)
    apart = bool(values.max() > 0)
    distance = scale * costs ** (1 / p) if apart else xp.sum(distances) * 0.0

    mean, stderr = float(to_numpy(distance)), 0.0
    if x.dim > 1 and apart:
        relative = np.std((values / scale) ** p, ddof=1) / math.sqrt(len(values)) / float(to_numpy(costs))
        stderr = mean * float(relative) / p  # by the delta method
    stats = {"n_projections": len(values), "confidence_level": 0.99}
    if is_tensor(distance):
        distance = distance.to(widest(z.dtype for z in (x, y) if is_tensor(z.points)))
        rounded = float(distance.detach())
    else:
        distance = rounded = mean
    lower, upper = max(min(mean - _Z * stderr, rounded), 0.0), max(mean + _Z * stderr, rounded)
    return Result(distance, p, lower, upper, "estimate", "sliced", None, None, stderr, stats)


def _shadows(x: Array, y: Array, a: Array | None, b: Array | None, directions: Array, p: float) -> Array:
    """W_p of the projections on each direction, some directions at a time."""
    xp = namespace(x)
    step = max(_BLOCK // max(x.shape[0], y.shape[0]), 1)
    parts = []
    for first in range(0, directions.shape[0], step):
        block = directions[first : first + step]
        parts.append(
            coupling_distance(block @ xp.matrix_transpose(x), block @ xp.matrix_transpose(y), a, b, p)
        )
    return xp.concat(parts)
