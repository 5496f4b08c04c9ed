"""``python -m benchmarks --only gan``: its lines, its verdicts, and that its peer trains."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchmarks import gan, gan_loops
from benchmarks.__main__ import main
from benchmarks.gan import Agreement, Cell

THREE = "three steps, DataLoader"


def test_a_preset_end_to_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gan, "_PRESETS", {"smoke": ("fast",)})
    monkeypatch.setattr(gan, "_ROUNDS", {"smoke": 1})
    monkeypatch.setattr(gan, "stream", lambda measure, arguments, limit: measure(*arguments))
    monkeypatch.setattr(torch, "set_num_threads", lambda n: None)  # of a process of its own
    assert main(["--only", "gan", "--out", str(tmp_path)]) == 0
    assert "agree to" in capsys.readouterr().out
    cells = json.loads((tmp_path / "gan-smoke.json").read_text())
    assert [(cell["measure"], cell["solver"]) for cell in cells] == [
        ("critic", "gan"),
        ("critic", "one step, double backward"),
        ("critic", THREE),
        ("step", "gan"),
        ("step", THREE),
    ]
    assert all(cell["seconds"] > 0 for cell in cells)


def test_verdicts(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    items = [
        Cell("classic", "cpu", "critic", "gan", 1.0),
        Cell("classic", "cpu", "critic", THREE, 2.4),
        Cell("classic", "cuda", "step", "gan", 1.0),
        Cell("classic", "cuda", "step", THREE, 9.0),
        Agreement("classic", 0.5),
    ]
    monkeypatch.setattr(gan, "stream", lambda measure, arguments, limit: iter(items))
    assert not gan.run("smoke", tmp_path), "the updates differ"
    printed = capsys.readouterr().out
    assert ">=2.5x missed" in printed
    assert ">=8x met" in printed


def test_the_peer_trains() -> None:
    """It is no straw man: its critic opens the gap, its slope comes near one, its generator moves."""
    peer = gan_loops.Classic(gan_loops.state_of("fast"))
    before = peer.generator[0].weight.detach().clone()
    for _ in range(40):
        peer.critic_update()
    fake, real, penalty = peer.scores[-1]
    assert -(real + fake) > 5  # the real term is minus the mean score
    assert penalty / peer.penalty < 1.5
    peer.generator_optimizer.zero_grad()
    peer.step()
    assert not torch.equal(peer.generator[0].weight, before)
