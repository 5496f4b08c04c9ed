"""Laws of W_p between point sets of 20 to 80 points, on problems drawn by hypothesis; each law is a function.

Coordinates are rounded to 30 bits, so that moving, turning and scaling them rounds nothing: what is left is the
solver's own rounding, a few units of 1e-16 in the cost and in the root (TIGHT).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems.judge import assert_bracket, near
from problems.mixture import Problem, draw

import wdist

TIGHT = 1e-12


def size(problem: Problem) -> float:
    """A power of two above all coordinates."""
    return float(2.0 ** np.ceil(np.log2(np.abs(np.r_[problem.x, problem.y]).max() or 1.0)))


def on_a_grid(problem: Problem) -> Problem:
    step = size(problem) / 2**30
    return problem.but(x=step * np.rint(problem.x / step), y=step * np.rint(problem.y / step))


problems = st.integers(0, 2**32 - 1).map(lambda seed: on_a_grid(draw(seed, 20, 80)))


def W(problem: Problem, **changes: object) -> wdist.Result:
    given = problem.but(**changes)
    weights = {"x_weights": given.a, "y_weights": given.b}
    r = wdist.transport(given.x, given.y, p=given.p, metric=given.metric, **weights)
    assert_bracket(r, given)
    return r


def assert_same(found: wdist.Result, expected: float) -> None:
    assert float(found) == near(expected, rel=TIGHT)


def symmetry(problem: Problem) -> None:
    assert_same(W(problem, x=problem.y, y=problem.x, a=problem.b, b=problem.a), W(problem).distance)


def zero_to_itself(problem: Problem) -> None:
    order = np.random.default_rng(0).permutation(len(problem.x))
    r = W(problem, y=problem.x[order], b=problem.a[order])
    assert (r.lower, r.distance, r.upper) == (0, 0, 0)


def triangle(problem: Problem) -> None:
    rng = np.random.default_rng(len(problem.x))
    z = np.r_[problem.x, problem.y][rng.integers(len(problem.x), size=30)]
    z += 0.1 * z.std(axis=0) * rng.standard_normal(z.shape)
    w = rng.random(30)
    way = W(problem, y=z, b=w).distance + W(problem, x=z, a=w).distance
    assert W(problem).distance <= way * (1 + TIGHT)


def translation(problem: Problem) -> None:
    shift = size(problem) * np.arange(-3, problem.x.shape[1] - 3)
    assert_same(W(problem, x=problem.x + shift, y=problem.y + shift), W(problem).distance)


def power_of_two_scale(problem: Problem) -> None:
    expected = W(problem).distance
    for scale in (2.0**-40, 2.0**33):
        assert_same(W(problem, x=scale * problem.x, y=scale * problem.y), scale * expected)


def quarter_turn_and_reflection(problem: Problem) -> None:
    def turned(z: np.ndarray) -> np.ndarray:
        return np.c_[-z[:, -1:], z[:, :-1]]

    assert_same(W(problem, x=turned(problem.x), y=turned(problem.y)), W(problem).distance)


def order_of_points(problem: Problem) -> None:
    i, j = (np.random.default_rng(k).permutation(k) for k in (len(problem.x), len(problem.y)))
    shuffled = W(problem, x=problem.x[i], a=problem.a[i], y=problem.y[j], b=problem.b[j])
    assert_same(shuffled, W(problem).distance)


def mass_splitting(problem: Problem) -> None:
    """A point of mass w is two points of mass w/4 and 3w/4 at its place."""
    x, a = np.r_[problem.x, problem.x], np.r_[problem.a / 4, 0.75 * problem.a]
    assert_same(W(problem, x=x, a=a), W(problem).distance)


def halves(problem: Problem) -> None:
    """Two halves of every point at its place: the same measure."""
    r = W(problem, y=np.r_[problem.x, problem.x], b=np.r_[problem.a, problem.a])
    assert (r.lower, r.distance, r.upper) == (0, 0, 0)


def points_without_mass(problem: Problem) -> None:
    x, a = np.r_[problem.x, problem.y + 1], np.r_[problem.a, 0 * problem.b]
    assert_same(W(problem, x=x, a=a), W(problem).distance)


def growth_with_p(problem: Problem) -> None:
    results = [W(problem, p=p) for p in (1.0, 2.0, 4.0)]
    for smaller, larger in itertools.pairwise(results):
        assert smaller.lower <= larger.upper
        assert smaller.distance <= larger.distance * (1 + TIGHT)


def line(problem: Problem) -> None:
    x, y = problem.x[:, :1], problem.y[:, :1]
    expected = wdist.wasserstein_1d(x[:, 0], y[:, 0], p=problem.p, u_weights=problem.a, v_weights=problem.b)
    assert_same(W(problem, x=x, y=y), expected)


def constant_coordinate(problem: Problem) -> None:
    x, y = (np.c_[z, np.full(len(z), 0.1)] for z in (problem.x, problem.y))
    assert_same(W(problem, x=x, y=y), W(problem).distance)


def order_of_metrics(problem: Problem) -> None:
    """Chebyshev distances are at most Euclidean ones, and these at most cityblock ones."""
    results = [W(problem, metric=metric).distance for metric in ("chebyshev", "euclidean", "cityblock")]
    for smaller, larger in itertools.pairwise(results):
        assert smaller <= larger * (1 + TIGHT)


def looser_tolerance(problem: Problem) -> None:
    exact = W(problem)
    weights = {"x_weights": problem.a, "y_weights": problem.b}
    for rtol in (1e-3, 0.1):
        r = wdist.transport(problem.x, problem.y, p=problem.p, metric=problem.metric, rtol=rtol, **weights)
        assert r.kind == "exact" or (r.kind == "bound" and r.distance == r.upper)
        assert r.lower <= exact.upper
        assert exact.lower <= r.upper
        assert r.upper**r.p - r.lower**r.p <= rtol * r.upper**r.p * (1 + TIGHT)


LAWS = (
    symmetry,
    zero_to_itself,
    triangle,
    translation,
    power_of_two_scale,
    quarter_turn_and_reflection,
    order_of_points,
    mass_splitting,
    halves,
    points_without_mass,
    growth_with_p,
    line,
    constant_coordinate,
    order_of_metrics,
    looser_tolerance,
)
laws = pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)


@laws
@settings(max_examples=25)
@given(problem=problems)
def test_law(law: Callable[[Problem], None], problem: Problem) -> None:
    law(problem)


@pytest.mark.slow
@laws
@settings(max_examples=1000)
@given(problem=problems)
def test_law_often(law: Callable[[Problem], None], problem: Problem) -> None:
    law(problem)
