"""Two clouds whose shadows are compared: moved and scaled alike, matched along directions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._arrays import namespace, normalised_weights, power_of_two, to_numpy
from .coupling import coupling_distance, monotone_coupling
from .samples import Samples

__all__ = ["Clouds"]


class Clouds(NamedTuple):
    """Two clouds moved and scaled alike: coordinates of about 1, around 0."""

    x: np.ndarray
    y: np.ndarray
    a: np.ndarray | None
    b: np.ndarray | None

    @classmethod
    def of(cls, x: Samples, y: Samples) -> tuple[Clouds, float]:
        """And the unit of length, a power of two: to divide by it loses nothing."""
        points = [to_numpy(z.points) for z in (x, y)]
        first = power_of_two(max(float(np.max(np.abs(z))) for z in points))
        points = [z / first for z in points]
        middle = (points[0].mean(axis=0) + points[1].mean(axis=0)) / 2
        points = [z - middle for z in points]
        second = power_of_two(max(float(np.max(np.abs(z))) for z in points))
        weights = (None if z.weights is None else normalised_weights(to_numpy(z.given), "weights") for z in (x, y))
        return cls(*(z / second for z in points), *weights), first * second

    def sampled(self, rng: np.random.Generator, size: int) -> Clouds:
        """At most ``size`` points a side; itself if it has no more."""
        parts = []
        for points, weights in ((self.x, self.a), (self.y, self.b)):
            if len(points) > size:
                index = rng.choice(len(points), size, replace=False)
                points, weights = points[index], None if weights is None else weights[index]
                weights = None if weights is None or weights.sum() == 0 else weights / weights.sum()
            parts.append((points, weights))
        (x, a), (y, b) = parts
        return self if x is self.x and y is self.y else Clouds(x, y, a, b)

    def along(self, thetas: np.ndarray, p: float) -> np.ndarray:
        """W_p of the shadows on each direction."""
        distances: np.ndarray = coupling_distance(thetas @ self.x.T, thetas @ self.y.T, self.a, self.b, p)
        return distances

    def matched(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The optimal coupling of the shadows: indices of points, the masses between them, and their differences."""
        u, v = self.x @ theta, self.y @ theta
        i, j = np.argsort(u), np.argsort(v)
        n, m = len(i), len(j)
        if self.a is None and self.b is None and n == m:
            return i, j, np.full(n, 1.0 / n), u[i] - v[j]
        a, b = (None if w is None else w[order] for w, order in ((self.a, i), (self.b, j)))
        left, right, mass = monotone_coupling(a, b, n, m, namespace(self.x), self.x)
        i, j = i[left], j[right]
        return i, j, mass, u[i] - v[j]

    def moments(self) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        """The difference of the means, and for either side centred points times the roots of their weights."""
        means, rows = [], []
        for points, weights in ((self.x, self.a), (self.y, self.b)):
            mass = np.full(len(points), 1.0 / len(points)) if weights is None else weights
            means.append(mass @ points)
            rows.append(np.sqrt(mass)[:, None] * (points - means[-1]))
        return means[0] - means[1], tuple(rows)
