"""How much of wdist the tests run: ``python -m benchmarks.branches``; lines and branches, in some twenty minutes.

Kernels run as plain Python, which coverage can see and which is a hundred times slower: a test is left after half a
second of processor time, and what it has run by then counts. The tests that are no part of it start other programs, are
about the documents, the recipe or these benchmarks, or solve problems by the thousand; nor are docstrings, since
doctest takes it for a failure when it is left.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_LEFT_OUT = ("benchmarks", "gan", "test_architecture.py", "test_compilation.py", "test_differential.py", "test_docs.py",
             "test_examples.py", "test_lint.py", "test_packaging.py", "test_run.py", "test_threads_and_processes.py")
_SECONDS = "WDIST_SECONDS_A_TEST"  # which the tests' conftest.py knows


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tests and print what of every file they do not run; pytest's status, or that of the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.branches", description="Which branches do tests take?")
    parser.add_argument("tests", nargs="*", help="files of tests; default: all that run in one process")
    parser.add_argument("--seconds", default=0.5, type=float, help="of processor time for a test; default: 0.5")
    parser.add_argument("--under", default=0.0, type=float, metavar="PERCENT", help="fail below this; default: 0")
    options = parser.parse_args(arguments)
    limits = {"NUMBA_DISABLE_JIT": "1", "OMP_NUM_THREADS": "1", "CI": "1", _SECONDS: str(options.seconds)}
    coverage = [sys.executable, "-m", "coverage"]
    plugins = ["-p", "no:cacheprovider", "-p", "no:unraisableexception", "-k", "not docstring"]
    tested = subprocess.run([*coverage, "run", "-m", "pytest", "-q", *plugins, *(options.tests or _files())],
                            cwd=ROOT, env=os.environ | limits, check=False)  # fmt: skip
    report = ["report", "--show-missing", "--skip-covered", f"--fail-under={options.under}"]
    reported = subprocess.run([*coverage, *report], cwd=ROOT, check=False)
    return tested.returncode or reported.returncode


def _files() -> list[str]:
    found = (path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py"))
    return sorted(str(path) for path in found if not set(path.parts) & set(_LEFT_OUT))


if __name__ == "__main__":
    raise SystemExit(main())
