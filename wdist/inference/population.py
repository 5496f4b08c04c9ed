r"""The distance of two populations from samples of them.

The samples' own distance, the plug-in, is too large on average, since W_p^p is jointly convex:

.. math:: \mathbb{E} W_p^p(P_n, Q_m) \ge W_p^p(P, Q) ,

and in d > 2 p dimensions the excess falls like n^(-1/d) only (Fournier and Guillin, 2015,
doi:10.1007/s00440-014-0583-7; Weed and Bach, 2019, doi:10.3150/18-BEJ1065). So it serves as the upper end of an
interval, with its sampling error added, that of the mean of the Kantorovich potentials (del Barrio and Loubes, 2019,
doi:10.1214/18-AOP1275): right in any dimension, and wide in many, where no method that always holds can do better
(Niles-Weed and Rigollet, 2022, doi:10.3150/21-BEJ1433). The lower end is held-out duality
(:mod:`wdist.inference.held_out`), the estimate between them the plug-in without its excess
(:mod:`wdist.inference.centring`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import stdtrit

from ..exact import transport
from ..result import Estimate, Result
from ..settings import check_choice, check_p, check_share, generator_of
from .centring import Halves, centred_square, unexplained_square
from .convex import quadratic_maps
from .draws import Draws
from .held_out import Bound, best_bound, held_out_bounds

__all__ = ["estimate"]

_FEWEST = 20  # points a side
_BIASES = ("centred", "kept")


def estimate(
    x: Any, y: Any, *, p: float, bias: str = "centred", confidence_level: float = 0.95, rng: Any = None
) -> Estimate:
    """The distance of two populations, from a sample of each, with a confidence interval.

    Parameters
    ----------
    x, y : array_like, torch.Tensor or Samples, shapes (n,) or (n, d) and (m,) or (m, d)
        Independent draws of equal weight, at least 20 a side. Tensors are detached.
    p : float
        The exponent, in [1, inf).
    bias : {"centred", "kept"}
        ``"centred"``: what two halves of one sample are apart is taken off. ``"kept"``: the plug-in, the samples' own
        distance. Either way ``bias`` of the result says how large it is.
    confidence_level : float
        In (0, 1). Each end is one-sided at half of the rest.
    rng : None, int or numpy.random.Generator
        Source of the random order in which the samples are halved and cut into folds.

    Returns
    -------
    Estimate
        ``low`` and ``high`` do not depend on ``bias``; ``distance`` is kept between them. ``stats`` has the
        ``plug_in``, in ``low`` what proved the lower end, in ``within`` what two halves of x and of y are apart, and in
        ``taken_out`` the map, if any, that was taken out before.

    Raises
    ------
    InvalidMeasureError
        If an argument is not a set of points of equal weight, or the dimensions differ.
    ValueError
        If there are fewer than 20 points a side, or ``p``, ``bias`` or ``confidence_level`` is none of those above.

    Notes
    -----
    One linear programme between the samples and six, at p = 2 twelve, between halves. The interval holds for any
    populations with 2 p moments, as far as means of n values are normal: in docs/theory/inference.md its coverage is
    measured. The point estimate assumes that P and Q are spread out alike, after a homothety, or at p = 2 after an
    affine map: where one of them has a lower dimension or the mass of separate clusters differs, it may be too small,
    and the interval is what counts.

    Examples
    --------
    >>> import numpy as np, wdist
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.standard_normal((300, 8)), 2 * rng.standard_normal((300, 8))  # W2 = sqrt(8) = 2.83
    >>> r = wdist.estimate(x, y, p=2, rng=0)
    >>> bool(r.low < 8**0.5 < r.high), r.stats["plug_in"] > 3.5, abs(r.distance - 8**0.5) < 0.1
    (True, True, True)
    """
    p = check_p(p, finite=True)
    draws = Draws.of(x, y)
    bias, confidence_level = check_choice(bias, "bias", _BIASES), check_share(confidence_level, "confidence_level")
    for name, points in (("x", draws.x), ("y", draws.y)):
        if len(points) < _FEWEST:
            raise ValueError(
                f"{name} has {len(points)} points: an interval for populations takes at least {_FEWEST} a side; "
                "wdist.wasserstein gives the distance of the samples themselves"
            )
    generator, alpha = generator_of(rng), 1.0 - confidence_level
    a, b = (generator.permutation(z) for z in (draws.x, draws.y))
    plug_in, halves = transport(a, b, p=p), Halves.of(a, b, p)
    corners = (halves.across[0][0], halves.across[1][1]) if p == 1 else None
    bounds = held_out_bounds(a, b, p, alpha, corners)
    best = best_bound(bounds)
    high = _high(plug_in, halves, alpha)
    low = min(best.low, high)
    square, taken_out = _square(a, b, p, halves, bounds)
    centred = min(max(np.sqrt(max(square, 0.0)), low), high)
    distance = centred if bias == "centred" else min(max(plug_in.distance, low), high)
    unit = draws.unit
    stats = {
        "plug_in": plug_in.distance * unit,
        "low": best.family,
        "taken_out": taken_out,
        "within": tuple(w * unit for w in halves.within),
        "n": len(a),
        "m": len(b),
    }
    return Estimate(
        float(distance * unit),
        float(low * unit),
        float(high * unit),
        float((plug_in.distance - centred) * unit),
        confidence_level,
        bias,
        p,
        stats,
    )


def _high(plug_in: Result, halves: Halves, alpha: float) -> float:
    """The plug-in and its error; nothing nearer than what halves of one sample are apart can be told from 0.

    Costs are often skewed to the right: a sample that has too few of the dear ones shows too little spread, too. So the
    error is that of W_p, of which the root has less of it, and has Johnson's term for the rest (1978,
    doi:10.1080/01621459.1978.10480051).
    """
    scores = [potential - potential.mean() for potential in plug_in.potentials]  # type: ignore[union-attr]
    error = float(np.sqrt(sum(np.mean(z**2) / (len(z) - 1) for z in scores)))
    W = float(plug_in.distance)
    if W == 0.0 or error == 0.0:
        return max(W, sum(halves.within) / 2)
    t = -float(stdtrit(min(map(len, scores)) - 1, alpha / 2))  # at 1 - alpha / 2, which may round to 1
    skewness = float(sum(np.mean(z**3) / len(z) ** 2 for z in scores)) / error**3
    width = t + max(skewness, 0.0) * (2.0 * t * t + 1.0) / 6.0
    slope: float = plug_in.p * W ** (plug_in.p - 1)  # of the cost, in W
    return max(W + error * width / slope, sum(halves.within) / 2)


def _square(x: np.ndarray, y: np.ndarray, p: float, halves: Halves, bounds: list[Bound]) -> tuple[float, str | None]:
    """W_p^2, centred; at p = 2 beside the map, which it names, that held-out points say explains most."""
    if p != 2:
        return centred_square(halves), None
    maps = quadratic_maps(x, y)
    best = max((bound for bound in bounds if bound.family in maps), key=lambda bound: bound.value)
    return unexplained_square(x, y, maps[best.family]), best.family
