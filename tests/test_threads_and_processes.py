"""The same bits from any number of threads, in workers of any kind, with torch or without; and nothing else moves."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from problems import calls

HERE = Path(__file__).resolve().parent


def program(*flags: str, threads: int = 1) -> dict[str, str]:
    paths = os.pathsep.join([str(HERE), *([os.environ["PYTHONPATH"]] if "PYTHONPATH" in os.environ else [])])
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": paths}
    command = [sys.executable, "-W", "error", "-m", "problems.calls", *flags]
    done = subprocess.run(command, cwd=HERE.parent, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def due() -> dict[str, str]:
    """Hashes of all calls, in this process, on one thread."""
    return calls.hashes()


@pytest.mark.parametrize("flags", [["threads", "6"], ["spawn"]])
def test_threads_and_workers_give_the_same_bits(due: dict[str, str], flags: list[str]) -> None:
    assert program(*flags) == due


@pytest.mark.slow
@pytest.mark.parametrize("flags", [["torch-first"], ["fork"], ["threads", "2"], ["threads", "16"]])
def test_torch_first_and_forked_workers_give_the_same_bits(due: dict[str, str], flags: list[str]) -> None:
    if flags == ["fork"] and sys.platform == "win32":
        pytest.skip("there is no fork")
    assert program(*flags) == due


@pytest.mark.parametrize("threads", [4, pytest.param(16, marks=pytest.mark.slow)])
def test_blas_with_many_threads_gives_the_same_bits(due: dict[str, str], threads: int) -> None:
    assert program(threads=threads) == due


def test_nothing_is_remembered_that_changes_an_answer(due: dict[str, str]) -> None:
    """The same objects again: what they have kept since must not matter."""
    assert calls.hashes() == due


@pytest.mark.parametrize("name", calls.CALLS)
def test_no_global_random_state_is_touched(name: str) -> None:
    def states() -> tuple[object, ...]:
        key = np.random.get_state(legacy=False)["state"]  # noqa: NPY002
        return random.getstate(), key["key"].tobytes(), key["pos"], torch.get_rng_state().numpy().tobytes()

    before = states()
    calls.CALLS[name]()
    assert states() == before


SNAPSHOT = """
import locale, logging, os, signal, sys, threading, warnings
import numpy as np
# What the libraries below do is theirs, and done before.
{first}

def tasks():
    return len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 0

def state():
    handlers = [signal.getsignal(s) for s in signal.valid_signals() if s not in (signal.SIGKILL, signal.SIGSTOP)]
    root = logging.getLogger()
    return {{
        "threads": (threading.active_count(), tasks()), "environment": dict(os.environ), "signals": handlers,
        "warnings": (list(warnings.filters), warnings.showwarning), "path": list(sys.path), "hook": sys.excepthook,
        "numpy": (np.geterr(), np.get_printoptions()), "logging": (list(root.handlers), root.level),
        "folder": os.getcwd(), "recursion": sys.getrecursionlimit(), "switch": sys.getswitchinterval(),
        "locale": locale.setlocale(locale.LC_ALL), "files": sorted(os.listdir(".")), "hooks": list(sys.meta_path),
    }}

before = state()
{then}
after = state()
changed = [name for name in before if before[name] != after[name]]
assert not changed, [(name, before[name], after[name]) for name in changed]
"""
SCIPY = "import scipy.sparse.csgraph, scipy.linalg, scipy.special, scipy.stats, scipy.optimize, scipy.spatial"
IMPORTS = {
    "wdist": ("", "import wdist"),
    "every public name": (
        f"{SCIPY}, numba",
        "import wdist\nfor name in wdist.__all__:\n    if name not in ('dual', 'plot'): getattr(wdist, name)",
    ),
    "wdist.dual": (f"{SCIPY}, torch, torch.nn.functional, tqdm", "import wdist.dual"),
    "wdist.plot": (f"{SCIPY}, matplotlib.figure, matplotlib.pyplot", "import wdist.plot"),
    "gan": (f"{SCIPY}, torch, tqdm, PIL.Image, pooch, requests, matplotlib.figure", "import gan.train, gan.runs"),
}


@pytest.mark.parametrize("what", IMPORTS)
def test_an_import_has_no_side_effects(tmp_path: Path, what: str) -> None:
    first, then = IMPORTS[what]
    for module in ("tqdm", "matplotlib", "PIL", "pooch", "requests"):
        if module in first:
            pytest.importorskip(module)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    program = SNAPSHOT.format(first=first, then=then)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout + done.stderr == ""
