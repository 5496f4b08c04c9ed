"""Two clouds of points."""

from __future__ import annotations

import numpy as np


def clouds(seed: int, n: int = 9, m: int = 7, d: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((n, d)), rng.random((m, d))
