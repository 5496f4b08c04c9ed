"""Settings at the door, by themselves; docs/reliability.md has them at every public function."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from wdist import settings

NO_NUMBERS = (None, True, "2", 2j, [2], np.array(2.0), np.array([2.0]))


@pytest.mark.parametrize("count", [1, 3, 2**31 - 1, np.int8(3), np.uint64(3)])
def test_counts(count: Any) -> None:
    found = settings.check_count(count, "k", 1)
    assert type(found) is int
    assert found == int(count)


@pytest.mark.parametrize("count", [*NO_NUMBERS, 0, -1, 1.0, np.float64(2.0), math.nan, 2**31, 10**30])
def test_what_is_no_count(count: Any) -> None:
    with pytest.raises(ValueError, match=r"k is .*: give a whole number of at least 1, and below"):
        settings.check_count(count, "k", 1)


@pytest.mark.parametrize("number", [2, 2.0, np.float32(2.0), np.int8(2)])
def test_numbers(number: Any) -> None:
    for found in (settings.check_number(number, "t", "it"), settings.check_p(number)):
        assert type(found) is float
        assert found == 2.0


@pytest.mark.parametrize("number", NO_NUMBERS)
def test_what_is_no_number(number: Any) -> None:
    with pytest.raises(TypeError, match=r"t is .*: give it as a number"):
        settings.check_number(number, "t", "it")


def test_integers_beyond_the_floats_are_infinite() -> None:
    assert settings.check_number(10**400, "t", "it") == math.inf
    assert settings.check_number(-(10**400), "t", "it") == -math.inf


@pytest.mark.parametrize(
    ("check", "least", "wrong"),
    [
        (settings.check_positive, 5e-324, (0.0, -1.0, math.inf, math.nan)),
        (settings.check_not_negative, 0.0, (-5e-324, math.inf, math.nan)),
        (settings.check_finite_number, -1.7e308, (math.inf, -math.inf, math.nan)),
    ],
)
def test_ranges(check: Any, least: float, wrong: tuple[float, ...]) -> None:
    assert check(least, "t", "it") == least
    for number in wrong:
        with pytest.raises(ValueError, match=f"t is {number:g}: "):
            check(number, "t", "it")


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, 1.5, math.nan, math.inf])
def test_what_is_no_probability(share: float) -> None:
    assert settings.check_share(np.float32(0.25), "level") == 0.25
    with pytest.raises(ValueError, match=r"level is .*: give a probability between 0 and 1"):
        settings.check_share(share, "level")


@pytest.mark.parametrize("choice", ["c", "", "A", b"a", None, 0, ["a"], np.array("a"), np.array(["a"])])
def test_what_is_no_choice(choice: Any) -> None:
    assert settings.check_choice(np.str_("b"), "side", ("a", "b")) == "b"
    with pytest.raises(ValueError, match=r"side is .*: choose one of a, b"):
        settings.check_choice(choice, "side", ("a", "b"))


@pytest.mark.parametrize("axis", [*NO_NUMBERS, 1.0])
def test_what_is_no_axis(axis: Any) -> None:
    assert settings.check_axis(np.int64(-2)) == -2
    with pytest.raises(TypeError, match=r"axis is .*: give the number of an axis"):
        settings.check_axis(axis)


@pytest.mark.parametrize("n_jobs", [0, True, 1.5, "two", 2**31, -(2**31)])
def test_numbers_of_processes_that_are_none(n_jobs: Any) -> None:
    assert [settings.check_jobs(k) for k in (None, -1, np.int64(2))] == [None, -1, 2]
    with pytest.raises(ValueError, match=r"n_jobs is .*: give how many processes"):
        settings.check_jobs(n_jobs)


def test_generators() -> None:
    given = np.random.default_rng(3)
    assert settings.generator_of(given) is given
    expected = np.random.default_rng(3).random(4)
    assert np.array_equal(settings.generator_of(3).random(4), expected)
    assert np.array_equal(settings.generator_of(np.int64(3)).random(4), expected)
    assert not np.array_equal(settings.generator_of(None).random(4), settings.generator_of(None).random(4))


@pytest.mark.parametrize("rng", [True, False, -1, 1.5, "seed", math.nan, object()])
def test_what_is_no_source_of_randomness(rng: Any) -> None:
    with pytest.raises(TypeError, match=r"rng is .*: give None, an int of at least 0, or a numpy\.random\.Generator"):
        settings.generator_of(rng)
