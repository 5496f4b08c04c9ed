"""The picture of coverage: what share of intervals holds the truth, and how wide they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .coverage import Cell

__all__ = ["draw"]

_COLOURS = ("#0072b2", "#d55e00", "#009e73")  # Okabe and Ito's, distinct for colour-blind readers too
_MARKERS = "os^"


def draw(cells: Sequence[Cell], path: Path, nominal: float) -> None:
    """Left: coverage over all populations against the dimension, a line for each n. Right: ends in units of W_p."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    canvas, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    dims = sorted({cell.dim for cell in cells})
    place = {d: k for k, d in enumerate(dims)}
    for k, n in enumerate(sorted({cell.n for cell in cells})):
        style = {"color": _COLOURS[k % 3], "marker": _MARKERS[k % 3], "markersize": 5, "linewidth": 1.8}
        shares = []
        for d in dims:
            group = [c for c in cells if (c.dim, c.n) == (d, n)]
            given = sum(c.draws - c.refused for c in group)
            shares.append(1 - sum(c.below + c.above for c in group) / given if given else np.nan)
        left.plot(range(len(dims)), shares, label=f"n = {n:,}", **style)
        apart = [c for c in cells if c.n == n and c.truth > 0]
        for end, line in (("low", "-"), ("high", "-")):
            ratio = [np.median([getattr(c, end) / c.truth for c in apart if c.dim == d]) for d in dims]
            right.plot(range(len(dims)), ratio, linestyle=line, **style)
        centred = [(place[c.dim] + 0.1 * (k - 1), c.centred / c.truth) for c in apart]
        right.scatter(*zip(*centred, strict=True), s=9, color=_COLOURS[k % 3], alpha=0.5, linewidths=0)
    left.axhline(nominal, color="#5a5a5a", linewidth=1, linestyle="--")
    left.text(len(dims) - 1, nominal - 0.004, f"nominal {nominal:.0%}", color="#5a5a5a", ha="right", va="top")
    left.set(title="intervals that hold the truth", ylabel="share", ylim=(0.88, 1.005))
    left.legend(frameon=False, loc="lower left")
    right.axhline(1.0, color="#5a5a5a", linewidth=1, linestyle="--")
    right.set(title="median ends of the intervals, and estimates (dots)", ylabel="in units of the truth", ylim=(0, 3))
    for ax in (left, right):
        ax.set_xticks(range(len(dims)), [str(d) for d in dims])
        ax.set_xlabel("dimension")
        ax.spines[["top", "right"]].set_visible(False)
    canvas.savefig(path, dpi=110)
    plt.close(canvas)
