"""Run by tests: a few steps of training by one process and by two, whose states they write to files.

The processes are forks of one that has imported everything: what torchrun would start, without its seconds.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

import torch

from gan import state, train
from gan.config import from_flags
from gan.data import load, to_unit
from gan.runs import start
from gan.team import assembled


def work(flags: dict[str, Any], folder: str, size: int, rank: int) -> None:
    """One of ``size`` processes; its log is in ``folder/size``, its state in ``folder/state-size.rank``."""
    os.environ |= {"WORLD_SIZE": str(size), "RANK": str(rank)}
    with assembled(torch.device("cpu")) as team:
        run = start(from_flags({**flags, "out": f"{folder}/{size}"}), team, say=lambda line: None)
        train.train(run, progress=False)
        parts = {name: getattr(run, name).state_dict() for name in ("generator", "average", "critic")}
        torch.save({**parts, "rng": run.rng.get_state()}, f"{folder}/state-{size}.{rank}")


def forked(*arguments: Any) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work(*arguments)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return pid


def main() -> None:
    flags, folder = json.loads(sys.argv[1]), sys.argv[2]
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)  # so that a difference is an error, and not rounding that Adam magnifies
    for module in (state, train):
        module.to_unit = lambda images: to_unit(images).double()
    train.report = lambda run: None  # pictures are none of this test's business
    load("digits")  # imports scikit-learn
    children = [forked(flags, folder, size, rank) for size, rank in ((1, 0), (2, 0), (2, 1))]
    sys.exit(any(os.waitpid(child, 0)[1] for child in children))


if __name__ == "__main__":
    main()
