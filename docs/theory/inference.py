"""Draw ``docs/images/inference.png``: a null distribution, and what n points say of two populations in R^10.

    python docs/theory/inference.py [--out FILE]
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from picture import command, side_by_side

import wdist

PICTURE = Path(__file__).resolve().parents[1] / "images" / "inference.png"
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#5a5a5a"  # told apart by eyes of every kind
DIM, SCALE = 10, 1.5


def draw_null(ax: Axes) -> None:
    """The sliced distance of exchanged samples, and that of the samples as they are."""
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((80, 5)), rng.standard_normal((60, 5)) + 0.45 * np.eye(1, 5)
    result = wdist.two_sample_test(x, y, p=1, rng=0)
    ax.hist(result.null_distribution, bins=40, color=BLUE, alpha=0.55)
    ax.axvline(result.statistic, color=ORANGE, linewidth=2.4)
    top = ax.get_ylim()[1]
    ax.text(result.statistic, 1.02 * top, f"observed: p = {result.pvalue:.3f}  ", color=ORANGE, ha="right")
    ax.text(0.53, 0.62, "999 random\nexchanges", color=BLUE, transform=ax.transAxes)
    ax.set(xlabel="sliced W1 of the two sides", ylabel="resamples", ylim=(0, 1.1 * top))
    ax.set_title("a shift by 0.45 in one of five coordinates", pad=12)


def draw_estimates(ax: Axes) -> None:
    """Plug-in, centred estimate and interval against the number of points, for a homothety."""
    truth, sizes = (SCALE - 1) * math.sqrt(DIM), [50, 100, 200, 400, 800, 1600]
    rng = np.random.default_rng(2)
    results = [
        wdist.estimate(rng.standard_normal((n, DIM)), SCALE * rng.standard_normal((n, DIM)), p=2, rng=0) for n in sizes
    ]
    ax.fill_between(sizes, [r.low for r in results], [r.high for r in results], color=BLUE, alpha=0.18, linewidth=0)
    ax.plot(sizes, [r.stats["plug_in"] for r in results], color=ORANGE, marker="s", linewidth=1.8)
    ax.plot(sizes, [r.distance for r in results], color=BLUE, marker="o", linewidth=1.8)
    ax.axhline(truth, color=GREY, linestyle="--", linewidth=1.2)
    ax.text(440, 3.42, "samples' own distance", color=ORANGE)
    ax.text(1550, truth + 0.09, "truth", color=GREY, ha="right")
    ax.text(290, 1.02, "centred", color=BLUE)
    ax.text(560, 2.15, "95 % interval", color=BLUE)
    ax.set(xscale="log", xlabel="points a side", ylabel="W2 of the populations", ylim=(0, 4.4))
    ax.set_xticks(sizes, [f"{n:,}" for n in sizes])
    ax.minorticks_off()
    ax.set_title("N(0, 1) and N(0, 2.25) in ten dimensions", pad=12)


def figure() -> Figure:
    return side_by_side(draw_null, draw_estimates, size=(10, 3.9), dpi=120)


def main(arguments: Sequence[str] | None = None) -> None:
    command(__doc__, PICTURE, figure, arguments)


if __name__ == "__main__":
    main()
