"""How good the samples of a checkpoint are, always beside real images measured in the same way.

The score is the squared W2 between the Gaussians fitted to the features of two sets of images, the Fréchet
distance of FID, here in the features of a small classifier trained on the same data. Its scale belongs to
that classifier, so it is also given as a ratio to what a 3×3 blur of real images scores. The exact W1 in
pixels stands beside it as a warning: by it, blurred images are better than real ones.

References
----------
Heusel et al., "GANs trained by a two time-scale update rule", NeurIPS 2017 (FID). Salimans et al., "Improved
techniques for training GANs", NeurIPS 2016 (inception score, here of this classifier). Kynkäänniemi et al.,
NeurIPS 2019 (precision, recall); Naeem et al., ICML 2020 (coverage); k = 5.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from . import checkpoint, classifier, data, models, modes, quality
from .config import Config
from .data import Dataset
from .distances import exact_w1
from .runs import stored_config

__all__ = ["evaluate", "load_generator", "sample", "table"]

_NEIGHBOURS = 5


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
    """Draw ``n`` images, uint8 of shape (n, 1, 28, 28), from the averaged generator of a checkpoint."""
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
        ``rows``: for generated, training and blurred training images, the scores that :func:`table` prints;
        beside it the classifier's hash and accuracy, the data, and the sample sizes.

    Raises
    ------
    CheckpointError, DataError
        If the checkpoint is damaged, or the data are not those that it was trained on.
    """
    _, config, state = load_generator(path)
    dataset = data.load(config.data, size=config.size, say=say)
    if dataset.fingerprint != state["data"]:
        raise data.DataError(
            f"data is {config.data!r} from {dataset.source}: not the images that {path} was trained on; "
            "point WDIST_DATA to those"
        )
    if config.data == "stacked":
        return _counted(path, state, dataset, seed=seed, device=device, say=say)
    if not dataset.labelled or dataset.shape != (1, data.SIDE, data.SIDE):
        raise data.DataError(
            f"data is {config.data!r}: the judge is a classifier of grey {data.SIDE}×{data.SIDE} images, and needs "
            "their classes; the distances in metrics.jsonl need none"
        )
    judge = classifier.obtain(dataset, say=say)
    n = min(len(dataset.test_images), len(dataset.images))
    rng = torch.Generator().manual_seed(seed)
    training = dataset.images[torch.randperm(len(dataset.images), generator=rng)[:n]]
    held_out = dataset.test_images[torch.randperm(len(dataset.test_images), generator=rng)[:n]]
    sets = {
        "generated": sample(path, n, seed=seed, device=device),
        "training": training,
        "blurred": quality.blur(training),
    }
    reference = judge.features(held_out)
    say(f"Measuring {n} images of each kind, exact W1 on {min(n, exact_samples)}.")
    rows = {
        name: _score(judge, images, reference)
        | {"w1_pixels": exact_w1(images[:exact_samples], held_out[:exact_samples])}
        for name, images in sets.items()
    }
    for row in rows.values():
        row["ratio"] = row["w2_squared"] / rows["blurred"]["w2_squared"]
    return {
        "checkpoint": str(path),
        "step": state["step"],
        "seed": seed,
        "data": {"name": dataset.name, "source": dataset.source, "sha256": dataset.fingerprint},
        "classifier": {"sha256": judge.digest, "accuracy": _accuracy(judge, dataset)},
        "n": n,
        "n_exact": min(n, exact_samples),
        "rows": rows,
    }


def table(result: dict[str, Any]) -> str:
    """The result of :func:`evaluate` as text."""
    if result["data"]["name"] == "stacked":
        return modes.table(result)
    head = (
        "",
        "W2² features",
        "÷ blurred",
        "W1 pixels",
        "IS",
        "prec.",
        "recall",
        "cover.",
        "classes min–max",
    )
    lines = [head]
    for name, row in result["rows"].items():
        shares = row["class_shares"]
        lines.append(
            (
                name,
                f"{row['w2_squared']:.3f}",
                f"{row['ratio']:.4f}",
                f"{row['w1_pixels']:.3f}",
                f"{row['inception_score']:.2f}",
                *(f"{row[key]:.3f}" for key in ("precision", "recall", "coverage")),
                f"{100 * min(shares):.1f}–{100 * max(shares):.1f} %",
            )
        )
    widths = [max(len(line[k]) for line in lines) for k in range(len(head))]
    text = [
        " ".join(
            [line[0].ljust(widths[0]), *(c.rjust(w + 1) for c, w in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    ]
    judge, shares = result["classifier"], result["rows"]["generated"]["class_shares"]
    notes = (
        f"Each against {result['n']} held-out images ({result['data']['name']}); "
        f"W1 is exact, on {result['n_exact']} a side.",
        f"Generated classes 0–9: {' '.join(f'{100 * share:.1f}' for share in shares)} %",
        f"Classifier {judge['sha256'][:16]}, {100 * judge['accuracy']:.2f} % right on held-out images. "
        "Figures under another classifier do not compare.",
    )
    return "\n".join([*text, "", *notes])


def write(result: dict[str, Any], path: str | Path) -> Path:
    """Write the result as JSON beside the checkpoint, and return where."""
    target = checkpoint.locate(path).with_name("evaluation.json")
    checkpoint.write_atomically(target, (json.dumps(result, indent=2) + "\n").encode())
    return target


def _counted(
    path: str | Path, state: dict[str, Any], dataset: Dataset, *, seed: int, device: str, say: Callable[[str], None]
) -> dict[str, Any]:
    """The modes of stacked MNIST that are reached, by generated images and by as many training ones."""
    digits = data.load("mnist", say=say)
    judge, n = classifier.obtain(digits, say=say), min(modes.COUNTED, len(dataset.images))
    say(f"Counting the modes of {n} images of each kind.")
    images = {"generated": sample(path, n, seed=seed, device=device), "training images": dataset.images[:n]}
    return {
        "checkpoint": str(path),
        "step": state["step"],
        "seed": seed,
        "data": {"name": dataset.name, "source": dataset.source, "sha256": dataset.fingerprint},
        "classifier": {"sha256": judge.digest, "accuracy": _accuracy(judge, digits)},
        "n": n,
        "rows": {name: modes.count(judge, part) for name, part in images.items()},
    }


def _score(judge: classifier.Classifier, images: torch.Tensor, reference: torch.Tensor) -> dict[str, Any]:
    features = judge.features(images)
    with torch.no_grad():
        probabilities = judge.head(features).double().softmax(1)
    shares = torch.bincount(probabilities.argmax(1), minlength=10).double() / len(images)
    return {
        "w2_squared": quality.frechet(features, reference),
        "inception_score": _inception_score(probabilities),
        **_neighbourhoods(reference, features),
        "class_shares": shares.tolist(),
    }


def _inception_score(probabilities: torch.Tensor) -> float:
    """exp of the mean relative entropy of a sample's class probabilities to their mean."""
    mean = probabilities.mean(0)
    return torch.special.entr(mean).sum().sub(torch.special.entr(probabilities).sum(1).mean()).exp().item()


def _neighbourhoods(real: torch.Tensor, fake: torch.Tensor) -> dict[str, float]:
    """Share of fakes in a real one's ball, of reals in a fake's, and of real balls that hold a fake.

    A ball reaches to the k-th nearest neighbour of its own kind.
    """
    radius_real, radius_fake = _radii(real), _radii(fake)
    inside_real = torch.zeros(len(fake), dtype=torch.bool)
    recalled, covered = [], []
    for part, radius in zip(real.split(1000), radius_real.split(1000), strict=True):
        distances = torch.cdist(part, fake)
        inside_real |= (distances <= radius[:, None]).any(0)
        recalled.append((distances <= radius_fake).any(1))
        covered.append(distances.amin(1) <= radius)
    shares = {"precision": inside_real, "recall": torch.cat(recalled), "coverage": torch.cat(covered)}
    return {name: hits.double().mean().item() for name, hits in shares.items()}


def _radii(points: torch.Tensor) -> torch.Tensor:
    """Distance of each point to its k-th nearest neighbour; the nearest of all is the point itself."""
    k = _NEIGHBOURS + 1
    return torch.cat([torch.cdist(part, points).kthvalue(k, dim=1).values for part in points.split(1000)])


def _accuracy(judge: classifier.Classifier, dataset: Dataset) -> float:
    with torch.no_grad():
        guesses = judge.head(judge.features(dataset.test_images)).argmax(1)
    return (guesses == dataset.test_labels).double().mean().item()
