"""Looking at a run while it trains: sample pictures, curves, distances to held-out images, quality.

Nothing here draws from the run's own randomness or changes its networks. Every picture is drawn again from the
records and the snapshots of the run, whatever interrupted it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from . import classifier, figures, looks, models, records, sheets
from .distances import NAMES, distances
from .quality import quick_quality
from .runs import SAMPLES
from .state import Run

__all__ = ["pictures", "report"]

_GRID = 64  # samples in each picture
_SHOWN = 12  # images in a row
_FEATURES = 2000  # images a side in the Fréchet distance on the way


def report(run: Run) -> None:
    """Draw samples from the fixed noise, measure, and draw all figures of the run again."""
    noise = torch.randn(_GRID, run.config.latent, generator=torch.Generator().manual_seed(run.config.seed + 1))
    images, folder = models.generate(run.average, noise), run.folder
    sheets.grid(images.numpy(), folder / SAMPLES / f"step-{run.step:07d}.png", scale=1, gap=0)
    sheets.grid(images.numpy(), folder / "samples.png")
    snapshots = _snapshots(folder / SAMPLES, run.data.shape[-1])
    sheets.over_time(snapshots, folder / "samples_over_time.png", columns=_SHOWN)
    sheets.animation(snapshots, folder / "samples.gif")
    ways = looks.interpolations(run.average, run.config.latent, seed=run.config.seed + 3, steps=_SHOWN)
    sheets.paths(ways, folder / "interpolation.png")
    _nearest(run, images[:_SHOWN])
    if run.config.exact_samples:
        _measure(run)
    _curves(run)


def pictures(folder: Path) -> list[Path]:
    """The pictures of a run that exist, best first."""
    names = (
        "samples.png",
        "samples.gif",
        "samples_over_time.png",
        "truth.png",
        "quality.png",
        "interpolation.png",
        "nearest.png",
        "distance.png",
        "critic_scores.png",
    )
    return [folder / name for name in names if (folder / name).exists()]


def _curves(run: Run) -> None:
    train, exact = (records.read(run.folder, kind) for kind in ("train", "exact"))
    penalty = None if run.config.constraint == "clip" else run.config.penalty
    figures.scores(train, run.folder / "critic_scores.png")
    figures.distance(train, run.folder / "distance.png", penalty=penalty)
    figures.truth(train, exact, run.folder / "truth.png", penalty=penalty)
    if exact:
        figures.quality(exact, run.folder / "quality.png")


def _nearest(run: Run, generated: torch.Tensor) -> None:
    training, held_out = run.data.images.cpu(), run.data.test_images[:_SHOWN].cpu()
    rows, notes = list[tuple[str, np.ndarray]](), []
    for name, images in (("held out", held_out), ("generated", generated)):
        found, distance = looks.nearest_training(images, training)
        rows += [(name, images.numpy()), ("nearest in training", training[found].numpy())]
        notes.append(f"{name}: {distance.median():.1f}")
    note = f"Median distance to the nearest training image, pixels in [−1, 1]. {', '.join(notes)}"
    sheets.nearest(rows, run.folder / "nearest.png", note=note)


def _measure(run: Run) -> None:
    """Log the distances of the law that the critic faces (the generator as it trains, not its average)."""
    rng = torch.Generator().manual_seed(run.config.seed + 2)
    data, limit = run.data, min(len(run.data.test_images), len(run.data.images))
    wide = min(_FEATURES, limit)
    held_out = data.test_images.cpu()[torch.randperm(len(data.test_images), generator=rng)[:wide]]
    training = data.images.cpu()[torch.randperm(len(data.images), generator=rng)[:wide]]
    noise = torch.randn(wide, run.config.latent, generator=rng)
    n = min(run.config.exact_samples, limit)
    fake = _as_it_trains(run, noise[:n])
    record = {"kind": "exact", "step": run.step, "n": n, **distances(held_out[:n], fake)}
    record |= _floor(run, held_out[:n], training[:n])
    judge = classifier.cached(run.data)
    if judge is not None:
        generated = models.generate(run.average, noise)
        record |= quick_quality(judge, generated, training, held_out)
        record |= {"n_features": wide, "classifier": judge.digest}
    records.append(run.folder, record)


def _as_it_trains(run: Run, noise: torch.Tensor) -> torch.Tensor:
    """Images in training mode, as the critic sees them; BatchNorm would keep a trace in the run's own network."""
    model, _ = models.build(run.config, run.data.shape)
    model.load_state_dict(run.generator.state_dict())
    with torch.no_grad():
        return models.to_bytes(model(noise))


def _floor(run: Run, held_out: torch.Tensor, training: torch.Tensor) -> dict[str, float]:
    """Real images against real ones: the same for the whole run, and measured once."""
    names = [f"floor_{name}" for name in NAMES]
    earlier = records.read(run.folder, "exact")
    if earlier and earlier[-1]["n"] == len(held_out) and all(name in earlier[-1] for name in names):
        return {name: earlier[-1][name] for name in names}
    return dict(zip(names, distances(held_out, training).values(), strict=True))


def _snapshots(folder: Path, side: int) -> list[tuple[int, np.ndarray]]:
    """The sample pictures on disk, cut into images again: they are their own record."""
    return [
        (int(path.stem.removeprefix("step-")), sheets.cut(np.asarray(Image.open(path)), side))
        for path in sorted(folder.glob("step-*.png"))
    ]
