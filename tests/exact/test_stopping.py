"""Solves that stop early, are watched, or are interrupted."""

from __future__ import annotations

import numpy as np
import pytest
from problems.clouds import clouds

from wdist import NotConvergedError, certify, transport
from wdist.exact import generation, points
from wdist.exact.generation import Watch
from wdist.exact.tree import Forest, hang


def test_rtol_accepts_a_wider_bracket() -> None:
    # One mass of 1000 is larger by 1e-15: what has to travel is known to a part in a hundred, no better.
    x = np.random.default_rng(0).random((1000, 2))
    weights = np.random.default_rng(1).random(1000)
    other = weights.copy()
    other[3] += 1e-15 * weights.sum()
    with pytest.raises(NotConvergedError, match="certificate is open") as caught:
        transport(x, x, p=2, x_weights=weights, y_weights=other)
    r = transport(x, x, p=2, x_weights=weights, y_weights=other, rtol=0.9)
    assert r.kind == "bound"
    assert r.distance == r.upper
    assert caught.value.result is not None
    assert r.lower <= caught.value.result.upper
    assert caught.value.result.lower <= r.upper


@pytest.mark.parametrize("d", [2, 12])
@pytest.mark.parametrize("rtol", [0.3, 0.05, 1e-3])
def test_rtol_stops_early_with_a_bracket_that_holds(rtol: float, d: int) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.random((1500, d)), rng.standard_normal((1300, d))
    full, early = transport(x, y, p=2), transport(x, y, p=2, rtol=rtol)
    assert early.lower <= full.upper
    assert full.lower <= early.upper
    assert early.upper**2 - early.lower**2 <= rtol * early.upper**2 * (1 + 1e-9)
    if rtol > 0.01:
        assert early.stats["pivots"] < full.stats["pivots"]
        assert early.kind == "bound"
        assert early.distance == early.upper


def test_measures_that_differ_save_most_pivots() -> None:
    """Whatever the width: coarse levels are solved well enough not to mislead the last."""
    rng = np.random.default_rng(3)
    x, y = rng.random((4000, 2)), 0.5 + rng.random((4000, 2))
    full = transport(x, y, p=2).stats["pivots"]
    for rtol in (0.05, 0.01, 1e-3):
        assert transport(x, y, p=2, rtol=rtol).stats["pivots"] < 0.3 * full


@pytest.mark.parametrize("rtol", [0.0, 1e-4, 0.05])
def test_a_rough_solve_is_satisfied_by_less_only_down_to_a_thousandth(rtol: float) -> None:
    """One unit of mass at a cost of 1, and potentials that prove a little less."""
    one, masses = np.ones(1, dtype=np.int64), (np.ones(1, dtype=np.int64), np.ones(1, dtype=np.int64))
    tree = hang(Forest(0 * one, 0 * one, one), np.ones(1), np.zeros(1), 1)
    watch = Watch(rtol=rtol)
    for gap in (1e-6, 5e-4, 0.02, 0.1):
        u, v = np.array([1.0 - gap]), np.zeros(1)
        assert watch.satisfied(tree, u, v, masses, rough=False) == (gap <= rtol)
        assert watch.satisfied(tree, u, v, masses, rough=True) == (gap <= min(rtol, 1e-3))


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("d", [2, 9])
def test_an_arc_that_no_search_looked_for_is_found_by_the_certificate(
    p: float, d: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every last search is left out, also where it would have found many arcs: the solve goes on."""
    rng = np.random.default_rng(4)
    x, y = rng.random((900, d)), rng.standard_normal((800, d))
    expected, resumed = transport(x, y, p=p), []
    monkeypatch.setattr(generation, "_HARDLY", 10**9)
    monkeypatch.setattr(points, "resume", lambda *given: resumed.append(given) or generation.resume(*given))
    found = transport(x, y, p=p)
    assert len(resumed) == 1
    assert found.kind == "exact"
    assert max(expected.lower, found.lower) <= min(expected.upper, found.upper)
    proof = certify(found.plan, found.potentials, x, y, p=p)
    assert proof.primal - proof.dual <= 1e-12 * proof.primal


def test_progress_is_told_the_pivots() -> None:
    seen: list[int] = []
    r = transport(*clouds(1), p=1, progress=seen.append)
    assert seen[-1] == r.stats["pivots"]
    assert seen == sorted(seen)


def test_progress_as_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    r = transport(*clouds(1), p=1, progress=True)
    shown = capsys.readouterr().err
    assert "transport 9 x 7" in shown
    assert f"{r.stats['pivots']:.0f}" in shown


@pytest.mark.parametrize("d", [2, 12])
def test_interrupted_solves_leave_nothing_behind(d: int) -> None:
    x, y = clouds(2, 700, 600, d)
    expected = transport(x, y, p=2)

    def interrupt(pivots: int) -> None:
        if pivots > 0.6 * expected.stats["pivots"]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        transport(x, y, p=2, progress=interrupt)
    again = transport(x, y, p=2)
    assert (again.lower, again.distance, again.upper) == (expected.lower, expected.distance, expected.upper)
