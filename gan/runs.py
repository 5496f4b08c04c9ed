"""A run: what it consists of, how it begins, and how it goes on where it stopped.

A run lives in one folder: ``run.json`` (settings, versions, data), ``config.toml`` (the settings alone),
``checkpoint.pt``, ``metrics.jsonl``, ``samples/`` and the figures. A run that is resumed keeps its settings; only
where it ends, where it runs and how often it reports may change, and ``resumed/`` tells what it went on with.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

import wdist

from . import checkpoint, data, models, records, toml_file, weights
from .atomic import remove_drafts, write_atomically
from .config import Config, ConfigError, from_flags
from .data import DataError
from .state import Run
from .team import Team

__all__ = ["SAMPLES", "export", "resume", "start", "stored_config"]

SAMPLES = "samples"
_RESUMED = "resumed"
_ALONE = Team()
_CHANGEABLE = {
    "out",
    "resume",
    "steps",
    "device",
    "threads",
    "log_every",
    "checkpoint_every",
    "pictures",
    "exact_samples",
}


def start(config: Config, team: Team = _ALONE, *, say: Callable[[str], None] = print) -> Run:
    """Begin a run in a folder that holds none, and write its first checkpoint, before any step.

    Raises
    ------
    ConfigError
        If ``config.out`` already holds a run, or the device is not available.
    DataError
        If the data cannot be had.
    """
    with team.leader_first():
        dataset = data.load(config.data, size=config.size, say=say)
    if config.data == "mnist":
        config = replace(config, data=dataset.name)  # a stand-in stays what it is when the run is resumed
    folder = Path(config.out or f"runs/{dataset.name}-{config.preset}-{time.strftime('%Y%m%d-%H%M%S')}")
    with team.leader_first():
        if team.leads and (folder / checkpoint.NAME).exists():
            raise ConfigError(
                f"out is {str(folder)!r}, which holds a run: add --resume to go on, or name another folder"
            )
        device = models.pick_device(config.device)
        run = Run(config, folder, dataset.to(device), device, team)
        if team.leads:
            (folder / SAMPLES).mkdir(parents=True, exist_ok=True)
            _drop_what_came_later(folder, -1)  # of a run that ended before its first checkpoint
            _describe(run, folder / "run.json")
            write_atomically(folder / toml_file.NAME, toml_file.dump(run.config).encode())
            run.save()
    return run


def resume(flags: Mapping[str, Any], team: Team = _ALONE, *, say: Callable[[str], None] = print) -> Run:
    """Take up the run in ``flags["out"]``, or the newest one under ``runs/``, at its checkpoint.

    Raises
    ------
    CheckpointError
        If there is no run, or its checkpoint is damaged.
    ConfigError
        If a flag contradicts the settings that the run began with, or it is past the last step asked for.
    DataError
        If the data are not those that the run began with.
    """
    folder = Path(flags.get("out") or _newest())
    state = checkpoint.load(folder)
    config = _merged(stored_config(state, folder), flags)
    dataset = data.load(config.data, size=config.size, say=say)
    if dataset.fingerprint != state["data"]:
        raise DataError(
            f"data is {config.data!r} from {dataset.source}: not the images that the run in {folder} began "
            "with; point WDIST_DATA to those, or start a new run"
        )
    device = models.pick_device(config.device)
    run = Run(config, folder, dataset.to(device), device, team)
    try:
        run.load_state_dict(state)
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise checkpoint.CheckpointError(
            f"{folder}: the checkpoint does not fit the networks of preset {config.preset!r} on {device}; "
            "resume on the kind of device, and with the version, that wrote it"
        ) from error
    if config.steps < run.step:
        raise ConfigError(f"--steps is {config.steps}, and the run in {folder} is at step {run.step} already")
    if team.leads:
        _drop_what_came_later(folder, run.step)
        _describe(run, folder / _RESUMED / f"step-{run.step:07d}.json")
    return run


def export(run: Run) -> Path:
    """Write the averaged generator as ``generator.safetensors`` into the run's folder."""
    path = run.folder / "generator.safetensors"
    notes = {"preset": run.config.preset, "latent": str(run.config.latent), "step": str(run.step)}
    weights.save(path, run.average.state_dict(), notes)
    return path


def stored_config(state: Mapping[str, Any], path: Path) -> Config:
    """The settings in a checkpoint."""
    try:
        return Config(**state["config"])
    except (TypeError, ConfigError) as error:
        raise checkpoint.CheckpointError(
            f"{path}: its settings are not those of this version ({error}); "
            "use the version of wdist that wrote it"
        ) from error


def _merged(stored: Config, flags: Mapping[str, Any]) -> Config:
    from_flags(flags)  # names and ranges first
    for name, value in flags.items():
        if name not in _CHANGEABLE and value != getattr(stored, name):
            flag = "--" + name.replace("_", "-")
            raise ConfigError(
                f"{flag} is {value}, the run began with {getattr(stored, name)}: a resumed run keeps its "
                f"settings; leave {flag} out, or start a new run"
            )
    return replace(stored, **{name: value for name, value in flags.items() if name in _CHANGEABLE})


def _drop_what_came_later(folder: Path, step: int) -> None:
    """Records and pictures of later steps than ``step``, and what a kill left of a file half written."""
    records.truncate(folder, step)
    for picture in (folder / SAMPLES).glob("step-*.png"):
        if int(picture.stem.removeprefix("step-")) > step:
            picture.unlink()
    for place in (folder, folder / SAMPLES, folder / _RESUMED):
        remove_drafts(place)


def _newest() -> Path:
    found = sorted(Path("runs").glob(f"*/{checkpoint.NAME}"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise checkpoint.CheckpointError(
            "no run under runs/: name its folder with --out, or train without --resume"
        )
    return found[-1].parent


def _describe(run: Run, path: Path) -> None:
    """Write down what the run is, and what it runs with, for whoever finds its folder."""
    versions = {"wdist": wdist.__version__, "python": platform.python_version()}
    versions |= {name: metadata.version(name) for name in ("torch", "numpy", "matplotlib")}
    facts = {
        "config": run.config.to_dict(),
        "data": {"name": run.data.name, "source": run.data.source, "sha256": run.data.fingerprint},
        "device": str(run.device),
        "threads": run.config.threads or torch.get_num_threads(),
        "parameters": {name: models.parameter_count(getattr(run, name)) for name in ("generator", "critic")},
        "versions": versions,
        "command": sys.argv,
    }
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, (json.dumps(facts, indent=2) + "\n").encode())
