"""Compiled code checks no index, so that a wrong one writes where it should not: here every one is checked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOLVE = """
import numpy as np
import numba
import wdist
from problems.mixture import draw

assert numba.config.BOUNDSCHECK == 1
for seed in [*range(24), 1455]:  # in the last one, more arcs leave a cell than there are targets
    problem = draw(seed, 100, 600)
    given = {"p": problem.p, "x_weights": problem.a, "y_weights": problem.b}
    found = wdist.transport(problem.x, problem.y, metric=problem.metric, **given)
    wdist.certify(found.plan, found.potentials, problem.x, problem.y, metric=problem.metric, **given)
    wdist.transport_lp(problem.costs, problem.a, problem.b)
rng = np.random.default_rng(0)
for n, m, d in ((1300, 1200, 1), (1200, 1400, 2), (1500, 1100, 3), (1300, 1400, 20)):
    for p in (1, 2):
        x, y = rng.standard_normal((n, d)), rng.standard_normal((m, d))
        wdist.transport(x, y, p=p, x_weights=rng.random(n) ** 3, y_weights=rng.random(m) ** 3)
        wdist.transport(np.round(x), np.round(y), p=p)
wdist.wasserstein_1d(rng.standard_normal(200_000), rng.standard_normal(200_000), p=2)
print("every index was in its place")
"""


def test_every_index_is_in_its_place(tmp_path: Path) -> None:
    """An IndexError of the kernels, checked as numba does on demand; what is compiled so has a cache of its own."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, "-c", SOLVE],
        cwd=tmp_path,
        env=os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "every index was in its place"
