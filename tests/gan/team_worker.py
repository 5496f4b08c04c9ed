"""Run by torchrun in tests: a few steps of training, whose state the leader writes to a file."""

from __future__ import annotations

import json
import sys

import torch

from gan import state, train
from gan.config import from_flags
from gan.data import to_unit
from gan.runs import start
from gan.team import assembled


def main() -> None:
    flags, target = json.loads(sys.argv[1]), sys.argv[2]
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)  # so that a difference is an error, and not rounding that Adam magnifies
    for module in (state, train):
        module.to_unit = lambda images: to_unit(images).double()
    train.report = lambda run: None  # pictures are none of this test's business
    with assembled(torch.device("cpu")) as team:
        run = start(from_flags(flags), team, say=lambda line: None)
        train.train(run, progress=False)
        parts = {name: getattr(run, name).state_dict() for name in ("generator", "average", "critic")}
        torch.save({**parts, "rng": run.rng.get_state()}, f"{target}.{team.rank}")


if __name__ == "__main__":
    main()
