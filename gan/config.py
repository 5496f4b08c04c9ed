"""Everything that decides a training run, in one frozen record.

The command line is built from the fields of :class:`Config`: a field is a flag, and a key of a TOML file. A preset is
a set of values for those fields, the clipped critic of Arjovsky et al. brings the optimiser it was published with,
and a flag that is given explicitly wins over both.

Presets
-------
fast
    Compact networks, BatchNorm in the generator (never in the critic), one critic update per generator
    update, Adam without momentum, weight average, learning rates that fade out: readable digits and
    garments in minutes on a CPU.
classic
    The set-up that most tutorials share: latent 128, batch 64, five critic updates, Adam 5e-4.
paper
    The authors' MNIST code: batch 50, five critic updates, Adam 1e-4 with betas (0.5, 0.9), 200k updates.

References
----------
Arjovsky, Chintala, Bottou, "Wasserstein generative adversarial networks", ICML 2017.
Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville, "Improved training of Wasserstein GANs", NeurIPS 2017.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, get_type_hints

__all__ = ["PRESETS", "Config", "ConfigError", "add_flags", "check_seed", "from_flags"]


class ConfigError(ValueError):
    """A setting is unknown, out of range, or contradicts another."""


def _flag(
    default: Any, help: str, *, choices: tuple[str, ...] | None = None, low: float | None = None
) -> Any:
    return field(default=default, metadata={"help": help, "choices": choices, "low": low})


@dataclass(frozen=True)
class Config:
    """The settings of one run; the defaults are those of preset ``fast`` on MNIST.

    Raises
    ------
    ConfigError
        If a value is not among its choices, out of range, or contradicts another.
    """

    data: str = _flag("mnist", "mnist, fashion, digits, stacked (three digits), or a folder of IDX files or pictures")
    size: int = _flag(28, "side that the pictures of a folder are brought to, a multiple of 4", low=4)
    preset: str = _flag("fast", "networks and settings", choices=("fast", "classic", "paper"))
    constraint: str = _flag("gp", "what keeps the critic's slope near 1", choices=("gp", "one-sided", "clip"))
    critic: str = _flag(
        "plain", "spectral: weights divided by their largest singular value", choices=("plain", "spectral")
    )
    out: str = _flag("", "run folder (default: a new one under runs/)")
    steps: int = _flag(18_000, "generator updates", low=1)
    seed: int = _flag(0, "seed of weights, batches and noise")
    device: str = _flag("auto", "auto, cpu, cuda, cuda:1, …")
    threads: int = _flag(1, "CPU threads; 0: one per core (small networks on a shared machine want 1)", low=0)
    resume: bool = _flag(False, "continue the run in --out (without --out: the newest under runs/)")
    batch_size: int = _flag(32, "images in a batch", low=2)
    critic_steps: int = _flag(1, "critic updates per generator update", low=1)
    precision: str = _flag(
        "float32",
        "bfloat16: passes of both networks in it; weights, optimisers and the penalty stay in float32",
        choices=("float32", "bfloat16"),
    )
    graph: str = _flag("auto", "off: no CUDA graph, each kernel launched by itself", choices=("auto", "off"))
    latent: int = _flag(32, "dimension of the noise", low=1)
    optimizer: str = _flag("adam", "optimiser of both networks", choices=("adam", "rmsprop"))
    lr: float = _flag(4e-3, "learning rate of both networks", low=0.0)
    beta1: float = _flag(0.0, "Adam's first decay rate", low=0.0)
    beta2: float = _flag(0.99, "Adam's second decay rate", low=0.0)
    fade: float = _flag(1.0, "last share of the run over which the learning rates fall to 0", low=0.0)
    penalty: float = _flag(10.0, "λ, weight of the gradient penalty", low=0.0)
    clip: float = _flag(0.01, "c, the critic's weights stay in [-c, c] (constraint clip)", low=0.0)
    average: float = _flag(0.999, "decay of the generator's weight average", low=0.0)
    log_every: int = _flag(20, "steps between two lines of metrics.jsonl", low=1)
    checkpoint_every: int = _flag(1000, "steps between two checkpoints", low=1)
    pictures: int = _flag(8, "how often pictures are drawn, mostly early", low=1)
    exact_samples: int = _flag(500, "images a side in the exact distances taken with each picture; 0: none", low=0)

    def __post_init__(self) -> None:
        for spec in fields(self):
            _check(spec.name, getattr(self, spec.name), spec.metadata)
        for name, limit in (("beta1", 1.0), ("beta2", 1.0), ("average", 1.0)):
            if getattr(self, name) >= limit:
                raise ConfigError(f"{name} is {getattr(self, name)}: it must be below {limit:g}")
        check_seed(self.seed)
        for name in ("lr", "penalty" if self.constraint != "clip" else "clip"):
            if getattr(self, name) == 0:
                raise ConfigError(
                    f"{name} is 0: it must be positive, or nothing is learned under the constraint"
                )
        if self.fade > 1:
            raise ConfigError(f"fade is {self.fade}: it is a share of the run, between 0 and 1")
        if self.constraint == "clip" and self.critic == "spectral":
            raise ConfigError(
                "constraint clip with critic spectral bounds the same weights twice: choose one of them"
            )

    def learning_rate(self, step: int) -> float:
        """Learning rate of update ``step``, counted from 0: constant, then falling to 0 over ``fade``."""
        if self.fade == 0:
            return self.lr
        return self.lr * min(1.0, (1.0 - step / self.steps) / self.fade)

    def average_decay(self, step: int) -> float:
        """Decay of the weight average at update ``step``: a young average forgets its random start quickly."""
        return min(self.average, (1 + step) / (10 + step))

    def picture_steps(self) -> list[int]:
        """Steps after which pictures are drawn: more of them early, the last at the end of the run."""
        shares = [(k / self.pictures) ** 2 for k in range(1, self.pictures + 1)]
        return sorted({max(1, round(self.steps * share)) for share in shares})

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, for JSON and checkpoints."""
        return asdict(self)


PRESETS: dict[str, dict[str, Any]] = {
    "fast": {},
    "classic": {
        "steps": 18_700,  # 100 epochs of MNIST seen by the critic: 100 · 60,000 / (64 · 5)
        "threads": 0,
        "batch_size": 64,
        "critic_steps": 5,
        "latent": 128,
        "lr": 5e-4,
        "beta1": 0.9,
        "beta2": 0.999,
        "fade": 0.0,
    },
    "paper": {
        "steps": 200_000,
        "threads": 0,
        "batch_size": 50,
        "critic_steps": 5,
        "latent": 128,
        "lr": 1e-4,
        "beta1": 0.5,
        "beta2": 0.9,
        "fade": 0.0,
        "log_every": 100,
        "checkpoint_every": 1000,
    },
}

# Momentum makes the clipped critic unstable (Arjovsky et al., section 4): it comes with their RMSProp.
_CLIP = {"optimizer": "rmsprop", "lr": 5e-5, "critic_steps": 5}


def add_flags(parser: argparse.ArgumentParser) -> None:
    """One flag per field of :class:`Config`; a flag that is not given leaves no trace in the namespace."""
    types = get_type_hints(Config)
    for spec in fields(Config):
        name = "--" + spec.name.replace("_", "-")
        text = spec.metadata["help"]
        if types[spec.name] is bool:
            parser.add_argument(name, action="store_true", default=argparse.SUPPRESS, help=text)
            continue
        choices = spec.metadata["choices"]
        parser.add_argument(
            name,
            type=types[spec.name],
            default=argparse.SUPPRESS,
            metavar="|".join(choices) if choices else types[spec.name].__name__.upper(),
            help=f"{text} (fast: {spec.default})" if spec.default not in ("", MISSING) else text,
        )


def from_flags(flags: Mapping[str, Any]) -> Config:
    """Build the settings: preset, then constraint, then the flags given explicitly.

    Parameters
    ----------
    flags : mapping of str to object
        Values by field name; absent fields take the preset's value.

    Raises
    ------
    ConfigError
        If the preset, a field or a value is unknown or out of range.
    """
    unknown = sorted(set(flags) - {spec.name for spec in fields(Config)})
    if unknown:
        raise ConfigError(f"unknown setting {unknown[0]!r}: the settings are the fields of gan.Config")
    preset = flags.get("preset", "fast")
    if preset not in PRESETS:
        raise ConfigError(f"preset is {preset!r}: choose one of {', '.join(PRESETS)}")
    clipped = _CLIP if flags.get("constraint") == "clip" else {}
    return Config(**{**PRESETS[preset], **clipped, **flags})


def check_seed(seed: int) -> None:
    """Refuse what torch's generators do not take, and negative numbers, which would be other names of large ones."""
    if not 0 <= seed < 2**63:
        raise ConfigError(f"seed is {seed}: it must be at least 0, and below 2**63")


def _check(name: str, value: Any, rules: Mapping[str, Any]) -> None:
    choices, low = rules["choices"], rules["low"]
    if choices and value not in choices:
        raise ConfigError(f"{name} is {value!r}: choose one of {', '.join(choices)}")
    if low is not None and not (math.isfinite(value) and value >= low):
        raise ConfigError(f"{name} is {value}: it must be a finite number, at least {low:g}")
