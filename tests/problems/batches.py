"""Batches of samples on the line, taken some at a time."""

from __future__ import annotations

import numpy as np
import pytest

from wdist import coupling


def check_parts(monkeypatch: pytest.MonkeyPatch, limit: str, points: int, p: float) -> None:
    """Whatever the batch axes are, parts of so many ``points``, named ``limit`` in the module, give what all do."""
    rng = np.random.default_rng(0)
    x, y, a = rng.normal(size=(9, 3, 20)), rng.normal(size=(9, 1, 30)), rng.random(20)
    a /= a.sum()
    for u, v, w in ((x, y, a), (x, y[0], None), (x, y[0], a), (x[0], y, None), (x[0], y, a), (x[0, 0], y[0, 0], a)):
        whole = coupling.coupling_distance(u, v, w, None, p)
        with monkeypatch.context() as small:
            small.setattr(coupling, limit, points)
            parts = coupling.coupling_distance(u, v, w, None, p)
        assert np.array_equal(parts, whole)
        assert parts.shape == whole.shape
