"""The tests, against the package as it is installed: ``python tests/installed.py PYTHON [REQUIREMENT...]``.

Builds an sdist of the committed files and a wheel from that sdist, installs the wheel into a clean environment of the
named Python, with the requirements given (``numpy==2.0.0``) or the newest ones, and runs there, far from the checkout,
every test that needs nothing that is not installed. Prints a row of the table in docs/reliability.md. Needs the
package index.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_BUILD = "import sys; from setuptools.build_meta import build_sdist; print(build_sdist(sys.argv[1]))"
_TOOLS = ["pytest>=8", "hypothesis>=6.100", "mpmath>=1.3"]
_SHOWN = ("numpy", "scipy", "numba", "joblib", "array-api-compat", "torch")
_MODULES = {"torch", "ot", "sklearn", "matplotlib", "safetensors", "pooch", "PIL", "requests", "tqdm", "distributed"}
# Of the checkout, not of the package: its documents, tools and benchmarks.
_ELSEWHERE = {"test_architecture.py", "test_docs.py", "test_lint.py", "test_packaging.py", "test_run.py"}
# What folders and files of tests need beyond what they import themselves.
_NEEDED = {"gan": _MODULES, "dual": {"torch"}, "plot": {"matplotlib"}, "test_examples.py": {"torch"}}


def environment(folder: Path, python: str = sys.executable) -> Path:
    """A clean environment in ``folder``; the path of its Python."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    return folder / "bin" / "python"


def install(python: Path, *what: str) -> None:
    """What pip is told to install."""
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *what], check=True, stderr=subprocess.DEVNULL)


def build(folder: Path) -> tuple[Path, Path]:
    """An sdist of the committed files, and a wheel made from it."""
    clone, out = folder / "clone", folder / "built"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    python = environment(folder / "builder")
    install(python, "setuptools>=77", "wheel")
    subprocess.run([str(python), "-c", _BUILD, str(out)], cwd=clone, check=True, stdout=subprocess.DEVNULL)
    (sdist,) = out.glob("*.tar.gz")
    wheel = [str(python), "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(out), str(sdist)]
    subprocess.run(wheel, check=True, stderr=subprocess.DEVNULL)
    return sdist, next(out.glob("*.whl"))


def selected(python: Path) -> list[Path]:
    """The files of tests whose imports are all there in an environment."""
    ask = f"import importlib.util as u; print(*(m for m in {sorted(_MODULES)} if not u.find_spec(m)))"
    lacking = set(subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=True).stdout.split())
    files = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        names = re.findall(r"^\s*(?:import|from)\s+([\w.]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        imported = {part for name in names for part in name.split(".")}
        needed = imported | _NEEDED.get(path.parent.name, set()) | _NEEDED.get(path.name, set())
        needed |= {"ot"} if "references" in imported else set()
        if path.name not in _ELSEWHERE and not needed & (lacking | {"benchmarks"}):
            files.append(path.relative_to(ROOT))
    return files


def run(python: Path, folder: Path, files: list[Path], *flags: str) -> str:
    """Run tests from a copy of them, and return pytest's last line; the package has to be the installed one."""
    shutil.copytree(ROOT / "tests", folder / "tests", dirs_exist_ok=True)
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    settings = settings[settings.index("[tool.pytest.ini_options]") : settings.index("[tool.ruff]")]
    (folder / "pyproject.toml").write_text(re.sub("pythonpath = .*", 'pythonpath = ["tests"]', settings))
    where = [str(python), "-c", "import wdist; print(wdist.__file__)"]
    home = subprocess.run(where, cwd=folder, capture_output=True, text=True, check=True).stdout
    if "site-packages" not in home:
        raise SystemExit(f"wdist comes from {home}, not from what was installed")
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *flags, *map(str, files)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout[-6000:], file=sys.stderr)
    return done.stdout.strip().splitlines()[-1]


def row(python: Path, result: str) -> str:
    """A row of the table: what was installed, and what the tests said."""
    ask = "import importlib.metadata as m, platform; print('python=' + platform.python_version())\n"
    ask += f"for n in {_SHOWN}:\n    try: print(n + '=' + m.version(n))\n    except m.PackageNotFoundError: pass"
    lines = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=True).stdout.split()
    found = dict(line.split("=", 1) for line in lines)
    cells = [found.get(name, "none") for name in ("python", *_SHOWN)]
    return "| " + " | ".join([*cells, re.sub(r" in .*|=+ ?", "", result)]) + " |"


def main(arguments: list[str]) -> None:
    """Everything, for one Python."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _, wheel = build(folder)
        python = environment(folder / "clean", arguments[0])
        install(python, str(wheel), *_TOOLS, *arguments[1:])
        print(row(python, run(python, folder, selected(python))))


if __name__ == "__main__":
    main(sys.argv[1:])
