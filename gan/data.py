"""The images that are learned from, and where they are looked for.

A named data set is looked for in ``WDIST_DATA``, then in the user's cache, then downloaded; what is found is
compared with its checksums. MNIST that is out of reach is replaced, in one line that says
so, by the 1,797 handwritten digits that come with scikit-learn (Alpaydin & Kaynak, UCI 1998), enlarged to
28×28.

References
----------
LeCun, Cortes, Burges, "The MNIST database of handwritten digits"; Xiao, Rasul, Vollgraf, arXiv:1708.07747.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from . import folders, stacked
from .dataset import Dataset, to_unit
from .download import cache_dir, fetch
from .idx import DataError, read_idx
from .sources import FILES, SOURCES, Source

__all__ = ["SIDE", "DataError", "Dataset", "cache_dir", "load", "to_unit"]

SIDE = 28


def load(name: str, *, size: int = SIDE, say: Callable[[str], None] = print) -> Dataset:
    """Load a data set by name, or from a folder of IDX files or of pictures.

    Parameters
    ----------
    name : {"mnist", "fashion", "digits", "stacked"} or path
        ``stacked`` is MNIST, three random digits in the channels of an image. A folder holds the four IDX files under
        their MNIST names, plain or ``.gz``, to which no checksum applies; or pictures, see :mod:`gan.folders`.
    size : int
        The side that pictures are brought to; the other data are 28×28.
    say : callable
        Receives the one line that is owed when the digits stand in for MNIST.

    Returns
    -------
    Dataset
        On the CPU.

    Raises
    ------
    DataError
        If files are missing, corrupt or not what the name promises, or the data cannot be reached.
    """
    if name not in (*SOURCES, "digits", "stacked"):
        return _from_folder(_folder(name), name, size)
    if size != SIDE:
        raise DataError(f"size is {size}: {name} is {SIDE}×{SIDE}; only a folder of pictures is brought to a size")
    if name == "digits":
        return _digits()
    if name == "stacked":
        return stacked.of(load("mnist", say=say))
    found = _find_locally(name)
    if found is not None:
        return found
    try:
        return _download(name)
    except DataError as error:
        if name != "mnist":
            raise
        say(f"{error}: training on scikit-learn's 1,797 handwritten digits instead of MNIST.")
        return _digits()


def _folder(name: str) -> Path:
    folder = Path(name).expanduser()
    if not folder.is_dir():
        known = ", ".join((*SOURCES, "digits", "stacked"))
        raise DataError(f"data is {name!r}: neither a known name ({known}) nor a folder")
    return folder


def _from_folder(folder: Path, name: str, size: int) -> Dataset:
    if any(_locate(folder, stem) for stem in FILES):
        if size != SIDE:
            raise DataError(f"size is {size}: the IDX files in {folder} stay {SIDE}×{SIDE}; leave it out")
        return _read_folder(folder, name)
    return folders.read(folder, size)


def _find_locally(name: str) -> Dataset | None:
    places: list[Path] = []
    if root := os.environ.get("WDIST_DATA"):
        if not Path(root).is_dir():
            raise DataError(f"WDIST_DATA is {root!r}: not a folder; correct it or unset it")
        places = [Path(root) / name, Path(root)]
    for place in places:
        if any(_locate(place, stem) for stem in FILES):
            return _read_folder(place, name, SOURCES[name])
    try:
        return _read_folder(cache_dir() / name, name, SOURCES[name])
    except DataError:  # an interrupted download left some of the files, or one was damaged: the rest will be fetched
        return None


def _locate(folder: Path, stem: str) -> Path | None:
    return next((path for path in (folder / stem, folder / f"{stem}.gz") if path.is_file()), None)


def _read_folder(folder: Path, name: str, source: Source | None = None) -> Dataset:
    paths = {stem: _locate(folder, stem) for stem in FILES}
    missing = [stem for stem, path in paths.items() if path is None]
    if missing:
        raise DataError(
            f"{folder}: {', '.join(missing)} missing (plain or .gz); a data set has all four files"
        )
    arrays = {stem: _read_checked(path, stem, source) for stem, path in paths.items() if path is not None}
    train, train_labels, test, test_labels = (arrays[stem] for stem in FILES)
    _check_pair(folder, "training", train, train_labels)
    _check_pair(folder, "test", test, test_labels)
    return Dataset(
        name=name if source else folder.name,
        source=str(folder),
        images=_as_images(train),
        labels=_as_labels(train_labels),
        test_images=_as_images(test),
        test_labels=_as_labels(test_labels),
    )


def _read_checked(path: Path, stem: str, source: Source | None = None) -> np.ndarray:
    return read_idx(path, 3 if "idx3" in stem else 1, sha256=source.sha256[stem] if source else None)


def _check_pair(folder: Path, part: str, images: np.ndarray, labels: np.ndarray) -> None:
    if images.shape[1:] != (28, 28):
        raise DataError(f"{folder}: {part} images of {images.shape[1:]} pixels; the networks take 28×28")
    if len(images) != len(labels) or len(images) < 2:
        raise DataError(
            f"{folder}: {len(images)} {part} images and {len(labels)} labels; they must pair, two or more"
        )
    if labels.max() > 9:
        raise DataError(f"{folder}: a {part} label is {labels.max()}; classes are 0 to 9")


def _as_images(array: np.ndarray) -> torch.Tensor:
    return torch.tensor(array).unsqueeze(1)


def _as_labels(array: np.ndarray) -> torch.Tensor:
    return torch.tensor(array, dtype=torch.int64)


def _download(name: str) -> Dataset:
    """The data set, fetched into the cache, or what of it is missing or damaged there."""
    folder, source = cache_dir() / name, SOURCES[name]
    mirror = fetch(name, folder, source, partial(_read_checked, source=source))
    return replace(_read_folder(folder, name, source), source=f"{mirror} (kept in {folder})")


def _digits() -> Dataset:
    """scikit-learn's digits, 8×8, enlarged to 20×20 and centred like MNIST's; the last 297 are held out."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    small = torch.tensor(bunch.images, dtype=torch.float32).unsqueeze(1) * (255 / 16)
    large = torch.nn.functional.interpolate(small, size=(20, 20), mode="bicubic", align_corners=False)
    images = torch.nn.functional.pad(large.clamp(0, 255).round().to(torch.uint8), (4, 4, 4, 4))
    labels = torch.tensor(bunch.target, dtype=torch.int64)
    return Dataset(
        "digits", "embedded in scikit-learn", images[:1500], labels[:1500], images[1500:], labels[1500:]
    )
