"""Brackets on the line hold the distance of the floats as given, by rational arithmetic, and are roundings wide."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from wdist import Samples
from wdist.line import line_distance


def exact_cost(x: np.ndarray, y: np.ndarray, a: np.ndarray, b: np.ndarray, p: int) -> Fraction:
    """W_p^p, or at p = 0 the largest distance, by the monotone coupling."""
    sides = []
    for points, mass in ((x, a), (y, b)):
        order = np.argsort(points, kind="stable")
        total = sum(map(Fraction, mass.tolist()))
        sides.append([(Fraction(points[k]), Fraction(mass[k]) / total) for k in order])
    (u, left), (v, right) = sides[0].pop(0), sides[1].pop(0)
    cost, largest = Fraction(0), Fraction(0)
    while True:
        moved = min(left, right)
        cost += moved * abs(u - v) ** p
        if moved > 0:
            largest = max(largest, abs(u - v))
        left, right = left - moved, right - moved
        if left == 0:
            if not sides[0]:
                return largest if p == 0 else cost
            u, left = sides[0].pop(0)
        if right == 0 and sides[1]:
            v, right = sides[1].pop(0)


def some(seed: int, n: int, m: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal(n), rng.standard_normal(m) + 0.5, rng.random(n), rng.random(m)


@pytest.mark.parametrize("p", [1, 2, 5])
@pytest.mark.parametrize("weighted", ["", "a", "b", "ab"])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (6, 6), (9, 40)])
def test_the_exact_distance_lies_in_the_bracket(p: int, weighted: str, n: int, m: int) -> None:
    x, y, a, b = some(n, n, m)
    P = Samples(x, a if "a" in weighted else None)
    Q = Samples(y, b if "b" in weighted else None)
    distance, lower, upper = line_distance(P, Q, p)
    cost = exact_cost(x, y, a if "a" in weighted else np.ones(n), b if "b" in weighted else np.ones(m), p)
    assert Fraction(lower) ** p <= cost <= Fraction(upper) ** p
    assert lower <= distance <= upper
    assert upper - lower <= 2.0**-52 * (40 + 8 * (n + m) * (weighted != "")) * upper


@pytest.mark.parametrize("p", [1, 2])
def test_tensors_accumulate_their_weights_less_exactly(p: int) -> None:
    x, y, a, b = some(3, 30, 50)
    arrays = line_distance(Samples(x, a), Samples(y, b), p)
    tensors = line_distance(*(Samples(torch.tensor(z), torch.tensor(w)) for z, w in ((x, a), (y, b))), p)
    cost = exact_cost(x, y, a, b, p)
    assert Fraction(tensors.lower) ** p <= cost <= Fraction(tensors.upper) ** p
    assert arrays.upper - arrays.lower < tensors.upper - tensors.lower < 1e-12
    assert tensors.distance.dtype == torch.float64
    single = line_distance(Samples(torch.tensor(x, dtype=torch.float32)), Samples(y), p)
    assert single.distance.dtype == torch.float32
    assert single.lower <= float(single.distance) <= single.upper


def test_slivers_may_belong_in() -> None:
    """A mass of 1e-14 at 1e6: the cumulative weights do not tell it from a rounding, and it is a tenth of the cost."""
    x, a = np.array([0.0, 1e6]), np.array([1.0, 1e-14])
    distance, lower, upper = line_distance(Samples(x, a), Samples(np.array([1e-7])), 1)
    cost = exact_cost(x, np.array([1e-7]), a, np.ones(1), 1)
    assert lower <= distance <= upper
    assert Fraction(lower) <= cost <= Fraction(upper)
    largest = line_distance(Samples(x, a), Samples(np.array([1e-7])), math.inf)
    assert Fraction(largest.lower) <= exact_cost(x, np.array([1e-7]), a, np.ones(1), 0) <= Fraction(largest.upper)


def test_equal_measures_lie_at_0() -> None:
    x, _, a, _ = some(4, 20, 1)
    order = np.random.default_rng(5).permutation(20)
    for p in (1, 2, math.inf):
        assert line_distance(Samples(x), Samples(x[order]), p) == (0.0, 0.0, 0.0)
    distance, lower, _ = line_distance(Samples(x, a), Samples(x[order], 2 * a[order]), 1)
    assert distance == lower == 0.0


@pytest.mark.parametrize("weighted", [False, True])
def test_the_largest_distance_is_a_difference_and_its_rounding(weighted: bool) -> None:
    x, y, a, b = some(6, 12, 9)
    a, b = (a, b) if weighted else (np.ones(12), np.ones(9))
    P, Q = (Samples(x, a), Samples(y, b)) if weighted else (Samples(x), Samples(y))
    distance, lower, upper = line_distance(P, Q, math.inf)
    exact = exact_cost(x, y, a, b, 0)
    assert distance == pytest.approx(float(exact), rel=1e-15)
    assert Fraction(lower) <= exact <= Fraction(upper)
    assert upper - lower <= 1e-14 * distance


SPREADS: dict[str, Callable[[np.random.Generator, int], Any]] = {
    "three times as heavy": lambda rng, n: (a := rng.random(n), 3 * a),
    "one weight of all": lambda rng, n: (rng.random(n) + 1e17 * (np.arange(n) == 1), rng.random(n)),
    "any weights": lambda rng, n: tuple(np.exp(30 * rng.standard_normal((2, n)))),
    "counts": lambda rng, n: tuple(rng.integers(0, 5, (2, n)) + 1.0 * (np.arange(n) == 0)),
    "powers of ten": lambda rng, n: tuple(10.0 ** -rng.integers(0, 20, (2, n))),
}


@pytest.mark.parametrize("p", [1, 2, 40, math.inf])
@pytest.mark.parametrize("spread", SPREADS)
def test_masses_below_a_rounding_are_in_the_bracket(spread: str, p: float) -> None:
    """Their roots are no small numbers, and at p = inf they count like any other."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(2, 9))
        x, y = rng.choice([1e-160, 1.0, 1e8]) * np.exp(rng.choice([1.0, 20.0]) * rng.standard_normal((2, n)))
        y = x * (1 + 1e-9) if seed % 2 else y
        a, b = SPREADS[spread](rng, n)
        distance, lower, upper = line_distance(Samples(x, a), Samples(y, b), p)
        cost, power = exact_cost(x, y, a, b, 0 if p == math.inf else int(p)), 1 if p == math.inf else int(p)
        assert Fraction(lower) ** power <= cost <= Fraction(upper) ** power
        assert lower <= distance <= upper


@pytest.mark.parametrize("p", [2, 40, math.inf])
def test_jumps_that_meet_exactly_leave_nothing_open(p: float) -> None:
    """The same weights in other units, at points that are moved a little."""
    x, _, a, _ = some(7, 50, 1)
    _, lower, upper = line_distance(Samples(x, a), Samples(x + 1e-6, 2 * a), p)
    assert 0.0 < upper - lower < 1e-14 * upper


def test_a_distance_below_the_normal_range_is_in_its_bracket() -> None:
    """Half of the least number there is is no number: a bracket of 0 to 0 would call the two equal."""
    for points, weights in (([0.0, 5e-324], None), ([0.0, 5e-324], [1.0, 1.0])):
        _, lower, upper = line_distance(Samples(points, weights), Samples([0.0, 0.0]), 1)
        assert lower == 0.0 < upper < 1e-322
    assert line_distance(Samples([0.0, 5e-324]), Samples([5e-324, 0.0]), 1) == (0.0, 0.0, 0.0)
