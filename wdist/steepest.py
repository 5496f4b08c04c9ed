r"""The max-sliced distance: W_p of the one-dimensional shadow that sets two laws furthest apart.

.. math:: \max_{|\theta| = 1} W_p(\theta^\top P, \theta^\top Q) \le W_p(P, Q)

(Deshpande et al., 2019, doi:10.1109/CVPR.2019.01090). A projection lengthens no way, so the shadow on *any* direction
gives a true lower bound of W_p. The search climbs from several starts: the gradient of W_p^p is that of
:math:`\sum \pi_{ij} |\theta^\top (x_i - y_j)|^p` with the coupling pi of the shadows held fixed (envelope theorem). It
may end in a local maximum. From above, any coupling bounds the maximum at p = 2,

.. math:: \max_\theta W_2^2(\theta^\top P, \theta^\top Q)
          \le \lambda_{\max} \Big( \sum_{ij} \pi_{ij} (x_i - y_j)(x_i - y_j)^\top \Big) ,

with equality for the coupling of the best shadow, when its direction is that matrix's first eigenvector.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from ._arrays import is_tensor, to_numpy, widest
from ._ascent import climb
from ._two_clouds import Clouds, length
from .directions import evenly
from .line import samples_distance
from .measures import as_samples, same_dimension
from .projections import shadows
from .quantiles import Bracketed
from .result import Result
from .settings import check_count, check_p, generator_of
from .slivers import bracket_of_equal

__all__ = ["max_sliced"]

_SAMPLE = 1024  # points a side that most of the search looks at
_PRINCIPAL = 4  # directions in which the covariances differ most, tried as starts
_FEW_AXES = 64  # up to which those directions are computed, not approximated
_NEIGHBOURS = 0.96  # cosine of the angle between them, 16 degrees
_ROUGHLY = partial(climb, gain=1e-2, patience=2, steps=12)  # before the best is chosen: small gains cost time
_FINELY = partial(climb, gain=1e-6, patience=5, steps=50)  # at kinks, which few points have everywhere, it creeps
_ROUNDING = 2.0**-52


def max_sliced(x: Any, y: Any, *, p: float, n_projections: int = 64, n_starts: int = 8, rng: Any = None) -> Result:
    """The max-sliced Wasserstein distance, from below: W_p along the best direction found.

    Parameters
    ----------
    x, y : array_like, torch.Tensor or Samples, shape (n, d) and (m, d)
        Weights and sizes may differ.
    p : float
        The exponent, in [1, inf).
    n_projections : int
        Random directions that are looked at, at least 1, beside that of the means' difference and those in which the
        covariances differ most.
    n_starts : int
        How many of the best of them, neighbours left out, the search climbs from. 0: no climb, the best of the
        directions looked at.
    rng : None, int or numpy.random.Generator
        Source of the directions, and of the points that the search looks at where there are more than 1,024 a side.

    Returns
    -------
    Result
        ``kind="bound"``, ``method="max_sliced"``. ``distance`` is W_p between the projections on one direction,
        ``stats["direction"]``: a lower bound both of the max-sliced distance and of W_p, attained for the former if the
        search found the best direction. ``lower`` is the same rounded down: ``lower <= W_p(x, y)`` is certain.
        ``upper`` is an upper bound **of the max-sliced distance, not of W_p**; where it meets ``lower``, the direction
        is proven the best. With torch input ``distance`` is a tensor on the same device, with gradient (the direction
        held fixed, by the envelope theorem).

    Raises
    ------
    InvalidMeasureError
        If an argument is not a set of points, or the dimensions differ.
    ValueError
        If p, n_projections or n_starts is out of range.

    Examples
    --------
    >>> import wdist
    >>> r = wdist.max_sliced([[0.0, 0.0], [1.0, 0.0]], [[3.0, 4.0], [4.0, 4.0]], p=2, rng=0)
    >>> round(r.distance, 6), round(r.lower, 6), round(r.upper, 6)
    (5.0, 5.0, 5.0)
    """
    p = check_p(p, finite=True)
    x, y = as_samples(x, "x"), as_samples(y, "y")
    same_dimension(x, y, ("x", "y"))
    n_projections = check_count(n_projections, "n_projections", 1)
    n_starts = check_count(n_starts, "n_starts", 0)
    clouds, unit = Clouds.of(x, y)
    theta, stats = _search(clouds, p, n_projections, n_starts, generator_of(rng))
    distance, lower, upper = (unit * value for value in _bracket(clouds, theta, p))
    if tensors := [z for z in (x, y) if is_tensor(z.points)]:
        distance = shadows(x, y, theta[None], p)[0].to(widest(z.dtype for z in tensors))
    value = float(to_numpy(distance))
    lower, upper = min(lower, value), max(upper, value)
    return Result(distance, p, lower, upper, "bound", "max_sliced", None, None, None, {"direction": theta, **stats})


def _search(
    clouds: Clouds, p: float, n_projections: int, n_starts: int, rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, Any]]:
    """The best direction found, and what it took."""
    dim = clouds.x.shape[1]
    if dim == 1:
        return np.ones(1), {"n_directions": 1, "climbs": 0}
    sample = clouds.sampled(rng, _SAMPLE) if n_starts else clouds
    tried = np.concatenate([_telling(sample, rng), evenly(rng, n_projections, dim)])
    ordered = tried[np.argsort(-sample.along(tried, p), kind="stable")]
    if not n_starts:
        return ordered[0], {"n_directions": len(tried), "climbs": 0}
    starts = _apart(ordered, n_starts)
    tops = [_ROUGHLY(partial(sample.rise, p=p), theta) for theta in starts]
    if sample is not clouds:  # the sample's means differ from all points' by chance
        tops.append(_telling(clouds, rng)[0])
    best = tops[int(np.argmax(clouds.along(np.stack(tops), p)))]
    return _FINELY(partial(clouds.rise, p=p), best), {"n_directions": len(tried), "climbs": len(starts)}


def _telling(clouds: Clouds, rng: np.random.Generator) -> np.ndarray:
    """The direction of the means' difference, if there is one; those in which the covariances differ most, roughly."""
    shift, (left, right) = clouds.moments()
    q = _most_different(left, right, rng)
    far = math.sqrt(shift @ shift)
    return np.concatenate([[shift / far], q.T]) if far > 0 else q.T


def _most_different(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Orthonormal columns, in which the squares of two sets of rows differ most."""
    dim = x.shape[1]
    if dim <= _FEW_AXES:
        values, vectors = np.linalg.eigh(x.T @ x - y.T @ y)
        return vectors[:, np.argsort(-np.abs(values))[:_PRINCIPAL]]
    q = rng.standard_normal((dim, _PRINCIPAL))
    for _ in range(4):  # subspace iteration: starts need no digits
        q = np.linalg.qr(x.T @ (x @ q) - y.T @ (y @ q))[0]
    return q


def _apart(ordered: np.ndarray, count: int) -> list[np.ndarray]:
    """The first directions that are no neighbours of each other: climbs from neighbours end on the same top."""
    chosen: list[np.ndarray] = []
    for theta in ordered:
        if len(chosen) == count:
            break
        if all(abs(float(theta @ other)) < _NEIGHBOURS for other in chosen):
            chosen.append(theta)
    return chosen


def _bracket(clouds: Clouds, theta: np.ndarray, p: float) -> Bracketed:
    """W_p of the shadows, and bounds of the max-sliced distance, all rounding counted; the lower one is one of W_p."""
    i, j, mass, z = clouds.matched(theta)
    if clouds.a is None and clouds.b is None:
        distance, below, _ = bracket_of_equal(length(z, mass, p), len(clouds.x), len(clouds.y))
    else:
        distance, below, _ = samples_distance(clouds.x @ theta, clouds.y @ theta, clouds.a, clouds.b, p)
    # A dot product of d terms, after the subtraction of the middle, is off by (d + 1) half units of |x|, at most.
    slack = (len(theta) + 4) * _ROUNDING
    off = slack * sum(_size(points, w, p) for points, w in ((clouds.x, clouds.a), (clouds.y, clouds.b)))
    lower = (below - off) / (math.sqrt(theta @ theta) * (1 + slack))
    upper = _from_above(clouds.x[i] - clouds.y[j], mass, p) * (1 + slack) + off + 2.0**-900
    return Bracketed(float(distance), max(lower * (1 - slack) - 2.0**-900, 0.0), upper)


def _size(points: np.ndarray, weights: np.ndarray | None, p: float) -> float:
    """(E |x|^p)^(1/p), or where it is less work as much as that at p = 2, which is more."""
    if weights is None and p <= 2:
        return math.sqrt(float(np.vdot(points, points)) / len(points))
    lengths = np.linalg.norm(points, axis=1)
    largest = float(lengths.max())
    if largest == 0.0:
        return 0.0
    return float(largest * np.average((lengths / largest) ** p, weights=weights) ** (1 / p))


def _from_above(z: np.ndarray, mass: np.ndarray | float, p: float) -> float:
    """What a coupling with differences z costs in the dearest direction, and no more than in all space."""
    rounding = (len(z) + z.shape[1] + 20) * _ROUNDING
    lengths = np.sqrt(np.einsum("ij,ij->i", z, z))
    largest = float(lengths.max())
    if largest == 0.0:
        return 0.0
    plan = length(lengths, mass, p)
    z /= largest
    spread_out = (z.T * mass) @ z
    dearest = float(np.linalg.eigvalsh(spread_out)[-1]) + rounding * float(spread_out.trace())
    # E |<t, z>|^p is at most (E <t, z>^2)^(p/2) for p <= 2, and at most E <t, z>^2 times the largest |z|^(p-2) above.
    slope = largest * max(dearest, 0.0) ** (1 / max(p, 2.0))
    return float(min(plan, slope) * (1 + rounding))
