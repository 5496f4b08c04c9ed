r"""Functions of Lipschitz constant 1 that are fitted to some points and can be evaluated at any others.

Whatever such a function u was fitted to, :math:`\mathbb{E} u(X) - \mathbb{E} u(Y) \le W_1(P, Q)` (Kantorovich and
Rubinstein, 1958), so that means over points that had no part in the fit estimate a lower bound of the populations'
distance, which no dimension spoils. On the line the best u is known: its slope is the sign of G - F, since
:math:`\mathbb{E} u(X) - \mathbb{E} u(Y) = \int u' (G - F)`. Features that lengthen no way, the distance from a centre
or a coordinate, bring it to any dimension; beside them stand the potentials of the linear programme, extended to all
points by the formula of McShane (1934, doi:10.1090/S0002-9904-1934-05978-0).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from .._arrays import Floats
from ..brackets.shadows import Cloud, homothety_centre
from ..search.ground import PointCosts
from ..search.transform import transform_below

__all__ = ["Pair", "lipschitz_pairs", "mcshane_pair"]

Values = Callable[[Floats], Floats]
Pair = tuple[Values, Values]  # f of points (n, d) and g of points (m, d), with f(x) + g(y) <= |x - y|^p everywhere


def lipschitz_pairs(x: np.ndarray, y: np.ndarray) -> Iterator[tuple[str, Pair]]:
    """Pairs u, -u by the name of their family, fitted to points (n, d) and (m, d)."""
    if x.shape[1] == 1:
        yield "the line's potential", _by_feature(x, y, lambda z: z[:, 0])
        return
    centre = homothety_centre(Cloud.of(x, None), Cloud.of(y, None))
    yield "a potential of the distance from a centre", _by_feature(x, y, lambda z: np.linalg.norm(z - centre, axis=1))
    yield "potentials of the coordinates", _by_coordinates(x, y)


def mcshane_pair(x: Floats, y: Floats, f: Floats, g: Floats) -> Pair:
    """The Kantorovich potentials of points at p = 1, extended to all points: the mean of the two extremes."""

    def u(z: Floats) -> Floats:
        above = transform_below(PointCosts.between(z, y, 1.0, "euclidean"), g)
        below = -transform_below(PointCosts.between(z, x, 1.0, "euclidean"), f)
        return 0.5 * (above + below)

    return u, lambda z: -u(z)


def _by_feature(x: np.ndarray, y: np.ndarray, feature: Values) -> Pair:
    """The best potential among the functions of a feature."""
    u = _line_potential(feature(x), feature(y))
    return lambda z: u(feature(z)), lambda z: -u(feature(z))


def _by_coordinates(x: np.ndarray, y: np.ndarray) -> Pair:
    """A sum of functions of the coordinates, of Lipschitz constants whose squares sum to 1."""
    parts = [_line_potential(a, b) for a, b in zip(x.T, y.T, strict=True)]
    gains = np.array([u(a).mean() - u(b).mean() for u, a, b in zip(parts, x.T, y.T, strict=True)])
    constants = gains / (float(np.linalg.norm(gains)) or 1.0)

    def u(z: Floats) -> Floats:
        total: Floats = np.sum([c * part(a) for c, part, a in zip(constants, parts, z.T, strict=True)], axis=0)
        return total

    return u, lambda z: -u(z)


def _line_potential(x: Floats, y: Floats) -> Values:
    """The function of slopes 1 and -1 that sets two samples on the line furthest apart in mean."""
    points = np.concatenate([x, y])
    order = np.argsort(points, kind="stable")
    points = points[order]
    steps = np.concatenate([np.full(len(x), -len(y)), np.full(len(y), len(x))])  # whole numbers: ties are exact
    slope = np.sign(np.cumsum(steps[order])[:-1]).astype(np.float64)
    values = np.concatenate([[0.0], np.cumsum(slope * np.diff(points))])

    def u(z: Floats) -> Floats:
        inside: Floats = np.clip(z, points[0], points[-1])
        beyond: Floats = np.where(z < points[0], slope[0], slope[-1])
        middle: Floats = np.interp(inside, points, values)
        return middle + beyond * (z - inside)

    return u
