"""Two processes make the steps of one."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from gan import ConfigError, checkpoint, records
from gan.team import SyncedBatchNorm2d, Team, synced

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("team_worker.py")
TINY = {"data": "digits", "steps": 4, "batch_size": 8, "latent": 5, "log_every": 2, "pictures": 1, "exact_samples": 0}


def torchrun(processes: int, *command: str) -> subprocess.Popen[str]:
    settings = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    return subprocess.Popen([*start, *command], cwd=ROOT, env=settings, **pipes)


def assert_two_equal_one(tmp_path: Path, **flags: Any) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(WORKER), json.dumps({**TINY, **flags}), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | meeting, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    names = ("state-1.0", "state-2.0", "state-2.1")
    alone, first, second = (torch.load(tmp_path / name, weights_only=True) for name in names)
    for part in ("generator", "average", "critic"):
        for name, value in alone[part].items():
            assert torch.equal(first[part][name], second[part][name]), "the processes drifted apart"
            torch.testing.assert_close(first[part][name], value, rtol=1e-9, atol=1e-12)
    assert torch.equal(first["rng"], alone["rng"])
    logs = [records.read(tmp_path / str(n), "train") for n in (1, 2)]
    assert [line["step"] for line in logs[0]] == [line["step"] for line in logs[1]] == [2, 4]
    for one, two in zip(*logs, strict=True):
        numbers = {name for name, value in one.items() if isinstance(value, float) and name != "seconds"}
        assert {"real", "fake", "slope", "generator"} <= numbers
        assert [two[name] for name in numbers] == pytest.approx([one[name] for name in numbers], rel=1e-9)


def test_two_processes_equal_one(tmp_path: Path) -> None:
    """BatchNorm, a penalty with its random points, an average: all as in one process with the whole batch."""
    assert_two_equal_one(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "flags",
    [{"constraint": "one-sided", "critic_steps": 2}, {"critic": "spectral"}, {"preset": "classic", "batch_size": 4}],
    ids=["one-sided", "spectral", "classic"],
)
def test_two_processes_equal_one_whatever_the_settings(tmp_path: Path, flags: dict[str, Any]) -> None:
    assert_two_equal_one(tmp_path, **flags)


@pytest.mark.slow
def test_the_command_line_under_torchrun_stops_and_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "run"
    flags = ["--data", "digits", "--batch-size", "8", "--pictures", "1", "--exact-samples", "0", "--log-every", "2"]
    with torchrun(2, "-m", "gan", "train", *flags, "--steps", "100000", "--out", str(out)) as process:
        deadline = time.monotonic() + 90
        while not records.read(out) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=90)
    step = checkpoint.load(out)["step"]
    assert step > 0
    more = ["--resume", "--steps", str(step + 4), "--pictures", "1", "--out", str(out)]
    with torchrun(2, "-m", "gan", "train", *more) as process:
        said, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert said.count("Run: ") == 1, "only the leader speaks"
    assert checkpoint.load(out)["step"] == step + 4


def test_a_batch_that_does_not_divide_is_refused() -> None:
    with pytest.raises(ConfigError, match="batch-size is 9: 2 processes share it, choose a multiple of that"):
        Team(0, 2).share(9)


def test_shares_cover_the_batch() -> None:
    rows = [list(range(12))[Team(rank, 3).share(12)] for rank in range(3)]
    assert rows == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


def test_own_share_of_the_random_numbers() -> None:
    """Each process draws its rows' numbers, and all stand at the same place afterwards."""
    whole = torch.rand(8, generator=torch.Generator().manual_seed(0))
    for rank in range(2):
        rng = torch.Generator().manual_seed(0)
        with Team(rank, 2).own_share(rng, 8):
            drawn = torch.rand(4, generator=rng)
        assert torch.equal(drawn, whole[4 * rank : 4 * rank + 4])
        after = torch.rand(1, generator=rng)
        assert torch.equal(after, torch.rand(9, generator=torch.Generator().manual_seed(0))[8:])


def test_batch_norms_are_replaced_at_any_depth() -> None:
    model = nn.Sequential(nn.BatchNorm2d(2), nn.Sequential(nn.BatchNorm2d(3)))
    assert synced(model, Team()) is model
    assert type(model[0]) is nn.BatchNorm2d
    expected = {name: value.clone() for name, value in model.state_dict().items()}
    synced(model, Team(0, 2))
    assert isinstance(model[0], SyncedBatchNorm2d)
    assert isinstance(model[1][0], SyncedBatchNorm2d)
    assert all(torch.equal(value, expected[name]) for name, value in model.state_dict().items())
