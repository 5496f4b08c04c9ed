"""The targets of the fuzzer, without it: their seeds, and a few thousand of those with bytes changed at random."""

from __future__ import annotations

import random
from typing import Any

import pytest

from benchmarks.fuzz.__main__ import FOLLOWED
from benchmarks.fuzz.targets import TARGETS

FEW = {"distance": 60, "checkpoint": 200}


def changed(seed: bytes, dice: random.Random) -> bytes:
    """Some bytes replaced, removed, or doubled."""
    content = bytearray(seed)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(content) + 1)
        end = min(len(content), at + dice.randint(0, 8))
        content[at:end] = dice.choice([dice.randbytes(end - at), b"", content[at:end] * 2, dice.randbytes(2)])
    return bytes(content)


@pytest.mark.parametrize("name", TARGETS)
def test_bytes_at_random_are_read_or_refused(name: str) -> None:
    dice, target = random.Random(11), TARGETS[name]
    seeds = target.seeds()
    for seed in seeds:
        target.run(seed)
    for _ in range(FEW.get(name, 400)):
        target.run(changed(dice.choice(seeds), dice))


def test_the_seeds_reach_the_readers_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were they refused, nothing behind the first check would be tried."""
    from benchmarks.fuzz import targets

    shapes = []
    read = targets.idx.read_idx

    def noted(*given: Any) -> Any:
        array = read(*given)
        shapes.append(array.shape)
        return array

    monkeypatch.setattr(targets.idx, "read_idx", noted)
    for seed in TARGETS["idx"].seeds():
        TARGETS["idx"].run(seed)
    assert shapes.count((2, 3, 3)) == 2, "plain, and in an archive"
    assert shapes.count((4,)) == 3


def test_every_target_can_be_started() -> None:
    assert set(FOLLOWED) == set(TARGETS)
