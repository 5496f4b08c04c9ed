"""A run: what it consists of, how it begins, and how it goes on where it stopped.

A run lives in one folder: ``run.json`` (settings, versions, data), ``checkpoint.pt``, ``metrics.jsonl``,
``samples/`` and the figures. A run that is resumed keeps its settings; only where it ends, where it runs and
how often it reports may change.
"""

from __future__ import annotations

import copy
import json
import platform
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any, final

import torch
from torch import nn

import wdist

from . import checkpoint, data, models, records
from .config import Config, ConfigError, from_flags
from .data import DataError, Dataset, to_unit

__all__ = ["SAMPLES", "Run", "export", "resume", "start", "stored_config"]

SAMPLES = "samples"
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


@final
@dataclass(eq=False)
class Run:
    """Everything that changes while a run goes on, and what it works on."""

    config: Config
    folder: Path
    data: Dataset
    device: torch.device
    step: int = 0
    seconds: float = 0.0
    pending: list[torch.Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        generator, critic = models.build(self.config)
        self.generator, self.critic = generator.to(self.device), critic.to(self.device)
        self.average = copy.deepcopy(self.generator)
        self.generator_optimizer = _optimizer(self.config, self.generator)
        self.critic_optimizer = _optimizer(self.config, self.critic)
        self.rng = torch.Generator(self.device).manual_seed(self.config.seed)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint holds: enough to go on as if nothing had happened."""
        parts = {name: getattr(self, name).state_dict() for name in checkpoint.MODULES}
        return parts | {
            "config": self.config.to_dict(),
            "data": self.data.fingerprint,
            "step": self.step,
            "seconds": self.seconds,
            "rng": self.rng.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a checkpoint's state."""
        for name in checkpoint.MODULES:
            getattr(self, name).load_state_dict(state[name])
        self.rng.set_state(state["rng"])
        self.step, self.seconds = state["step"], state["seconds"]

    def real(self) -> torch.Tensor:
        """A batch of training images, drawn with replacement, in [-1, 1]."""
        images = self.data.images
        chosen = torch.randint(len(images), (self.config.batch_size,), generator=self.rng, device=self.device)
        return to_unit(images[chosen])

    def noise(self) -> torch.Tensor:
        """A batch of the generator's normal noise."""
        return torch.randn(self.config.batch_size, self.config.latent, generator=self.rng, device=self.device)

    def save(self) -> None:
        """Write the checkpoint."""
        checkpoint.save(self.folder / checkpoint.NAME, self.state_dict())


def start(config: Config, *, say: Callable[[str], None] = print) -> Run:
    """Begin a run in a folder that holds none.

    Raises
    ------
    ConfigError
        If ``config.out`` already holds a run, or the device is not available.
    DataError
        If the data cannot be had.
    """
    dataset = data.load(config.data, say=say)
    if config.data == "mnist":
        config = replace(config, data=dataset.name)  # a stand-in stays what it is when the run is resumed
    folder = Path(config.out or f"runs/{dataset.name}-{config.preset}-{time.strftime('%Y%m%d-%H%M%S')}")
    if (folder / checkpoint.NAME).exists():
        raise ConfigError(
            f"out is {str(folder)!r}, which holds a run: add --resume to go on, or name another folder"
        )
    device = models.pick_device(config.device)
    run = Run(config, folder, dataset.to(device), device)
    (folder / SAMPLES).mkdir(parents=True, exist_ok=True)
    records.truncate(folder, -1)  # of a run that ended before its first checkpoint
    _describe(run)
    return run


def resume(flags: Mapping[str, Any], *, say: Callable[[str], None] = print) -> Run:
    """Take up the run in ``flags["out"]``, or the newest one under ``runs/``, at its checkpoint.

    Raises
    ------
    CheckpointError
        If there is no run, or its checkpoint is damaged.
    ConfigError
        If a flag contradicts the settings that the run began with.
    DataError
        If the data are not those that the run began with.
    """
    folder = Path(flags.get("out") or _newest())
    state = checkpoint.load(folder)
    config = _merged(stored_config(state, folder), flags)
    dataset = data.load(config.data, say=say)
    if dataset.fingerprint != state["data"]:
        raise DataError(
            f"data is {config.data!r} from {dataset.source}: not the images that the run in {folder} began "
            "with; point WDIST_DATA to those, or start a new run"
        )
    device = models.pick_device(config.device)
    run = Run(config, folder, dataset.to(device), device)
    try:
        run.load_state_dict(state)
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise checkpoint.CheckpointError(
            f"{folder}: the checkpoint does not fit the networks of preset {config.preset!r} on {device}; "
            "resume on the kind of device, and with the version, that wrote it"
        ) from error
    records.truncate(folder, run.step)
    for picture in (folder / SAMPLES).glob("step-*.png"):
        if int(picture.stem.removeprefix("step-")) > run.step:
            picture.unlink()
    return run


def export(run: Run) -> Path:
    """Write the averaged generator as ``generator.safetensors`` into the run's folder."""
    path = run.folder / "generator.safetensors"
    notes = {"preset": run.config.preset, "latent": str(run.config.latent), "step": str(run.step)}
    checkpoint.export_generator(path, run.average.state_dict(), notes)
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


def _newest() -> Path:
    found = sorted(Path("runs").glob(f"*/{checkpoint.NAME}"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise checkpoint.CheckpointError(
            "no run under runs/: name its folder with --out, or train without --resume"
        )
    return found[-1].parent


def _describe(run: Run) -> None:
    """Write down what the run is, for whoever finds its folder."""
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
    checkpoint.write_atomically(run.folder / "run.json", (json.dumps(facts, indent=2) + "\n").encode())


def _optimizer(config: Config, model: nn.Module) -> torch.optim.Optimizer:
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(model.parameters(), lr=config.lr)
    return torch.optim.Adam(model.parameters(), lr=config.lr, betas=(config.beta1, config.beta2))
