"""What counts as a covariance: symmetric positive semi-definite, up to the rounding of the dtype it came in.

The proof is the factor that the distance needs anyway: a Cholesky decomposition runs to its end only where no
eigenvalue is below some -d eps |cov|. Eigenvalues are computed where it does not.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.linalg.lapack import dpotrf

from ._arrays import Array, detached, is_tensor, namespace, power_of_two, to_numpy
from .errors import InvalidMeasureError

__all__ = ["checked_at_once", "checked_covariance", "cholesky", "rounding_unit"]


def rounding_unit(x: Any) -> float:
    """The rounding unit of the numbers as they were given."""
    dtype = getattr(x, "dtype", None)
    itemsize = getattr(dtype, "itemsize", 8)
    return {2: 2.0**-8, 4: 2.0**-23}.get(itemsize, 2.0**-52) if "float" in str(dtype) else 2.0**-52


def checked_at_once(mean: Any, cov: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Copies of a mean and a covariance, and its Cholesky factor, found without wrappers.

    None for whatever is not one plain, positive definite matrix beside its mean: it may be right or wrong.
    """
    if not (type(mean) is type(cov) is np.ndarray and mean.dtype == cov.dtype == np.float64 and mean.ndim == 1):
        return None
    if not (mean.shape[0] > 0 and cov.shape == 2 * mean.shape and cov.tobytes() == cov.tobytes("F")):
        return None
    mean, cov = mean.copy(), cov.copy("C")
    upper, failed = dpotrf(cov.T, lower=0)
    with np.errstate(over="ignore"):
        # NaN or inf off the diagonal end in the last pivot, those on it in the trace.
        finite = mean.dot(mean) < math.inf and cov.trace() < math.inf and upper[-1, -1] > 0
    if failed or not finite:
        return None
    return mean, cov, upper.T


def checked_covariance(cov: Array, eps: float) -> tuple[Array, Array | None]:
    """The covariance, symmetrised to the last bit, and its Cholesky factor, detached, if it has one.

    Refuses what is not symmetric positive semi-definite. ``eps`` is the rounding unit of the input: a covariance
    computed in float32 is symmetric, and positive, to float32's rounding only.
    """
    xp = namespace(cov)
    if cov.ndim == 0:
        cov = xp.reshape(cov, (1, 1))
    if cov.ndim < 2 or cov.shape[-1] != cov.shape[-2]:
        raise InvalidMeasureError(f"cov has shape {tuple(cov.shape)}: expected square matrices (..., d, d)")
    if math.prod(cov.shape) == 0:
        return cov, None
    mirrored = xp.matrix_transpose(cov)
    symmetric = bool(xp.all(cov == mirrored))
    if not symmetric:
        _check_symmetry(to_numpy(cov), eps)
    if not symmetric or is_tensor(cov):  # a tensor's gradient is to be symmetric, too
        cov = cov / 2 + mirrored / 2  # halved first: the sum could overflow
    root = cholesky(detached(cov))
    if root is None:
        _check_eigenvalues(to_numpy(cov), eps)
    return cov, root


def cholesky(cov: Array) -> Array | None:
    """The lower factors of all the matrices, or None where one of them has none."""
    xp = namespace(cov)
    try:
        with np.errstate(all="ignore"):
            root = xp.linalg.cholesky(cov)
    except (np.linalg.LinAlgError, RuntimeError):  # torch's LinAlgError is a RuntimeError
        return None
    return root if bool(xp.all(xp.isfinite(root))) else None


def _check_symmetry(values: np.ndarray, eps: float) -> None:
    scale = power_of_two(float(np.max(np.abs(values))))
    values = values / scale
    norm = np.max(np.abs(values), axis=(-2, -1))
    asymmetry = np.max(np.abs(values - values.mT), axis=(-2, -1))
    if bool(np.any(asymmetry > math.sqrt(eps) * norm)):
        raise InvalidMeasureError(
            f"cov is not symmetric: entries and their mirror differ by up to {np.max(asymmetry) * scale:.3g}; "
            "if only rounding made it so, give (cov + cov.T) / 2"
        )


def _check_eigenvalues(values: np.ndarray, eps: float) -> None:
    scale = power_of_two(float(np.max(np.abs(values))))
    eigenvalues = np.linalg.eigvalsh(values / scale)
    if bool(np.any(eigenvalues[..., 0] < -8 * values.shape[-1] * eps * np.max(np.abs(eigenvalues), axis=-1))):
        raise InvalidMeasureError(
            f"cov is not positive semi-definite: its smallest eigenvalue is {np.min(eigenvalues) * scale:.3g}; "
            "a covariance has none below 0"
        )
