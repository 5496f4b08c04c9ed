"""numba stays away until a solve, and a cache that cannot be used costs time, never the answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOLVE = "import numpy, wdist; x = numpy.arange(400.0); print(wdist.transport(x, x + 3, p=1).distance)"


def run(code: str, **environment: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_exact_does_not_import_numba() -> None:
    assert run("import sys, wdist.exact; print('numba' in sys.modules)") == "False"


def test_no_writable_cache_anywhere() -> None:
    """numba raises where it has no place for its files; root can write everywhere, so its places are taken away."""
    nowhere = "import numba.core.caching as c; c.CacheImpl._locator_classes = []; c._CacheImpl = c.CacheImpl; "
    refused = "\nimport numba\ntry: numba.njit(cache=True)(wdist.transport)\nexcept RuntimeError: print('refused')"
    assert run(nowhere + SOLVE + refused).split() == ["3.0", "refused"]


def test_truncated_cache(tmp_path: Path) -> None:
    assert run(SOLVE, NUMBA_CACHE_DIR=str(tmp_path)) == "3.0"
    files = [path for path in tmp_path.rglob("*.nb*") if path.is_file()]
    assert files, "nothing was cached"
    for suffix in ("*.nbc", "*.nbi"):
        for path in tmp_path.rglob(suffix):
            path.write_bytes(path.read_bytes()[:20])
        assert run(SOLVE, NUMBA_CACHE_DIR=str(tmp_path)) == "3.0"
