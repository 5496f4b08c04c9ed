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
from scipy.special import stdtrit

from ._arrays import Array, as_float64, common_kind, detached, is_tensor, namespace, to_numpy, widest
from .coupling import coupling_distance
from .directions import spread
from .measures import Samples, as_samples, same_dimension
from .result import Result
from .settings import check_count, check_p, generator_of

__all__ = ["shadows", "sliced"]

_BLOCK = 2**20  # projected coordinates held together
_MOVED = 2**18  # coordinates of points moved together
_LEVEL = 0.99


def sliced(x: Any, y: Any, *, p: float, n_projections: int = 256, directions: Any = None, rng: Any = None) -> Result:
    """The sliced Wasserstein distance SW_p, estimated over random directions.

    Parameters
    ----------
    x, y : array_like, torch.Tensor or Samples, shape (n, d) and (m, d)
        Weights and sizes may differ.
    p : float
        The exponent, in [1, inf).
    n_projections : int
        Random directions, at least 2. They are spread evenly in independent groups: in the plane and in space the error
        is that of many times as many independent ones.
    directions : array_like, shape (k, d), optional
        Use these, each divided by its length, in place of random ones: k independent draws, as far as the error is
        concerned.
    rng : None, int or numpy.random.Generator
        Source of the directions.

    Returns
    -------
    Result
        ``kind="estimate"``, ``method="sliced"``: an estimate of SW_p, not of W_p. ``stderr`` is its standard error and
        ``lower``, ``upper`` a 99 % interval of Student's, both over the choice of directions only, for these very
        points. On the line (d = 1) every direction gives the same distance, and the error is 0. With torch input
        ``distance`` is a tensor on the same device, with gradient.

    Raises
    ------
    InvalidMeasureError
        If an argument is not a set of points, or the dimensions differ.
    ValueError
        If p or n_projections is out of range, or a direction is 0.

    Notes
    -----
    O(k n (d + log n)) time for k directions, O(n) memory beside the input and k numbers.

    Examples
    --------
    >>> import wdist
    >>> r = wdist.sliced([[0.0, 0.0], [1.0, 0.0]], [[3.0, 4.0], [4.0, 4.0]], p=2, rng=0)
    >>> round(r.distance, 6), round((5**2 / 2) ** 0.5, 6)  # a translation by t: |t| / sqrt(d)
    (3.535534, 3.535534)
    """
    p = check_p(p, finite=True)
    x, y = as_samples(x, "x"), as_samples(y, "y")
    same_dimension(x, y, ("x", "y"))
    thetas, begins = _directions(directions, n_projections, x.dim, rng)
    distances = shadows(x, y, thetas, p)
    xp = namespace(distances)
    # Powers of distances relative to the largest neither overflow nor vanish together.
    values = to_numpy(distances)
    scale = float(values.max()) or 1.0
    apart = bool(values.max() > 0)
    cost = xp.mean((distances / scale) ** p)
    distance = scale * cost ** (1 / p) if apart else xp.sum(distances) * 0.0

    value, error = float(to_numpy(cost)), _error((values / scale) ** p, begins) if x.dim > 1 else 0.0
    width = float(stdtrit(max(len(begins) - 1, 1), (1 + _LEVEL) / 2)) * error
    mean = float(to_numpy(distance))
    stderr = mean * error / value / p if apart else 0.0  # by the delta method
    lower, upper = (scale * max(c, 0.0) ** (1 / p) for c in (value - width, value + width))
    if is_tensor(distance):
        distance = distance.to(widest(z.dtype for z in (x, y) if is_tensor(z.points)))
        mean = float(distance.detach())
    else:
        distance = mean
    stats = {"n_projections": len(values), "groups": len(begins), "confidence_level": _LEVEL}
    return Result(distance, p, min(lower, mean), max(upper, mean), "estimate", "sliced", None, None, stderr, stats)


def shadows(x: Samples, y: Samples, directions: np.ndarray, p: float) -> Array:
    """W_p of the projections on each direction, some directions at a time."""
    x_points, y_points, a, b, thetas = common_kind(x.points, y.points, x.weights, y.weights, directions)
    xp = namespace(x_points)
    # Both seen from a point among them: far from the origin the digits are spent on the spread, not on the offset.
    origin = detached(x_points[0])
    if is_tensor(x_points):
        x_points, y_points = x_points - origin, y_points - origin
    step = max(_BLOCK // max(len(x), len(y)), 1)
    parts = []
    for first in range(0, thetas.shape[0], step):
        block = thetas[first : first + step]
        if is_tensor(x_points):
            u, v = block @ xp.matrix_transpose(x_points), block @ xp.matrix_transpose(y_points)
        else:
            u, v = _projected(block, x_points, origin), _projected(block, y_points, origin)
        parts.append(coupling_distance(u, v, a, b, p, spare=True))
    return xp.concat(parts)


def _projected(thetas: np.ndarray, points: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """Points seen from an origin along each direction, moved there a few at a time: no copy of all of them is made."""
    step = max(_MOVED // points.shape[1], 1)
    moved, shadow = np.empty((min(step, len(points)), points.shape[1])), np.empty((len(thetas), len(points)))
    for first in range(0, len(points), step):
        part = points[first : first + step]
        here = np.subtract(part, origin, out=moved[: len(part)])
        np.matmul(thetas, here.T, out=shadow[:, first : first + step])
    return shadow


def _directions(given: Any, count: Any, dim: int, rng: Any) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors, and where their independent groups begin."""
    count = check_count(count, "n_projections", 2)
    if given is None:
        return spread(generator_of(rng), count, dim)
    thetas = to_numpy(as_float64(given, "directions"))
    if thetas.ndim != 2 or thetas.shape[1] != dim or len(thetas) < 2:
        raise ValueError(f"directions has shape {thetas.shape}: expected (k, {dim}) with k of at least 2")
    largest = np.max(np.abs(thetas), axis=1, keepdims=True)
    if np.any(largest == 0):
        raise ValueError(f"directions has a row of zeros, {int(np.argmin(largest))}: a direction has a length")
    thetas = thetas / largest
    return thetas / np.linalg.norm(thetas, axis=1, keepdims=True), np.arange(len(thetas))


def _error(costs: np.ndarray, begins: np.ndarray) -> float:
    """Standard error of the mean cost, from the spread of the sums over independent groups of nearly equal size."""
    groups = len(begins)
    sums = np.add.reduceat(costs - costs.mean(), begins)
    return math.sqrt(groups / (groups - 1) * float(np.sum(sums * sums))) / len(costs)
