"""Where data come from, in which order, and what is said when they cannot be had."""

from __future__ import annotations

import gzip
import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from idx_files import idx_bytes

from gan import DataError
from gan import data as gan_data
from gan.data import load, to_unit
from gan.sources import FILES, SOURCES, Source


@pytest.fixture
def lines() -> list[str]:
    """What the loader said."""
    return []


@pytest.fixture
def published(idx_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small data set, under the name of MNIST: its checksums are the published ones."""
    contents = {stem: gzip.decompress((idx_folder / f"{stem}.gz").read_bytes()) for stem in FILES}
    digests = {stem: hashlib.sha256(content).hexdigest() for stem, content in contents.items()}
    monkeypatch.setitem(
        SOURCES, "mnist", Source(("https://first.test/", "https://second.test/"), sha256=digests)
    )
    return idx_folder


def test_a_folder_is_read(idx_folder: Path) -> None:
    data = load(str(idx_folder))
    assert data.images.shape == (40, 1, 28, 28)
    assert data.images.dtype == torch.uint8
    assert data.test_images.shape == (20, 1, 28, 28)
    assert data.labels.dtype == data.test_labels.dtype == torch.int64
    assert data.source == str(idx_folder)


def test_plain_and_gzipped_files_are_the_same(idx_folder: Path) -> None:
    before = load(str(idx_folder)).fingerprint
    for stem in FILES:
        path = idx_folder / f"{stem}.gz"
        (idx_folder / stem).write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert load(str(idx_folder)).fingerprint == before


def test_the_fingerprint_sees_one_pixel(idx_folder: Path) -> None:
    data = load(str(idx_folder))
    other = load(str(idx_folder))
    other.images[3, 0, 5, 5] += 1
    assert data.fingerprint != other.fingerprint


def test_a_missing_file_is_named(idx_folder: Path) -> None:
    (idx_folder / f"{FILES[1]}.gz").unlink()
    with pytest.raises(DataError, match="train-labels-idx1-ubyte missing"):
        load(str(idx_folder))


@pytest.mark.parametrize(
    ("stem", "array", "message"),
    [
        (FILES[0], np.zeros((40, 32, 32)), r"training images of \(32, 32\) pixels"),
        (FILES[0], np.zeros((39, 28, 28)), "39 training images and 40 labels"),
        (FILES[3], np.full(20, 10), "a test label is 10; classes are 0 to 9"),
    ],
)
def test_images_and_labels_must_fit(idx_folder: Path, stem: str, array: np.ndarray, message: str) -> None:
    (idx_folder / f"{stem}.gz").write_bytes(gzip.compress(idx_bytes(array)))
    with pytest.raises(DataError, match=message):
        load(str(idx_folder))


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(
        DataError, match=r"data is 'cifar': neither a known name \(mnist, fashion, digits, stacked\) nor"
    ):
        load("cifar")


@pytest.mark.parametrize("below", ["mnist", "."])
def test_wdist_data_is_looked_in_first(published: Path, below: str, tmp_path: Path, monkeypatch) -> None:
    shutil.copytree(published, tmp_path / "data" / below)
    monkeypatch.setenv("WDIST_DATA", str(tmp_path / "data"))
    data = load("mnist")
    assert data.name == "mnist"
    assert Path(data.source).resolve() == (tmp_path / "data" / below).resolve()


def test_the_cache_is_looked_in_next(published: Path, cache: Path) -> None:
    shutil.copytree(published, cache / "mnist")
    assert load("mnist").source == str(cache / "mnist")


def test_wdist_data_must_be_a_folder(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WDIST_DATA", str(tmp_path / "absent"))
    with pytest.raises(DataError, match=r"WDIST_DATA is .*absent'?: not a folder; correct it or unset it"):
        load("mnist")


@pytest.mark.parametrize("name", ["mnist", "fashion"])
def test_another_data_set_under_a_known_name_is_refused(idx_folder: Path, name: str, monkeypatch) -> None:
    monkeypatch.setenv("WDIST_DATA", str(idx_folder))
    with pytest.raises(DataError, match="sha256 of the uncompressed file"):
        load(name)


def test_digits_stand_in_for_mnist_in_one_line(lines: list[str]) -> None:
    data = load("mnist", say=lines.append)
    assert data.name == "digits"
    assert len(lines) == 1
    assert "no mirror gave it" in lines[0]
    assert "1,797 handwritten digits instead of MNIST" in lines[0]


def test_nothing_stands_in_for_fashion(lines: list[str]) -> None:
    with pytest.raises(DataError, match=r"fashion is neither in WDIST_DATA nor in .*, and no mirror gave it"):
        load("fashion", say=lines.append)
    assert not lines


def test_the_embedded_digits() -> None:
    data = load("digits")
    assert data.images.shape == (1500, 1, 28, 28)
    assert len(data.images) + len(data.test_images) == 1797
    assert torch.bincount(data.labels).min() > 100
    assert data.images.float().mean((0, 1))[:4].max() == 0  # centred on a dark border, as MNIST
    assert data.images.max() == 255


def test_bytes_become_the_range_of_tanh() -> None:
    unit = to_unit(torch.tensor([0, 51, 255], dtype=torch.uint8))
    torch.testing.assert_close(unit, torch.tensor([-1.0, -0.6, 1.0]))


def test_mnist_itself(mnist_dir: Path, monkeypatch) -> None:
    monkeypatch.setenv("WDIST_DATA", str(mnist_dir.parent))
    data = load("mnist")
    assert (len(data.images), len(data.test_images)) == (60_000, 10_000)
    assert torch.bincount(data.labels).tolist() == [
        5923,
        6742,
        5958,
        6131,
        5842,
        5421,
        5918,
        6265,
        5851,
        5949,
    ]
    # The mean and deviation that MNIST is known by.
    assert data.images.float().div(255).mean().item() == pytest.approx(0.1307, abs=5e-5)
    assert data.images.float().div(255).std().item() == pytest.approx(0.3081, abs=5e-5)


def test_the_cache_follows_the_platform(cache: Path) -> None:
    assert gan_data.cache_dir() == cache
