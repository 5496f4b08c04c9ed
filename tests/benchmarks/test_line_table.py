"""``python -m benchmarks --only line``: its lines, its verdicts, its file."""

import json
from pathlib import Path

import pytest

from benchmarks import line
from benchmarks.__main__ import main
from benchmarks.line import Cell, Problem


def test_small_problems_end_to_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    problems = [Problem(1, 3000, True, 1, 3.0), Problem(3, 500, False, 2, 5.0)]
    monkeypatch.setattr(line, "_problems", lambda suite: iter(problems))
    assert main(["--only", "line", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "3,000 weighted, p = 1" in printed
    assert "3 x 500, p = 2" in printed
    records = json.loads((tmp_path / "line-smoke.json").read_text())
    solvers = [[cell["solver"] for cell in record["cells"]] for record in records]
    assert solvers == [["wdist", "SciPy", "POT"], ["wdist", "POT"]]  # SciPy has no p = 2
    assert not any(record["failures"] for record in records)


def test_two_answers_are_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem(1, 10, False, 1, 3.0)
    ours, slow = Cell("wdist", 1.0, None, 2.0), Cell("POT", 4.0, None, 2.0)
    assert line._print(problem, [ours, slow], [])
    assert ">=3x met" in capsys.readouterr().out
    assert not line._print(problem, [ours, Cell("POT", 2.0, 1.0, 2.1)], [])
    assert "DIFFERS" in capsys.readouterr().out
    assert not line._print(problem, [ours, slow], ["SciPy: stopped"])
    assert not line._print(problem, [slow], [])
