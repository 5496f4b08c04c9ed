"""Killed at any moment, a run loses the steps since its checkpoint and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("killed_worker.py")
TINY = {"data": "digits", "batch_size": 4, "latent": 5, "log_every": 2, "exact_samples": 0, "pictures": 2}


def killed(tmp_path: Path, kills: int, **flags: Any) -> dict[str, Any]:
    settings = json.dumps({**TINY, **flags, "out": str(tmp_path / "run")})
    command = [sys.executable, str(WORKER), settings, str(kills)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=5400)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(result: dict[str, Any]) -> None:
    assert result["steps"] == sorted(result["steps"]), "a checkpoint was lost"
    assert result["digests"][0] == result["digests"][1], "the run that was killed is another one"
    assert result["left"] == [], "half-written files lie about"


def test_a_few_kills(tmp_path: Path) -> None:
    result = killed(tmp_path, 4, steps=16, checkpoint_every=2, pictures=1)
    check(result)
    assert signal.SIGKILL in result["killed"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "flags", [{}, {"constraint": "clip", "critic_steps": 1, "checkpoint_every": 1}], ids=["gp", "clip"]
)
def test_sixty_kills(tmp_path: Path, flags: dict[str, Any]) -> None:
    """Most by SIGKILL, some by SIGTERM and SIGINT, at random moments of 600 steps, reports and checkpoints."""
    result = killed(tmp_path, 60, **{"steps": 600, "checkpoint_every": 3, "pictures": 5, **flags})
    check(result)
    assert len(result["killed"]) == 60
    assert len(set(result["steps"])) > 15, "the kills have to come while it trains"
