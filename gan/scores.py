"""Scores of a set of images in a classifier's features, each with a 95 % interval.

Precision is the share of generated images within the reach of real ones, recall the share of real ones within the
reach of generated ones; density counts how many real ones reach a generated one, over k, and coverage is the share of
real ones that reach one. An image reaches to its k-th nearest neighbour of its own kind, k = 5. An image is memorised
when it is nearer to a training image than 99 of 100 held-out images are.

Intervals are over the images of the sample, as far as it is large: Wilson's for shares (the other side held fixed), the
basic bootstrap of both sides for the Fréchet distance. That one is about the laws: fits of samples exceed it, so near 0
the value itself can lie above its interval.

References
----------
Salimans et al., "Improved techniques for training GANs", NeurIPS 2016 (inception score, here of this classifier).
Kynkäänniemi et al., NeurIPS 2019 (precision, recall); Naeem et al., ICML 2020 (density, coverage). Davison, Hinkley,
"Bootstrap methods and their application", 1997, section 5.2 (the basic interval).
"""

from __future__ import annotations

import math

import numpy as np
import torch

from . import looks
from .quality import frechet

__all__ = ["Score", "frechet_scores", "inception_score", "memorised", "neighbourhoods", "shares"]

Score = tuple[float, float, float]  # value, and the ends of its interval

_NEIGHBOURS = 5
_NEAR = 0.01  # of held-out images are this near to a training one
_RESAMPLES = 100
_NORMAL = 1.959964  # two-sided 95 %


def frechet_scores(
    features: torch.Tensor, blurred: torch.Tensor, reference: torch.Tensor, *, seed: int
) -> tuple[Score, Score]:
    """The Fréchet distance to the reference, and its ratio to the one of blurred real images."""
    sets, rng = (features, blurred, reference), torch.Generator().manual_seed(seed)

    def pair(features: torch.Tensor, blurred: torch.Tensor, reference: torch.Tensor) -> tuple[float, float]:
        distance = frechet(features, reference)
        return distance, distance / frechet(blurred, reference)

    resampled = [pair(*(_resample(part, rng) for part in sets)) for _ in range(_RESAMPLES)]
    value, ratio = pair(*sets)
    return _basic(value, [one for one, _ in resampled]), _basic(ratio, [two for _, two in resampled])


def inception_score(probabilities: torch.Tensor, *, seed: int) -> Score:
    """exp of the mean relative entropy of a sample's class probabilities (n, classes) to their mean."""
    rng = torch.Generator().manual_seed(seed)
    resampled = [_inception(_resample(probabilities, rng)) for _ in range(_RESAMPLES)]
    return _basic(_inception(probabilities), resampled)


def neighbourhoods(real: torch.Tensor, fake: torch.Tensor) -> dict[str, Score]:
    """Precision, recall, density and coverage of fake features beside real ones, shapes (n, d) and (m, d)."""
    radius_real, radius_fake = _radii(real), _radii(fake)
    reached, recalled, covered = torch.zeros(len(fake)), [], []
    for part, radius in zip(real.split(1000), radius_real.split(1000), strict=True):
        distances = torch.cdist(part, fake)
        reached += (distances <= radius[:, None]).sum(0)
        recalled.append((distances <= radius_fake).any(1))
        covered.append(distances.amin(1) <= radius)
    return {
        "precision": _share(reached > 0),
        "recall": _share(torch.cat(recalled)),
        "density": _mean(reached.double() / _NEIGHBOURS),
        "coverage": _share(torch.cat(covered)),
    }


def shares(classes: torch.Tensor, count: int) -> list[Score]:
    """The share of each of ``count`` classes among those given."""
    return [_share(classes == number) for number in range(count)]


def memorised(images: torch.Tensor, held_out: torch.Tensor, training: torch.Tensor) -> Score:
    """The share of images nearer to a training image than all but 1 % of the held-out ones; bytes."""
    limit = looks.nearest_training(held_out, training)[1].quantile(_NEAR)
    return _share(looks.nearest_training(images, training)[1] < limit)


def _mean(values: torch.Tensor) -> Score:
    mean, error = values.mean().item(), values.std().item() / math.sqrt(len(values))
    return mean, max(0.0, mean - _NORMAL * error), mean + _NORMAL * error


def _share(hits: torch.Tensor) -> Score:
    """Wilson's interval, which has a width for shares of 0 and 1, too."""
    n, share, z = len(hits), hits.double().mean().item(), _NORMAL**2 / len(hits)
    middle, half = share + z / 2, _NORMAL * math.sqrt(share * (1 - share) / n + z / (4 * n))
    low, high = (middle - half) / (1 + z), (middle + half) / (1 + z)
    return share, low if share > 0 else 0.0, high if share < 1 else 1.0  # there, rounding would leave 1e-19


def _basic(value: float, resampled: list[float]) -> Score:
    low, high = np.quantile(resampled, [0.025, 0.975])
    return value, max(0.0, 2 * value - float(high)), max(0.0, 2 * value - float(low))


def _resample(values: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    return values[torch.randint(len(values), (len(values),), generator=rng)]


def _inception(probabilities: torch.Tensor) -> float:
    mean = probabilities.mean(0)
    gain = torch.special.entr(mean).sum() - torch.special.entr(probabilities).sum(1).mean()
    return float(gain.exp())


def _radii(points: torch.Tensor) -> torch.Tensor:
    """Distance of each point to its k-th nearest neighbour; the nearest of all is the point itself."""
    k = _NEIGHBOURS + 1
    return torch.cat([torch.cdist(part, points).kthvalue(k, dim=1).values for part in points.split(1000)])
