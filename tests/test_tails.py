"""What is left of an integral past the blocks that are known, against integrals of powers and logarithms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import gamma, gammaincc

from wdist.tails import DEEPEST, MIDDLES, Tail, outlook


@pytest.mark.parametrize("known", [40, 200, DEEPEST])
@pytest.mark.parametrize(("alpha", "p"), [(0.2, 1.0), (0.1, 4.0), (0.45, 2.0), (-0.5, 1.0)])
def test_the_rest_of_a_power_law_is_its_integral(alpha: float, p: float, known: int) -> None:
    """Differences s^-alpha at the level s: the integral of their p-th power from 0 to t is t^(1 - q) / (1 - q)."""
    q = alpha * p
    tail = outlook(MIDDLES[:known] ** -alpha, p)
    t = 2.0**-tail.depth
    exact = t ** (1 - q) / (1 - q)
    assert tail.least <= exact * (1 + 1e-12)
    assert exact <= tail.most * (1 + 1e-12)
    if tail.depth < known - 12:  # seen to die out: what is left is summed, block by block
        assert tail.rest == pytest.approx(exact, rel=0.5)
        assert tail.most == 2 * tail.rest
    else:
        assert tail.rest == pytest.approx(exact, rel=1e-6)
        assert tail.most <= 1.001 * exact
        assert tail.least >= 0.999 * exact


@pytest.mark.parametrize(("alpha", "p"), [(1.0, 1.0), (0.5, 2.0), (0.6, 2.0), (0.3, 4.0)])
def test_a_power_law_without_a_moment_diverges(alpha: float, p: float) -> None:
    size = MIDDLES ** -alpha
    assert outlook(size, p) == Tail(DEEPEST, math.inf, math.inf, math.inf)
    few = outlook(size[:40], p)  # no proof
    assert (few.rest, few.least, few.most) == (math.inf, 0.0, math.inf)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_logarithms_die_out(p: float) -> None:
    """The integral of |log s|^p from 0 to t is the incomplete gamma function at -log t."""
    tail = outlook(-np.log(MIDDLES), p)
    exact = gammaincc(p + 1, tail.depth * math.log(2)) * gamma(p + 1)
    assert 70 <= tail.depth <= 100
    assert tail.least == 0.0
    assert exact <= tail.most
    assert tail.rest == pytest.approx(exact, rel=1.0)


@pytest.mark.parametrize("known", [30, 200, DEEPEST])
def test_what_only_just_converges_is_not_taken_to_be_small(known: int) -> None:
    """The integral of 1 / (s log(s)^2) from 0 to t is -1 / log(t): its slope rises towards that of divergence."""
    tail = outlook(1.0 / (MIDDLES[:known] * np.log(MIDDLES[:known]) ** 2), 1.0)
    assert 0.0 <= tail.least <= 1.0 / (tail.depth * math.log(2)) <= tail.most


@pytest.mark.parametrize("known", [0, 1, 7])
def test_few_blocks_tell_nothing(known: int) -> None:
    assert outlook(np.ones(known), 2.0) == Tail(max(known, 1), 0.0, 0.0, math.inf)
    assert outlook(np.ones(9), 2.0).most < math.inf


def test_where_quantiles_agree_nothing_is_left() -> None:
    assert outlook(np.zeros(DEEPEST), 1.0) == Tail(60, 0.0, 0.0, 0.0)
    assert outlook(np.zeros(30), 1.0) == Tail(27, 0.0, 0.0, 0.0)  # the last digits before the end are doubtful


def test_a_jump_far_out_is_where_a_quantile_function_gives_out() -> None:
    size = MIDDLES**-0.25
    size[300:] = size[300]
    clean, stuck = outlook(size[:300], 2.0), outlook(size, 2.0)
    assert stuck.depth == pytest.approx(clean.depth, abs=2)
    assert stuck.rest == pytest.approx(2.0 ** (-stuck.depth / 2) / 0.5, rel=1e-6)
