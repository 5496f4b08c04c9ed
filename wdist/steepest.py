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

from typing import Any

import numpy as np

from ._arrays import Floats, is_tensor, to_numpy, widest
from ._two_clouds import Clouds
from .directions import spread
from .line import samples_distance
from .measures import as_samples, check_p, same_dimension
from .projections import check_count, shadows
from .result import Result

__all__ = ["max_sliced"]

_SAMPLE = 1024  # points a side that most of the search looks at
_PRINCIPAL = 4  # directions in which the covariances differ most, tried as starts
_FEW_AXES = 64  # up to which those directions are computed, not approximated
_NEIGHBOURS = 0.96  # cosine of the angle between them, 16 degrees
_ROUGHLY = {"ftol": 1e-3, "maxls": 5}  # before the best is chosen: small gains, and long searches at kinks, cost time
_AROUND = 32  # directions around the best, tried before it goes on
_ROUNDING = 2.0**-52


def max_sliced(x: Any, y: Any, *, p: float, n_projections: int = 64, n_starts: int = 4, rng: Any = None) -> Result:
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
    theta, stats = _search(clouds, p, n_projections, n_starts, np.random.default_rng(rng))
    lower, upper = _bracket(clouds, theta, p)
    distance = shadows(x, y, theta[None], p)[0]
    if is_tensor(distance):
        distance = distance.to(widest(z.dtype for z in (x, y) if is_tensor(z.points)))
    else:
        distance = float(distance)
    value = float(to_numpy(distance))
    lower, upper = min(unit * lower, value), max(unit * upper, value)
    return Result(distance, p, lower, upper, "bound", "max_sliced", None, None, None, {"direction": theta, **stats})


def _search(
    clouds: Clouds, p: float, n_projections: int, n_starts: int, rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, Any]]:
    """The best direction found, and what it took."""
    dim = clouds.x.shape[1]
    if dim == 1:
        return np.ones(1), {"n_directions": 1, "climbs": 0}
    sample = clouds.sampled(rng, _SAMPLE) if n_starts else clouds
    tried = np.concatenate([_telling(sample, rng), spread(rng, n_projections, dim)[0]])
    ordered = tried[np.argsort(-sample.along(tried, p), kind="stable")]
    if not n_starts:
        return ordered[0], {"n_directions": len(tried), "climbs": 0}
    starts = _apart(ordered, n_starts)
    tops = [_climb(sample, theta, p, **_ROUGHLY) for theta in starts]
    tops.append(_nearby(sample, tops[int(np.argmax(sample.along(np.stack(tops), p)))], p, rng))
    if sample is not clouds:  # the sample's means differ from all points' by chance
        tops.append(_telling(clouds, rng)[0])
    top = _climb(clouds, tops[int(np.argmax(clouds.along(np.stack(tops), p)))], p)
    return top, {"n_directions": len(tried), "climbs": len(starts)}


def _nearby(clouds: Clouds, theta: np.ndarray, p: float, rng: np.random.Generator) -> np.ndarray:
    """The best of directions around one, near and less near: where a climb was caught at a kink."""
    steps = rng.standard_normal((_AROUND, len(theta))) * np.geomspace(0.01, 1.0, _AROUND)[:, None]
    around = theta + steps / np.sqrt(len(theta))
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    best: np.ndarray = around[np.argmax(clouds.along(around, p))]
    return best


def _telling(clouds: Clouds, rng: np.random.Generator) -> np.ndarray:
    """The direction of the means' difference, if there is one; those in which the covariances differ most, roughly."""
    shift, (left, right) = clouds.moments()
    q = _most_different(left, right, rng)
    length = float(np.linalg.norm(shift))
    return np.concatenate([[shift / length], q.T]) if length > 0 else q.T


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


def _climb(clouds: Clouds, theta: np.ndarray, p: float, **options: float) -> np.ndarray:
    """A local maximum of W_p of the shadows, no worse than ``theta``; ``options`` are those of the optimiser."""
    from scipy.optimize import minimize

    height = _rise(clouds, theta, p)[0]
    if height == 0.0:
        return theta

    def descent(w: np.ndarray) -> tuple[float, np.ndarray]:
        length = float(np.linalg.norm(w))
        value, gradient = _rise(clouds, w / length, p)
        return -value / height, (value * w / length - gradient) / (length * height)

    options = {"maxiter": 50, "ftol": 1e-12, **options}
    top: Floats = minimize(descent, theta, jac=True, method="L-BFGS-B", options=options).x
    return top / float(np.linalg.norm(top))


def _rise(clouds: Clouds, theta: np.ndarray, p: float) -> tuple[float, np.ndarray]:
    """W_p of the shadows on ``theta``, of any length, and its gradient."""
    i, j, mass, z = clouds.matched(theta)
    largest = float(np.max(np.abs(z)))
    if largest == 0.0:
        return 0.0, np.zeros_like(theta)
    value = largest * float(mass @ np.abs(z / largest) ** p) ** (1 / p)
    pull = mass * np.abs(z / value) ** (p - 1) * np.sign(z)
    sides = ((i, clouds.x), (j, clouds.y))
    left, right = (np.bincount(index, pull, len(points)) @ points for index, points in sides)
    return value, left - right


def _bracket(clouds: Clouds, theta: np.ndarray, p: float) -> tuple[float, float]:
    """Bounds of the max-sliced distance, all rounding counted; the lower one is a bound of W_p as well."""
    _, below, _ = samples_distance(clouds.x @ theta, clouds.y @ theta, clouds.a, clouds.b, p)
    # A dot product of d terms, after the subtraction of the middle, is off by (d + 1) half units of |x|, at most.
    slack = (len(theta) + 4) * _ROUNDING
    off = slack * sum(_size(z, w, p) for z, w in ((clouds.x, clouds.a), (clouds.y, clouds.b)))
    lower = (below - off) / (float(np.linalg.norm(theta)) * (1 + slack))
    upper = _from_above(clouds, theta, p) * (1 + slack) + off + 2.0**-900
    return max(lower * (1 - slack) - 2.0**-900, 0.0), upper


def _size(points: np.ndarray, weights: np.ndarray | None, p: float) -> float:
    """(E |x|^p)^(1/p)."""
    lengths = np.linalg.norm(points, axis=1)
    largest = float(lengths.max())
    if largest == 0.0:
        return 0.0
    relative: float = float(np.average((lengths / largest) ** p, weights=weights)) ** (1 / p)
    return largest * relative


def _from_above(clouds: Clouds, theta: np.ndarray, p: float) -> float:
    """What the coupling of the shadows on ``theta`` costs in the dearest direction, and no more than in all space."""
    i, j, mass, _ = clouds.matched(theta)
    z = clouds.x[i] - clouds.y[j]
    rounding = (len(z) + len(theta) + 20) * _ROUNDING
    lengths = np.linalg.norm(z, axis=1)
    largest = float(lengths.max())
    if largest == 0.0:
        return 0.0
    plan: float = largest * float(mass @ (lengths / largest) ** p) ** (1 / p)
    spread_out = (z.T * (mass / largest**2)) @ z
    dearest = float(np.linalg.eigvalsh(spread_out)[-1]) + rounding * float(np.trace(spread_out))
    # E |<t, z>|^p is at most (E <t, z>^2)^(p/2) for p <= 2, and at most E <t, z>^2 times the largest |z|^(p-2) above.
    slope: float = largest * max(dearest, 0.0) ** (1 / max(p, 2.0))
    return min(plan, slope) * (1 + rounding)
