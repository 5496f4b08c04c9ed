"""Many Gaussians at once: lists of them and batches, turned into each other without being validated anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ._arrays import Array, common_kind, is_tensor, namespace, widest
from ._procrustes import factor
from .errors import InvalidMeasureError
from .measures import Gaussian, as_measure

__all__ = ["broadcast", "common_dtype", "gaussian_of", "listed", "stack", "stacked", "taken", "widened"]


def gaussian_of(mean: Array, cov: Array, factor: Array | None, dtype: Any, root: Array | None = None) -> Gaussian:
    """A Gaussian of float64 parts known to be right, which answers in ``dtype``; ``root`` as it remembers it."""
    law = object.__new__(Gaussian)
    law._set(mean, cov, factor, dtype, root)
    return law


def listed(x: Any, name: str) -> list[Gaussian]:
    """The Gaussians of a sequence, or those that the first axis of a batch counts; refused unless they fit."""
    if isinstance(x, Gaussian):
        if not x.batch_shape or x.batch_shape[0] == 0:
            raise InvalidMeasureError(
                f"{name} is a Gaussian of batch shape {x.batch_shape}: its first axis counts them; or give a list"
            )
        whole = broadcast(x)
        return [taken(whole, k) for k in range(x.batch_shape[0])]
    if not isinstance(x, Iterable) or hasattr(x, "dtype") or isinstance(x, memoryview):
        raise InvalidMeasureError(f"{name} is a {type(x).__name__}: give a list of Gaussians")
    found: list[Gaussian] = []
    for k, member in enumerate(x):
        law = as_measure(member, f"{name}[{k}]")
        if not isinstance(law, Gaussian):
            raise InvalidMeasureError(
                f"{name}[{k}] is a {type(law).__name__}, not a Gaussian: Gaussian.fit(samples) makes one of points"
            )
        found.append(law)
        if law.dim != found[0].dim:
            raise InvalidMeasureError(
                f"{name}[{k}] lives in dimension {law.dim} and {name}[0] in dimension {found[0].dim}: they must agree"
            )
    if not found:
        raise InvalidMeasureError(f"{name} is empty: give at least one Gaussian")
    try:
        np.broadcast_shapes(*(law.batch_shape for law in found))
    except ValueError:
        shapes = [law.batch_shape for law in found]
        raise InvalidMeasureError(f"{name} has members with batch axes {shapes}: they do not broadcast") from None
    return found


def stacked(members: list[Gaussian]) -> Gaussian:
    """One Gaussian with a new first axis that counts the members; with factors where one has, and none is a tensor's.

    A covariance of deficient rank without its factor has lost half of the digits.
    """
    batch = np.broadcast_shapes(*(law.batch_shape for law in members))
    members = [broadcast(law, batch) for law in members]
    means, covs = ([getattr(law, part) for law in members] for part in ("mean", "cov"))
    given = [law.factor for law in members if law.factor is not None]
    whole = None
    if len(given) == len(members) or (given and not any(is_tensor(mean) for mean in means)):
        factors = [factor(law) for law in members]
        width = max(F.shape[-1] for F in factors)
        whole = stack([widened(F, width) for F in factors])
    return gaussian_of(stack(means), stack(covs), whole, common_dtype(members))


def taken(batch: Gaussian, index: Any) -> Gaussian:
    """The members at an index of the batch axes, of a Gaussian whose parts all have them."""
    parts = (batch.mean, batch.cov, batch.factor, batch._root)
    mean, cov, factor, root = (None if part is None else part[index] for part in parts)
    return gaussian_of(mean, cov, factor, batch.dtype, root)


def broadcast(law: Gaussian, batch: tuple[int, ...] | None = None) -> Gaussian:
    """The same with the batch axes written out in every part."""
    batch = law.batch_shape if batch is None else batch

    def part(x: Array | None, own: int) -> Array | None:
        return None if x is None else namespace(x).broadcast_to(x, (*batch, *x.shape[x.ndim - own :]))

    return gaussian_of(part(law.mean, 1), part(law.cov, 2), part(law.factor, 2), law.dtype, part(law._root, 2))


def widened(factor: Array, width: int) -> Array:
    """The factor (..., d, k) with zero columns added up to ``width``."""
    missing = width - factor.shape[-1]
    if missing <= 0:
        return factor
    xp = namespace(factor)
    zeros = xp.zeros((*factor.shape[:-1], missing), dtype=factor.dtype, device=factor.device)
    return xp.concat([factor, zeros], axis=-1)


def stack(arrays: list[Array]) -> Array:
    """Arrays of one shape, of both kinds, along a new first axis."""
    arrays = list(common_kind(*arrays))
    return namespace(arrays[0]).stack(arrays)


def common_dtype(laws: Iterable[Gaussian]) -> Any:
    """The dtype in which an answer about all of them comes: a tensor's if one has tensors."""
    laws = list(laws)
    tensors = [law.dtype for law in laws if is_tensor(law.mean)]
    return widest(tensors) if tensors else np.result_type(*(law.dtype for law in laws))
