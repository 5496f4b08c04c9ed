"""What pyproject.toml promises: the extras, the pins, and what a wheel holds."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in found}


def test_python_and_torch_versions() -> None:
    assert PROJECT["requires-python"] == ">=3.11"
    assert "torch>=2.4" in EXTRAS["dual"]


def test_extras() -> None:
    assert {"dual", "plot", "gan", "bench", "test", "docs", "all"} <= set(EXTRAS)
    named = {extra for line in EXTRAS["all"] for extra in Requirement(line).extras}
    assert {"gan", "bench", "test", "docs"} <= named


def test_every_dependency_is_pinned_within_its_range() -> None:
    lines = [*PROJECT["dependencies"], *(line for extra in EXTRAS.values() for line in extra)]
    wanted = [requirement for requirement in map(Requirement, lines) if requirement.name != PROJECT["name"]]
    assert wanted
    for requirement in wanted:
        assert pins()[canonicalize_name(requirement.name)] in requirement.specifier, requirement


@pytest.mark.slow
def test_wheel_holds_wdist_and_gan_only(tmp_path: Path) -> None:
    """Built by pip from the committed files: needs the package index for setuptools."""
    ask = ["git", "ls-files", "wdist", "gan"]
    listed = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(tmp_path), str(clone)]
    subprocess.run(build, check=True, cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    metadata = [name for name in names if re.match(r"wdist-[^/]*\.dist-info/", name)]
    assert sorted(set(names) - set(metadata)) == sorted(listed)
    assert "wdist/py.typed" in names
