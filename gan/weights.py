"""Weights on disk as safetensors, for any program; with a checksum of their own, which that format lacks.

The checksum stands among the notes that the file carries: sha256 of all other notes and of every tensor with its
name, type and shape.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch

from .atomic import write_atomically
from .checkpoint import CheckpointError

__all__ = ["load", "save"]

_CHECKSUM = "sha256"


def save(path: str | Path, weights: Mapping[str, torch.Tensor], notes: Mapping[str, str] | None = None) -> None:
    """Write weights, and notes about them, replacing what is at ``path`` in a single step."""
    from safetensors.torch import save as to_bytes

    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    told = dict(notes or {})
    write_atomically(Path(path), to_bytes(plain, metadata={**told, _CHECKSUM: _checksum(plain, told)}))


def load(path: str | Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Read what :func:`save` wrote: the weights, on the CPU, and the notes.

    Raises
    ------
    CheckpointError
        If the file cannot be read, is damaged, or was written by another program.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            notes = dict(file.metadata() or {})
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no dictionary
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: no whole file of weights ({error}); copy it or export it again") from error
    told = notes.pop(_CHECKSUM, None)
    if told != _checksum(weights, notes):
        found = "has no checksum" if told is None else "is corrupt, its sha256 is not the recorded one"
        raise CheckpointError(f"{path}: the file {found}; use one that `python -m gan train` wrote, or copy it again")
    return weights, notes


def _checksum(weights: Mapping[str, torch.Tensor], notes: Mapping[str, str]) -> str:
    digest = hashlib.sha256(repr(sorted(notes.items())).encode())
    for name, tensor in sorted(weights.items()):
        digest.update(repr((name, str(tensor.dtype), tuple(tensor.shape))).encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
