"""``python -m benchmarks --only inference``: its truths, its cells, which survive a stop, and its verdict."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import wdist
from benchmarks.__main__ import main
from benchmarks.inference import command, coverage
from benchmarks.inference.laws import pairs_in
from benchmarks.inference.power import Power, detected


@pytest.mark.parametrize("pair", pairs_in(1), ids=lambda pair: pair.name)
def test_truths_on_the_line(pair: object) -> None:
    """Of many draws the samples' own distance is near the populations'."""
    x, y = pair.draw(np.random.default_rng(0), 200_000)
    for p, truth in pair.distances.items():
        assert wdist.wasserstein_1d(x[:, 0], y[:, 0], p=p) == pytest.approx(truth, rel=0.03, abs=0.03)


def test_truths_in_space() -> None:
    """In the plane the plug-in of many draws is near, and the cheap bracket of samples is nearly closed."""
    for pair in pairs_in(2):
        x, y = pair.draw(np.random.default_rng(1), 1500)
        for p, truth in pair.distances.items():
            lower, upper = wdist.bounds(x, y, p=p)
            assert 0.9 * lower - 0.1 <= truth <= 1.1 * upper + 0.1, (pair.name, p)


def test_run_goes_on_where_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_GRIDS", {"smoke": coverage.Grid((2,), {40: 2})})
    monkeypatch.setattr(command, "detected", lambda draws: iter([Power("line: none", "KS", 0.05)]))
    assert main(["--only", "inference", "--out", str(tmp_path)]) == 0
    path = tmp_path / "inference-smoke.jsonl"
    first = path.read_text().splitlines()
    assert len(first) == sum(len(pair.distances) for pair in pairs_in(2))
    assert all(json.loads(line)["refused"] == 0 for line in first)
    path.write_text("\n".join(first[:-1]) + "\n" + first[-1][:40])  # killed in the middle of a line
    monkeypatch.setattr(coverage, "pairs_in", lambda dim: pairs_in(dim)[-1:])
    assert main(["--only", "inference", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "two clusters" in printed
    assert "line: none" in printed
    assert (tmp_path / "inference-smoke.png").stat().st_size > 10_000


def test_verdict() -> None:
    cell = coverage.Cell("equal", 1, 100, 1, 0.0, 100, 0, 2, 3, 1.0, 2.0, 0.0, 1.0, 0.5, 0.5, 0.1, 0.1, 0.01)
    assert command.coverage([cell]) == (0.95, 100)
    assert command._summary([cell])
    assert not command._summary([replace(cell, below=15)])
    assert not command._summary([replace(cell, refused=30)])


def test_power_of_a_few_draws() -> None:
    found = list(detected(1))
    assert {power.test for power in found} == {"sliced W1", "sliced W2", "energy", "KS", "exact W1"}
    assert all(0 <= power.share <= 1 for power in found)
