r"""Points in k-d order: cells of a balanced binary tree, their boxes, and an affine bound of a function on each.

Sorting the points once makes every cell a contiguous range. Cell j of level l holds the points from
:math:`\lfloor nj/2^l \rfloor` to :math:`\lfloor n(j+1)/2^l \rfloor`, so that no pointers are stored: node h of level l
is :math:`2^l + j`, and its children are 2h and 2h + 1 (Bentley, 1975, doi:10.1145/361002.361007).

On a cell a potential v lies below :math:`\alpha + \langle s, y - c \rangle`, c the centre of its box: s is fitted by
least squares, and alpha raised until it holds at every point. Potentials of transport are nearly affine on small
cells, which makes this bound much tighter than the largest value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..compilation import index, kernel

__all__ = ["LEAF", "SLACK", "Cells", "depth_of", "kd_order"]

SLACK = 2.0**-44  # by which bounds are moved outward, relative to their terms: above their rounding up to d = 100
LEAF = 16  # points in a leaf, at most


def depth_of(n: int) -> int:
    """Levels below the root of a tree over n points."""
    return max(0, (n - 1) // LEAF).bit_length()


def kd_order(points: np.ndarray) -> np.ndarray:
    """The permutation that sorts points (n, d) so that halves, quarters, ... of it are cells of a k-d tree."""
    order = np.arange(len(points))
    _sort(points, order.view(np.uintp))
    return order


@dataclass(frozen=True, eq=False, slots=True)
class Cells:
    """Points in k-d order, with the boxes ``box`` (nodes, 2, d), centre and half width, of the nodes of their tree."""

    points: np.ndarray
    depth: int
    box: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray) -> Cells:
        """The tree over points that :func:`kd_order` has sorted."""
        depth = depth_of(len(points))
        box = np.zeros((2 << depth, 2, points.shape[1]))
        _boxes(points, depth, box)
        return cls(points, depth, box)

    def majorant(self, v: np.ndarray, step: int = 1) -> np.ndarray:
        """Per node centre, half width, slope and, first in the last row, alpha: (nodes, 4, d).

        The last two of every ``step``-th level only, the lowest being one of them.
        """
        node = np.zeros((len(self.box), 4, self.points.shape[1]))
        node[:, :2] = self.box
        d = self.points.shape[1]
        mean, scatter = np.zeros((len(node), d + 1)), np.zeros((len(node), d, d + 1))
        _bounds(self.points, v, self.depth, step, mean, scatter, np.empty((d, d + 1)), node)
        return node


def _to_front(points: Any, axis: int, order: Any, left: Any, right: Any, limit: float) -> Any:
    """Of ``order[left : right]`` what lies below the limit comes first; where it ends. No branch is to be foreseen."""
    end = left
    for q in range(left, right):
        point = order[q]
        order[q], order[end] = order[end], point
        end += index(points[point, axis] < limit)
    return end


@kernel(_to_front)
def _sort(points: Any, order: Any) -> None:
    """Split each cell at its middle, by quickselect along its widest side, level by level."""
    n, d = points.shape
    level = 0
    while (n >> level) > 1 or (n - 1) >> level > 0:
        for j in range(1 << level):
            first, last = (n * j) >> level, (n * (j + 1)) >> level
            middle = (n * (2 * j + 1)) >> (level + 1)
            if not first < middle < last:
                continue
            widest, axis = -1.0, 0
            for k in range(d):
                low = high = points[order[first], k]
                for q in range(first, last):
                    value = points[order[q], k]
                    low, high = min(low, value), max(high, value)
                if high - low > widest:
                    widest, axis = high - low, k
            left, right = index(first), index(last)
            while left < right:
                pivot = points[order[(left + right) // index(2)], axis]
                end = _to_front(points, axis, order, left, right, pivot)
                if middle < end:
                    right = end
                    continue
                left = _to_front(points, axis, order, end, right, np.nextafter(pivot, np.inf))  # those equal to it
                if middle < left:
                    break
        level += 1


@kernel()
def _boxes(points: Any, depth: int, box: Any) -> None:
    """Lower and upper corners, from the leaves up, and then all of them as centre and half width."""
    n, d = points.shape
    for j in range(1 << depth):
        node = (1 << depth) + j
        first, last = (n * j) >> depth, (n * (j + 1)) >> depth
        for k in range(d):
            box[node, 0, k], box[node, 1, k] = np.inf, -np.inf
            for q in range(first, last):
                box[node, 0, k] = min(box[node, 0, k], points[q, k])
                box[node, 1, k] = max(box[node, 1, k], points[q, k])
    for node in range((1 << depth) - 1, 0, -1):
        for k in range(d):
            box[node, 0, k] = min(box[2 * node, 0, k], box[2 * node + 1, 0, k])
            box[node, 1, k] = max(box[2 * node, 1, k], box[2 * node + 1, 1, k])
    for node in range(1, 2 << depth):
        for k in range(d):
            low, high = box[node, 0, k], box[node, 1, k]
            centre = 0.5 * low + 0.5 * high
            box[node, 0, k], box[node, 1, k] = centre, max(high - centre, centre - low) * (1.0 + 2.0**-50)


def _gather(points: Any, v: Any, first: int, last: int, mean: Any, scatter: Any, h: int) -> None:
    """Of leaf h means of the coordinates and, at last, of v; products of deviations from them, summed."""
    d = points.shape[1]
    share = 1.0 / (last - first)
    for q in range(first, last):
        mean[h, d] += share * v[q]
        for k in range(d):
            mean[h, k] += share * points[q, k]
    for q in range(first, last):
        rise = v[q] - mean[h, d]
        for k in range(d):
            offset = points[q, k] - mean[h, k]
            scatter[h, k, d] += offset * rise
            for t in range(d):
                scatter[h, k, t] += offset * (points[q, t] - mean[h, t])


def _unite(mean: Any, scatter: Any, h: int, left: int, right: int) -> None:
    """The same of node h from its halves of ``left`` and ``right`` points.

    Chan, Golub and LeVeque, 1983, doi:10.1080/00031305.1983.10483115.
    """
    d = scatter.shape[1]
    share = right / (left + right)
    for k in range(d + 1):
        mean[h, k] = mean[2 * h, k] + share * (mean[2 * h + 1, k] - mean[2 * h, k])
    for k in range(d):
        offset = share * left * (mean[2 * h + 1, k] - mean[2 * h, k])
        for t in range(d + 1):
            between = offset * (mean[2 * h + 1, t] - mean[2 * h, t])
            scatter[h, k, t] = scatter[2 * h, k, t] + scatter[2 * h + 1, k, t] + between


def _solve(scatter: Any, h: int, normal: Any, cell: Any) -> None:
    """The slope of node h: least squares by Gaussian elimination; a degenerate cell gets a small ridge."""
    d = scatter.shape[1]
    trace = 0.0
    for k in range(d):
        trace += scatter[h, k, k]
    for k in range(d):
        for t in range(d + 1):
            normal[k, t] = scatter[h, k, t]
        normal[k, k] += 1e-9 * trace + 1e-300
    for k in range(d):
        for t in range(k + 1, d):
            factor = normal[t, k] / normal[k, k]
            for c in range(k, d + 1):
                normal[t, c] -= factor * normal[k, c]
    for k in range(d - 1, -1, -1):
        value = normal[k, d]
        for t in range(k + 1, d):
            value -= normal[k, t] * cell[h, 2, t]
        cell[h, 2, k] = value / normal[k, k]


@kernel(_gather, _unite, _solve)
def _bounds(points: Any, v: Any, depth: int, step: int, mean: Any, scatter: Any, normal: Any, cell: Any) -> None:
    n, d = points.shape
    for level in range(depth, -1, -1):
        for j in range(1 << level):
            node = (1 << level) + j
            first, middle, last = (n * j) >> level, (n * (2 * j + 1)) >> (level + 1), (n * (j + 1)) >> level
            if level == depth:
                _gather(points, v, first, last, mean, scatter, node)
            else:
                _unite(mean, scatter, node, middle - first, last - middle)
            if (depth - level) % step > 0:
                continue
            if last - first > d:
                _solve(scatter, node, normal, cell)
            top = -np.inf
            for q in range(first, last):
                rest = v[q]
                for k in range(d):
                    rest -= cell[node, 2, k] * (points[q, k] - cell[node, 0, k])
                top = max(top, rest)
            size = abs(top)
            for k in range(d):
                size += abs(cell[node, 2, k]) * cell[node, 1, k]
            cell[node, 3, 0] = top + SLACK * size
