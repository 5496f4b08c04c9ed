"""Population distances: feasible potentials, intervals that hold, centring that is right where theory says so."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

import wdist
from benchmarks.inference.laws import pairs_in
from wdist.inference import held_out
from wdist.inference.centring import Halves, centred_square, unexplained_square
from wdist.inference.convex import convex_pairs
from wdist.inference.curves import Curve
from wdist.inference.lipschitz import lipschitz_pairs, mcshane_pair


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.booleans())
@settings(max_examples=25, deadline=None)
def test_potentials_are_feasible_everywhere(seed: int, d: int, tied: bool) -> None:
    """Also far from the points that they were fitted to: else their means would bound nothing."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((int(rng.integers(4, 30)), d)) @ rng.standard_normal((d, d))
    y = rng.exponential(1.0, (int(rng.integers(4, 30)), d)) * 2 - 1
    if tied:
        x, y = np.round(x), np.round(y)
    far = [np.concatenate([z, 6 * rng.standard_normal((60, d)), x, y]) for z in (x, y)]
    distances = cdist(*far)
    pairs = [(1, *named) for named in lipschitz_pairs(x, y)] + [(2, *named) for named in convex_pairs(x, y)]
    pairs.append((1, "McShane", mcshane_pair(x, y, *wdist.transport(x, y, p=1).potentials)))
    for p, name, (f, g) in pairs:
        excess = f(far[0])[:, None] + g(far[1]) - distances**p
        assert excess.max() <= 1e-9 * distances.max() ** p, name
        assert f(x).mean() + g(y).mean() <= wdist.transport(x, y, p=p).upper ** p * (1 + 1e-9) + 1e-9, name


def test_families_are_optimal_for_their_own_maps() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((400, 3))
    A = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 0.4]])
    images = {
        "a translation": x + np.array([1.0, 2.0, 3.0]),
        "a homothety": 3.0 * x - 1.0,
        "an affine map": x @ A,
        "maps of the coordinates": x + np.tanh(2 * x),
        "a radial map": x * (1 + np.tanh(np.linalg.norm(x, axis=1, keepdims=True))),
    }
    for name, y in images.items():
        f, g = dict(convex_pairs(x, y))[name]
        truth = np.mean(np.sum((x - y) ** 2, axis=1))  # gradients of convex functions: optimal as they are paired
        assert f(x).mean() + g(y).mean() == pytest.approx(truth, rel=0.03), name
    f, g = dict(lipschitz_pairs(x, 3.0 * x - 1.0))["a potential of the distance from a centre"]
    assert f(x).mean() + g(3.0 * x - 1.0).mean() == pytest.approx(np.linalg.norm(2 * x - 1, axis=1).mean(), rel=1e-3)


def test_curve_and_its_conjugate() -> None:
    """Young: u v at most, with equality on the curve, upright and level pieces included."""
    curve = Curve.through(np.array([0.0, 1.0, 1.0, 3.0]), np.array([-1.0, 0.0, 2.0, 2.0]), 0.5)
    other = curve.conjugate()
    np.testing.assert_allclose(curve.integral(curve.u) + other.integral(curve.v), curve.u * curve.v, atol=1e-12)
    u, v = np.meshgrid(np.linspace(-4, 6, 60), np.linspace(-4, 6, 60))
    assert np.all(curve.integral(u) + other.integral(v) >= u * v - 1e-12)
    twice = other.conjugate()
    np.testing.assert_allclose(twice.integral(u[0]), curve.integral(u[0]), atol=1e-12)


@pytest.mark.parametrize("d", [1, 12])
def test_intervals_hold(d: int) -> None:
    """All pairs of known distance, a few draws of each: misses within what 93 % would let through."""
    missed = drawn = 0
    for pair in pairs_in(d):
        for p, truth in pair.distances.items():
            for draw in range(2):
                rng = np.random.default_rng([d, draw, 77])
                r = wdist.estimate(*pair.draw(rng, 80), p=p, rng=rng)
                assert 0 <= r.low <= r.distance <= r.high
                missed += not r.low - 1e-9 <= truth <= r.high + 1e-9
                drawn += 1
    assert missed <= 0.07 * drawn + 2 * math.sqrt(0.07 * 0.93 * drawn)


def test_halves_are_those_that_they_are_named_after() -> None:
    x, y = np.random.default_rng(11).standard_normal((2, 40, 2))
    halves = Halves.of(x, y, 1.0)
    parts = slice(0, 20), slice(20, 40)
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        assert halves.across[i][j].distance == wdist.transport(x[parts[i]], y[parts[j]], p=1).distance
    assert halves.within == tuple(wdist.transport(z[:20], z[20:], p=1).distance for z in (x, y))


@pytest.mark.parametrize("p", [1, 2])
def test_held_out_points_are_held_out(p: int) -> None:
    """Of equal laws every family's mean is 0 on average, or less: nothing of what it was fitted to is in it."""
    rng, values = np.random.default_rng(12), list[list[float]]()
    for _ in range(25):
        x, y = rng.standard_normal((2, 60, 8))
        halves = Halves.of(x, y, 1.0).across
        corners = (halves[0][0], halves[1][1]) if p == 1 else None
        scores = held_out._scores(x, y, lipschitz_pairs if p == 1 else convex_pairs)
        if corners is not None:
            scores["linear programme"] = held_out._mcshane_scores(x, y, corners)
        values.append([f.mean() + g.mean() for f, g in scores.values()])
    means, errors = np.mean(values, axis=0), np.std(values, axis=0, ddof=1) / 5
    assert np.all(means < 4 * errors)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_centring_is_right_for_homotheties(p: int, scale: float) -> None:
    """Where the plug-in is half too large, and the arithmetic mean takes off too much."""
    d, rng = 10, np.random.default_rng(3)
    mean = math.sqrt(2) * math.gamma((d + 1) / 2) / math.gamma(d / 2)
    truth = abs(scale - 1) * (mean if p == 1 else math.sqrt(d))
    squares, plug_ins = [], []
    for _ in range(12):
        x, y = rng.standard_normal((120, d)), scale * rng.standard_normal((120, d))
        squares.append(centred_square(Halves.of(x, y, p)))
        plug_ins.append(wdist.transport(x, y, p=p).distance ** 2)
    error = np.std(squares, ddof=1) / math.sqrt(12)
    assert abs(np.mean(squares) - truth**2) < 4 * error + 0.03 * truth**2
    assert np.mean(plug_ins) > truth**2 + 1.0


def test_affine_map_taken_out_leaves_the_square() -> None:
    """The identity, on samples: what is explained and the transport of the rest make up W_2^2."""
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((40, 2)), rng.exponential(1.0, (40, 2))
    A = np.array([[1.5, 0.4], [0.4, 0.7]])
    values, vectors = np.linalg.eigh(A)
    root, inverse = (vectors * np.sqrt(w) @ vectors.T for w in (values, 1 / values))
    m, k = x.mean(axis=0), y.mean(axis=0)
    rest = wdist.transport((x - m) @ root, (y - k) @ inverse, p=2).cost
    halves = Halves.of((x - m) @ root, (y - k) @ inverse, 2)
    explained = unexplained_square(x, y, A) - centred_square(halves)
    assert explained + rest == pytest.approx(wdist.transport(x, y, p=2).cost, rel=1e-9)


def test_bias_is_shown_whether_it_is_kept_or_not() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.standard_normal((150, 6)), rng.standard_normal((120, 6)) + 0.5
    centred, kept = (wdist.estimate(x, y, p=2, bias=bias, rng=1) for bias in ("centred", "kept"))
    plug_in = wdist.transport(x, y, p=2).distance
    assert kept.distance == kept.stats["plug_in"] == pytest.approx(plug_in, rel=1e-9)
    assert centred.distance + centred.bias == pytest.approx(plug_in, rel=1e-9)
    assert (centred.low, centred.high, centred.bias) == (kept.low, kept.high, kept.bias)
    assert abs(centred.distance - math.sqrt(1.5)) < 0.3 < plug_in - math.sqrt(1.5)


@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
def test_units_and_places_do_not_matter(p: float) -> None:
    rng = np.random.default_rng(6)
    x, y = rng.standard_normal((60, 2)), 1.0 + rng.standard_normal((70, 2))
    one, other = wdist.estimate(x, y, p=p, rng=2), wdist.estimate(1e6 * x + 1e7, 1e6 * y + 1e7, p=p, rng=2)
    for name in ("low", "distance", "high", "bias"):
        assert getattr(other, name) == pytest.approx(1e6 * getattr(one, name), rel=1e-5, abs=1e-3)
    assert one.low < 2**0.5 < one.high  # a translation, whatever p


def test_wider_with_more_confidence_and_narrower_with_more_points() -> None:
    rng = np.random.default_rng(7)
    x, y = rng.standard_normal((400, 2)), 2 * rng.standard_normal((400, 2))
    usual, sure = (wdist.estimate(x, y, p=2, confidence_level=c, rng=3) for c in (0.9, 0.999))
    assert sure.low < usual.low < usual.high < sure.high
    few = wdist.estimate(x[:50], y[:50], p=2, rng=3)
    assert few.high - few.low > usual.high - usual.low


def test_the_last_level_below_1_has_an_interval() -> None:
    rng = np.random.default_rng(8)
    x, y = rng.standard_normal(40), 100 + rng.standard_normal(40)
    usual, surest = (wdist.estimate(x, y, p=1, confidence_level=c, rng=3) for c in (0.99, 1 - 2.0**-53))
    assert 0.0 < surest.low < usual.low < usual.high < surest.high < 200.0


def test_samples_that_agree_by_chance_are_not_certain() -> None:
    """Equal counts of coins: the samples are at distance 0, their populations need not be."""
    coins = np.repeat([0.0, 1.0], 25)
    r = wdist.estimate(coins, coins, p=1, rng=0)
    assert r.low == 0.0
    assert r.high > 0.0
    same = wdist.estimate(np.ones(30), np.ones(25), p=2, rng=0)
    assert (same.low, same.distance, same.high) == (0.0, 0.0, 0.0)


def test_sorted_rows_do_no_harm() -> None:
    """Halves of sorted rows are no samples: rows are put in random order first."""
    rng = np.random.default_rng(8)
    x, y = np.sort(rng.standard_normal(300)), np.sort(rng.standard_normal(300) + 1)
    assert wdist.estimate(x, y, p=1, rng=0).distance == pytest.approx(1.0, abs=0.25)


def test_tensors_and_seeds() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(9)
    x, y = rng.standard_normal((40, 2)), rng.standard_normal((40, 2))
    one = wdist.estimate(x, y, p=1, rng=5)
    other = wdist.estimate(torch.tensor(x, requires_grad=True), y, p=1, rng=5)
    for name in ("low", "distance", "high", "bias", "confidence_level"):
        assert type(getattr(other, name)) is float
        assert getattr(one, name) == getattr(other, name)
    assert float(one) == one.distance


def test_docstrings_are_true() -> None:
    import wdist.inference.population
    import wdist.inference.significance

    for module in (wdist.inference.population, wdist.inference.significance):
        assert doctest.testmod(module).failed == 0


def test_what_is_no_sample_of_a_population_is_refused() -> None:
    x, y = np.random.default_rng(10).standard_normal((2, 30, 2))
    with pytest.raises(ValueError, match="y has 19 points: an interval"):
        wdist.estimate(x, y[:19], p=1)
    with pytest.raises(wdist.InvalidMeasureError, match="x has unequal weights"):
        wdist.estimate(wdist.Samples(x, np.arange(1.0, 31.0)), y, p=1)
    with pytest.raises(wdist.InvalidMeasureError, match="x is a Gaussian"):
        wdist.estimate(wdist.Gaussian(np.zeros(2), np.eye(2)), y, p=2)
    with pytest.raises(wdist.InvalidMeasureError, match="x lives in dimension 2 and y in dimension 1"):
        wdist.estimate(x, y[:, 0], p=2)
    with pytest.raises(ValueError, match="bias is 'jackknife'"):
        wdist.estimate(x, y, p=2, bias="jackknife")
    with pytest.raises(ValueError, match="confidence_level is 95"):
        wdist.estimate(x, y, p=2, confidence_level=95)
    with pytest.raises(ValueError, match="p is inf"):
        wdist.estimate(x, y, p=np.inf)
