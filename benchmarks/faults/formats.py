"""The files that this project writes or reads, small and real, each with its reader and the reader's named errors."""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wdist import InvalidMeasureError, pairwise
from wdist.files import read_samples
from wdist.many.blockfile import BlockFile

__all__ = ["Format", "real", "small"]

_KEY = bytes(range(32))


class Format(NamedTuple):
    """A kind of file under damage.

    Attributes
    ----------
    name : str
        As the table has it.
    suffix : str
        Of the file's name.
    content : bytes
        A whole file.
    read : callable
        What a reader makes of a path: bytes that tell one content from another.
    errors : tuple of exceptions
        By which the reader refuses.
    checked : bool
        Whether the file, or what is known of it elsewhere, holds a checksum of its content.
    """

    name: str
    suffix: str
    content: bytes
    read: Callable[[Path], bytes]
    errors: tuple[type[Exception], ...]
    checked: bool


def small(folder: Path) -> Iterator[Format]:
    """Files of at most 64 KiB, made in ``folder``."""
    images = np.random.default_rng(5).integers(0, 256, (3, 28, 28)).astype(np.uint8)
    yield from _idx(_idx_bytes(images))
    yield _checkpoint(_tiny_state(), folder)
    yield _weights({"weight": np.random.default_rng(6).normal(size=(10, 10)).astype(np.float32)}, folder)
    clouds = np.random.default_rng(7).normal(size=(10, 12, 2))
    yield _blocks(_written_by_hand(folder))
    yield from _points(clouds.reshape(-1, 2), folder)


def real(folder: Path) -> Iterator[Format]:
    """Files of their usual size: MNIST's test images where they are at hand, a run, a matrix."""
    from gan.config import from_flags
    from gan.runs import export, start

    mnist = _mnist()
    if mnist is not None:
        yield from _idx(gzip.decompress(mnist.read_bytes()), packed=mnist.read_bytes())
    run = start(from_flags({"data": "digits", "out": str(folder / "run"), "steps": 1}), say=lambda line: None)
    yield _checkpoint(run.state_dict(), folder)
    path = export(run)
    yield _weights_at(path)
    measures = np.random.default_rng(8).normal(size=(1500, 50))
    pairwise(measures, p=1, cache=folder / "matrix")
    content = (folder / "matrix").read_bytes()
    yield _blocks(content, key=content[len(b"wdist blocks 1\n") :][:32])


# Images


def _idx_bytes(images: np.ndarray) -> bytes:
    return struct.pack(">IIII", 0x803, *images.shape) + images.tobytes()


def _idx(content: bytes, packed: bytes | None = None) -> Iterator[Format]:
    from gan.idx import DataError, read_idx

    digest = hashlib.sha256(content).hexdigest()
    packed = gzip.compress(content, mtime=0) if packed is None else packed

    def array(sha256: str | None = None) -> Callable[[Path], bytes]:
        return lambda path: _told(read_idx(path, 3, sha256=sha256))

    yield Format("IDX images, published sha256", "", content, array(digest), (DataError,), True)
    yield Format("IDX images, gzipped, published sha256", ".gz", packed, array(digest), (DataError,), True)
    yield Format("IDX images, gzipped, of an unknown data set", ".gz", packed, array(), (DataError,), True)
    yield Format("IDX images, plain, of an unknown data set", "", content, array(), (DataError,), False)


def _told(array: np.ndarray) -> bytes:
    return repr((array.shape, array.dtype.str)).encode() + array.tobytes()


def _mnist() -> Path | None:
    named = os.environ.get("WDIST_DATA")
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    paths = [base / "mnist" / "t10k-images-idx3-ubyte.gz" for base in ([Path(named)] if named else []) + [beside]]
    return next((path for path in paths if path.exists()), None)


# What the trainer writes


def _tiny_state() -> dict[str, Any]:
    import torch

    from gan import checkpoint

    modules = {name: {"weight": torch.arange(60.0) / 7} for name in checkpoint.MODULES}
    rest = {"config": {"steps": 3}, "data": "ab", "shape": [1, 28, 28], "step": 2, "seconds": 0.5, "pending": []}
    return {**modules, **rest, "rng": torch.Generator().manual_seed(0).get_state()[:64]}


def _checkpoint(state: dict[str, Any], folder: Path) -> Format:
    import torch

    from gan import checkpoint

    def told(value: Any) -> str:
        if isinstance(value, dict):
            return repr([(key, told(part)) for key, part in value.items()])
        if isinstance(value, torch.Tensor):
            return hashlib.sha256(value.contiguous().numpy().tobytes()).hexdigest() + str((value.dtype, value.shape))
        return repr(value)

    checkpoint.save(folder / "checkpoint", state)
    content = (folder / "checkpoint").read_bytes()
    read = lambda path: told(checkpoint.load(path)).encode()  # noqa: E731
    return Format("checkpoint", "", content, read, (checkpoint.CheckpointError,), True)


def _weights(arrays: dict[str, np.ndarray], folder: Path) -> Format:
    import torch

    from gan import weights

    path = folder / "w.safetensors"
    weights.save(path, {name: torch.from_numpy(array) for name, array in arrays.items()}, {"step": "3"})
    return _weights_at(path)


def _weights_at(path: Path) -> Format:
    from gan import checkpoint, weights

    def read(path: Path) -> bytes:
        tensors, notes = weights.load(path)
        return b"".join([repr(notes).encode(), *(_told(tensor.numpy()) for tensor in tensors.values())])

    return Format("exported generator", ".safetensors", path.read_bytes(), read, (checkpoint.CheckpointError,), True)


# What wdist writes and reads


def _written_by_hand(folder: Path) -> bytes:
    with BlockFile(folder / "blocks", _KEY) as file:
        for k, size in enumerate((10, 0, 30, 1)):
            file.append(k, np.arange(size) + 0.1)
    return (folder / "blocks").read_bytes()


class _Fewer(Exception):
    """Blocks are missing: damage was seen, and cut off."""


def _blocks(content: bytes, key: bytes = _KEY) -> Format:
    whole = -1

    def read(path: Path) -> bytes:
        nonlocal whole
        found: list[bytes] = []
        with BlockFile(path, key) as file:
            count = file.read(lambda index, block: found.append(str(index).encode() + block.tobytes()))
        whole = max(whole, count)
        if count < whole:
            raise _Fewer if found == original[:count] else AssertionError("a block that nobody wrote")
        original[:] = found
        return b"".join(found)

    original: list[bytes] = []
    return Format("block file of pairwise", "", content, read, (ValueError, _Fewer), True)


def _points(points: np.ndarray, folder: Path) -> Iterator[Format]:
    def read(path: Path) -> bytes:
        samples = read_samples(str(path))
        return _told(np.asarray(samples.points))

    np.savez(folder / "points.npz", points=points)
    np.save(folder / "points.npy", points)
    yield Format("points, .npz", ".npz", (folder / "points.npz").read_bytes(), read, (InvalidMeasureError,), True)
    yield Format("points, .npy", ".npy", (folder / "points.npy").read_bytes(), read, (InvalidMeasureError,), False)
