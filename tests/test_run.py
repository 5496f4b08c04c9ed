"""run.py, started for real in a small checkout whose path has a space; the slow test does it with the project."""

from __future__ import annotations

import ast
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_checkout import PYPROJECT, ROOT, command, load, make_checkout, report, run, wait_for

IN_TWO = ["-n2", "--dist=loadfile"]  # processes, of pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and folders of POSIX")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small checkout in which ``run.py test`` was started once."""
    folder = make_checkout(tmp_path_factory.mktemp("a") / "w dist")
    first = run(folder, "test", "-k", "a b", "7")
    assert first.returncode == 7, first.stdout + first.stderr
    assert "making .venv" in first.stdout
    assert "installing wdist[gan,test]" in first.stdout
    return folder


@pytest.fixture
def site(checkout: Path) -> Iterator[Path]:
    """Its site-packages, put back afterwards."""
    (folder,) = checkout.glob(".venv/lib/python*/site-packages")
    backup = checkout / "backup"
    shutil.copytree(checkout / ".venv", backup, symlinks=True)
    yield folder
    shutil.rmtree(checkout / ".venv")
    backup.rename(checkout / ".venv")


class TestCommandLine:
    def test_explains_itself(self, tmp_path: Path) -> None:
        folder = make_checkout(tmp_path / "w dist")
        for arguments in ([], ["--help"]):
            shown = run(folder, *arguments)
            assert shown.returncode == 0
            assert "run.py train" in shown.stdout
            assert "run.py test" in shown.stdout
        assert not (folder / ".venv").exists()

    def test_refuses_an_unknown_command(self, tmp_path: Path) -> None:
        done = run(make_checkout(tmp_path / "w dist"), "tset")
        assert done.returncode == 1
        assert "'tset'" in done.stderr
        assert "'train' or 'test'" in done.stderr

    def test_old_python_can_read_it(self) -> None:
        ast.parse((ROOT / "run.py").read_text(encoding="utf-8"), feature_version=(3, 8))

    def test_old_python_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        module = load(ROOT)
        monkeypatch.setattr(sys, "version_info", (3, 8, 18))
        with pytest.raises(SystemExit, match=r"needs Python 3\.11 or later"):
            module.main(["test"])

    def test_ci_calls_it(self) -> None:
        script = ROOT / ".ci" / "run"
        assert os.access(script, os.X_OK)
        assert script.read_text().splitlines()[-1] == "exec python3 run.py test"


class TestStart:
    def test_passes_arguments_and_exit_code(self, checkout: Path) -> None:
        assert run(checkout, "test", "3").returncode == 3
        said = report(run(checkout, "test", "-k", "a b"))
        assert said == {"arguments": [*IN_TWO, "-k", "a b"], "prefix": f"{checkout}/.venv", "folder": str(checkout)}

    def test_second_start_installs_nothing(self, checkout: Path) -> None:
        stamp = (checkout / ".venv/installed.json").stat().st_mtime_ns
        begin = time.monotonic()
        second = run(checkout, "train", "--steps", "x")
        assert time.monotonic() - begin < 3  # 0.2 s on an idle machine
        assert report(second)["arguments"] == ["train", "--steps", "x"]
        assert "install" not in second.stdout
        assert (checkout / ".venv/installed.json").stat().st_mtime_ns == stamp

    def test_starts_under_the_venvs_own_python(self, checkout: Path) -> None:
        inside = [str(checkout / ".venv/bin/python"), "run.py", "test"]
        done = subprocess.run(inside, cwd=checkout, capture_output=True, text=True)
        assert "install" not in done.stdout
        assert report(done)["prefix"] == f"{checkout}/.venv"

    def test_second_extra_is_added_to_the_first(self, checkout: Path) -> None:
        stamp = checkout / ".venv/installed.json"
        stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "extras": ["gan"]}))
        done = run(checkout, "test")
        assert "installing wdist[gan,test]" in done.stdout
        assert "making" not in done.stdout
        assert json.loads(stamp.read_text())["extras"] == ["gan", "test"]

    def test_changed_requirements_are_installed(self, checkout: Path) -> None:
        (checkout / "constraints.txt").write_text("numpy==2.4.6\n")
        done = run(checkout, "test")
        assert "installing" in done.stdout
        assert "making" not in done.stdout
        assert "install" not in run(checkout, "test").stdout


class TestFaults:
    def test_none(self, site: Path, checkout: Path) -> None:
        assert load(checkout).venv_fault({}) == ""

    @pytest.mark.parametrize(
        ("lost", "fault"),
        [
            ("pip-*.dist-info/RECORD", "pip in it is half installed"),
            ("pip/__init__.py", "pip in it is half installed"),
            ("pip-*.dist-info", "it has no pip"),
            ("../../../pyvenv.cfg", "it is half made"),
            ("../../../bin/python", "its Python does not start"),
            ("../../../bin/pip*", "pip in it is half installed"),
        ],
    )
    def test_something_is_lost(self, site: Path, checkout: Path, lost: str, fault: str) -> None:
        found = list(site.glob(lost))
        assert found
        for path in found:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        assert load(checkout).venv_fault({}) == fault

    def test_a_file_was_cut_off(self, site: Path, checkout: Path) -> None:
        os.truncate(site / "pip/__init__.py", 10)
        assert load(checkout).venv_fault({}) == "pip in it is half installed"

    def test_an_upgrade_was_cut_off(self, site: Path, checkout: Path) -> None:
        (site / "pip").rename(site / "~ip")
        assert load(checkout).venv_fault({}) == "an upgrade in it was interrupted"

    def test_it_is_another_pythons(self, site: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        module = load(checkout)
        monkeypatch.setattr(module, "this_python", lambda: "/usr/bin/python3.99 3.99.0")
        assert module.venv_fault({}).startswith("it belongs to ")
        assert not module.is_installed({"test"})

    def test_it_was_moved(self, checkout: Path, tmp_path: Path) -> None:
        moved = shutil.copytree(checkout, tmp_path / "w dist", symlinks=True)
        module = load(moved)
        assert not module.is_installed({"test"})
        assert module.venv_fault(module.read_stamp()) == "it was made in another folder"
        assert module.venv_fault({}) == "it was made in another folder"

    @pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"extras": 1}'])
    def test_a_spoilt_stamp_is_no_stamp(self, site: Path, checkout: Path, text: str) -> None:
        (checkout / ".venv/installed.json").write_text(text)
        assert not load(checkout).is_installed({"test"})

    def test_a_package_removed_by_hand_is_missed(self, site: Path, checkout: Path) -> None:
        assert load(checkout).is_installed({"test"})
        shutil.rmtree(site / "wdist-0.1.0.dist-info")
        assert not load(checkout).is_installed({"test"})


class TestRecovery:
    def test_damaged_venv_is_made_anew(self, checkout: Path) -> None:
        shutil.rmtree(checkout / ".venv")
        (checkout / ".venv/bin").mkdir(parents=True)
        done = run(checkout, "test")
        assert "making .venv anew: its Python does not start" in done.stdout
        assert report(done)["prefix"] == f"{checkout}/.venv"

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
    def test_interrupted_pip(self, site: Path, checkout: Path, number: int) -> None:
        stopped = self.start_and_hold(checkout)
        os.killpg(stopped.pid, number)
        assert stopped.wait(60) == (130 if number == signal.SIGINT else -number)
        (checkout / "hold").unlink()
        assert report(run(checkout, "test"))["prefix"] == f"{checkout}/.venv"

    def test_pip_that_outlives_run_is_waited_for(self, site: Path, checkout: Path) -> None:
        stopped = self.start_and_hold(checkout)
        stopped.kill()
        stopped.wait(60)
        with subprocess.Popen(command(checkout, "test"), stdout=subprocess.PIPE, text=True) as second:
            assert second.stdout is not None
            assert "waiting for another installation" in second.stdout.readline()
            (checkout / "hold").unlink()
            assert f'"arguments": {json.dumps(IN_TWO)}' in second.stdout.read()
        assert second.returncode == 0

    def start_and_hold(self, checkout: Path) -> subprocess.Popen[bytes]:
        """A run.py, the leader of its group, whose pip is building and goes on when `hold` is removed."""
        (checkout / ".venv/installed.json").unlink()
        (checkout / "building").unlink(missing_ok=True)
        (checkout / "hold").touch()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command(checkout, "test"), start_new_session=True, **quiet)
        wait_for(checkout / "building")
        return process


class TestFailure:
    def test_unreachable_index_is_named_and_undoes_nothing(self, site: Path, checkout: Path) -> None:
        project = checkout / "pyproject.toml"
        project.write_text(PYPROJECT.replace("requires = []", 'requires = ["no-such-package-of-wdist"]'))
        nowhere = "http://127.0.0.1:9/simple"
        failed = run(checkout, "test", PIP_INDEX_URL=nowhere, PIP_RETRIES="1", PIP_CONFIG_FILE=os.devnull)
        project.write_text(PYPROJECT)
        assert failed.returncode == 1
        assert "package index cannot be reached" in failed.stderr
        assert "GB free in" in failed.stderr
        assert "install" not in run(checkout, "test").stdout

    @pytest.mark.parametrize(
        ("message", "advice"),
        [
            ("OSError: [Errno 28] No space left on device", "The disk is full"),
            ("NameResolutionError: Temporary failure in name resolution", "index cannot be reached"),
            ("SSLError: CERTIFICATE_VERIFY_FAILED", "PIP_CERT"),
            ("ERROR: Could not find a version (from versions: none)", "for this Python and machine"),
            ("something else", "The lines above say why"),
        ],
    )
    def test_remedy_follows_the_cause(self, message: str, advice: str) -> None:
        assert advice in load(ROOT).remedy(message)

    def test_missing_ensurepip_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        module = load(make_checkout(tmp_path / "w dist"))
        monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
        with pytest.raises(SystemExit, match="apt install python3-venv"):
            module.main(["test"])
        assert not module.VENV.exists()


@pytest.mark.slow
def test_project_installs_after_being_killed_again_and_again(tmp_path: Path) -> None:
    """The project itself, cloned: needs the package index and two gigabytes."""
    clone = tmp_path / "w dist"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    moments = random.Random(20261123)
    for longest in (4, 20, 60, 90):
        stopped = subprocess.Popen(command(clone, "test", "--collect-only", "-q"), start_new_session=True)
        time.sleep(moments.uniform(0, longest))
        os.killpg(stopped.pid, signal.SIGKILL)
        stopped.wait(60)
    done = run(clone, "test", "tests/test_packaging.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "install" not in run(clone, "test", "--version").stdout
