"""The log of a run in TensorBoard too, if that is installed: ``tensorboard --logdir runs``.

The board follows ``metrics.jsonl``: whatever is appended there appears on it, and a resumed run takes back what it
will log again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, final

from . import records

__all__ = ["Board"]

_FOLDER = "tensorboard"


@final
class Board:
    """Follows the log of the run in ``folder``, which has come to ``step``; without TensorBoard it does nothing."""

    def __init__(self, folder: Path, step: int) -> None:
        self._folder, self._shown = folder, len(records.read(folder))
        self._writer = _writer(folder / _FOLDER, step)

    def update(self) -> None:
        """Show the lines that are new in the log."""
        if self._writer is None:
            return
        lines = records.read(self._folder)
        for line in lines[self._shown :]:
            for name, value in line.items():
                if isinstance(value, float):
                    self._writer.add_scalar(f"{line['kind']}/{name}", value, line["step"])
        self._shown = len(lines)

    def close(self) -> None:
        """Write out what waits."""
        if self._writer is not None:
            self._writer.close()


def _writer(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=step + 1 if step else None)
