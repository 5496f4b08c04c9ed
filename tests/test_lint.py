"""ruff and mypy find nothing, so that continuous integration enforces both."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("command", [["ruff", "check", "."], ["mypy"]], ids=["ruff", "mypy"])
def test_finds_nothing(command: list[str]) -> None:
    checked = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, f"\n{checked.stdout}{checked.stderr}"
