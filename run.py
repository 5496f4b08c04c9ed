"""The two commands of this project, from nothing but Python 3.11 or later and a package index.

    python3 run.py train [flags]    trains the GAN on handwritten digits and prints where its pictures are
    python3 run.py test [flags]     runs the tests; its exit code is theirs

Flags go to `python -m gan train` (`train --help` lists them) and to pytest, which takes two processes
unless told `-n 0`. Relative paths are read from this folder, and nothing is written outside it.

The first start makes .venv here and installs the project with what the command needs, at the versions of
constraints.txt; later starts find it ready. It may be interrupted at any moment: start it again. A .venv that
is damaged, was moved, or belongs to another Python is made anew. pip's own configuration holds throughout.
"""

# This file also has to parse on old Pythons, so that they can say what they lack.
from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

# What was installed, where and by which Python. It is removed before anything touches .venv and written after
# pip has succeeded, so that a .venv that bears it is whole.
STAMP = VENV / "installed.json"

# command: (the extras that it needs, the module and first arguments that do the work: tests in two processes)
COMMANDS = {"train": ({"gan"}, ["gan", "train"]), "test": ({"gan", "test"}, ["pytest", "-n2", "--dist=loadfile"])}

# Run by .venv's own Python before pip touches it. pip writes a package's RECORD last, by a rename: where each
# has its RECORD, and each file the size that it states, pip can carry on.
PROBE = """
import importlib.metadata, os, pathlib, platform, sys, sysconfig
python = os.path.realpath(sys._base_executable) + " " + platform.python_version()
if python != sys.argv[1]:
    sys.exit("it belongs to " + python)
if not os.path.samefile(sys.prefix, sys.argv[2]):
    sys.exit("it is half made")
site = sysconfig.get_path("purelib")
if any(name.startswith("~") for name in os.listdir(site)):
    sys.exit("an upgrade in it was interrupted")
packages = {d.metadata["Name"]: d.files for d in importlib.metadata.distributions(path=[site])}
if "pip" not in packages:
    sys.exit("it has no pip")
for name, files in packages.items():
    sizes = [(f.locate(), f.size) for f in files or ()]
    if not sizes or any(not p.exists() or s not in (None, p.stat().st_size) for p, s in sizes):
        sys.exit(f"{name} in it is half installed")
scripts = pathlib.Path(sysconfig.get_path("scripts"))
if not any(os.fsencode(sys.prefix) in script.read_bytes() for script in scripts.glob("pip*")):
    sys.exit("it was made in another folder")
"""

# In pip's messages: the cause, and the remedy.
CAUSES = (
    (("No space left on device", "Errno 28"), "The disk is full. Free some space, then start again."),
    (
        ("NewConnectionError", "NameResolutionError", "ConnectTimeout", "Read timed out", "ProxyError"),
        "The package index cannot be reached. Check the network, or pip's proxy and index settings\n"
        "(`python3 -m pip config list`), then start again: what is installed already stays.",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED",),
        "The package index's certificate is not trusted. Name your network's in PIP_CERT, then start again.",
    ),
    (
        ("from versions: none", "No matching distribution"),
        "The package index cannot be reached, or has no release for this Python and machine. Check the\n"
        "network, or take another Python (3.11 is the one tested), then start again.",
    ),
)


def main(arguments: list[str]) -> None:
    """Do what the command line says; the process ends as the command that it starts."""
    if sys.version_info < (3, 11):
        raise SystemExit(
            f"run.py needs Python 3.11 or later; {sys.executable} is {platform.python_version()}.\n"
            "Install a newer one, then name it: python3.12 run.py ..."
        )
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(__doc__.strip())
        return
    command, flags = arguments[0], arguments[1:]
    if command not in COMMANDS:
        raise SystemExit(f"run.py: unknown command {command!r}; use 'train' or 'test' (see run.py --help)")
    extras, module = COMMANDS[command]
    ensure_installed(extras)
    start([*module, *flags])


def ensure_installed(needed: set[str]) -> None:
    """Make .venv and install the project with these extras, unless that is done."""
    if is_installed(needed):
        return
    with installation_lock() as descriptors:
        if is_installed(needed):  # by whom we waited for
            return
        before = read_stamp()
        extras = sorted(needed.union(before.get("extras", ())))
        if before:
            STAMP.unlink()
        kept = prepare_venv(before, descriptors)
        begin = time.monotonic()
        say(f"installing wdist[{','.join(extras)}] into .venv; the first time takes minutes")
        failure = pip_install(extras, descriptors)
        if failure:
            if before and kept:
                write_stamp(before)  # pip undid what it had begun: the other command still runs
            raise SystemExit(f"\nrun.py: the installation failed. {failure}")
        write_stamp({**identity(), "extras": extras, "packages": installed_packages()})
        say(f"installed in {time.monotonic() - begin:.0f} s")


def start(module: list[str]) -> None:
    """Become ``python -m module``, so that signals and the exit code are its own."""
    say(f"python -m {' '.join(module)}")
    os.chdir(ROOT)
    command = [str(PYTHON), "-m", *module]
    if os.name == "nt":  # exec there returns to the shell at once
        raise SystemExit(subprocess.call(command))
    os.execv(command[0], command)


# The stamp


def identity() -> dict[str, str]:
    """What a stamp must say for .venv to be usable as it stands."""
    requirements = b"\0".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    return {"place": str(VENV), "python": this_python(), "requirements": hashlib.sha256(requirements).hexdigest()}


def this_python() -> str:
    """The Python that makes .venv: the one outside it, even where run.py was started by the one inside."""
    return f"{os.path.realpath(base_executable())} {platform.python_version()}"


def base_executable() -> str:
    return getattr(sys, "_base_executable", None) or sys.executable


def is_installed(extras: set[str]) -> bool:
    stamp = read_stamp()
    same = all(stamp.get(key) == value for key, value in identity().items())
    if not same or not extras.issubset(stamp["extras"]) or not PYTHON.exists():
        return False
    return set(stamp["packages"]) <= set(installed_packages())  # none was removed by hand


def installed_packages() -> list[str]:
    """What lies in .venv's site-packages, by name."""
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(VENV)}))
    return sorted(path.name for path in site.iterdir()) if site.is_dir() else []


def read_stamp() -> dict[str, Any]:
    """The stamp, empty where there is none that can be read."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        return stamp if isinstance(stamp["extras"] + stamp["packages"], list) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write_stamp(stamp: dict[str, Any]) -> None:
    """Write it by a rename: it is there whole, or not at all."""
    draft = STAMP.with_suffix(".draft")
    draft.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    draft.replace(STAMP)


# The environment


def prepare_venv(stamp: dict[str, Any], descriptors: tuple[int, ...]) -> bool:
    """Leave a .venv that pip can install into, and say whether it is the one that was there."""
    there = os.path.lexists(VENV)
    fault = venv_fault(stamp) if there else ""
    if there and not fault:
        return True
    say(f"making .venv anew: {fault}" if there else f"making .venv with Python {platform.python_version()}")
    require_venv_modules()
    if VENV.is_dir() and not VENV.is_symlink():
        shutil.rmtree(VENV)
    elif there:
        VENV.unlink()
    command = [base_executable(), "-m", "venv", str(VENV)]
    made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, pass_fds=descriptors)
    if made.returncode:
        raise SystemExit(f"{made.stdout}\nrun.py: making .venv failed. {remedy(made.stdout)}")
    return False


def require_venv_modules() -> None:
    for name in ("venv", "ensurepip"):
        if importlib.util.find_spec(name) is None:
            raise SystemExit(
                f"run.py: this Python ({base_executable()}) lacks its module {name}, which makes .venv.\n"
                "On Debian and Ubuntu: sudo apt install python3-venv. Then start again."
            )


def venv_fault(stamp: dict[str, Any]) -> str:
    """What is wrong with .venv, '' if nothing is."""
    if stamp and stamp.get("place") != str(VENV):
        return "it was made in another folder"
    command = [str(PYTHON), "-c", PROBE, this_python(), str(VENV)]
    try:
        probe = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return "its Python does not start"
    return (probe.stderr.strip().splitlines() or ["it is damaged"])[-1] if probe.returncode else ""


def pip_install(extras: list[str], descriptors: tuple[int, ...]) -> str:
    """Install the project, editable, with these extras; return '' or what to do about the failure."""
    options = ["--disable-pip-version-check", *([] if sys.stdout.isatty() else ["--quiet"])]
    target = ["-c", "constraints.txt", "-e", f".[{','.join(extras)}]"]
    command = [str(PYTHON), "-m", "pip", "install", *options, *target]
    errors = []
    with subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, errors="replace", pass_fds=descriptors
    ) as pip:
        for line in pip.stderr or ():
            sys.stderr.write(line)
            errors.append(line)
    return remedy("".join(errors)) if pip.returncode else ""


def remedy(messages: str) -> str:
    """What to do about a failure that left these messages."""
    for signs, advice in CAUSES:
        if any(sign in messages for sign in signs):
            return f"{advice}\n({free_space()})"
    return f"The lines above say why; with that mended, start again.\n({free_space()})"


def free_space() -> str:
    places = [str(ROOT), tempfile.gettempdir()]
    return ", ".join(f"{shutil.disk_usage(place).free / 1e9:.1f} GB free in {place}" for place in places)


@contextlib.contextmanager
def installation_lock() -> Iterator[tuple[int, ...]]:
    """Let one installation at a time into this folder.

    Yields the descriptors for its children to inherit: the lock then holds until the last of them ends, and
    a pip that outlived a killed run.py is waited for.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield ()
        return
    descriptor = os.open(str(ROOT), os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another installation in this folder to end")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:  # a file system without locks
            pass
        yield (descriptor,)
    finally:
        os.close(descriptor)


def say(message: str) -> None:
    print(f"run.py: {message}", flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        print("\nrun.py: interrupted; start it again to go on", file=sys.stderr)
        raise SystemExit(130) from None
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise SystemExit(f"run.py: {CAUSES[0][1]}\n({free_space()})") from None
