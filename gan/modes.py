"""How many of the 1,000 modes of stacked MNIST a generator reaches.

A generator that leaves modes out is found out by counting: a classifier reads the three digits of each image, and the
triples that occur are counted. Their law is also compared with the uniform one, KL(generated, uniform), in nats.
Real triples are counted beside them: a finite sample of the uniform law misses some modes and has a positive KL too.

References
----------
Srivastava et al., "VEEGAN", NeurIPS 2017; Lin et al., "PacGAN", NeurIPS 2018 (26,000 samples are counted).
"""

from __future__ import annotations

import math

import torch

from .classifier import Classifier
from .stacked import MODES, triple

__all__ = ["COUNTED", "count"]

COUNTED = 26_000


def count(judge: Classifier, images: torch.Tensor) -> dict[str, float]:
    """Read the digits of images (n, 3, 28, 28), bytes: ``modes`` that occur, and ``kl`` to the uniform law."""
    with torch.no_grad():
        digits = [judge.head(judge.features(images[:, [k]])).argmax(1) for k in range(3)]
    counts = torch.bincount(triple(*digits), minlength=MODES).double()
    shares = counts / counts.sum()
    return {"modes": int((counts > 0).sum()), "kl": math.log(MODES) - float(torch.special.entr(shares).sum())}
