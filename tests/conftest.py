"""What every test shares: one thread, no display, repeatable random cases, the place of the optional data."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

# Before numpy, torch and matplotlib read them. The problems are small, and one thread sums in one order.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    """The folder of MNIST's four IDX files."""
    return _data_folder("mnist", "train-images-idx3-ubyte*")


@pytest.fixture(scope="session")
def dotmark_dir() -> Path:
    """The folder of the DOTmark images, one archive a class."""
    return _data_folder("dotmark", "*.npz")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Make a disk of its own, ``"size=64k"`` or ``"ro"``, read-only; where that is not allowed, skip."""
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        except FileNotFoundError:
            pytest.skip("no mount here")
        if done.returncode:
            pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, Any, Any]:
    """Where tests are only to show what they run, one is left after that much processor time, as if skipped."""
    seconds = float(os.environ.get("WDIST_SECONDS_A_TEST", "0"))
    if not seconds:
        return (yield)
    before = signal.signal(signal.SIGPROF, _enough)
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.1)  # again, should the first be lost
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


def _enough(number: int, frame: FrameType | None) -> None:
    """Skip the rest of a test; but not out of an import, or out of coverage or hypothesis, which would be left halfway.

    A skip is what hypothesis lets through from a test that it runs.
    """
    inside = True  # of what the test or the package has called
    while frame is not None and "_pytest" not in (file := frame.f_code.co_filename):
        if "importlib" in file or f"{os.sep}coverage{os.sep}" in file or (inside and "hypothesis" in file):
            return
        inside, frame = inside and not file.startswith(str(ROOT)), frame.f_back
    pytest.skip("has had its time")


def _data_folder(name: str, pattern: str) -> Path:
    """``name`` below ``WDIST_DATA`` or beside the checkout; without it the test is skipped."""
    named = os.environ.get("WDIST_DATA")
    bases = [*([Path(named).expanduser()] if named else []), ROOT.parent / "shared" / "data"]
    for base in bases:
        if any((base / name).glob(pattern)):
            return base / name
    pytest.skip(f"no {name}/{pattern} in {' or '.join(map(str, bases))}; WDIST_DATA names another place")
