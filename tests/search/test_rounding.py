"""Bounds of sums, products and roots, against exact rational arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wdist.search.rounding import difference_error, product_bounds, root_bounds, rounded_sum, two_product

number = st.floats(-1e100, 1e100).filter(lambda v: v == 0 or abs(v) > 1e-100)


def sum_bounds(terms: np.ndarray, corrections: np.ndarray | float = 0.0) -> tuple[float, float]:
    return product_bounds(terms, np.zeros(len(terms)) + corrections, np.ones(len(terms)))


@given(number, number)
def test_error_terms_are_exact(a: float, b: float) -> None:
    product, error = (float(v) for v in two_product(np.float64(a), np.float64(b)))  # type: ignore[arg-type]
    assert Fraction(product) + Fraction(error) == Fraction(a) * Fraction(b)
    difference = a - b
    rest = float(difference_error(np.float64(a), np.float64(b), np.float64(difference)))  # type: ignore[arg-type]
    assert Fraction(difference) + Fraction(rest) == Fraction(a) - Fraction(b)


@given(st.lists(number, max_size=8))
def test_sum_is_enclosed_by_neighbours(terms: list[float]) -> None:
    low, high = sum_bounds(np.array(terms))
    exact = sum(map(Fraction, terms), Fraction(0))
    assert Fraction(low) <= exact <= Fraction(high)
    assert high <= math.nextafter(low, math.inf)
    assert (low == high) == (Fraction(low) == exact)


@given(st.lists(number, min_size=1, max_size=8), st.floats(-1, 1))
def test_corrections_count(terms: list[float], part: float) -> None:
    corrections = 2.0**-53 * part * np.array(terms)
    low, high = sum_bounds(np.array(terms), corrections)
    exact = sum(map(Fraction, [*terms, *corrections.tolist()]), Fraction(0))
    assert Fraction(low) <= exact <= Fraction(high)
    assert high - low <= 2.0**-50 * sum(map(abs, terms))


@given(st.floats(1e-300, 1e300), st.sampled_from([2.0, 3.0, 7.0]))
def test_root_is_enclosed(x: float, p: float) -> None:
    low, high = root_bounds(x, x, p)
    assert Fraction(low) ** int(p) <= Fraction(x) <= Fraction(high) ** int(p)
    assert high - low <= 1e-12 * high


@pytest.mark.parametrize("p", [1.5, 2.0, 3.0, 7.0])
def test_roots_near_1_are_enclosed(p: float) -> None:
    """Where the logarithm vanishes, the rounding of the power itself is left."""
    for k in range(-60, 60):
        x = 1.0 + k * 2.0**-50
        low, high = root_bounds(x, x, p)
        assert Fraction(low) ** int(2 * p) <= Fraction(x) ** 2 <= Fraction(high) ** int(2 * p)


def test_corrections_are_summed_with_room_for_their_rounding() -> None:
    for more in (64, 640):
        correction = np.array([1.0] + [2.0**-53] * more)
        low, high = sum_bounds(np.append(3.0, np.zeros(more)), correction)
        assert Fraction(low) <= 4 + more * Fraction(2.0**-53) <= Fraction(high)
        assert low < high


@pytest.mark.parametrize("n", [8, 600])
def test_corrections_of_a_sum_that_cancels_are_summed_with_room(n: int) -> None:
    lost = np.concatenate([[1.0], np.full(n, 2.0**-54), [-1.0]])
    low, high = sum_bounds(np.append(3.0, np.zeros(n + 1)), lost)
    assert Fraction(low) <= 3 + n * Fraction(2.0**-54) <= Fraction(high)
    half = np.arange(1.0, n + 1)
    masses, factor = np.tile(half, 2), np.repeat([1.0, -1.0], n)
    below, above = product_bounds(masses, np.full(2 * n, 2.0**-200), factor)
    assert -below >= 2.0**-98 * np.sum(masses) <= above  # what the corrections may be off by
    assert above - below <= 2.0**-96 * np.sum(masses)


@pytest.mark.parametrize("n", [3, 200, 257, 3000])
@pytest.mark.parametrize("spread", [0.0, 12.0])
def test_products_of_pairs_are_enclosed(n: int, spread: float) -> None:
    """By neighbours, or nearly where they cancel; with room for what a correction is off by."""
    rng = np.random.default_rng(n)
    high, factor = (rng.standard_normal(n) * 10.0 ** rng.uniform(-spread, spread, n) for _ in range(2))
    for one, other in ((high, factor), (np.abs(high), np.abs(factor)), (high, np.where(factor < 0, -1.0, 2.0))):
        size = np.sum(np.abs(one * other))
        for part in (0.0, 0.49):
            low = part * np.spacing(np.abs(one)) * rng.uniform(-1, 1, n)
            exact = sum(Fraction(f) * (Fraction(a) + Fraction(b)) for a, b, f in zip(one, low, other, strict=True))
            off = part * sum(Fraction(abs(f * a)) * Fraction(2.0**-98) for a, f in zip(one, other, strict=True))
            below, above = product_bounds(one, low, other)
            assert Fraction(below) <= exact - off <= exact + off <= Fraction(above)
            assert above - below <= np.spacing(abs(above)) + 2.0**-88 * size


@pytest.mark.parametrize("n", [4, 400])
def test_products_that_are_no_rounding_are_known_exactly(n: int) -> None:
    high, factor = np.arange(1.0, n + 1), np.arange(n, 0, -1.0)
    exact = float(high @ factor)
    assert product_bounds(high, np.zeros(n), factor) == (exact, exact)
    below, above = product_bounds(high, np.append(np.zeros(n - 1), 2.0**-60), factor)
    assert (below, above) == (exact, math.nextafter(exact, math.inf))


@pytest.mark.parametrize("spread", [0.0, 3.0, 40.0])
@pytest.mark.parametrize("n", [257, 1000, 4099])
def test_long_sums_are_rounded_like_short_ones(n: int, spread: float) -> None:
    """Ten times longer than what is summed at once, with terms that cancel and terms of other sizes."""
    rng = np.random.default_rng(n)
    terms = rng.standard_normal(n) * 10.0 ** rng.uniform(-spread, spread, n)
    for part in (terms, np.abs(terms), np.concatenate([terms, -terms[::-1]]), np.concatenate([terms, [1e-90], -terms])):
        exact = sum(map(Fraction, part.tolist()), Fraction(0))
        total, rest, slack = rounded_sum(part)
        assert total == math.fsum(part.tolist())
        assert abs(exact - Fraction(total) - Fraction(rest)) <= Fraction(slack)
        assert slack <= 2.0**-52 * abs(rest) + 2.0**-140 * np.sum(np.abs(part))
        low, high = sum_bounds(part)
        assert Fraction(low) <= exact <= Fraction(high)
        assert high <= math.nextafter(low, math.inf)
        assert (low == high) == (Fraction(low) == exact)


def test_long_sums_are_short_for_fsum(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, fsum = [], math.fsum

    def counting(terms: list[float]) -> float:
        asked.append(len(terms))
        return fsum(terms)

    monkeypatch.setattr(math, "fsum", counting)
    total, *_ = rounded_sum(np.random.default_rng(0).random(10_000))
    assert total > 0.0
    assert max(asked) < 200


def test_long_sums_of_what_is_not_finite() -> None:
    terms = np.full(1000, 1e300)
    terms[7] = np.inf
    assert rounded_sum(terms)[0] == math.inf
    assert sum_bounds(terms) == (math.inf, math.inf)
    terms[7] = np.nan
    assert math.isnan(rounded_sum(terms)[0])


def test_what_the_errors_of_errors_lose_is_in_the_slack() -> None:
    """A term that is lost beside two others, which cancel: nothing is left of it but the room for it."""
    scales = 2.0 ** -np.array([60.0, 120.0, 180.0, 240.0])
    terms = np.concatenate([[1.0], scales, -scales[-2::-1], np.zeros(300)])
    total, rest, slack = rounded_sum(terms)
    assert (total, rest) == (1.0, 0.0)
    assert 2.0**-240 <= slack <= 2.0**-200
    low, high = sum_bounds(terms)
    assert low <= 1.0
    assert high == math.nextafter(1.0, 2.0)
