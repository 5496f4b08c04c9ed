"""Looking at a run while it trains: sample pictures, curves, and the exact distance to held-out images.

Nothing here draws from the run's own randomness or changes its networks.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

import wdist

from . import figures, models, records
from .data import to_unit
from .runs import SAMPLES
from .state import Run

__all__ = ["exact_w1", "pictures", "report"]

_GRID = 64  # samples in each picture


def report(run: Run) -> None:
    """Draw samples from the fixed noise, take the exact W1, and draw all figures of the run again."""
    noise = torch.randn(
        _GRID, run.config.latent, generator=torch.Generator().manual_seed(run.config.seed + 1)
    )
    images = models.generate(run.average, noise).squeeze(1).numpy()
    figures.grid(images, run.folder / SAMPLES / f"step-{run.step:07d}.png", scale=1, gap=0)
    figures.grid(images, run.folder / "samples.png")
    figures.over_time(_snapshots(run.folder / SAMPLES), run.folder / "samples_over_time.png")
    if run.config.exact_samples:
        _record_exact(run)
    train = records.read(run.folder, "train")
    penalty = None if run.config.constraint == "clip" else run.config.penalty
    figures.scores(train, run.folder / "critic_scores.png")
    figures.distance(train, run.folder / "distance.png", penalty=penalty)
    figures.truth(train, records.read(run.folder, "exact"), run.folder / "truth.png", penalty=penalty)


def pictures(folder: Path) -> list[Path]:
    """The pictures of a run that exist, best first."""
    names = ("samples.png", "samples_over_time.png", "truth.png", "distance.png", "critic_scores.png")
    return [folder / name for name in names if (folder / name).exists()]


def exact_w1(first: torch.Tensor, second: torch.Tensor) -> float:
    """Exact W1 between two equally large sets of images, Euclidean in pixels scaled to [-1, 1]."""
    flat = [to_unit(images.cpu()).flatten(1).numpy().astype(np.float64) for images in (first, second)]
    return float(wdist.transport(*flat, p=1))


def _record_exact(run: Run) -> None:
    """Log the exact W1 of the law that the critic faces (the generator as it trains, not its average)."""
    rng = torch.Generator().manual_seed(run.config.seed + 2)
    n = min(run.config.exact_samples, len(run.data.test_images), len(run.data.images))
    held_out = run.data.test_images.cpu()[torch.randperm(len(run.data.test_images), generator=rng)[:n]]
    training = run.data.images.cpu()[torch.randperm(len(run.data.images), generator=rng)[:n]]
    noise = torch.randn(n, run.config.latent, generator=rng)
    model, _ = models.build(run.config, run.data.shape)  # in training mode, as the critic sees it
    model.load_state_dict(run.generator.state_dict())  # BatchNorm would keep a trace in the run's own
    with torch.no_grad():
        fake = model(noise).add(1.0).mul(127.5).round().to(torch.uint8)
    earlier = records.read(run.folder, "exact")
    floor = earlier[-1]["floor"] if earlier and earlier[-1]["n"] == n else exact_w1(held_out, training)
    record = {"kind": "exact", "step": run.step, "n": n, "w1": exact_w1(held_out, fake), "floor": floor}
    records.append(run.folder, record)


def _snapshots(folder: Path) -> list[tuple[int, np.ndarray]]:
    """The sample pictures on disk, cut into images again: they are their own record."""
    snapshots = []
    for path in sorted(folder.glob("step-*.png")):
        sheet = np.asarray(Image.open(path).convert("L"))
        tiles = sheet.reshape(sheet.shape[0] // 28, 28, -1, 28).swapaxes(1, 2).reshape(-1, 28, 28)
        snapshots.append((int(path.stem.removeprefix("step-")), tiles))
    return snapshots
