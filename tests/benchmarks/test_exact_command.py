"""Rows end to end: ``python -m benchmarks --only exact ROW...``."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import wdist
from benchmarks.__main__ import main
from benchmarks.exact import measure
from benchmarks.exact.instances import ROWS
from benchmarks.exact.measure import compare

PNG = b"\x89PNG\r\n\x1a\n"


def test_rows_are_measured_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "exact", "500-2d", "grid-32-w1", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"exact-smoke.{end}" for end in ("csv", "json", "png")]
    assert (tmp_path / "exact-smoke.png").read_bytes().startswith(PNG)
    rows = json.loads((tmp_path / "exact-smoke.json").read_text())["rows"]
    with (tmp_path / "exact-smoke.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [row["name"] for row in table] == ["500-2d", "grid-32-w1"]
    for row, line in zip(rows, table, strict=True):
        assert f"\n{row['name']} " in printed
        assert line == {key: "" if row[key] is None else str(row[key]) for key in line}
        assert row["error"] is None
        assert abs(row["difference"]) < 1e-12
        assert 0.0 <= row["gap"] < 1e-12
        for name in ("wdist", "pot", "lazy"):
            assert row[f"{name}_runs"] == len(row["runs"][name]) == 5
            assert 0.0 < row[f"{name}_seconds"] < 10.0
        if sys.platform == "linux":  # the matrix of costs, at least
            assert row["pot_mb"] > 8e-6 * row["n"] ** 2 > row["lazy_mb"]
    x, y, a, b = ROWS["500-2d"].draw(0)
    cost = wdist.transport(x, y, p=2, x_weights=a, y_weights=b).cost
    assert rows[0]["runs"]["wdist"][0]["cost"] == pytest.approx(cost, rel=1e-14)


def test_a_matrix_of_costs_is_the_same_for_both_and_not_for_the_lazy_solver(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--only", "exact", "lp-sqeuclidean-1k", "--out", str(tmp_path)]) == 0
    assert "[1] POT emd2_lazy: not run: it computes costs from points" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exact-smoke.csv", "exact-smoke.json"]
    (row,) = json.loads((tmp_path / "exact-smoke.json").read_text())["rows"]
    assert [row["dim"], row["p"], row["error"]] == [None, 1, None]
    assert abs(row["difference"]) < 1e-12
    assert 0.0 <= row["gap"] < 1e-12
    assert [len(row["runs"][name]) for name in ("wdist", "pot", "lazy")] == [5, 5, 0]
    x, y, a, b = ROWS["1k-2d"].draw(0)  # whose squared distances they are
    cost = wdist.transport(x, y, p=2, x_weights=a, y_weights=b).cost
    assert row["runs"]["wdist"][0]["cost"] == pytest.approx(cost, rel=1e-12)
    assert row["runs"]["pot"][0]["cost"] == pytest.approx(cost, rel=1e-12)


def test_a_wrong_answer_is_the_exit_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def disagreeing(*_: object) -> measure.Cell:
        costs.append(2.0 * (costs[-1] if costs else 1.0))
        return measure.Cell([measure.Run(0, costs[-1], 0.0, 1.0, 10**6)])

    costs: list[float] = []
    monkeypatch.setattr(measure, "_cell", disagreeing)
    assert main(["--only", "exact", "grid-32-w2", "--out", str(tmp_path)]) == 1
    assert "DIFFERS" in capsys.readouterr().out


def test_a_slow_solver_does_not_stop_the_row() -> None:
    hurried = replace(ROWS["1k-2d"], limit=1e-3)
    row = compare(hurried)
    assert {cell.failure for cell in row.cells.values()} == {
        f"{label}: stopped after 0.001 s" for label in ("wdist", "POT dist + emd2", "POT emd2_lazy")
    }
    assert row.verdict == "NO"
