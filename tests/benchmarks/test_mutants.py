"""``python -m benchmarks.mutants``: of a module of a few lines, what is killed, what survives, and what never ends."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.mutants import automatic
from benchmarks.mutants.__main__ import table
from benchmarks.mutants.automatic import Group
from benchmarks.mutants.kernels import KERNELS
from benchmarks.mutants.verdict import Verdict

ROOT = Path(__file__).resolve().parents[2]
MODULE = '''def total(count: int) -> int:
    """Of the first whole numbers."""
    found, k = 0, 0
    while k < count:
        k += 1
        found += k
    return found + 0
'''
TESTS = '''from wdist.sums import total


def test_total() -> None:
    assert [total(k) for k in range(4)] == [0, 1, 3, 6]
'''
SCRIPT = """
import json, sys
from pathlib import Path
from benchmarks.mutants import by_hand as module
from benchmarks.mutants.by_hand import Change, Changes, StaleError, by_hand

module._HEAVY = ("numba", "pytest")
group = Changes("sums.py", ("test_sums.py",), tuple(Change(*change) for change in json.loads(sys.argv[2])))
try:
    print(json.dumps([verdict._asdict() for verdict in by_hand(Path(sys.argv[1]), [group])]))
except StaleError as error:
    print(json.dumps(str(error)))
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A checkout with a package of that name, a module, and its tests."""
    for name, text in {
        "wdist/__init__.py": "",
        "wdist/sums.py": MODULE,
        "tests/test_sums.py": TESTS,
        "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
        **{f"{folder}/__init__.py": "" for folder in ("benchmarks", "gan", "docs")},
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def by_hand(root: Path, *changes: tuple[str, ...]) -> list[Verdict] | str:
    command = [sys.executable, "-c", SCRIPT, str(root), json.dumps(changes)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    found = json.loads(run.stdout)
    return found if isinstance(found, str) else [Verdict(**verdict) for verdict in found]


def test_killed_survived_and_out_of_time(small: Path) -> None:
    found = by_hand(small, ("found += k", "found -= k"), ("+ 0", "- 0", "a sum"), ("k += 1", "k += 0"), ("while", "if"))
    assert found == [
        Verdict("wdist/sums.py", "`found += k` → `found -= k`", True),
        Verdict("wdist/sums.py", "`+ 0` → `- 0`", False, "a sum"),
        Verdict("wdist/sums.py", "`k += 1` → `k += 0`", True, late=True),
        Verdict("wdist/sums.py", "`while` → `if`", True),
    ]
    assert (small / "wdist/sums.py").read_text() == MODULE


def test_a_list_that_does_not_fit_is_refused(small: Path) -> None:
    assert by_hand(small, ("found", "lost"), ("nowhere", "there")) == (
        "these do not occur once:\nsums.py: found\nsums.py: nowhere"
    )
    (small / "tests/test_sums.py").write_text(TESTS.replace("6]", "7]"))
    assert by_hand(small, ("+ 0", "- 0")) == "the tests of sums.py fail as it stands"


def test_the_list_of_kernels_fits() -> None:
    for group in KERNELS:
        text = (ROOT / "wdist" / group.file).read_text()
        assert [change.old for change in group.changes if text.count(change.old) != 1] == []
        for test in group.tests:
            assert (ROOT / "tests" / test.partition("::")[0]).exists()


def test_the_groups_of_modules_are_there() -> None:
    for group in automatic.GROUPS.values():
        assert all((ROOT / "wdist" / f"{module}.py").exists() for module in group.modules)
        assert all((ROOT / "tests" / test).exists() for test in group.tests)


@pytest.mark.skipif(importlib.util.find_spec("mutmut") is None, reason="needs mutmut")
def test_mutmut_changes_a_module(small: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("copy") / "wdist"
    found = automatic.automatic(small, place, Group(("sums",), ("test_sums.py",)))
    assert len(found) > 6
    survived = [verdict.change for verdict in found if not verdict.killed]
    assert len(survived) <= 2
    assert any("`return found + 0` → `return found - 0`" in change for change in survived)
    assert any(verdict.late for verdict in found)  # k -= 1
    assert not any(verdict.late and not verdict.killed for verdict in found)


def test_statuses_of_mutmut_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(automatic, "_change", lambda place, name: name)
    statuses = {"fails": 1, "crashes": -11, "is late": 36, "survives": 0, "is reached by no test": 33,
                "is broken off": 2, "has no tests": 5, "is not run": None, "is not asked for": 1}  # fmt: skip
    meta = tmp_path / "mutants" / "wdist" / "sums.py.meta"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"exit_code_by_key": statuses}))
    found = automatic._verdicts(tmp_path, "sums", set(statuses) - {"is not asked for"})
    assert [verdict.change for verdict in found] == list(statuses)[:-1]
    assert [verdict.change for verdict in found if verdict.killed] == ["fails", "crashes", "is late"]
    assert [verdict.change for verdict in found if verdict.late] == ["is late"]


def test_short_tests_are_kept_and_samples_are_the_same_every_time(tmp_path: Path) -> None:
    longest, most = automatic._LONGEST, automatic._SECONDS
    seconds = {"a": 0.1, "b": 1.1 * longest, "c": 0.8 * longest, **{f"d{k}": 0.9 * longest for k in range(9)}}
    stats = {"duration_by_test": seconds, "tests_by_mangled_function_name": {"f": list(seconds), "g": ["b"]}}
    kept = automatic._shorter(stats)["tests_by_mangled_function_name"]
    assert kept["f"][:2] == ["a", "c"]
    assert "b" not in kept["f"]
    assert sum(seconds[test] for test in kept["f"]) <= most
    assert kept["g"] == []
    meta = tmp_path / "mutants" / "wdist" / "sums.py.meta"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"exit_code_by_key": {f"x{k}": None for k in range(40)}}))
    drawn = automatic._sampled(tmp_path, "sums")
    assert drawn == automatic._sampled(tmp_path, "sums")
    assert len(set(drawn)) == 12


def test_the_table_counts_by_file() -> None:
    verdicts = [
        Verdict("a.py", "1", True),
        Verdict("a.py", "2", True, late=True),
        Verdict("a.py", "3", False, "the same program"),
        Verdict("b.py", "4", False),
    ]
    assert table(verdicts).splitlines()[2:] == [
        "| `a.py` | 3 | 2 | 1 | 1 | 0 |",
        "| `b.py` | 1 | 0 | 0 | 0 | 1 |",
        "| `all` | 4 | 2 | 1 | 1 | 1 |",
    ]
