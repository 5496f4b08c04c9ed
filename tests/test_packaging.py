"""What pyproject.toml promises: the extras, the pins, and what a wheel holds."""

from __future__ import annotations

import re
import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path

import installed
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


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An sdist of the committed files and the wheel made from it; needs the package index for setuptools."""
    return installed.build(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def listed() -> list[str]:
    """The committed files of the packages."""
    ask = ["git", "ls-files", "wdist", "gan"]
    return sorted(subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.slow
def test_the_wheel_holds_wdist_and_gan_only(built: tuple[Path, Path], listed: list[str]) -> None:
    names = zipfile.ZipFile(built[1]).namelist()
    metadata = [name for name in names if re.match(r"wdist-[^/]*\.dist-info/", name)]
    assert sorted(set(names) - set(metadata)) == listed
    assert "wdist/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in metadata)


@pytest.mark.slow
def test_the_sdist_holds_no_tests(built: tuple[Path, Path], listed: list[str]) -> None:
    with tarfile.open(built[0]) as archive:
        names = [member.name.split("/", 1)[1] for member in archive.getmembers() if member.isfile()]
    told = {"LICENSE", "MANIFEST.in", "PKG-INFO", "README.md", "pyproject.toml", "setup.cfg"}
    assert sorted(name for name in names if "egg-info/" not in name and name not in told) == listed
    assert told <= set(names)


@pytest.mark.slow
def test_what_is_installed_passes_tests(built: tuple[Path, Path], tmp_path: Path) -> None:
    """Of the wheel, in a clean environment, far from the checkout; `python tests/installed.py PYTHON` runs more."""
    python = installed.environment(tmp_path / "clean")
    installed.install(python, str(built[1]), "pytest>=8", "hypothesis>=6.100")
    names = ("test_command_line.py", "test_errors.py", "test_certificate.py", "exact/test_metric_laws.py")
    result = installed.run(python, tmp_path, [Path("tests") / name for name in names])
    assert re.fullmatch(r"\d+ passed(, \d+ deselected)? in .*", result), result
