"""Problems to solve: between random clouds, MNIST images, and pictures on the pixel grid; and matrices of costs.

DOTmark: J. Schrieber, D. Schuhmacher, C. Gottschlich (2017), DOTmark, a benchmark for discrete optimal transport, IEEE
Access 5, doi:10.1109/ACCESS.2016.2639065. MNIST: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner (1998),
doi:10.1109/5.726791. Neither is downloaded: they are looked for in ``WDIST_DATA`` and beside the checkout.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

__all__ = ["Matrix", "Measures", "cloud", "dotmark", "dotmark_files", "grid", "matrix", "mnist", "mnist_file", "places"]

_SEED = 20261124
_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "data"
_DOTMARK_LARGEST = 128  # pixels a side as published here; beyond that, interpolated
_IDX_HEADER = 16  # bytes before the pixels of an IDX file of images
_INTEGERS = 20  # costs from 0 to 19: ties everywhere, and at n = 2000 an optimum on zeros alone


class Measures(NamedTuple):
    """Two weighted point sets: points (n, d) and masses (n,) that sum to 1, or None for equal ones."""

    x: np.ndarray
    y: np.ndarray
    a: np.ndarray | None
    b: np.ndarray | None

    def thinned(self, n: int) -> Measures:
        """At most n points a side, all of positive mass: a small problem of the same kind."""
        rows = _spread(len(self.x), n)
        masses = [None if m is None else _thinned(m, rows) for m in (self.a, self.b)]
        return Measures(self.x[rows], self.y[rows], masses[0], masses[1])


class Matrix(NamedTuple):
    """Costs (n, n), and masses (n,) of its rows and columns that sum to 1."""

    costs: np.ndarray
    a: np.ndarray
    b: np.ndarray

    def thinned(self, n: int) -> Matrix:
        """At most n rows and columns, all of positive mass: a small problem of the same kind."""
        rows = _spread(len(self.costs), n)
        return Matrix(self.costs[np.ix_(rows, rows)], _thinned(self.a, rows), _thinned(self.b, rows))


def cloud(n: int, d: int, weights: str) -> Measures:
    """Uniform points in the unit cube; the same for ``"random"`` and ``"uniform"`` weights."""
    rng = np.random.default_rng([_SEED, n, d])
    x, y = rng.random((n, d)), rng.random((n, d))
    if weights == "uniform":
        return Measures(x, y, None, None)
    return Measures(x, y, _normalised(rng.random(n) + 1e-3), _normalised(rng.random(n) + 1e-3))


def matrix(costs: str, n: int) -> Matrix:
    """The masses of a random cloud in the plane, and costs that are random or a metric of SciPy's on its points.

    Parameters
    ----------
    costs : str
        ``"random"`` in [0, 1], ``"integers"`` from 0 to 19, ``"euclidean"`` or ``"sqeuclidean"``.
    n : int
        Rows and columns.
    """
    x, y, a, b = cloud(n, 2, "random")
    assert a is not None
    assert b is not None
    rng = np.random.default_rng([_SEED, n])
    if costs == "random":
        return Matrix(rng.random((n, n)), a, b)
    if costs == "integers":
        return Matrix(rng.integers(_INTEGERS, size=(n, n)).astype(float), a, b)
    return Matrix(cdist(x, y, costs), a, b)


def mnist(n: int) -> Measures:
    """Two disjoint random sets of n training images, pixels in [0, 1]."""
    path = mnist_file()
    assert path is not None, "asked for without looking whether it is there"
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    images = np.frombuffer(raw, np.uint8, offset=_IDX_HEADER).reshape(-1, 784)
    chosen = np.random.default_rng(_SEED).choice(len(images), 2 * n, replace=False)
    return Measures(images[chosen[:n]] / 255.0, images[chosen[n:]] / 255.0, None, None)


def grid(size: int) -> Measures:
    """Two pictures of a few soft blobs with black between them, drawn at random."""
    rng = np.random.default_rng([_SEED, size])
    return _pictures([np.floor(_blobs(size, rng)) for _ in range(2)])


def dotmark(size: int, pair: int) -> Measures:
    """The pair of images of that number: consecutive numbers go round the classes, each in an order of its own."""
    files = dotmark_files()
    path, stored = files[pair % len(files)], min(size, _DOTMARK_LARGEST)
    with np.load(path) as archive:
        images = archive[f"img{stored}"]
    pairs = list(combinations(range(len(images)), 2))
    order = np.random.default_rng([_SEED, pair % len(files)]).permutation(len(pairs))
    i, j = pairs[order[pair // len(files)]]
    return _pictures([_enlarged(images[k].astype(float), size) for k in (i, j)])


def mnist_file() -> Path | None:
    """The training images in IDX format, plain or gzipped, if they are here."""
    names = ("train-images-idx3-ubyte", "train-images-idx3-ubyte.gz")
    return next((place / name for place in places("mnist") for name in names if (place / name).is_file()), None)


def dotmark_files() -> list[Path]:
    """An archive a class, with arrays ``img32``, ``img64``, ``img128`` of shape (images, size, size)."""
    return next((found for place in places("dotmark") if (found := sorted(place.glob("*.npz")))), [])


def places(name: str) -> list[Path]:
    """Where a data set is looked for."""
    named = os.environ.get("WDIST_DATA")
    return [*([Path(named).expanduser() / name] if named else []), _BESIDE / name]


def _pictures(images: Sequence[np.ndarray]) -> Measures:
    """Pixels at integer coordinates; black ones stay, with mass 0."""
    size = images[0].shape[0]
    points = np.indices((size, size)).reshape(2, -1).T.astype(float)
    return Measures(points, points.copy(), _normalised(images[0].ravel()), _normalised(images[1].ravel()))


def _enlarged(image: np.ndarray, size: int) -> np.ndarray:
    if len(image) == size:
        return image
    from scipy.ndimage import zoom

    return np.maximum(zoom(image, size / len(image), order=1), 0.0)


def _blobs(size: int, rng: np.random.Generator) -> np.ndarray:
    """Brightness from 0 to 255 of six Gaussian bells, which rounding down leaves black in between."""
    at = np.linspace(0.0, 1.0, size)
    picture = np.zeros((size, size))
    for row, column, width in zip(rng.random(6), rng.random(6), rng.uniform(0.02, 0.1, 6), strict=True):
        picture += np.exp(-0.5 * ((at[:, None] - row) ** 2 + (at - column) ** 2) / width**2)
    return 255.0 * picture / picture.max()


def _spread(length: int, n: int) -> np.ndarray:
    """At most n indices, evenly from first to last."""
    return np.unique(np.linspace(0, length - 1, n).astype(int))


def _thinned(masses: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return _normalised(masses[rows] + 1.0 / len(masses))


def _normalised(masses: np.ndarray) -> np.ndarray:
    return masses / masses.sum()
