"""MW2 on the line against fifty digits: the upper end is never below it, by no rounding either."""

import itertools
from decimal import Decimal, localcontext

import numpy as np
import pytest

from wdist import GaussianMixture, mixture_transport


def true_square(P, Q):
    """MW2 squared of equally weighted components on the line: the best of all assignments."""
    (a, s), (b, t) = (
        [[*map(Decimal, z)] for z in (m.components.mean[:, 0].tolist(), m.components.cov[:, 0, 0].tolist())]
        for m in (P, Q)
    )
    ways = (zip(a, s, *zip(*to, strict=True), strict=True) for to in itertools.permutations(zip(b, t, strict=True)))
    return min(sum((x - y) ** 2 + (u.sqrt() - v.sqrt()) ** 2 for x, u, y, v in way) for way in ways) / len(a)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_upper_end_is_not_below(size):
    rng = np.random.default_rng(size)
    for _ in range(40):
        P, Q = (GaussianMixture(None, rng.normal(size=size), rng.uniform(0.1, 3.0, size)) for _ in range(2))
        r = mixture_transport(P, Q)
        with localcontext() as context:
            context.prec = 50
            truth = true_square(P, Q).sqrt()
            assert truth <= Decimal(r.upper) <= truth * (1 + Decimal("1e-12"))
        assert r.lower <= r.distance <= r.upper
