"""Rows of a batch, sorted and gathered along the last axis, and some of them at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._arrays import Array, Floats, Integers, detached, is_tensor

__all__ = ["batch_shape", "gather", "in_parts", "sort_samples"]

Batch = Sequence[np.ndarray | None]  # points and weights of both sides


def sort_samples(x: Array, weights: Array | None, xp: Any) -> tuple[Array, Array | None]:
    """Points in increasing order along the last axis, their weights with them."""
    if weights is None:
        return xp.sort(x, axis=-1, stable=False), None
    order = xp.argsort(detached(x), axis=-1, stable=False)
    return gather(x, order, xp), gather(weights, order, xp)


def gather(x: Array, index: Array, xp: Any) -> Array:
    """Entries along the last axis, other axes broadcast."""
    if index.ndim == 1:
        return xp.take(x, index, axis=-1)
    if not is_tensor(x):
        return _gather_rows(x, index)
    shape = np.broadcast_shapes(tuple(x.shape[:-1]), tuple(index.shape[:-1]))
    x = xp.broadcast_to(x, (*shape, x.shape[-1]))
    return xp.take_along_axis(x, xp.broadcast_to(index, (*shape, index.shape[-1])), axis=-1)


def _gather_rows(x: Floats, index: Integers) -> Floats:
    """The same from flat memory, which NumPy does faster than along an axis."""
    if x.ndim == 1:
        return x[index]
    rows = np.arange(0, x.size, x.shape[-1]).reshape(*x.shape[:-1], 1)
    return np.take(x.reshape(-1), rows + index)


def in_parts(solve: Callable[..., np.ndarray], arrays: Batch, block: int, *rest: Any) -> np.ndarray:
    """``solve(*arrays, *rest)``, about so many points of the first batch axis at a time."""
    shape = batch_shape(*arrays)
    step = _step(arrays, shape, block)
    if not step:
        return solve(*arrays, *rest)
    parts = ([_cut(z, shape, slice(k, k + step)) for z in arrays] for k in range(0, shape[0], step))
    return np.concatenate([in_parts(solve, part, block, *rest) for part in parts])


def batch_shape(*arrays: np.ndarray | None) -> tuple[int, ...]:
    """Of arrays whose last axis is that of the points."""
    return np.broadcast_shapes(*(z.shape[:-1] for z in arrays if z is not None))


def _step(arrays: Batch, shape: tuple[int, ...], block: int) -> int:
    """How many entries of the first batch axis to take at a time; 0 for all, where one part would repeat much work."""
    given = [z for z in arrays if z is not None]
    running = sum(z.size for z in given if _runs(z, shape))
    fixed = sum(z.size for z in given if not _runs(z, shape))
    if running <= 2 * block or fixed > block // 8:
        return 0
    return max(shape[0] * block // running, 1) if shape[0] > 1 else 0


def _cut(z: np.ndarray | None, shape: tuple[int, ...], part: slice) -> np.ndarray | None:
    return z[part] if z is not None and _runs(z, shape) else z


def _runs(z: np.ndarray, shape: tuple[int, ...]) -> bool:
    """Whether an array has the first batch axis, written out."""
    return len(shape) > 0 and z.ndim == len(shape) + 1 and z.shape[0] == shape[0]
