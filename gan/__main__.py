"""The command line: ``python -m gan train``, ``sample``, ``evaluate`` and ``classifier``."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .config import ConfigError, add_flags, check_seed, from_flags

_USAGE_ERROR, _FAILURE = 2, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    flags = vars(_parser().parse_args(arguments))
    command: Callable[[dict[str, Any]], int] = flags.pop("command")
    try:
        return _run(command, flags)
    except KeyboardInterrupt:  # outside of training, which stops at a checkpoint, or the second one there
        return _complain("interrupted", 128 + signal.SIGINT)


def _run(command: Callable[[dict[str, Any]], int], flags: dict[str, Any]) -> int:
    from .checkpoint import CheckpointError
    from .data import DataError
    from .train import DivergedError

    try:
        return command(flags)
    except ConfigError as error:
        return _complain(error, _USAGE_ERROR)
    except (CheckpointError, DataError, DivergedError, OSError) as error:
        return _complain(error, _FAILURE)


def _train(flags: dict[str, Any]) -> int:
    import torch

    from . import memory, models, report, runs, team, toml_file, train

    if (file := flags.pop("config", None)) is not None:
        flags = {**toml_file.read(file), **flags}
    settings = None if flags.get("resume") else from_flags(flags)
    device = models.pick_device(flags.get("device", "auto"))
    with team.assembled(device) as together:
        say = print if together.leads else _say_nothing
        run = runs.start(settings, together, say=say) if settings else runs.resume(flags, together, say=say)
        config, data = run.config, run.data
        memory.keep_freed()  # this process is ours; a caller of the library decides for his own
        if config.threads:
            torch.set_num_threads(config.threads)
        say(f"Data: {data.name}, {len(data.images):,} images, {data.source}")
        where = f"{run.device}, {together.size} processes" if together.size > 1 else str(run.device)
        say(f"Run: {run.folder}, preset {config.preset}, on {where}, steps {run.step:,} to {config.steps:,}")
        stopped = train.train(run)
        if stopped:
            say(f"Stopped by {signal.Signals(stopped).name} at step {run.step:,}, checkpoint saved. Go on with:")
            say(f"  python -m gan train --resume --out {run.folder}")
            return 128 + stopped
        if together.leads:
            runs.export(run)
            say("Pictures:")
            for path in report.pictures(run.folder):
                say(f"  {path.resolve()}")
            say(f"Measure the samples with: python -m gan evaluate {run.folder}")
        return 0


def _say_nothing(line: str) -> None:
    """For the processes that do not lead."""


def _sample(flags: dict[str, Any]) -> int:
    from . import evaluate, sheets

    check_seed(flags["seed"])
    if flags["n"] < 1:
        raise ConfigError(f"n is {flags['n']}: draw at least one image")
    if flags["out"].suffix.lower() not in sheets.endings():
        raise ConfigError(f"out is {str(flags['out'])!r}: {flags['out'].suffix!r} is no format of pictures, .png is")
    images = evaluate.sample(flags["checkpoint"], flags["n"], seed=flags["seed"], device=flags["device"])
    sheets.grid(images.numpy(), flags["out"])
    print(f"{flags['n']} samples: {flags['out'].resolve()}")
    return 0


def _evaluate(flags: dict[str, Any]) -> int:
    from . import evaluate, tables

    check_seed(flags["seed"])
    if flags["exact_samples"] < 1:
        raise ConfigError(f"exact-samples is {flags['exact_samples']}: it must be at least 1")
    result = evaluate.evaluate(flags.pop("checkpoint"), **flags)
    print(tables.table(result))
    print(f"Written to {evaluate.write(result, result['checkpoint']).resolve()}")
    return 0


def _classifier(flags: dict[str, Any]) -> int:
    from . import classifier, data

    dataset = data.load(flags["data"])
    judge = classifier.obtain(dataset)
    accuracy = classifier.accuracy(judge, dataset)
    print(f"Classifier of {dataset.name}: sha256 {judge.digest}, {100 * accuracy:.2f} % right on held-out images.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gan",
        description="Train a Wasserstein GAN on small images, draw from it, and measure what it draws.",
        epilog="WDIST_DATA: a folder in which data sets are looked for, before the cache and the mirrors.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    train = commands.add_parser("train", help="train, with pictures, a log and checkpoints on the way")
    train.add_argument("--config", metavar="FILE", help="TOML file of settings; the flags given here win over it")
    add_flags(train)
    train.set_defaults(command=_train)

    sample = commands.add_parser("sample", help="draw images from a checkpoint into one picture")
    _checkpoint_argument(sample)
    sample.add_argument("--n", type=int, default=64, help="number of images (default: 64)")
    sample.add_argument(
        "--out", type=Path, default=Path("grid.png"), help="picture to write (default: grid.png)"
    )
    sample.set_defaults(command=_sample)

    evaluate = commands.add_parser("evaluate", help="measure the samples of a checkpoint beside real images")
    _checkpoint_argument(evaluate)
    evaluate.add_argument(
        "--exact-samples", type=int, default=1000, help="images a side in the exact distances (default: 1000)"
    )
    evaluate.set_defaults(command=_evaluate)
    judge = commands.add_parser("classifier", help="train the classifier whose features measure quality, and keep it")
    judge.add_argument(
        "--data", default="mnist", help="mnist, fashion, digits, or a folder of IDX files (default: mnist)"
    )
    judge.set_defaults(command=_classifier)
    return parser


def _checkpoint_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "checkpoint", type=Path, metavar="CHECKPOINT", help="checkpoint file, or a run folder"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the noise (default: 0)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, … (default: auto)")


def _complain(error: object, status: int) -> int:
    print(f"gan: {error}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
