"""A long matrix killed with SIGKILL again and again goes on where it was: nothing lost, nothing computed twice."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import wdist

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys, time
import numpy as np
import wdist
from wdist import jobs
from wdist.many import matrix, tiles

folder, n_jobs, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
tiles._SECONDS, jobs._HERE, jobs._WORTH = 2e-3, 0.0, 0.0
append, solve = matrix.BlockFile.append, matrix.solve

def slowly(tile, elsewhere=False):
    time.sleep(pause)
    return solve(tile, elsewhere)

def noted(self, index, block):
    append(self, index, block)
    with open(folder + "/log", "a") as log:
        log.write(f"{index}\\n")

matrix.solve = slowly if n_jobs == 1 else solve
matrix.BlockFile.append = noted
P = np.random.default_rng(0).normal(size=(40, 12, 2))
D = wdist.pairwise(P, p=2, n_jobs=n_jobs, cache=folder + "/matrix")
np.save(folder + "/answer.npy", D)
"""


def run_until_done(folder: Path, kills: int, n_jobs: int, seed: int) -> int:
    """Start the program, kill it at a random moment, and so on; the last time let it end. How often it was killed."""
    rng, killed = np.random.default_rng(seed), 0
    command = [sys.executable, "-c", PROGRAM, str(folder), str(n_jobs), "0.02"]
    while True:
        size = _size(folder)
        with open(folder / "errors", "w") as errors:  # no pipe: workers outlive their parent, and would hold it open
            process = subprocess.Popen(command, cwd=ROOT, stderr=errors)
        try:
            if killed >= kills:
                process.wait(timeout=120)
            else:
                while process.poll() is None and _size(folder) == size:  # it has begun to write
                    time.sleep(0.002)
                process.wait(timeout=float(rng.uniform(0, 0.1)))
        except subprocess.TimeoutExpired:
            process.kill()
            killed += 1
        if process.wait() == 0:
            return killed
        assert process.returncode == -9, (folder / "errors").read_text()


def _size(folder: Path) -> int:
    path = folder / "matrix"
    return path.stat().st_size if path.exists() else 0


def check(folder: Path, kills: int, n_jobs: int, seed: int) -> None:
    assert run_until_done(folder, kills, n_jobs, seed) >= kills // 2  # it may have been done before
    P = np.random.default_rng(0).normal(size=(40, 12, 2))
    assert np.array_equal(np.load(folder / "answer.npy"), wdist.pairwise(P, p=2, n_jobs=1))
    times = Counter((folder / "log").read_text().split())
    assert set(times.values()) == {1}  # a block that was written is never written again
    assert len(times) > 50


def test_a_few_kills(tmp_path):
    check(tmp_path, 3, 1, 1)


@pytest.mark.slow
@pytest.mark.parametrize(("n_jobs", "seed"), [(1, 2), (2, 3)])
def test_many_kills(tmp_path, n_jobs, seed):
    for k in range(5):
        folder = tmp_path / str(k)
        folder.mkdir()
        check(folder, 10, n_jobs, 10 * seed + k)
