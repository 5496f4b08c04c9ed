"""All estimators on one stage, and two runs beside each other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.compare import compare
from benchmarks.comparison import command
from benchmarks.comparison.stage import STAGES, cells
from benchmarks.estimators import ESTIMATORS, Effort
from benchmarks.problems import known_problem

SMALL = replace(STAGES["smoke"], points=(40, 60), dims=(2,), n=60, dim=2, steps=(3, 5), projections=10)


def test_cells_are_the_two_sweeps_each_once() -> None:
    found = [(cell.problem, cell.n, cell.effort.steps) for cell in cells(SMALL, ["lp", "gp"])]
    at_40 = [("funnels4-2d", 40, 5)] * 2
    assert found == [*at_40, ("funnels4-2d", 60, 5), ("funnels4-2d", 60, 3), ("funnels4-2d", 60, 5)]


def test_a_peer_that_is_not_installed_has_no_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ESTIMATORS, "geomloss", replace(ESTIMATORS["geomloss"], package="no_such_package"))
    assert "geomloss" not in {cell.estimator for cell in cells(SMALL)}


def test_w2_is_asked_for_where_it_is_known_and_nothing_is_scored_as_another_distance() -> None:
    for cell in cells(STAGES["full"]):
        estimator, problem = ESTIMATORS[cell.estimator], known_problem(cell.problem)
        if estimator.quantity == "W2":
            assert estimator.truth(problem) == problem.w2 is not None
        else:
            assert cell.problem.startswith("funnels4-")
            assert estimator.truth(problem) == (problem.w1 if estimator.quantity == "W1" else None)
    assert {"gaussian", "spectral", "bjorck", "leaky", "clip"} < {cell.estimator for cell in cells(STAGES["full"])}


def test_fitted_gaussians_are_right_of_gaussian_laws_and_below_w2_of_others() -> None:
    """Of 100,000 points: of the touching funnels' moments the distance is known, and far below."""
    rng, d = np.random.default_rng(5), 8  # the funnels' covariances are multiples of I
    scale = np.sqrt(2 / d + 1 / (d + 2)) - np.sqrt(2 / d + 0.3**2 / (d + 2))
    for name, value in (("homothety-8d", known_problem("homothety-8d").w2), ("funnel-8d", np.sqrt(d) * scale)):
        answer = ESTIMATORS["gaussian"].measure(*known_problem(name).independent(100_000, rng), Effort(1, 1))
        assert answer.value == pytest.approx(value, rel=0.02)
        assert answer.kind == "lower bound"
    assert np.sqrt(d) * scale < 0.5 * (known_problem("funnel-8d").w2 or 0.0)


def test_a_name_of_no_estimator_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "comparison", "sinkhorn"])
    assert "--only names sinkhorn, no estimator; choose from lp" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["pot-sinkhorn", "geomloss"])
def test_sinkhorn_divergences_are_near_w1_of_far_clouds(name: str) -> None:
    """Of clouds much farther apart than they are wide, what regularisation does is small beside W_1."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(60, 2)), rng.normal(size=(60, 2)) + np.array([30.0, 0.0])
    truth = float(ESTIMATORS["lp"].measure(x, y, Effort(1, 1)).value)
    assert ESTIMATORS[name].measure(x, y, Effort(1, 1)).value == pytest.approx(truth, rel=0.02)


def test_the_table_the_files_and_the_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(STAGES, "smoke", SMALL)
    arguments = ["--only", "comparison", "lp", "max-sliced", "one-sided", "gaussian", "--out", str(tmp_path)]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "40 points a side" in printed
    record = json.loads((tmp_path / "comparison-smoke.json").read_text())
    rows = [row for row in record["rows"] if row["problem"] == "funnels4-2d"]
    by = {(row["n"], row["estimator"], row["steps"]): row for row in rows}
    assert set(by) == {(n, e, 5) for n in (40, 60) for e in ("lp", "max-sliced", "one-sided")} | {(60, "one-sided", 3)}
    truth = known_problem("funnels4-2d").w1
    for (_, name, _), row in by.items():
        assert row["truth"] == truth
        assert row["error"] == pytest.approx(row["value"] / truth - 1.0)
        if name == "max-sliced":
            assert row["value"] <= by[row["n"], "lp", 5]["value"]
    assert (tmp_path / "comparison-smoke.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "comparison-smoke.csv").read_text().startswith("problem,dim,n,estimator")
    with_w2 = [(row["problem"], row["n"], row["estimator"]) for row in record["rows"] if row not in rows]
    assert with_w2 == [(problem, n, "gaussian") for problem in ("homothety-2d", "funnel-2d") for n in (40, 60)]

    monkeypatch.setattr(command, "measured", lambda *_, **__: pytest.fail("measured again"))
    assert main(arguments) == 0
    assert json.loads((tmp_path / "comparison-smoke.json").read_text()) == record


def test_compare_tells_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"problem": "funnels4-2d", "n": 40, "estimator": "lp", "seconds": 2.0, "error": 0.1, "value": 0.5}
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps({"rows": [row, row | {"estimator": "gp"}]}))
    new.write_text(json.dumps({"rows": [row | {"seconds": 1.0, "error": -0.05, "value": 0.25}]}))
    assert main(["compare", str(old), str(new)]) == 0
    lines = capsys.readouterr().out.splitlines()
    (changed,) = (line for line in lines if line.startswith("funnels4-2d, n = 40, lp "))
    assert changed.split()[5:] == ["2", "1", "0.50+", "+10.00%", "-5.00%", "0.5", "->", "0.25"]
    assert any(line.startswith("funnels4-2d, n = 40, gp ") and line.endswith("only in OLD, old.json") for line in lines)


@pytest.mark.parametrize(
    ("row", "names"),
    [
        ({"name": "1k-2d", "wdist_seconds": 1.0, "pot_seconds": 9.0, "lazy_seconds": None}, ["1k-2d, POT "]),
        ({"problem": "4 clouds", "ours": 1.0, "theirs": 9.0}, ["4 clouds, wdist", "4 clouds, POT"]),
        ({"problem": {"n": 9, "weighted": True}, "cells": [{"solver": "POT", "seconds": 9.0}]}, ["n = 9, weighted"]),
        ({"problem": "x", "family": "gp", "steps": 3, "seconds": 9.0}, ["x, gp, steps = 3"]),
    ],
)
def test_compare_reads_the_rows_of_every_command(row: dict[str, Any], names: list[str], tmp_path: Path) -> None:
    """A solver's seconds each, whether a file is a list of rows or has one."""
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps([row]))
    new.write_text(json.dumps({"rows": [row]}))
    lines = compare(old, new)
    for name in names:
        assert sum(line.startswith(name) and " 1.00" in line for line in lines) == 1
    assert not any("only in" in line for line in lines)


@pytest.mark.parametrize(
    ("text", "message"), [(None, "does not exist"), ("{", "holds no rows"), ('{"rows": 3}', "holds no rows")]
)
def test_compare_refuses_what_is_no_run(
    text: str | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SystemExit) as stopped:
        main(["compare", str(path), str(path)])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
