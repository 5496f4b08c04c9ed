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

import torch

from gan import checkpoint, records
from gan.config import from_flags
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
    torch.set_num_threads(1)
    out, dice, steps, killed = Path(flags["out"]), random.Random(0), list[int](), list[int]()
    longest = 0.4
    while len(killed) < kills or step_of(out) < flags["steps"]:
        pid = child(flags)
        if len(killed) >= kills:
            _, status = os.waitpid(pid, 0)
            assert status == 0, "the last child failed"
            break
        time.sleep(dice.uniform(0.0, longest))
        number = signals[0] if dice.random() < 0.7 else dice.choice(signals[1:])
        os.kill(pid, number)
        _, status = os.waitpid(pid, 0)
        killed.append(number)
        steps.append(step_of(out))
        if steps[-1] >= flags["steps"]:
            break
        # Where little is reached before the death, the next child may live longer.
        longest *= 1.1 if steps[-1:] == steps[-2:-1] else 1.0
    calm = {**flags, "out": f"{flags['out']}-calm"}
    _, status = os.waitpid(child(calm), 0)
    assert status == 0, "the run that was not killed failed"
    left = [path.name for path in out.iterdir() if path.name.startswith(".")]
    result = {"killed": killed, "steps": steps, "left": left, "digests": [digest(out), digest(Path(calm["out"]))]}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
