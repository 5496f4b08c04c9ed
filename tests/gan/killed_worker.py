"""Run by a test: train in a child that is killed again and again, until a run is complete.

Children are forks of one process that has imported everything, so that they die while they train and write, not
while they import. Prints one line of JSON: how many were killed, the step of the checkpoint after each death, and
the weights' sha256 of the run that was killed and of one that was not.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import matplotlib.backends.backend_agg  # noqa: F401  # before the forks, as all that is slow to import
import torch

from gan import checkpoint, records
from gan.config import from_flags
from gan.data import load
from gan.runs import resume, start
from gan.state import Run
from gan.train import train


def go_on(flags: dict, events: int) -> None:
    """In a child: take the run up where its checkpoint is, or begin it, and train to its end; a byte for each step."""
    set_rates = Run.set_rates  # what a step begins with

    def told(run: Run) -> None:
        os.write(events, b".")
        set_rates(run)

    Run.set_rates = told
    out = Path(flags["out"])
    if (out / checkpoint.NAME).exists():
        run = resume({"out": str(out)}, say=lambda line: None)
    else:
        run = start(from_flags(flags), say=lambda line: None)
    train(run, progress=False)


def child(flags: dict) -> tuple[int, int]:
    """Its number, and the pipe that tells of its steps."""
    told, events = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
                go_on(flags, events)
            code = 0
        finally:
            os._exit(code)
    os.close(events)
    return pid, told


def finished(flags: dict) -> int:
    """The exit status of a child that is left alone."""
    pid, told = child(flags)
    while os.read(told, 1 << 16):
        pass
    os.close(told)
    return os.waitpid(pid, 0)[1]


def killed(flags: dict, number: int, steps: int, dice: random.Random) -> None:
    """Send a signal to a child at a random moment after so many steps: of the step, or of what comes next."""
    pid, told = child(flags)
    begin, seen = time.monotonic(), 0
    while seen < steps and os.read(told, 1):
        seen += 1
    pace = (time.monotonic() - begin) / max(1, seen)
    time.sleep(dice.uniform(0.0, dice.choice((1, 1, 20)) * min(pace, 0.05)))  # 20: reports are longer than steps
    os.kill(pid, number)
    os.waitpid(pid, 0)
    os.close(told)


def step_of(out: Path) -> int:
    """Of the checkpoint, which has to be whole; -1 before there is one."""
    return checkpoint.load(out)["step"] if (out / checkpoint.NAME).exists() else -1


def digest(out: Path) -> str:
    """Of all that a checkpoint holds, but the clock and the name of the folder, and of the log but its clock."""
    state, sha = checkpoint.load(out), hashlib.sha256()

    def add(value: object) -> None:
        if isinstance(value, dict):
            for key in sorted(value, key=str):
                if key not in ("seconds", "out", "resume"):
                    sha.update(str(key).encode())
                    add(value[key])
        elif isinstance(value, list):
            for item in value:
                add(item)
        elif isinstance(value, torch.Tensor):
            sha.update(value.contiguous().numpy().tobytes())
        else:
            sha.update(repr(value).encode())

    add(state)
    add(records.read(out))
    return sha.hexdigest()


def main() -> None:
    flags, kills, signals = json.loads(sys.argv[1]), int(sys.argv[2]), [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs tests in the background ignores it
    torch.set_num_threads(1)
    load("digits")  # imports scikit-learn, which a child would spend its life with
    out, dice, steps, sent = Path(flags["out"]), random.Random(0), list[int](), list[int]()
    while len(sent) < kills:
        sent.append(signals[0] if dice.random() < 0.7 else dice.choice(signals[1:]))
        killed(flags, sent[-1], dice.randint(0, round(1.2 * flags["steps"] / kills)), dice)
        steps.append(step_of(out))
    assert finished(flags) == 0, "the last child failed"
    calm = {**flags, "out": f"{flags['out']}-calm"}
    assert finished(calm) == 0, "the run that was not killed failed"
    left = [path.name for path in out.iterdir() if path.name.startswith(".")]
    result = {"killed": sent, "steps": steps, "left": left, "digests": [digest(out), digest(Path(calm["out"]))]}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
