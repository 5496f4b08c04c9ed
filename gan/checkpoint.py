"""Checkpoints that are either whole or refused.

A file is one header line, ``wdist-gan-checkpoint 1 SHA256 LENGTH``, and the payload that it describes: a
dictionary in torch's format, read back with ``weights_only=True``, so that a file from elsewhere cannot run
code. At every moment the path holds the old checkpoint or the new one (:mod:`gan.atomic`).
"""

from __future__ import annotations

import hashlib
import io
import pickle
from pathlib import Path
from typing import Any

import torch

from .atomic import write_atomically

__all__ = ["MODULES", "NAME", "CheckpointError", "load", "locate", "save"]

NAME = "checkpoint.pt"
MODULES = ("generator", "average", "critic", "generator_optimizer", "critic_optimizer")
_MAGIC = b"wdist-gan-checkpoint"
_VERSION = b"1"
_HEADER_LIMIT = 256
_ZIP = b"PK\x03\x04"  # torch.load would also try formats of its past
_PARTS = {*MODULES, "config", "data", "shape", "step", "seconds", "pending", "rng"}


class CheckpointError(RuntimeError):
    """A checkpoint is missing, truncated, corrupt, or was not written by this program."""


def save(path: str | Path, state: dict[str, Any]) -> None:
    """Write a checkpoint, replacing the one at ``path`` in a single step.

    Parameters
    ----------
    path : path
        Its folder must exist.
    state : dict
        Tensors, numbers, strings, and dictionaries and lists of them.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    digest = hashlib.sha256(payload).hexdigest().encode()
    header = b" ".join((_MAGIC, _VERSION, digest, str(len(payload)).encode())) + b"\n"
    write_atomically(Path(path), header + payload)


def load(path: str | Path) -> dict[str, Any]:
    """Read a checkpoint that :func:`save` wrote, onto the CPU.

    Parameters
    ----------
    path : path
        A checkpoint, or a run folder that holds one.

    Raises
    ------
    CheckpointError
        If there is none, or the file is truncated, corrupt, foreign, or from another version.
    """
    path = locate(path)
    try:
        with open(path, "rb") as stream:
            header = stream.readline(_HEADER_LIMIT)
            payload = _verified(path, header, stream.read())
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror or error})") from error
    try:
        if not payload.startswith(_ZIP):
            raise pickle.UnpicklingError("not torch's zip format")
        state = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    except Exception as error:  # a payload of bytes at random, under the right checksum, raises almost anything
        raise CheckpointError(
            f"{path}: the payload is not a dictionary of plain tensors, and nothing else is opened; "
            "use a checkpoint that `python -m gan train` wrote"
        ) from error
    if not isinstance(state, dict) or (missing := _PARTS - set(state)):
        lacks = "no dictionary" if not isinstance(state, dict) else f"without {', '.join(sorted(missing))}"
        raise CheckpointError(f"{path}: a checkpoint of another program ({lacks}); train a new run")
    return state


def locate(path: str | Path) -> Path:
    """The checkpoint file that ``path`` means: itself, or the one inside a run folder."""
    path = Path(path)
    if path.is_dir():
        path = path / NAME
    if not path.is_file():
        folder = path.parent if path.suffix else path
        raise CheckpointError(
            f"{path}: no such checkpoint; `python -m gan train --out {folder}` makes one"
        )
    return path


def _verified(path: Path, header: bytes, payload: bytes) -> bytes:
    fields = header.split()
    if len(fields) != 4 or fields[0] != _MAGIC or not header.endswith(b"\n") or not fields[3].isdigit():
        raise CheckpointError(
            f"{path}: not a checkpoint of this program; use one that `python -m gan train` wrote, as {NAME}"
        )
    _, version, digest, length = fields
    if version != _VERSION:
        raise CheckpointError(
            f"{path}: format {version.decode(errors='replace')}, this program reads {_VERSION.decode()}; "
            "use the version of wdist that wrote it"
        )
    if len(payload) != int(length):
        raise CheckpointError(
            f"{path}: truncated or extended, {len(payload)} bytes of {int(length)}; "
            "copy it again, or train a new run"
        )
    if hashlib.sha256(payload).hexdigest().encode() != digest:
        raise CheckpointError(
            f"{path}: corrupt, its sha256 is not the recorded one; copy it again, or train a new run"
        )
    return payload
