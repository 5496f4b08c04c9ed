"""Verdicts, errors and the printed line, on measurements made up for it."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import pytest

from benchmarks.exact.instances import ROWS
from benchmarks.exact.measure import Cell, Comparison, Run
from benchmarks.exact.solvers import relative_gap
from benchmarks.exact.table import Table
from benchmarks.exact.targets import MET, MISSED, NEARLY, UNKNOWN, Figures, Target

MB = 10**6


def runs(*seconds: float, cost: float = 2.0, peak: int = 3 * MB) -> list[Run]:
    return [Run(0, cost, 1e-15, s, peak) for s in seconds]


def compared(name: str, ours: Cell, pot: Cell, lazy: Cell | None = None) -> Comparison:
    return Comparison(ROWS[name], {"wdist": ours, "pot": pot, "lazy": lazy or Cell(failure="no lazy", declined=True)})


@pytest.mark.parametrize(("speedup", "verdict"), [(60.0, MET), (54.0, NEARLY), (53.9, MISSED), (None, UNKNOWN)])
def test_a_median_a_tenth_short_of_its_line_counts_as_met(speedup: float | None, verdict: str) -> None:
    assert Target(speedup=60).verdict(Figures(speedup=speedup)) == verdict


def test_the_worst_line_decides() -> None:
    target = Target(seconds=12, megabytes=150, gap=1e-12)
    assert target.verdict(Figures(seconds=12.0, megabytes=150.0, gap=1e-12)) == MET
    assert target.verdict(Figures(seconds=13.1, megabytes=90.0, gap=1e-14)) == NEARLY
    assert target.verdict(Figures(seconds=13.3, megabytes=90.0, gap=1e-14)) == MISSED
    assert target.verdict(Figures(seconds=10.0, megabytes=151.0, gap=1e-14)) == MISSED
    assert target.verdict(Figures(seconds=10.0, megabytes=90.0, gap=2e-12)) == MISSED
    assert Target(finishes=True).verdict(Figures()) == MISSED
    assert Target().verdict(Figures(seconds=1.0)) == ""


def test_the_line_of_a_row() -> None:
    row = compared("10k-2d", Cell(runs(0.5, 0.3, 0.4)), Cell(runs(30.0, peak=3900 * MB)))
    assert row.speedup == pytest.approx(75.0)
    assert row.verdict == MISSED
    table = Table()
    cells = table.line(row).split()
    assert cells[:7] == ["10k-2d", "0.4", "(3)", "30", "(1)", "—", "[1]"]
    assert cells[7:] == ["75x", "90x,", "1/50", "of", "MB", "NO", "3.0", "3900", "1e-15", "0"]
    assert table.notes() == "[1] no lazy"
    assert len(table.head().splitlines()[-1]) >= len(table.line(row))


def test_two_answers_are_an_error_in_the_table() -> None:
    row = compared("1k-2d", Cell(runs(0.01)), Cell(runs(1.0, cost=2.0 * (1.0 - 1e-6))))
    assert row.speedup == pytest.approx(100.0)
    assert row.verdict == MISSED
    assert row.error == "the values of wdist and POT differ by 1.0e-06"
    table = Table()
    assert "DIFFERS +1e-06" in table.line(row)
    assert row.error in table.notes()
    assert compared("1k-2d", Cell(runs(0.01)), Cell(runs(1.0, cost=math.nan))).error is not None


def test_an_optimum_of_zero_is_compared_too() -> None:
    both = compared("lp-integers-2k", Cell(runs(0.1, cost=0.0)), Cell(runs(0.2, cost=0.0)))
    assert both.difference == 0.0
    assert both.verdict == MET
    wrong = compared("lp-integers-2k", Cell(runs(0.1, cost=1e-3)), Cell(runs(0.2, cost=0.0)))
    assert wrong.difference == 1.0
    assert wrong.verdict == MISSED
    assert compared("lp-integers-2k", Cell(runs(0.1, cost=0.0)), Cell(runs(0.2, cost=1e-3))).difference == -1.0


def test_the_title_explains_every_kind_of_row() -> None:
    title = Table().head()
    assert max(map(len, title.splitlines()[:-2])) <= 120
    for word in ("lp-COSTS-n", "transport_lp", "random", "integers", "uniform", "w1"):
        assert word in title


def test_what_was_stopped_says_so() -> None:
    stopped = Cell(runs(200.0), "wdist: stopped after 300 s")
    row = compared("1k-2d", stopped, Cell(runs(1.0)))
    assert row.error == "wdist: stopped after 300 s"
    assert row.verdict == MISSED
    table = Table()
    assert "200 (1) [1]" in table.line(row)
    assert table.notes().startswith("[1] wdist: stopped after 300 s\n[2] no lazy")
    slow_pot = compared("1k-2d", Cell(runs(0.1)), Cell([], "POT dist + emd2: stopped after 300 s"))
    assert slow_pot.error is None
    assert slow_pot.verdict == UNKNOWN


def test_a_skipped_row_is_neither_met_nor_wrong() -> None:
    skipped = Cell(failure="no mnist", declined=True)
    row = compared("mnist-2k", skipped, skipped, skipped)
    assert row.error is None
    assert row.verdict == ""
    table = Table()
    assert table.line(row).split() == ["mnist-2k", *["—", "[1]"] * 3, "3x"]


def test_pairs_of_pictures_are_averaged_and_compared_on_what_both_solved() -> None:
    ours = Cell([Run(pair, 1.0 + pair, 0.0, 1.0 + pair, MB) for pair in range(3)])
    pot = Cell([Run(pair, 1.0 + pair, None, 10.0, MB) for pair in range(2)])
    row = compared("dotmark-64-w1", ours, pot)
    assert ours.seconds == pytest.approx(2.0)
    assert row.speedup == pytest.approx(20.0 / 3.0)
    assert row.difference == 0.0
    assert Table().line(row).split()[:5] == ["dotmark-64-w1", "2", "(3p)", "10", "(2p)"]


@pytest.mark.parametrize("p", [1, 2, 3])
def test_the_gap_of_the_cost_does_not_cancel(p: int) -> None:
    lower, upper = 0.3, math.nextafter(0.3, 1.0)
    with localcontext() as context:
        context.prec = 60
        exact = float(1 - (Decimal(lower) / Decimal(upper)) ** p)
    assert relative_gap(lower, upper, p) == pytest.approx(exact, rel=1e-12)
    assert relative_gap(0.5, 0.5, p) == relative_gap(0.0, 0.0, p) == 0.0
    assert relative_gap(0.0, 0.5, p) == 1.0
