"""A checkout in which run.py does all that it does for the project, in seconds and without the network.

It has run.py itself, but a build backend and modules of its own: a real venv and a real pip run.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "wdist"
version = "0.1.0"
optional-dependencies = { gan = [], test = [] }
"""

# Builds an editable wheel. While the file `hold` exists it says so by making `building`, and waits.
BACKEND = """
import pathlib, time, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    if pathlib.Path("hold").exists():
        pathlib.Path("building").touch()
    while pathlib.Path("hold").exists():
        time.sleep(0.05)
    name, info = "wdist-0.1.0-py3-none-any.whl", "wdist-0.1.0.dist-info/"
    tag = "Wheel-Version: 1.0\\nGenerator: backend\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    extras = "Provides-Extra: gan\\nProvides-Extra: test\\n"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: wdist\\nVersion: 0.1.0\\n" + extras)
        wheel.writestr(info + "WHEEL", tag)
        wheel.writestr(info + "RECORD", "".join(f"{info}{f},,\\n" for f in ("METADATA", "WHEEL", "RECORD")))
    return name
"""

# Stands for pytest and for gan: says what it was given, ends with the exit code that it was told.
WORK = """
import json, os, sys
print(json.dumps({"arguments": sys.argv[1:], "prefix": sys.prefix, "folder": os.getcwd()}))
sys.exit(int(sys.argv[-1]) if sys.argv[-1].isdigit() else 0)
"""


def make_checkout(folder: Path) -> Path:
    files = {"pyproject.toml": PYPROJECT, "constraints.txt": "", "backend.py": BACKEND, "pytest.py": WORK}
    (folder / "gan").mkdir(parents=True)
    for name, text in {**files, "gan/__init__.py": "", "gan/__main__.py": WORK}.items():
        (folder / name).write_text(text)
    shutil.copy(ROOT / "run.py", folder)
    return folder


def command(checkout: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(checkout / "run.py"), *arguments]


def run(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Start run.py from another folder, without standard input."""
    return subprocess.run(
        command(checkout, *arguments),
        cwd=checkout.parent,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
    )


def report(done: subprocess.CompletedProcess[str]) -> dict:
    """What the work said, on its last line."""
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def load(checkout: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_of_checkout", checkout / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wait_for(path: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.02)
