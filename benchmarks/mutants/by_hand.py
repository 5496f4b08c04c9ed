"""Mutants chosen by hand, of the kernels above all: one change of a file each, and the tests that should see it.

What takes long to import is imported once. A process is then forked for every mutant, loads the changed text in place
of the file, and runs the tests until one fails. Kernels run as plain Python.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import math
import os
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import NamedTuple

from .verdict import Verdict

__all__ = ["Change", "Changes", "StaleError", "by_hand"]

_LONG, _TIMES = 600, 4  # seconds of processor time; how many times the tests' own: one that never ends is noticed
_HEAVY = ("numpy", "scipy.optimize", "scipy.spatial", "scipy.special", "scipy.stats", "numba", "ot", "torch", "pytest",
          "hypothesis.extra.numpy")  # fmt: skip


class Change(NamedTuple):
    """A piece of text that occurs once, and what replaces it; ``why`` that changes no result, where it does not."""

    old: str
    new: str
    why: str = ""


class Changes(NamedTuple):
    """Changes of one file below ``wdist``, and the tests, below ``tests``, that see it."""

    file: str
    tests: tuple[str, ...]
    changes: tuple[Change, ...]


class StaleError(Exception):
    """The list no longer fits the code."""


def by_hand(root: Path, listed: Sequence[Changes]) -> Iterator[Verdict]:
    """Run every mutant.

    Raises
    ------
    StaleError
        If the tests of a file fail without a change, or a text to be replaced does not occur once.
    """
    texts = {group.file: (root / "wdist" / group.file).read_text() for group in listed}
    stale = [f"{g.file}: {change.old}" for g in listed for change in g.changes if texts[g.file].count(change.old) != 1]
    if stale:
        raise StaleError("these do not occur once:\n" + "\n".join(stale))
    for name in _HEAVY:
        importlib.import_module(name)
    for group in listed:
        before = _seconds()
        if _ended(root, group, texts[group.file], _LONG):
            raise StaleError(f"the tests of {group.file} fail as it stands")
        limit = math.ceil(_TIMES * (_seconds() - before))
        for change in group.changes:
            ended = _ended(root, group, texts[group.file].replace(change.old, change.new), limit)
            late = ended == -signal.SIGXCPU
            yield Verdict(f"wdist/{group.file}", f"`{change.old}` → `{change.new}`", ended != 0, change.why, late)


def _seconds() -> float:
    """Of processor time that ended children have taken."""
    return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def _ended(root: Path, group: Changes, text: str, limit: int) -> int:
    """How the tests end with this text in place of the file: pytest's status, or the signal that ended it, below 0."""
    child = os.fork()
    if child == 0:
        status = 2
        try:
            status = _tested(root, group, text, limit)
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(ended)


def _tested(root: Path, group: Changes, text: str, limit: int) -> int:
    os.chdir(root)
    os.environ |= {"NUMBA_DISABLE_JIT": "1", "OMP_NUM_THREADS": "1", "CI": "1"}
    sys.modules["numba"].config.reload_config()
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    for name in [name for name in sys.modules if name.split(".")[0] == "wdist"]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Instead("wdist." + group.file.removesuffix(".py").replace("/", "."), text))
    tests = [f"tests/{name}" for name in group.tests]
    options = ["-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return int(sys.modules["pytest"].main([*options, *tests]))


class _Instead:
    """A finder of one module, whose text is not that of its file."""

    def __init__(self, module: str, text: str) -> None:
        self.module, self.text = module, text

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self.module:
            return None
        found = importlib.machinery.PathFinder.find_spec(name, path)
        if found is None or found.origin is None:
            return None
        return importlib.util.spec_from_file_location(name, found.origin, loader=_Loader(name, found.origin, self.text))


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self.text = text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.text, self.path, "exec")
