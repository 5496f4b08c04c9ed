"""The import rules of the architecture, read from the source by ``ast``.

A file of ``wdist`` imports lower floors only. Files inside one package may import each other, without cycles.
``gan`` and ``benchmarks`` stand outside and use public names; ``run.py`` uses the standard library.
Imports under ``if TYPE_CHECKING`` are never executed and do not count.
"""

from __future__ import annotations

import ast
import graphlib
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# The floors of wdist, lowest first. A room is a module or a whole package; a new one is entered here, above
# everything that it imports and below everything that imports it. `_x` is a helper of the rooms above it.
FLOORS: tuple[set[str], ...] = (
    {"errors", "result", "settings"},
    {"_arrays", "compilation"},
    {"units"},
    {"_pairs", "covariances", "laws", "samples", "sketch", "radix", "rows", "staircase"},
    {"_nearby", "binned", "callables", "tails", "torch_laws", "whole"},
    {"coupling", "frozen", "suprema"},
    {"measures", "slivers"},
    {"_autograd", "_procrustes", "directions", "histograms", "jobs"},
    {"families"},
    {"_ascent", "_traces", "_two_clouds", "_w2_error", "circle", "gaussian_mixture", "quantiles"},
    {"gaussian", "line", "search"},
    {"masses", "moments", "monotone"},
    {"certificate"},
    {"exact", "projections"},
    {"interpolation", "steepest"},
    {"barycenters", "mixtures"},
    {"brackets"},
    {"inference", "dual"},
    {"front"},
    {"files", "many", "plot"},
    {"__init__", "__main__"},
)

# Modules that are public as they stand; any other public name must not be a module's.
PUBLIC_MODULES = {"wdist.dual", "wdist.plot"}

# What attacks the readers of files calls them by their own names.
ATTACKERS = {"benchmarks.faults.formats", "benchmarks.fuzz.targets"}

# `import wdist` costs next to nothing: these wait until something needs them.
LATE = ("torch", "numba", "ot", "matplotlib", "scipy.stats")

# Distributions that are imported under another name than their own.
IMPORT_NAMES = {
    "array-api-compat": "array_api_compat",
    "pillow": "PIL",
    "pot": "ot",
    "scikit-learn": "sklearn",
}

# The extras that a package's imports may come from, beside the core dependencies.
EXTRAS = {"wdist": ("dual", "plot"), "gan": ("dual", "plot", "gan"), "benchmarks": ("dual", "plot", "bench", "fuzz")}


def modules(package: str) -> dict[str, Path]:
    """Dotted name of every module of a package; a package's own is its ``__init__``."""
    files = sorted((ROOT / package).rglob("*.py"))
    return {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in files}


WDIST, GAN, BENCHMARKS = modules("wdist"), modules("gan"), modules("benchmarks")
EVERY = {**WDIST, **GAN, **BENCHMARKS}


def executed(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below ``node`` that can run, lazy imports in functions included."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for branch in child.orelse:
                yield branch
                yield from executed(branch)
        else:
            yield child
            yield from executed(child)


def imports(module: str, file: Path) -> Iterator[tuple[str, str | None, int]]:
    """``(module, name or None, line)`` of every import, relative ones resolved."""
    for node in executed(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -node.level] if node.level else []
            source = ".".join([*above, *filter(None, [node.module])])
            yield from ((source, alias.name, node.lineno) for alias in node.names)


def imported_modules(module: str, file: Path) -> Iterator[tuple[str, int]]:
    """The modules of this project that an import names: ``from .a import b`` is ``a.b`` if that is one."""
    for source, name, line in imports(module, file):
        for candidate in (f"{source}.{name}", f"{source}.{name}.__init__", source, f"{source}.__init__"):
            if candidate in EVERY:
                yield candidate, line
                break


def room(module: str) -> str:
    return module.split(".")[1]


def floor(module: str) -> int:
    for number, rooms in enumerate(FLOORS):
        if room(module) in rooms:
            return number
    pytest.fail(f"wdist's {room(module)!r} stands on no floor: enter it into FLOORS in {Path(__file__).name}")


@pytest.mark.parametrize("module", WDIST)
def test_imports_lower_floors_only(module: str) -> None:
    above = [
        f"line {line}: {target}"
        for target, line in imported_modules(module, WDIST[module])
        if target.startswith("wdist.") and room(target) != room(module) and floor(target) >= floor(module)
    ]
    assert floor(module) >= 0
    assert not above, f"{module} imports what is not on a lower floor"


@pytest.mark.parametrize("module", [name for name in WDIST if room(name) != "__init__"])
def test_only_dual_imports_dual(module: str) -> None:
    targets = {room(t) for t, _ in imported_modules(module, WDIST[module]) if t.startswith("wdist.")}
    assert room(module) == "dual" or "dual" not in targets, "dual needs torch: no other room may need it"


def test_certificate_imports_no_solver() -> None:
    solvers = re.compile(r"scipy\.optimize|ot\b|wdist\.exact")
    sources = [
        f"{source}.{name}"
        for module, file in WDIST.items()
        if room(module) == "certificate"
        for source, name, _ in imports(module, file)
    ]
    assert sources
    assert not list(filter(solvers.match, sources))


@pytest.mark.parametrize("package", ["wdist", "gan", "benchmarks"])
def test_no_import_cycles(package: str) -> None:
    graph = {
        module: {target for target, _ in imported_modules(module, file) if target != module}
        for module, file in modules(package).items()
    }
    assert graph, f"{package} has no modules"
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


@pytest.mark.parametrize("module", WDIST)
def test_wdist_imports_neither_gan_nor_benchmarks(module: str) -> None:
    sources = {source.split(".")[0] for source, _, _ in imports(module, WDIST[module])}
    assert not sources & {"gan", "benchmarks", "tests"}


@pytest.mark.parametrize("module", [name for name in (*GAN, *BENCHMARKS) if name not in ATTACKERS])
def test_outsiders_use_public_names_only(module: str) -> None:
    file = EVERY[module]
    private = [
        f"line {line}: from {source} import {name}" if name else f"line {line}: import {source}"
        for source, name, line in imports(module, file)
        if source.split(".")[0] == "wdist" and not is_public(source, name)
    ]
    private += [
        f"line {line}: {source}.{name}"
        for source, name, line in wdist_attributes(file)
        if not is_public(source, name)
    ]
    assert not private


def is_public(source: str, name: str | None) -> bool:
    if source != "wdist" and source not in PUBLIC_MODULES:
        return False
    return name is None or name in importlib.import_module(source).__all__


def wdist_attributes(file: Path) -> Iterator[tuple[str, str, int]]:
    """``(module, attribute, line)`` of what is taken from wdist or a public module, as in ``dual.fit``."""
    bound = {"wdist": "wdist"}
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "wdist":
            bound |= {a.asname or a.name: f"wdist.{a.name}" for a in node.names}
        elif isinstance(node, ast.Import):
            bound |= {a.asname: a.name for a in node.names if a.asname and a.name.split(".")[0] == "wdist"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            head, _, rest = ast.unparse(node.value).partition(".")
            source = ".".join(filter(None, [bound.get(head), rest]))
            if head in bound and (source == "wdist" or source in PUBLIC_MODULES):
                yield source, node.attr, node.lineno


@pytest.mark.parametrize("package", ["wdist", "wdist.dual"])
def test_no_module_bears_the_name_of_a_public_function(package: str) -> None:
    """Importing the module would put it where the function was."""
    folder = ROOT.joinpath(*package.split("."))
    files = {path.stem for path in folder.glob("*.py")}
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    public = set(importlib.import_module(package).__all__)
    assert {f"{package}.{name}" for name in (files | packages) & public} <= PUBLIC_MODULES


def test_every_public_name_is_there() -> None:
    for package in ("wdist", "wdist.dual"):
        module = importlib.import_module(package)
        assert not [name for name in module.__all__ if not hasattr(module, name)]
        assert set(module.__all__) <= set(dir(module))


def test_importing_wdist_loads_nothing_heavy() -> None:
    probe = [sys.executable, "-c", "import sys, wdist; print(*sys.modules)"]
    loaded = subprocess.run(probe, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert "wdist" in loaded
    assert not set(LATE).intersection(loaded)


@pytest.mark.parametrize("module", EVERY)
def test_no_class_starts_with_test(module: str) -> None:
    """A user's pytest would collect it."""
    tree = ast.parse(EVERY[module].read_text(encoding="utf-8"))
    assert not [n.name for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and n.name.startswith("Test")]


@pytest.mark.parametrize("module", EVERY)
def test_imports_only_what_is_declared(module: str) -> None:
    package = module.split(".")[0]
    own = {"wdist", package, *({"gan"} if package == "benchmarks" else ())}
    declared = {*own, *sys.stdlib_module_names, *declared_imports(EXTRAS[package])}
    used = {source.split(".")[0] for source, _, _ in imports(module, EVERY[module])}
    assert used <= declared, "enter it into pyproject.toml and constraints.txt"


def declared_imports(extras: tuple[str, ...]) -> set[str]:
    """What the core's dependencies and those of these extras are imported as."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras)]
    names = {re.split(r"[^\w.-]", line)[0] for lines in lists for line in lines}
    return {IMPORT_NAMES.get(name, name) for name in names}


def test_every_package_is_regular() -> None:
    """A folder without ``__init__.py`` would be left out of the wheel."""
    folders = {file.parent for file in EVERY.values()}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


def test_run_uses_the_standard_library() -> None:
    sources = {source.split(".")[0] for source, _, _ in imports("run", ROOT / "run.py")}
    assert sources <= sys.stdlib_module_names
