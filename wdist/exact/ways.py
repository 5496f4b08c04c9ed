r"""Which way between points: from coarse to fine by trees of cells, or from a sample to all.

A tree finds the nearest points where its boxes are small. In :math:`\mathbb{R}^D` the :math:`2^l` leaves of a tree are
about :math:`2^{-l/D}` as wide as the whole. How wide they are tells D, however many coordinates there are: 2 for a
surface, less for tight clusters, even if these fill every direction of a covariance matrix. Medians are taken, so that
a few outliers do not matter, unless they are so far away that they move the mean: beside these a screen in single
precision tells nothing apart, and a small D is the right answer.
"""

from __future__ import annotations

import math

import numpy as np

from ..search.cells import depth_of, kd_order
from ..search.ground import PointCosts
from ..search.screen import has_screen
from ..search.transform import TREE_DIMENSIONS
from .levels import first_of

__all__ = ["cell_orders", "leaf_dimension"]

_EVEN = 5.0  # D + d / 5 - p below which trees are faster than a screen
_COORDINATE = 0.2  # of a dimension: all points of a leaf are looked at, coordinate by coordinate


def cell_orders(costs: PointCosts) -> tuple[np.ndarray, np.ndarray] | None:
    """The k-d orders of both sides where trees are the way to go, else None."""
    d = costs.x.shape[1]
    few, most = d <= TREE_DIMENSIONS, _EVEN + costs.p - _COORDINATE * d
    if not few and (most <= 0.0 or not has_screen(costs)):
        return None
    orders = kd_order(costs.x), kd_order(costs.y)
    if few:
        return orders
    dimension = (leaf_dimension(costs.x[orders[0]]) + leaf_dimension(costs.y[orders[1]])) / 2.0
    return orders if dimension < most else None


def leaf_dimension(points: np.ndarray) -> float:
    """The dimension D that the leaves of a tree over points in k-d order tell, at most that of the points."""
    n, d = points.shape
    depth = depth_of(n)
    first = first_of(n, 1 << depth)
    count = np.diff(first, append=n)
    means = np.add.reduceat(points, first) / count[:, None]
    inside = _distance(points, np.repeat(means, count, axis=0))
    whole = _distance(points, points.mean(axis=0))
    if inside == 0.0:
        return 0.0
    halvings = math.log2(whole / inside) if whole > inside else 0.0
    return min(float(d), depth / halvings) if halvings > 0.0 else float(d)


def _distance(points: np.ndarray, centre: np.ndarray) -> float:
    """Its median, from a centre or from one each."""
    offset = points - centre
    return math.sqrt(np.median(np.einsum("ij,ij->i", offset, offset)))
