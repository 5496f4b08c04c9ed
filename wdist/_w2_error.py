"""How far the closed form of two Gaussians may be from their W2."""

from __future__ import annotations

import math

import numpy as np

from ._arrays import to_numpy
from .measures import Gaussian

__all__ = ["w2_error"]


def w2_error(P: Gaussian, Q: Gaussian, value: float) -> float:
    """How far W2 may be off: by a few eps of the factors, and by what computing them from covariances has cost."""
    size = lost = 0.0
    refined = value > 0 or P is Q or bool(np.array_equal(to_numpy(P.cov), to_numpy(Q.cov)))
    for G in (P, Q):
        if G.factor is not None:
            size = max(size, math.hypot(*to_numpy(G.factor).ravel().tolist()))  # the norm, whatever its unit
            refined = False
            continue
        values = np.linalg.eigvalsh(to_numpy(G.cov))
        largest = float(np.max(np.abs(values)))
        size = max(size, math.sqrt(largest))
        rounding = 4 * G.dim * 2.0**-52 * largest
        # |sqrt(v + rounding) - sqrt(v)| per direction
        shifts = np.minimum(math.sqrt(rounding), rounding / np.sqrt(np.maximum(values, rounding or 1.0)))
        lost = max(lost, float(np.linalg.norm(shifts)))
        refined &= values[0] > 0.5e-14 * largest
    error = 8 * P.dim * 2.0**-52 * (size + value) + lost
    # gaussian_w2 refines factors of invertible covariances, and keeps the digits of small distances.
    return min(error, 1e-7 * value) if refined else error
