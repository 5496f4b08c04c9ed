"""Mixtures of finitely many Gaussians."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ._arrays import Array, as_float64, common_kind, is_tensor, namespace, normalised_weights, result_dtype
from .errors import InvalidMeasureError
from .families import gaussian_of, listed, stacked
from .measures import Gaussian

__all__ = ["GaussianMixture", "as_mixture"]


@dataclass(frozen=True, eq=False, slots=True, init=False)
class GaussianMixture:
    """A mixture of finitely many Gaussians.

    Parameters
    ----------
    weights : array_like or torch.Tensor, shape (k,)
        Non-negative and finite, not all zero; stored divided by their sum. None: equal weights.
    means : array_like or torch.Tensor, shape (k, d)
        On the line, (k,) will do.
    covs : array_like or torch.Tensor, shape (k, d, d) or (d, d)
        Symmetric positive semi-definite, one for each component or one for all. Beside means of shape (k,): variances,
        (k,) or a scalar.

    Raises
    ------
    InvalidMeasureError
        If shapes do not fit, or an entry is not what is said above.

    Examples
    --------
    >>> import wdist
    >>> wdist.GaussianMixture([1, 3], means=[0.0, 5.0], covs=[1.0, 4.0])  # variances, on the line
    GaussianMixture(2 components, dim=1)
    """

    weights: Array
    components: Gaussian
    dtype: Any
    given: Array

    def __init__(self, weights: Any, means: Any, covs: Any):
        dtype = result_dtype(*(a for a in (weights, means, covs) if is_tensor(a) or a is means))
        as_float64(means, "means"), as_float64(covs, "covs")  # refused under these names; read below as they were given
        centres, spreads = (a if is_tensor(a) else np.asarray(a) for a in (means, covs))
        if centres.ndim == 1:
            centres = centres[:, None]
            spreads = spreads[..., None, None] if spreads.ndim < 2 else spreads
        if centres.ndim != 2 or 0 in centres.shape:
            raise InvalidMeasureError(f"means has shape {tuple(centres.shape)}: expected (k, d), one mean a component")
        if spreads.ndim == 3 and len(spreads) != len(centres) and 1 not in (len(spreads), len(centres)):
            raise InvalidMeasureError(
                f"covs has shape {tuple(spreads.shape)} beside {len(centres)} means: expected one each, or one for all"
            )
        try:
            components = Gaussian(centres, spreads)
        except InvalidMeasureError as error:
            message = str(error)
            for word in ("mean", "cov"):
                message = f"{word}s{message[len(word) :]}" if message.startswith(f"{word} ") else message
            raise InvalidMeasureError(message) from None
        self._set(weights, components, dtype)

    @classmethod
    def from_components(cls, components: Any, weights: Any = None) -> GaussianMixture:
        """Build from a Gaussian with one batch axis, or a sequence of single Gaussians.

        Keeps their factors, where all of them have one of equal width.
        """
        if not isinstance(components, Gaussian):
            components = stacked(listed(components, "components"))
        self = object.__new__(cls)
        alone = is_tensor(weights) and not is_tensor(components.mean)
        self._set(weights, components, result_dtype(weights) if alone else components.dtype)
        return self

    def _set(self, weights: Any, components: Gaussian, dtype: Any) -> None:
        if len(components.batch_shape) != 1 or components.batch_shape[0] == 0:
            raise InvalidMeasureError(
                f"the components have batch shape {components.batch_shape}: expected (k,), one axis that counts them"
            )
        k = components.batch_shape[0]
        given = np.ones(k) if weights is None else as_float64(weights, "weights")
        if tuple(given.shape) != (k,):
            raise InvalidMeasureError(f"weights has shape {tuple(given.shape)} beside {k} components: expected ({k},)")
        parts = common_kind(given, components.mean, components.cov, components.factor)
        given, mean, cov, factor = parts
        # Every part gets the axis of the components, which some may have left to broadcasting.
        xp, d = namespace(mean), components.dim
        mean, cov = xp.broadcast_to(mean, (k, d)), xp.broadcast_to(cov, (k, d, d))
        factor = None if factor is None else xp.broadcast_to(factor, (k, d, factor.shape[-1]))
        set_ = object.__setattr__
        set_(self, "given", given)
        set_(self, "weights", normalised_weights(given, "weights"))
        set_(self, "components", gaussian_of(mean, cov, factor, dtype))
        set_(self, "dtype", dtype)

    @property
    def dim(self) -> int:
        """Dimension of the space."""
        return self.components.dim

    def __len__(self) -> int:
        return int(self.weights.shape[0])

    def __repr__(self) -> str:
        return f"GaussianMixture({len(self)} components, dim={self.dim})"

    def moments(self) -> Gaussian:
        """The Gaussian with the mean and the covariance of the mixture."""
        xp, w = namespace(self.weights), self.weights
        mean = xp.sum(w[:, None] * self.components.mean, axis=0)
        apart = self.components.mean - mean
        cov = xp.sum(w[:, None, None] * (self.components.cov + apart[:, :, None] * apart[:, None, :]), axis=0)
        return gaussian_of(mean, (cov + xp.matrix_transpose(cov)) / 2, None, self.dtype)


def as_mixture(x: Any, name: str) -> GaussianMixture:
    """A mixture itself, or a Gaussian as a mixture of one."""
    if isinstance(x, GaussianMixture):
        return x
    if isinstance(x, Gaussian) and not x.batch_shape:
        return GaussianMixture.from_components([x])
    remedy = "from_components(x, weights) makes one of a batch" if isinstance(x, Gaussian) else "fit one first"
    raise InvalidMeasureError(f"{name} is {x!r:.60}, not a GaussianMixture: {remedy}")
