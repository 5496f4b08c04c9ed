"""``python -m benchmarks --only many`` and ``--only sliced``: their lines, their verdicts, their files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import many
from benchmarks.__main__ import main
from benchmarks.many import MANY, SLICED, Row


def test_small_problems_end_to_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    problems = {
        MANY: [("Gaussians", 4, 0, 2), ("line", 4, 20, 1), ("clouds", 4, 12, 2), ("nearest of", 6, 12, 2)],
        SLICED: [
            ("sliced", 60, 3, 20, True),
            ("max_sliced, 50 directions", 60, 3, 50, False),
            ("max_sliced, time to the same value", 60, 3, 1, False),
        ],
    }
    monkeypatch.setattr(many, "_BUDGET", 0.0)
    for name, some in problems.items():
        monkeypatch.setitem(many._PROBLEMS, name, lambda suite, some=some: iter(some))
    assert main(["--only", MANY, "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    for words in (
        "pairwise, 4 Gaussians, d = 2",
        "4 samples of 20 on the line",
        "3 nearest of 6 clouds",
        "never solved",
    ):
        assert words in printed
    assert len(json.loads((tmp_path / "many-smoke.json").read_text())) == 4
    assert many.run(SLICED, "smoke", tmp_path)
    assert "sliced, n = 60, d = 3, 20 directions weighted" in capsys.readouterr().out
    assert [row["sense"] for row in json.loads((tmp_path / "sliced-smoke.json").read_text())] == [
        "same",
        "above",
        "above",
    ]


def test_verdicts() -> None:
    assert many._line(Row("x", 1.0, 4.0, 0.0)).endswith(">=3x met")
    assert many._line(Row("x", 1.0, 2.0, 0.0)).endswith(">=3x missed")
    assert "DIFFERS by 1.0e-03" in many._line(Row("x", 1.0, 4.0, 1e-3))
    assert "DIFFERS" in many._line(Row("x", 1.0, 4.0, float("nan")))
