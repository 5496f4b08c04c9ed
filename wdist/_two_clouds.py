"""Two clouds whose shadows are compared: moved and scaled alike, matched along directions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ._arrays import namespace, normalised_weights, power_of_two, to_numpy
from .coupling import Coupling, coupling_distance, monotone_coupling
from .samples import Samples

__all__ = ["Clouds", "length"]

_SHADOWS = 2**21  # points of shadows that are held together
_FAINT = 2.0**-900  # a square below it may have lost digits


@dataclass(frozen=True, eq=False)
class Clouds:
    """Two clouds moved and scaled alike: coordinates of about 1, around 0."""

    x: np.ndarray
    y: np.ndarray
    a: np.ndarray | None
    b: np.ndarray | None

    @classmethod
    def of(cls, x: Samples, y: Samples) -> tuple[Clouds, float]:
        """And the unit of length, a power of two: to divide by it loses nothing."""
        points, n = np.concatenate([to_numpy(z.points) for z in (x, y)]), len(x)
        first = power_of_two(float(np.abs(points).max()))
        points /= first
        points -= (points[:n].sum(axis=0) / n + points[n:].sum(axis=0) / len(y)) / 2
        second = power_of_two(float(np.abs(points).max()))
        points /= second
        weights = (None if z.weights is None else normalised_weights(to_numpy(z.given), "weights") for z in (x, y))
        return cls(points[:n], points[n:], *weights), first * second

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
        """W_p of the shadows on each direction, some of them at a time."""
        if (step := max(_SHADOWS // (len(self.x) + len(self.y)), 1)) < len(thetas):
            return np.concatenate([self.along(thetas[k : k + step], p) for k in range(0, len(thetas), step)])
        u, v = thetas @ self.x.T, thetas @ self.y.T
        heights: np.ndarray = coupling_distance(u, v, self.a, self.b, p, spare=True)
        return heights

    def matched(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | float, np.ndarray]:
        """The optimal coupling of the shadows: indices of points, the masses between them, and their differences."""
        u, v = self.x @ theta, self.y @ theta
        i, j = u.argsort(), v.argsort()
        mass: np.ndarray | float = 1.0 / len(i)
        if self.a is not None or self.b is not None or len(i) != len(j):
            left, right, mass = self._equal or self._coupling(i, j)
            i, j = i[left], j[right]
        return i, j, mass, u[i] - v[j]

    @cached_property
    def _equal(self) -> Coupling | None:
        """How sorted points are coupled, whatever the direction, where all of a side weigh the same."""
        return self._coupling(None, None) if self.a is None and self.b is None else None

    def _coupling(self, i: np.ndarray | None, j: np.ndarray | None) -> Coupling:
        a, b = (None if w is None else w[order] for w, order in ((self.a, i), (self.b, j)))
        return monotone_coupling(a, b, len(self.x), len(self.y), namespace(self.x), self.x)

    def rise(self, theta: np.ndarray, p: float) -> tuple[float, np.ndarray]:
        """W_p of the shadows on ``theta``, of any length, and its gradient."""
        i, j, mass, z = self.matched(theta)
        value = length(z, mass, p)
        if value == 0.0:
            return 0.0, np.zeros_like(theta)
        z /= value
        pull = mass * (z if p == 2 else np.abs(z) ** (p - 1) * np.sign(z))
        back = [np.bincount(at, pull, len(side)) @ side for at, side in ((i, self.x), (j, self.y))]
        return value, back[0] - back[1]

    def moments(self) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        """The difference of the means, and for either side centred points times the roots of their weights."""
        means, rows = [], []
        for points, weights in ((self.x, self.a), (self.y, self.b)):
            mass = np.full(len(points), 1.0 / len(points)) if weights is None else weights
            means.append(mass @ points)
            rows.append(np.sqrt(mass)[:, None] * (points - means[-1]))
        return means[0] - means[1], tuple(rows)


def length(z: np.ndarray, mass: np.ndarray | float, p: float) -> float:
    """The p-norm of differences under masses, which sum to 1."""
    if p == 2 and (square := float((mass * z * z).sum())) > _FAINT:
        return math.sqrt(square)
    size = np.abs(z)
    largest = float(size.max())
    return largest * float((mass * (size / largest) ** p).sum()) ** (1 / p) if largest > 0.0 else 0.0
