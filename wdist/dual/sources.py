"""What a critic is trained and judged on: minibatches, and samples it has never seen.

A sample is cut into three parts at random: one to train on, one to choose the checkpoint by, and one, held
out, that alone speaks of the result; a critic is always better on points it was trained on. A function that
draws fresh points needs no cutting. Both sides are shifted and divided together, by one number: a scale for
each coordinate would change the metric, and with it the distance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .._arrays import common_kind, power_of_two
from ..errors import InvalidMeasureError
from ..measures import Samples, as_samples, same_dimension

__all__ = ["Problem", "Sample", "Side", "Stream", "open_problem"]

_SHARES = (
    0.5,
    0.1,
    0.4,
)  # train, validation, held out: the held-out part sets the standard error of the answer
_FRESH = (
    8192,
    2048,
    8192,
)  # points drawn for the same three purposes from a function (to train: the scale alone)
_MINIMUM = 20  # points a side: below this the held-out mean has no standard error worth the name


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """Points (n, d) and their weights (n,), float64, of total mass 1."""

    points: Tensor
    weights: Tensor

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """n independent points of the weighted measure."""
        mass = self.weights.cumsum(0)
        u = torch.rand(n, dtype=mass.dtype, device=mass.device, generator=generator) * mass[-1]
        return self.points[torch.searchsorted(mass, u, right=True).clamp_(max=len(mass) - 1)]

    def first(self, m: int) -> Sample:
        """At most the first m points that have mass, as a measure of their own."""
        index = self.weights.nonzero()[:m, 0]
        mass = self.weights[index]
        return Sample(self.points[index], mass / mass.sum())

    def mean(self, values: Tensor) -> float:
        """Mean of values (n,) under the measure."""
        return float(self.weights @ values)

    def stderr_of_mean(self, values: Tensor) -> float:
        """Standard error of :meth:`mean`; for equal weights the sample deviation over sqrt(n)."""
        squares = self.weights.square()
        deviations = values - self.weights @ values
        unit = power_of_two(float(deviations.abs().max()))  # whose square need be no float
        return unit * math.sqrt(float(squares @ (deviations / unit).square() / (1.0 - squares.sum())))


@dataclass(frozen=True, eq=False, slots=True)
class Stream:
    """A function from n to n fresh points, read through the same door as any sample."""

    function: Callable[[int], Any]
    name: str

    def sample(self, n: int) -> Samples:
        samples = as_samples(self.function(n), self.name)
        if len(samples) != n or samples.weights is not None:
            raise InvalidMeasureError(
                f"{self.name}({n}) returned {samples!r}: a function must return {n} points of equal weight"
            )
        return samples


@dataclass(frozen=True, eq=False, slots=True)
class Side:
    """One measure, cut: ``whole`` is all its points in random order; ``stream`` draws fresh ones to train on."""

    train: Sample
    validation: Sample
    held_out: Sample
    whole: Sample
    stream: Stream | None

    def batch(self, n: int, generator: torch.Generator) -> Tensor:
        """n points to train on."""
        if self.stream is None:
            return self.train.draw(n, generator)
        return torch.as_tensor(self.stream.sample(n).points, device=self.train.points.device)


@dataclass(frozen=True, eq=False, slots=True)
class Problem:
    """Two sides, and what standardises both: ``(points - shift) / unit``, of variance about 1 in a coordinate.

    Slopes do not depend on the unit of length, but penalties are compared with values, which do. Distances grow like
    sqrt(d) times the unit, so that is the ``scale`` that a penalty's coefficient is meant for.
    """

    real: Side
    fake: Side
    shift: Tensor
    unit: float
    dtype: torch.dtype

    @property
    def device(self) -> torch.device:
        return self.shift.device

    @property
    def dim(self) -> int:
        return len(self.shift)

    @property
    def scale(self) -> float:
        """Root mean square distance of the points to their mean."""
        return self.unit * math.sqrt(self.dim)

    def coefficient(self, penalty: float) -> float:
        """Of the penalty, in the units that the network is trained in."""
        return penalty * math.sqrt(self.dim)

    def standardise(self, points: Tensor, dtype: torch.dtype) -> Tensor:
        """Points in the units that the network is trained in."""
        return ((points - self.shift) / self.unit).to(dtype)


def open_problem(x: Any, y: Any, rng: np.random.Generator) -> Problem:
    """Validate x and y (samples or functions), cut each into its parts, and find their common shift and
    scale."""
    parts_x, stream_x, dtype_x = _open(x, "x", rng)
    parts_y, stream_y, dtype_y = _open(y, "y", rng)
    same_dimension(parts_x[0], parts_y[0], ("x", "y"))
    parts = [*parts_x, *parts_y]
    points = common_kind(*(part.points for part in parts))
    weights = common_kind(*(part.mass for part in parts))
    samples = list(map(_sample, points, weights))
    real, fake = _side(samples[:4], stream_x), _side(samples[4:], stream_y)
    shift, unit = _standardisation(real.train, fake.train)
    return Problem(real, fake, shift, unit, _torch_dtype(dtype_x, dtype_y))


def _open(source: Any, name: str, rng: np.random.Generator) -> tuple[list[Samples], Stream | None, Any]:
    """The parts of a side and the whole, the function behind it if there is one, and the dtype of its points."""
    if callable(source):
        stream = Stream(source, name)
        parts = [stream.sample(n) for n in _FRESH]
        return [*parts, parts[0]], stream, parts[0].dtype
    samples = as_samples(source, name)
    n = len(samples)
    if n < _MINIMUM:
        raise InvalidMeasureError(
            f"{name} has {n} points: a critic is trained on a part of them and judged on another, so give at "
            f"least {_MINIMUM}, or a function that draws fresh ones"
        )
    ends = np.cumsum([int(share * n) for share in _SHARES[:2]])
    order = rng.permutation(n)
    return [_take(samples, index, name) for index in (*np.split(order, ends), order)], None, samples.dtype


def _side(parts: list[Sample], stream: Stream | None) -> Side:
    train, validation, held_out, whole = parts
    return Side(train, validation, held_out, whole, stream)


def _take(samples: Samples, index: np.ndarray, name: str) -> Samples:
    """The part of a sample at ``index``; its weights are rescaled to mass 1."""
    if samples.weights is None:
        return Samples(_rows(samples.points, index))
    weights = _rows(samples.weights, index)
    if int((weights > 0).sum()) < 2:
        raise InvalidMeasureError(
            f"{name}_weights leaves fewer than two points of positive weight in a part of the sample, which "
            "is cut into training, validation and held-out points: give more points of positive weight"
        )
    return Samples(_rows(samples.points, index), weights)


def _rows(array: Any, index: np.ndarray) -> Any:
    return array[torch.as_tensor(index, device=array.device)] if isinstance(array, Tensor) else array[index]


def _sample(points: Any, weights: Any) -> Sample:
    return Sample(torch.as_tensor(points).detach(), torch.as_tensor(weights).detach())


def _standardisation(*parts: Sample) -> tuple[Tensor, float]:
    """Mean of the pooled parts (mass one half each), and their root mean square deviation per coordinate."""
    point = parts[0].points[0]
    if all(bool((part.points == point).all()) for part in parts):
        return point, 1.0  # any unit will do; a mean of it may round
    shift = sum(part.weights @ part.points for part in parts) / len(parts)
    assert isinstance(shift, Tensor)
    deviations = [part.points - shift for part in parts]
    largest = max(float(deviation.abs().max()) for deviation in deviations)
    # Dividing by the largest first keeps the squares from overflowing.
    pairs = zip(parts, deviations, strict=True)
    square = sum(part.mean((deviation / largest).square().mean(1)) for part, deviation in pairs) / len(parts)
    return shift, largest * float(np.sqrt(square))


def _torch_dtype(*dtypes: Any) -> torch.dtype:
    """float32 where both sides have it, as NumPy's or as PyTorch's, and else float64."""
    names = {str(dtype).rpartition(".")[2] for dtype in dtypes}
    return torch.float32 if names == {"float32"} else torch.float64
