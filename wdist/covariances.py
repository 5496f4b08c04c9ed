"""What counts as a covariance: symmetric positive semi-definite, up to the rounding of the dtype it came in."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._arrays import Array, namespace, power_of_two, to_numpy
from .errors import InvalidMeasureError

__all__ = ["checked_covariance", "rounding_unit"]


def rounding_unit(x: Any) -> float:
    """The rounding unit of the numbers as they were given."""
    dtype = getattr(x, "dtype", None)
    itemsize = getattr(dtype, "itemsize", 8)
    return {2: 2.0**-8, 4: 2.0**-23}.get(itemsize, 2.0**-52) if "float" in str(dtype) else 2.0**-52


def checked_covariance(cov: Array, eps: float) -> Array:
    """The covariance, symmetrised to the last bit; refuses what is not symmetric positive semi-definite.

    ``eps`` is the rounding unit of the input: a covariance computed in float32 is symmetric, and positive, to
    float32's rounding only.
    """
    xp = namespace(cov)
    if cov.ndim == 0:
        cov = xp.reshape(cov, (1, 1))
    if cov.ndim < 2 or cov.shape[-1] != cov.shape[-2]:
        raise InvalidMeasureError(f"cov has shape {tuple(cov.shape)}: expected square matrices (..., d, d)")
    d = cov.shape[-1]
    if d == 0:
        return cov
    values = to_numpy(cov)
    scale = power_of_two(float(np.max(np.abs(values), initial=0.0)))
    values = values / scale
    norm = np.max(np.abs(values), axis=(-2, -1), initial=0.0)
    asymmetry = np.max(np.abs(values - values.mT), axis=(-2, -1), initial=0.0)
    if bool(np.any(asymmetry > np.sqrt(eps) * norm)):
        raise InvalidMeasureError(
            f"cov is not symmetric: entries and their mirror differ by up to {np.max(asymmetry) * scale:.3g}; "
            "if only rounding made it so, give (cov + cov.T) / 2"
        )
    eigenvalues = np.linalg.eigvalsh((values + values.mT) / 2)
    if bool(np.any(eigenvalues[..., 0] < -8 * d * eps * np.max(np.abs(eigenvalues), axis=-1))):
        raise InvalidMeasureError(
            f"cov is not positive semi-definite: its smallest eigenvalue is {np.min(eigenvalues) * scale:.3g}; "
            "a covariance has none below 0"
        )
    return cov / 2 + xp.matrix_transpose(cov) / 2  # halved first: the sum could overflow
