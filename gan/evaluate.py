"""How good the samples of a checkpoint are, always beside real images measured in the same way.

The score is the squared W2 between the Gaussians fitted to the features of two sets of images, the Fréchet
distance of FID, here in the features of a small classifier trained on the same data. Its scale belongs to
that classifier, so it is also given as a ratio to what a 3×3 blur of real images scores. Exact distances between
samples stand beside it, in features and in pixels, and what they say about the populations; in pixels as a warning:
there blurred images are better than real ones.

Reference: Heusel et al., "GANs trained by a two time-scale update rule", NeurIPS 2017 (FID); the other scores'
are in :mod:`gan.scores`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

import wdist

from . import checkpoint, classifier, data, models, modes, quality, scores
from .atomic import write_atomically
from .config import Config
from .data import Dataset
from .distances import points
from .runs import stored_config

__all__ = ["evaluate", "load_generator", "sample", "write"]

_Draw = Callable[[int], torch.Tensor]  # that many generated images, as bytes

_POPULATION = 20  # images a side that an interval for the population takes
_WIDEST = 1000  # numbers an image may have for it: it fits maps, at the cost of their cube, and in pixels says little


def load_generator(path: str | Path) -> tuple[torch.nn.Module, Config, dict[str, Any]]:
    """The averaged generator of a checkpoint (or run folder), its settings, and the whole checkpoint."""
    path = checkpoint.locate(path)
    state = checkpoint.load(path)
    config = stored_config(state, path)
    generator, _ = models.build(config, state["shape"])
    try:
        generator.load_state_dict(state["average"])
    except (RuntimeError, TypeError, AttributeError) as error:
        raise checkpoint.CheckpointError(
            f"{path}: its weights do not fit the generator of preset {config.preset!r}; train a new run"
        ) from error
    return generator.eval(), config, state


def sample(path: str | Path, n: int, *, seed: int = 0, device: str = "auto") -> torch.Tensor:
    """Draw ``n`` images, uint8 of shape (n, channels, side, side), from the averaged generator of a checkpoint."""
    generator, config, _ = load_generator(path)
    noise = torch.randn(n, config.latent, generator=torch.Generator().manual_seed(seed))
    return models.generate(generator.to(models.pick_device(device)), noise)


def evaluate(
    path: str | Path,
    *,
    seed: int = 0,
    exact_samples: int = 1000,
    device: str = "auto",
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Measure a checkpoint's samples, and real images beside them, against the held-out images.

    Returns
    -------
    dict
        ``rows``: for generated, training and blurred training images, the scores that :mod:`gan.tables` prints;
        beside it the classifier's hash and accuracy, the data, and the sample sizes. Pictures whose classes nobody
        has told, or in colour, have no classifier: they are measured in pixels alone.

    Raises
    ------
    CheckpointError, DataError
        If the checkpoint is damaged, or the data are not those that it was trained on.
    """
    _, config, state = load_generator(path)
    dataset = _same_data(path, config, state, say)
    stacked = config.data == "stacked"
    classes = data.load("mnist", say=say) if stacked else dataset  # what the classifier tells apart
    judge = classifier.obtain(classes, say=say) if stacked or classifier.suits(dataset) else None
    draw = partial(sample, path, seed=seed, device=device)
    if stacked and judge is not None:
        measured = _counted(judge, dataset, draw, say=say)
    else:
        measured = _scored(judge, dataset, draw, exact_samples=exact_samples, seed=seed, say=say)
    return {
        "checkpoint": str(path),
        "step": state["step"],
        "seed": seed,
        "data": {"name": dataset.name, "source": dataset.source, "sha256": dataset.fingerprint},
        "classifier": judge and {"sha256": judge.digest, "accuracy": classifier.accuracy(judge, classes)},
        **measured,
    }


def write(result: dict[str, Any], path: str | Path) -> Path:
    """Write the result as JSON beside the checkpoint, and return where."""
    target = checkpoint.locate(path).with_name("evaluation.json")
    write_atomically(target, (json.dumps(result, indent=2) + "\n").encode())
    return target


def _same_data(path: str | Path, config: Config, state: dict[str, Any], say: Callable[[str], None]) -> Dataset:
    """The images that a checkpoint was trained on."""
    dataset = data.load(config.data, size=config.size, say=say)
    if dataset.fingerprint != state["data"]:
        raise data.DataError(
            f"data is {config.data!r} from {dataset.source}: not the images that {path} was trained on; "
            "point WDIST_DATA to those"
        )
    return dataset


def _counted(
    judge: classifier.Classifier, dataset: Dataset, draw: _Draw, *, say: Callable[[str], None]
) -> dict[str, Any]:
    """The modes of stacked MNIST that are reached, by generated images and by as many training ones."""
    n = min(modes.COUNTED, len(dataset.images))
    say(f"Counting the modes of {n} images of each kind.")
    images = {"generated": draw(n), "training images": dataset.images[:n]}
    return {"n": n, "rows": {name: modes.count(judge, part) for name, part in images.items()}}


def _scored(
    judge: classifier.Classifier | None,
    dataset: Dataset,
    draw: _Draw,
    *,
    exact_samples: int,
    seed: int,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """All scores of generated images, of training images, and of these blurred; without a judge, those in pixels."""
    n = min(len(dataset.test_images), len(dataset.images))
    n_exact = min(n, exact_samples)
    say(f"Measuring {n} images of each kind, exact distances and memorised images on {n_exact}.")
    rng = torch.Generator().manual_seed(seed)
    training, held_out = (
        images[torch.randperm(len(images), generator=rng)[:n]] for images in (dataset.images, dataset.test_images)
    )
    sets = {"generated": draw(n), "training": training, "blurred": quality.blur(training)}
    rows = dict[str, dict[str, Any]]()
    for name, images in sets.items():
        row = _exact(images[:n_exact], held_out[:n_exact], "pixels")
        row["memorised"] = scores.memorised(images[:n_exact], held_out[:n_exact], dataset.images)
        rows[name] = row
    if judge is not None:
        reference = judge.features(held_out)
        features = {name: judge.features(images) for name, images in sets.items()}
        for name, row in rows.items():
            row |= _score(judge, features[name], features["blurred"], reference, seed=seed)
            row |= _exact(features[name][:n_exact], reference[:n_exact], "features")
    rows = {name: _split(row) for name, row in rows.items()}
    return {"n": n, "n_exact": n_exact, "rows": rows}


def _score(
    judge: classifier.Classifier,
    features: torch.Tensor,
    blurred: torch.Tensor,
    reference: torch.Tensor,
    *,
    seed: int,
) -> dict[str, Any]:
    with torch.no_grad():
        probabilities = judge.head(features).double().softmax(1)
    classes = scores.shares(probabilities.argmax(1), probabilities.shape[1])
    distance, ratio = scores.frechet_scores(features, blurred, reference, seed=seed)
    return {
        "w2_squared": distance,
        "ratio": ratio,
        "inception_score": scores.inception_score(probabilities, seed=seed),
        **scores.neighbourhoods(reference, features),
        "smallest_class": min(classes),
        "largest_class": max(classes),
        "class_shares": classes,
    }


def _exact(first: torch.Tensor, second: torch.Tensor, where: str) -> dict[str, Any]:
    """Exact distances of the samples, and what they say about the populations they come from."""
    x, y = (part.double().numpy() if where == "features" else points(part) for part in (first, second))
    row: dict[str, Any] = {f"w{p}_{where}": (float(wdist.transport(x, y, p=p)), None, None) for p in (1, 2)}
    if len(x) >= _POPULATION and x.shape[1] <= _WIDEST:
        found = wdist.estimate(x, y, p=2, rng=0)
        row[f"w2_{where}_population"] = (found.distance, found.low, found.high)
    return row


def _split(row: dict[str, Any]) -> dict[str, Any]:
    """Values under the names of their scores, and the intervals apart."""
    values, intervals = dict[str, Any](), dict[str, Any]()
    for key, score in row.items():
        if key == "class_shares":
            values[key], intervals[key] = [one[0] for one in score], [one[1:] for one in score]
        else:
            values[key] = score[0]
            if score[1] is not None:
                intervals[key] = score[1:]
    return values | {"intervals": intervals}
