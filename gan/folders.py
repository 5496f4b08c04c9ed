"""A folder of pictures as a data set.

Every picture under the folder counts, at any depth; other and hidden files are left alone. Where there are two folders
``train`` and ``test``, they are the parts; otherwise a tenth is held out, chosen by a fixed seed. Pictures are turned
as their camera says, cut to their central square and brought to one size. They are grey if all of them are, and
colour otherwise; what is transparent lies on white.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from .dataset import Dataset
from .idx import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["read"]

_ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
_GREY = {"1", "L", "I", "F"}
_HELD_OUT = 0.1
_LEAST = 4  # pictures


def read(folder: Path, size: int) -> Dataset:
    """Read all pictures under ``folder``, as ``size`` × ``size``.

    Raises
    ------
    DataError
        If there are fewer than four, or one cannot be read.
    """
    parts = [_pictures(folder / name) for name in ("train", "test")]
    if not all(parts):
        paths = _pictures(folder)
        order = np.random.default_rng(0).permutation(len(paths))
        held_out = set(order[: max(2, round(_HELD_OUT * len(paths)))].tolist())
        parts = [[path for k, path in enumerate(paths) if (k in held_out) == out] for out in (False, True)]
    if min(map(len, parts)) < _LEAST // 2:
        found = sum(map(len, parts))
        raise DataError(
            f"{folder}: {found} pictures ({', '.join(sorted(_ENDINGS))}) and no IDX files; at least {_LEAST} are needed"
        )
    grey = all(_is_grey(path) for part in parts for path in part)
    images, test_images = (torch.from_numpy(np.stack([_read(path, size, grey) for path in part])) for part in parts)
    labels, test_labels = (torch.zeros(len(part), dtype=torch.int64) for part in parts)
    return Dataset(folder.resolve().name, str(folder), images, labels, test_images, test_labels)


def _pictures(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS and path.is_file())
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def _is_grey(path: Path) -> bool:
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return picture.mode in _GREY or picture.mode.startswith("I;16")
    except (OSError, Image.DecompressionBombError) as error:
        raise _unreadable(path, error) from error


def _read(path: Path, size: int, grey: bool) -> np.ndarray:
    """One picture, bytes of shape (channels, size, size)."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as picture:
            upright = _in_bytes(ImageOps.exif_transpose(picture), grey)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _unreadable(path, error) from error
    square = np.asarray(ImageOps.fit(upright, (size, size), Image.Resampling.LANCZOS))
    return square[None] if grey else square.transpose(2, 0, 1)


def _in_bytes(picture: Image, grey: bool) -> Image:
    from PIL import Image

    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):  # Pillow's own conversion would clip them
        values = np.asarray(picture, dtype=np.float64)
        if values.min() < 0 or values.max() > 65535:
            raise ValueError(f"grey values from {values.min():g} to {values.max():g}, not 0 to 65535")
        picture = Image.fromarray(np.round(values / 257).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("L" if grey else "RGB")


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(f"{path}: not a picture that can be read ({error}); mend it or take it out of the folder")
