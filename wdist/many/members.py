"""Sequences of measures, read through the one door, and made of NumPy arrays so that they can travel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .._arrays import is_tensor, namespace, to_numpy, widest
from ..errors import InvalidMeasureError
from ..families import gaussian_of, listed
from ..measures import Gaussian, Samples, as_measure

__all__ = ["in_their_type", "of_numpy", "read_measures", "requires_gradient"]


def read_measures(given: Any, name: str) -> list[Any]:
    """The members of a sequence as measures of one dimension."""
    members = listed(given, name) if isinstance(given, Gaussian) else given
    if not isinstance(members, Iterable) or isinstance(members, str | bytes | dict) or getattr(members, "ndim", 1) == 0:
        raise InvalidMeasureError(f"{name} is a {type(given).__name__}: give a sequence of measures")
    found = list[Any]()
    for k, member in enumerate(members):
        if is_tensor(member) or isinstance(member, np.ndarray | np.generic):
            empty = member.ndim == 0
        else:
            empty = isinstance(member, int | float)
        if empty:
            raise InvalidMeasureError(
                f"{name}[{k}] is a number: {name} holds measures, one per entry of its first axis; a single one goes "
                "into a list"
            )
        law = as_measure(member, f"{name}[{k}]")
        if isinstance(law, Gaussian) and law.batch_shape:
            raise InvalidMeasureError(f"{name}[{k}] is a batch of Gaussians: give its members one by one")
        if found and law.dim != found[0].dim:
            raise InvalidMeasureError(
                f"{name}[{k}] lives in dimension {law.dim} and {name}[0] in dimension {found[0].dim}: they must agree"
            )
        found.append(law)
    if not found:
        raise InvalidMeasureError(f"{name} is empty: give at least one measure")
    return found


def requires_gradient(law: Any) -> bool:
    """Whether a tensor of it does."""
    return any(z.requires_grad for z in _tensors(law))


def of_numpy(laws: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """The same measures of NumPy arrays, and tensors and types among what they were given as."""
    given = [(held[0], law.dtype) for law in laws if (held := _tensors(law))]
    return [_plain(law) for law in laws], given


def in_their_type(matrix: np.ndarray, tensors: Sequence[Any]) -> Any:
    """The matrix as a tensor like those given, or as it is if there were none."""
    if not tensors:
        return matrix
    dtype = widest(dtype for _, dtype in tensors)
    return namespace(tensors[0][0]).asarray(matrix, dtype=dtype, device=tensors[0][0].device)


def _tensors(law: Any) -> list[Any]:
    names = {Samples: ("points", "given"), Gaussian: ("mean", "cov", "factor")}.get(type(law), ())
    return [z for z in (getattr(law, part) for part in names) if z is not None and is_tensor(z)]


def _plain(law: Any) -> Any:
    if not _tensors(law):
        return law
    if isinstance(law, Samples):
        return Samples(to_numpy(law.points), None if law.weights is None else to_numpy(law.given))
    mean, cov, factor = (None if z is None else to_numpy(z) for z in (law.mean, law.cov, law.factor))
    return gaussian_of(mean, cov, factor, np.dtype(float))
