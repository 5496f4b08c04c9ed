"""A folder of pictures becomes images, and what cannot be read is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan import ConfigError, DataError, classifier
from gan.__main__ import main
from gan.data import load
from gan.models import build
from gan.state import Run
from gan.train import train

QUIET = {"say": lambda line: None}


def pictures(folder: Path, n: int, mode: str = "L", size: tuple[int, int] = (28, 28), ending: str = "png") -> Path:
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(n):
        shape = (size[1], size[0]) if mode == "L" else (size[1], size[0], 3)
        Image.fromarray(rng.integers(0, 256, shape).astype(np.uint8)).save(folder / f"{k:03}.{ending}")
    return folder


def test_grey_pictures_of_the_right_size_are_taken_as_they_are(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "p", 20)
    data = load(str(folder))
    assert data.shape == (1, 28, 28)
    assert (len(data.images), len(data.test_images)) == (18, 2)
    given = {np.asarray(Image.open(path)).tobytes() for path in folder.iterdir()}
    found = {image.numpy().tobytes() for image in torch.cat([data.images, data.test_images])}
    assert found == given
    assert load(str(folder)).fingerprint == data.fingerprint


def test_one_colour_picture_makes_the_set_one_of_colour(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "p", 6)
    pictures(folder / "deep" / "er", 1, "RGB", ending="JPG")
    data = load(str(folder), size=32)
    assert data.shape == (3, 32, 32)
    assert len(data.images) + len(data.test_images) == 7


def test_train_and_test_folders_are_the_parts(tmp_path: Path) -> None:
    pictures(tmp_path / "p" / "train", 5)
    pictures(tmp_path / "p" / "test", 3)
    data = load(str(tmp_path / "p"))
    assert (len(data.images), len(data.test_images)) == (5, 3)


def test_hidden_files_are_no_pictures(tmp_path: Path) -> None:
    """What macOS lays beside each picture on foreign disks has its ending, and is none; so have thumbnails."""
    folder = pictures(tmp_path / ".data" / "p", 5)
    (folder / "._000.png").write_bytes(b"\x00\x05\x16\x07")
    pictures(folder / ".thumbnails", 3, size=(8, 8))
    data = load(str(folder))
    assert len(data.images) + len(data.test_images) == 5


def test_the_central_square_is_kept_and_the_camera_is_heard(tmp_path: Path) -> None:
    """A wide picture, dark but for a white square in its middle, lying on its side by its Exif tag."""
    folder = pictures(tmp_path / "p", 4)
    canvas = np.zeros((28, 84), dtype=np.uint8)
    canvas[:14, 28:56] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter: the upper half goes to the right
    Image.fromarray(canvas).save(folder / "wide.png", exif=exif)
    data = load(str(folder))
    images = torch.cat([data.images, data.test_images])[:, 0]
    turned = next(image for image in images if image.unique().numel() <= 2)
    assert (turned[:, 14:] == 255).all()
    assert (turned[:, :14] == 0).all()


def test_transparent_pictures_lie_on_white_and_sixteen_bits_are_scaled(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    for k, value in enumerate((0, 257 * 100, 65535, 257 * 100)):
        Image.fromarray(np.full((28, 28), value, dtype=np.uint16)).save(folder / f"{k}.png")
    data = load(str(folder))
    assert torch.cat([data.images, data.test_images]).unique().tolist() == [0, 100, 255]
    for k in range(4):
        Image.new("RGBA", (28, 28), (255, 0, 0, 0)).save(folder / f"{k}.png")
    assert (load(str(folder)).images == 255).all()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "000.png").write_bytes(b"no picture"), r"000.png: not a picture that can be read"),
        (
            lambda folder: (folder / "001.png").write_bytes((folder / "001.png").read_bytes()[:200]),
            r"001.png: not a picture that can be read .*; mend it or take it out",
        ),
        (lambda folder: [path.unlink() for path in folder.iterdir()], r"0 pictures \(.bmp, .* at least 4 are needed"),
    ],
    ids=["foreign", "truncated", "empty"],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, spoil: Callable[[Path], object], message: str) -> None:
    folder = pictures(tmp_path / "p", 5)
    spoil(folder)
    with pytest.raises(DataError, match=message):
        load(str(folder))


def test_a_size_is_for_pictures(idx_folder: Path) -> None:
    with pytest.raises(DataError, match="size is 32: digits is 28×28; only a folder of pictures"):
        load("digits", size=32)
    with pytest.raises(DataError, match=r"size is 32: the IDX files in .* stay 28×28"):
        load(str(idx_folder), size=32)


def test_colour_pictures_are_trained_on_and_measured_in_pixels(
    tmp_path: Path, new_run: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "p"
    pictures(folder / "train", 30, "RGB", size=(40, 36))
    pictures(folder / "test", 24, "RGB", size=(44, 36))
    run = new_run(data=str(folder), size=32, exact_samples=2, steps=2)
    train(run, progress=False)
    assert np.asarray(Image.open(run.folder / "samples.png")).ndim == 3
    assert main(["evaluate", str(run.folder), "--exact-samples", "20"]) == 0
    said = capsys.readouterr().out
    assert "There is no classifier of these images" in said
    assert not any(word in said for word in ("features", "inception", "Classifier", "classes 0-9"))
    result = json.loads((run.folder / "evaluation.json").read_text())
    assert result["classifier"] is None
    rows = result["rows"]
    assert rows["training"]["w2_pixels"] > rows["blurred"]["w2_pixels"] > 0, "noise is nearer to what it averages to"
    assert rows["training"]["memorised"] == 1
    assert said.count("not taken") == 3, "in 3,072 dimensions it would take minutes"
    with pytest.raises(DataError, match=r"shape \(3, 32, 32\): the judge is a classifier of grey 28×28 images"):
        classifier.obtain(run.data)


def test_sizes_that_the_networks_cannot_make_are_refused(new_run: Callable[..., Run], tmp_path: Path) -> None:
    folder = pictures(tmp_path / "p", 5)
    with pytest.raises(ConfigError, match="square, with a side that is a multiple of 4: these are 30×30"):
        new_run(data=str(folder), size=30)
    with pytest.raises(ConfigError, match="preset paper takes images that are 28×28: these are 32×32"):
        new_run(data=str(folder), size=32, preset="paper")


@pytest.mark.parametrize("preset", ["fast", "classic"])
def test_networks_of_other_shapes(preset: str, new_run: Callable[..., Run]) -> None:
    generator, critic = build(new_run(preset=preset).config, (3, 40, 40))
    images = generator(torch.zeros(2, 5))
    assert images.shape == (2, 3, 40, 40)
    assert critic(images).shape == (2, 1)
