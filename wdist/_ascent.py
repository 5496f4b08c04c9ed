r"""Climbs over the unit sphere, by limited-memory BFGS (Liu and Nocedal, 1989, doi:10.1007/BF01589116).

Where a step takes fifteen microseconds, the bookkeeping of a general optimiser takes most of the time. What is here
knows the sphere, begins with the step of a power iteration, and ends once it gains nothing of interest. Steps that
overshoot are shortened by the parabola through what is known.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

import numpy as np

__all__ = ["climb"]

Rise = Callable[[np.ndarray], tuple[float, np.ndarray]]

_MEMORY = 4  # steps that the curvature is known by
_ENOUGH = 1e-4  # of the rise that the slope promises: Armijo's condition
_LONGEST = 1.0  # step, in radians, about
_SHORTER = (0.1, 0.5)  # by what a step that overshot is shortened
_CURVED = 1e-10  # cosine of a step and its change of slope, below which it tells nothing of the curvature
_UPHILL = 1e-4  # the same of a way and the slope, below which the curvature is forgotten


def climb(rise: Rise, theta: np.ndarray, *, gain: float, patience: int, steps: int) -> np.ndarray:
    """A unit vector near a local maximum of a function, no lower than the unit vector ``theta``.

    Parameters
    ----------
    rise : callable
        The value at a unit vector, at least 0, and the gradient there of the function that is continued to all vectors
        so that twice as long ones have twice the value.
    theta : numpy.ndarray, shape (d,)
    gain, patience : float, int
        The climb ends when ``patience`` steps, those that overshot included, have gained less than this, relative.
    steps : int
        The most steps.
    """
    height, slope = rise(theta)
    if height == 0.0:
        return theta
    slope = slope - height * theta  # along the sphere
    curvature, way, length = _Curvature(), slope / height, 1.0
    promise = float(way @ slope)
    heights = deque([height], maxlen=patience + 1)
    for _ in range(steps):
        tried = theta + length * way
        tried /= math.sqrt(tried @ tried)
        higher, steeper = rise(tried)
        overshot = higher < height + _ENOUGH * length * promise
        heights.append(max(higher, height))
        if len(heights) > patience and heights[-1] - heights[0] < gain * height:
            return tried if higher > height else theta
        if overshot:
            lost = length * promise - (higher - height)
            length *= min(max(length * promise / (2 * lost), _SHORTER[0]), _SHORTER[1])
            continue
        steeper = steeper - higher * tried
        curvature.learn(tried - theta, slope - steeper)
        theta, height, slope = tried, higher, steeper
        way = curvature.step(slope)
        way -= (way @ theta) * theta
        promise, reach = float(way @ slope), math.sqrt(way @ way)
        if promise <= _UPHILL * reach * math.sqrt(slope @ slope):
            curvature, way = _Curvature(), slope / height
            promise, reach = float(way @ slope), math.sqrt(way @ way)
        if reach == 0.0:
            break
        length = min(1.0, _LONGEST / reach)
    return theta


class _Curvature:
    """What the last steps tell of the inverse of the second derivative."""

    def __init__(self) -> None:
        self._steps: deque[tuple[np.ndarray, np.ndarray, float]] = deque(maxlen=_MEMORY)
        self._scale = 1.0

    def learn(self, step: np.ndarray, fall: np.ndarray) -> None:
        """Of a step, and of how much the slope fell along it."""
        product, square = float(step @ fall), float(fall @ fall)
        if product > _CURVED * math.sqrt(float(step @ step) * square):
            self._steps.append((step, fall, product))
            self._scale = product / square

    def step(self, slope: np.ndarray) -> np.ndarray:
        """To the top of the parabola, by the recursion of two loops."""
        shares = list[float]()
        for step, fall, product in reversed(self._steps):
            shares.append(float(step @ slope) / product)
            slope = slope - shares[-1] * fall
        way = self._scale * slope
        for (step, fall, product), share in zip(self._steps, reversed(shares), strict=True):
            way += (share - float(fall @ way) / product) * step
        return way
