"""Solves that stop early, are watched, or are interrupted."""

from __future__ import annotations

import numpy as np
import pytest
from problems.clouds import clouds

from wdist import NotConvergedError, transport


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
