"""``python -m benchmarks --only gaussians``: its lines, its verdicts, its file, and its sixty digits."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from problems.gaussians import spd, w2_by_mpmath

from benchmarks import gaussians
from benchmarks.__main__ import main
from benchmarks.decimals import w2_of_covariances
from benchmarks.gaussians import Cell, Row


def test_a_row_of_each_table_end_to_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("_BUDGET", 0.0), ("_DIMENSIONS", (3,)), ("_CONDITIONS", (1e12,)), ("_APART", (1.0, 1e-10))):
        monkeypatch.setattr(gaussians, name, value)
    monkeypatch.setattr(gaussians, "stream", lambda measure, arguments, limit: measure(*arguments))
    assert main(["--only", "gaussians", "--suite", "full", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "d = 3 " in printed
    assert "1,000 pairs, d = 10" in printed
    rows = json.loads((tmp_path / "gaussians-full.json").read_text())
    assert [row["problem"] for row in rows][-1] == "cond. 1e+12, 1e-10 apart"
    assert all(row["cells"][0]["error"] <= 1e-7 for row in rows)


def test_a_number_that_is_off_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = Cell("wdist", 1.0, 1e-3), Cell("wdist, from arrays", 1.0, 0.0), Cell("POT", 0.5, math.nan)
    row = Row("d = 2", cells, target=1.0)
    monkeypatch.setattr(gaussians, "stream", lambda measure, arguments, limit: iter([row]))
    assert not gaussians.run("smoke", tmp_path)
    printed = capsys.readouterr().out
    assert "MORE THAN 1e-09" in printed
    assert "no number" in printed
    assert ">=1x missed" in printed


@pytest.mark.parametrize("d", [1, 2, 6])
@pytest.mark.parametrize("condition", [1.0, 1e13])
def test_sixty_digits_are_those_of_mpmath(d: int, condition: float) -> None:
    rng = np.random.default_rng(d)
    cov1, cov2 = spd(rng, d, condition), spd(rng, d, condition)
    for other in (cov2, cov1 + 1e-6 * cov2):
        assert w2_of_covariances(cov1, other) == pytest.approx(w2_by_mpmath(np.zeros(d), cov1, np.zeros(d), other))
