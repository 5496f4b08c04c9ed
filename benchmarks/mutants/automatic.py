"""Mutants that mutmut makes of the interpreted code, a sample of each module, and the tests that should kill them.

mutmut forks one process a mutant from one that has imported everything, and knows which tests reach which function. It
leaves constants and decorated functions alone, the kernels among them: :mod:`.by_hand` has those.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from .verdict import Verdict

__all__ = ["GROUPS", "Group", "automatic"]


class Group(NamedTuple):
    """Modules below ``wdist``, and the tests below ``tests`` that see them."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


GROUPS = {
    "line": Group(
        ("_arrays", "coupling", "histograms", "line", "measures", "result", "samples", "tails", "units"),
        ("test_histograms.py", "test_line.py", "test_line_brackets.py", "test_line_gradients.py", "test_line_ways.py",
         "test_measures.py", "test_refused_measures.py", "test_result.py", "test_tails.py", "test_units.py"),
    ),
    "exact": Group(
        ("certificate", "masses", "exact/averages", "exact/given", "exact/levels", "exact/masses", "exact/outcome",
         "exact/small", "exact/soft", "search/ground", "search/rounding"),
        ("test_certificate.py", "exact/test_arcs.py", "exact/test_averages.py", "exact/test_basis.py",
         "exact/test_flows.py", "exact/test_levels.py", "exact/test_linear_programme.py", "exact/test_masses.py",
         "exact/test_outcome.py", "exact/test_small.py", "search/test_cells.py", "search/test_ground.py",
         "search/test_rounding.py"),
    ),
    "gaussian": Group(
        ("_pairs", "_procrustes", "_traces", "covariances", "families", "gaussian"),
        ("gaussian", "test_laws.py", "test_gaussian_mixture.py", "test_measures.py", "test_refused_measures.py"),
    ),
    "more": Group(
        ("monotone", "sketch", "brackets/gaussian_bound", "dual/convolution", "dual/lipschitz", "dual/penalties",
         "inference/permutation"),
        ("test_brackets.py", "test_monotone.py", "test_sketch.py", "dual/test_convolution.py", "dual/test_lipschitz.py",
         "dual/test_penalties.py", "inference/test_two_sample_test.py"),
    ),
    "clouds": Group(
        ("moments", "brackets/shadows", "inference/centring", "inference/convex"),
        ("test_moments.py", "brackets/test_shadows.py", "inference/test_centring.py",
         "inference/test_convex_potentials.py"),
    ),
}  # fmt: skip
_SEED, _SAMPLE = 0, 12  # mutants of a module
_LONGEST, _SECONDS = 5.0, 30.0  # of a test, and of all tests of a function: beyond, the shorter ones must do
_FAILED, _LATE = (1, 3, -9, -11), (-24, 24, 36, 152, 255)  # statuses: a test failed or crashed; or was out of time
_MESSAGES = ("raise ", r"Error\(", r'^\s*f?r?"', "warnings.warn")  # lines of prose, which tests need not know by heart


def automatic(root: Path, place: Path, group: Group) -> list[Verdict]:
    """Run mutants of a group in a copy of the checkout at ``place``."""
    _copy(root, place, group)
    _mutmut(place, "none.of.them")  # makes the mutants, and learns which test reaches which function
    stats = place / "mutants" / "mutmut-stats.json"
    stats.write_text(json.dumps(_shorter(json.loads(stats.read_text()))))
    chosen = [name for module in group.modules for name in _sampled(place, module)]
    _mutmut(place, *chosen)
    return [verdict for module in group.modules for verdict in _verdicts(place, module, set(chosen))]


def _copy(root: Path, place: Path, group: Group) -> None:
    ignored = shutil.ignore_patterns(".git", "__pycache__", ".*_cache", "*.png", "build", "bench-out")
    shutil.copytree(root, place, ignore=ignored)
    settings = {
        "source_paths": ["wdist"],
        "only_mutate": [f"wdist/{module}.py" for module in group.modules],
        "pytest_add_cli_args_test_selection": [f"tests/{name}" for name in group.tests],
        "also_copy": ["benchmarks", "gan", "docs"],
        "do_not_mutate_patterns": list(_MESSAGES),
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    with (place / "pyproject.toml").open("a") as project:
        project.write("\n".join(["", "[tool.mutmut]", "track_dependencies = false", *lines, ""]))


def _mutmut(place: Path, *names: str) -> None:
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "OMP_NUM_THREADS": "1", "CI": "1"}
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1", *names]
    with (place / "mutmut.log").open("a") as log:
        subprocess.run(command, cwd=place, env=environment, stdout=log, stderr=log, check=False)


def _shorter(stats: dict[str, Any]) -> dict[str, Any]:
    """The short tests of every function only, so that a survivor does not take minutes."""
    seconds, reached = stats["duration_by_test"], stats["tests_by_mangled_function_name"]
    for name, tests in reached.items():
        kept, total = [], 0.0
        for test in sorted(tests, key=seconds.__getitem__):
            total += seconds[test]
            if seconds[test] > _LONGEST or total > _SECONDS:
                break
            kept.append(test)
        reached[name] = kept
    return stats


def _sampled(place: Path, module: str) -> list[str]:
    names = sorted(_codes(place, module))
    return random.Random(f"{_SEED} {module}").sample(names, min(_SAMPLE, len(names)))


def _codes(place: Path, module: str) -> dict[str, int | None]:
    """How the tests of every mutant ended; None where they were not run."""
    found = json.loads((place / "mutants" / "wdist" / f"{module}.py.meta").read_text())
    return dict(found["exit_code_by_key"])


def _verdicts(place: Path, module: str, chosen: set[str]) -> list[Verdict]:
    verdicts = []
    for name, code in _codes(place, module).items():
        if name in chosen:
            killed = code in (*_FAILED, *_LATE)
            change = name.rpartition(".")[2] if killed else _change(place, name)
            verdicts.append(Verdict(f"wdist/{module}.py", change, killed, late=code in _LATE))
    return verdicts


def _change(place: Path, name: str) -> str:
    """A mutant's name, and the lines of its difference: for a survivor, since it takes seconds."""
    shown = subprocess.run([sys.executable, "-m", "mutmut", "show", name], cwd=place, capture_output=True, text=True)
    lines = [line for line in shown.stdout.splitlines() if line[:1] in ("-", "+") and line[:3] not in ("---", "+++")]
    old, new = (" ".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+")
    return f"{name.rpartition('.')[2]}: `{old}` → `{new}`"
