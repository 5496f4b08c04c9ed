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
from gan.train import train


def go_on(flags: dict) -> None:
    """In a child: take the run up where its checkpoint is, or begin it, and train to its end."""
    out = Path(flags["out"])
    if (out / checkpoint.NAME).exists():
        run = resume({"out": str(out)}, say=lambda line: None)
    else:
        run = start(from_flags(flags), say=lambda line: None)
    train(run, progress=False)


def child(flags: dict) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
                go_on(flags)
            code = 0
        finally:
            os._exit(code)
    return pid


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
    out, dice, steps, killed = Path(flags["out"]), random.Random(0), list[int](), list[int]()
    longest, pace = 0.4, flags["steps"] / kills
    while len(killed) < kills:
        pid = child(flags)
        time.sleep(dice.uniform(0.0, longest))
        killed.append(signals[0] if dice.random() < 0.7 else dice.choice(signals[1:]))
        os.kill(pid, killed[-1])
        os.waitpid(pid, 0)
        steps.append(step_of(out))
        # Lives become longer or shorter, so that the kills are spread over the run on a machine of any speed.
        ahead = steps[-1] > 0.8 * pace * len(killed)
        longest = max(0.02, longest * (0.8 if ahead else 1.15))
    _, status = os.waitpid(child(flags), 0)
    assert status == 0, "the last child failed"
    calm = {**flags, "out": f"{flags['out']}-calm"}
    _, status = os.waitpid(child(calm), 0)
    assert status == 0, "the run that was not killed failed"
    left = [path.name for path in out.iterdir() if path.name.startswith(".")]
    result = {"killed": killed, "steps": steps, "left": left, "digests": [digest(out), digest(Path(calm["out"]))]}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
