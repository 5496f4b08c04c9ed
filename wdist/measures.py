"""The measures that wdist compares, and the one door where input is validated.

A function of the library turns each argument into one of the classes below with :func:`as_measure`; from there on
its points are finite, its weights non-negative with sum 1, its covariance symmetric positive semi-definite. Code
behind the door does not check again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._arrays import (
    Array,
    as_float64,
    common_kind,
    is_tensor,
    namespace,
    result_dtype,
    to_numpy,
)
from .binned import Histogram
from .callables import CDF, Quantile
from .covariances import checked_at_once, checked_covariance, rounding_unit
from .errors import InvalidMeasureError
from .frozen import frozen_law
from .laws import NORMAL, Law, rest_of_root
from .samples import Samples
from .sketch import QuantileSketch

__all__ = ["CDF", "Gaussian", "Histogram", "Quantile", "Samples", "as_measure"]

_FLOAT64 = np.dtype(np.float64)
_LEAST, _LARGEST = 2.0**-480, 2.0**480  # of lengths whose squares are floats, with all their digits


@dataclass(frozen=True, eq=False, slots=True, init=False)
class Gaussian:
    """The normal law with a mean and a covariance, degenerate ones included; leading axes are a batch.

    Parameters
    ----------
    mean : array_like or torch.Tensor, shape (..., d)
        A scalar is read as d = 1.
    cov : array_like or torch.Tensor, shape (..., d, d)
        Symmetric positive semi-definite. A scalar is read as d = 1: the variance, not the deviation.

    Raises
    ------
    InvalidMeasureError
        If the shapes do not fit, or ``cov`` is not symmetric, or has an eigenvalue below ``-8 d eps ||cov||``
        (eigenvalues between that and 0 are rounding of the input's dtype, and count as 0).

    Examples
    --------
    >>> import wdist
    >>> wdist.Gaussian([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]])
    Gaussian(dim=2)
    """

    mean: Array
    cov: Array
    factor: Array | None
    dtype: Any
    _root: Array | None  # Cholesky's factor of cov, detached, where it is known

    def __init__(self, mean: Any, cov: Any):
        if (plain := checked_at_once(mean, cov)) is not None:
            self._store(plain[0], plain[1], None, _FLOAT64, plain[2])
            return
        dtype = result_dtype(*(a for a in (mean, cov) if is_tensor(a) or a is mean))
        original = cov
        mean, cov = common_kind(as_float64(mean, "mean"), as_float64(cov, "cov"))
        cov, root = checked_covariance(cov, rounding_unit(original))
        self._set(mean, cov, None, dtype, root)

    @classmethod
    def from_factor(cls, mean: Any, factor: Any) -> Gaussian:
        """Build from a factor of the covariance, which keeps the digits of small and of vanishing variances.

        Parameters
        ----------
        mean : array_like or torch.Tensor, shape (..., d)
        factor : array_like or torch.Tensor, shape (..., d, k)
            F with ``cov = F F^T``. Computing it from a covariance of deficient rank would cost the square root of the
            machine precision.

        Raises
        ------
        InvalidMeasureError
            If the shapes do not fit, or an entry is not finite.

        Examples
        --------
        >>> import wdist
        >>> line = wdist.Gaussian.from_factor([0.0, 0.0], [[3.0], [4.0]])  # all on one line
        >>> wdist.gaussian_w2(line, wdist.Gaussian.from_factor([0.0, 0.0], [[6.0], [8.0]]))
        5.0
        """
        self = object.__new__(cls)
        dtype = result_dtype(*(a for a in (mean, factor) if is_tensor(a) or a is mean))
        mean, factor = common_kind(as_float64(mean, "mean"), as_float64(factor, "factor"))
        if factor.ndim < 2:
            raise InvalidMeasureError(f"factor has shape {tuple(factor.shape)}: expected (..., d, k) with cov = F F^T")
        xp = namespace(factor)
        with np.errstate(over="ignore", invalid="ignore"):  # beyond 1e154 the factor holds what its square does not
            cov = factor @ xp.matrix_transpose(factor)
        self._set(mean, cov, factor, dtype)
        return self

    @classmethod
    def fit(cls, samples: Any) -> Gaussian:
        """The Gaussian with the mean and the covariance of samples (weights as masses, no n - 1 correction).

        Of no more points than dimensions, and of points whose squares are no floats, it has its factor, too: distances
        keep their digits, and have gradients.

        Parameters
        ----------
        samples : Samples, array_like or torch.Tensor, shape (n,) or (n, d)

        Raises
        ------
        InvalidMeasureError
            If ``samples`` are no points.

        Examples
        --------
        >>> import wdist
        >>> wdist.Gaussian.fit([[0.0, 0.0], [2.0, 4.0]]).cov
        array([[1., 2.],
               [2., 4.]])
        """
        samples = as_measure(samples, "samples")
        if not isinstance(samples, Samples):
            raise InvalidMeasureError(f"samples is a {type(samples).__name__}: Gaussian.fit takes points")
        xp = namespace(samples.points)
        weights = samples.mass[:, None]
        mean = xp.sum(weights * samples.points, axis=0)
        centred = samples.points - mean  # squares of deviations, never a difference of second moments
        with np.errstate(over="ignore", invalid="ignore"):
            cov = xp.matrix_transpose(weights * centred) @ centred
            cov = (cov + xp.matrix_transpose(cov)) / 2
        factor, largest = None, float(np.max(np.abs(to_numpy(centred))))
        if largest and not _LEAST <= largest <= _LARGEST:
            factor = xp.matrix_transpose(xp.linalg.qr(xp.sqrt(weights) * centred)[1])
        elif len(samples) <= samples.dim and not getattr(weights, "requires_grad", False):
            # Of so few points the covariance is singular, and the points are its factor, with all their digits.
            factor = xp.matrix_transpose(xp.sqrt(weights) * centred)
        self = object.__new__(cls)
        self._set(mean, cov, factor, samples.dtype)
        return self

    def _set(self, mean: Array, cov: Array, factor: Array | None, dtype: Any, root: Array | None = None) -> None:
        if mean.ndim == 0:
            mean = mean[None]
        if cov.shape[-1] == 0:
            empty = "mean and cov have" if factor is None else f"factor has shape {tuple(factor.shape)},"
            raise InvalidMeasureError(f"{empty} dimension 0: a Gaussian needs d >= 1")
        if mean.shape[-1] != cov.shape[-1]:
            raise InvalidMeasureError(
                f"mean has dimension {mean.shape[-1]} (shape {tuple(mean.shape)}) and the covariance "
                f"{cov.shape[-1]} (shape {tuple(cov.shape)}): they must agree"
            )
        try:
            np.broadcast_shapes(tuple(mean.shape[:-1]), tuple(cov.shape[:-2]))
        except ValueError:
            raise InvalidMeasureError(
                f"the batch axes of mean {tuple(mean.shape)} and of the covariance {tuple(cov.shape)} do not broadcast"
            ) from None
        self._store(mean, cov, factor, dtype, root)

    def _store(self, mean: Array, cov: Array, factor: Array | None, dtype: Any, root: Array | None) -> None:
        set_ = object.__setattr__
        set_(self, "mean", mean)
        set_(self, "cov", cov)
        set_(self, "factor", factor)
        set_(self, "dtype", dtype)
        set_(self, "_root", root)

    @property
    def dim(self) -> int:
        """Dimension of the space."""
        return int(self.mean.shape[-1])

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The leading axes, broadcast."""
        return np.broadcast_shapes(tuple(self.mean.shape[:-1]), tuple(self.cov.shape[:-2]))

    def __repr__(self) -> str:
        batch = f", batch_shape={self.batch_shape}" if self.batch_shape else ""
        return f"Gaussian(dim={self.dim}{batch})"

    def law(self) -> Law:
        """This Gaussian on the line as a law with quantiles."""
        from scipy.special import ndtr, ndtri

        mean, variance = float(to_numpy(self.mean)[0]), float(to_numpy(self.cov)[0, 0])
        # The square of a factor may be no float.
        row = None if self.factor is None else to_numpy(self.factor)[0].tolist()
        scale = math.sqrt(max(variance, 0.0)) if row is None else math.hypot(*row)
        rest = rest_of_root(scale, [(variance, 1.0)] if row is None else list(zip(row, row, strict=True)))
        return Law(ndtri, lambda s: -ndtri(s), ndtr, NORMAL, mean, scale, sf=lambda z: ndtr(-z), rest=rest)


Measure = Samples | Gaussian | Histogram | Quantile | CDF | QuantileSketch | Law


def as_measure(x: Any, name: str, weights: Any = None) -> Measure:
    """Read ``x`` as a measure: the one door where input is validated.

    Parameters
    ----------
    x : measure or array_like
        A measure of this module, a frozen ``scipy.stats`` law, a scalar law of ``torch.distributions`` with
        ``icdf``, or an array read as equal-weight samples.
    name : str
        What the caller's user knows the argument as; it opens every error message.
    weights : array_like, optional
        Weights for an array ``x``; refused beside anything else.

    Raises
    ------
    InvalidMeasureError
        If ``x`` is not a measure.
    """
    law = x if isinstance(x, Samples | Gaussian | Law) else frozen_law(x, name)
    if law is not None:
        if weights is not None:
            raise InvalidMeasureError(
                f"{name} is already a measure ({type(x).__name__}): give its weights inside it, not beside it"
            )
        return law
    if callable(x):
        raise InvalidMeasureError(
            f"{name} is a function: wrap it as wdist.Quantile(f) or wdist.CDF(F) to say which function it is"
        )
    try:
        return Samples(x, weights)
    except InvalidMeasureError as error:
        message = str(error)
        for word in ("points", "weights"):
            if message.startswith(word):
                message = (name if word == "points" else f"{name}_weights") + message[len(word) :]
        raise InvalidMeasureError(message) from None


def as_samples(x: Any, name: str, weights: Any = None) -> Samples:
    """Read ``x`` as weighted points; other measures are refused with the remedy."""
    measure = as_measure(x, name, weights)
    if not isinstance(measure, Samples):
        raise InvalidMeasureError(
            f"{name} is a {type(measure).__name__}, and this function takes points: draw samples from it first"
        )
    return measure


def same_dimension(P: Samples | Gaussian, Q: Samples | Gaussian, names: tuple[str, str]) -> None:
    """Refuse two measures that live in spaces of different dimension."""
    if P.dim != Q.dim:
        raise InvalidMeasureError(
            f"{names[0]} lives in dimension {P.dim} and {names[1]} in dimension {Q.dim}: they must agree"
        )
