"""What a solve says on its way: nothing, a bar, or whatever a callback makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Progress", "shown"]

Progress = Callable[[int], object] | bool | None


@contextmanager
def shown(
    progress: Progress, title: str, unit: str = "pivots", total: int | None = None
) -> Iterator[Callable[[int], object] | None]:
    """What to call with the number of units so far. True: a tqdm bar that counts them, towards ``total`` if known."""
    if progress is not True:
        yield progress or None
        return
    from tqdm.auto import tqdm

    with tqdm(desc=title, unit=f" {unit}", unit_scale=True, total=total) as bar:
        yield lambda done: bar.update(done - bar.n)
