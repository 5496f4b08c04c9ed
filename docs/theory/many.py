"""Draw ``docs/images/many.png``: seconds of all distances among many measures, and how many of them a search needs.

    python docs/theory/many.py [--out FILE]        # from the committed measurements
    python docs/theory/many.py --measure           # measures again, some minutes, and writes docs/theory/many.json
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from picture import command

import wdist

PICTURE = Path(__file__).resolve().parents[1] / "images" / "many.png"
FIGURES = Path(__file__).with_suffix(".json")
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#5a5a5a"  # told apart by eyes of every kind
COUNTS = (5, 10, 20, 40, 80, 160)


def drawn(rng: np.random.Generator, count: int, n: int, dim: int) -> np.ndarray:
    """Normal clouds of random shapes and places."""
    stretch = rng.uniform(0.3, 1.5, (count, 1, dim)) * np.linalg.qr(rng.normal(size=(count, dim, dim)))[0]
    return rng.normal(size=(count, n, dim)) @ stretch + rng.normal(size=(count, 1, dim))


def families(rng: np.random.Generator, count: int) -> dict[str, tuple[Any, Callable[[int, int], object]]]:
    """Of every family its measures, and POT's function of a pair."""
    import ot

    line, clouds = rng.normal(size=(count, 200)), drawn(rng, count, 50, 2)
    means, roots = rng.normal(size=(count, 5)), rng.normal(size=(count, 5, 5))
    covs = roots @ roots.mT + 0.1 * np.eye(5)
    gaussians = [wdist.Gaussian(m, c) for m, c in zip(means, covs, strict=True)]
    return {
        "200 samples on the line": (line, lambda i, j: ot.wasserstein_1d(line[i], line[j], p=2)),
        "Gaussians, d = 5": (
            gaussians,
            lambda i, j: ot.gaussian.bures_wasserstein_distance(means[i], means[j], covs[i], covs[j]),
        ),
        "50 points in the plane": (clouds, lambda i, j: ot.emd2([], [], ot.dist(clouds[i], clouds[j]))),
    }


def seconds(solve: Callable[[], object]) -> float:
    """The least of three runs."""
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        solve()
        times.append(time.perf_counter() - begin)
    return min(times)


def measure() -> dict[str, Any]:
    """Seconds of both by family and count; shares of candidates that a search for 3 neighbours solved."""
    rng = np.random.default_rng(0)
    wdist.pairwise(drawn(rng, 40, 50, 2), p=2, n_jobs=1)  # loads compiled code
    times: dict[str, list[tuple[int, float, float]]] = {}
    for count in COUNTS:
        for name, (measures, pair) in families(rng, count).items():
            ours = seconds(lambda measures=measures: wdist.pairwise(measures, p=2, n_jobs=1))
            loop = seconds(lambda pair=pair, n=count: [pair(i, j) for i in range(n) for j in range(i)])
            times.setdefault(name, []).append((count, ours, loop))
    shares: dict[str, list[tuple[int, float]]] = {}
    for dim in (2, 5, 20):
        for count in (10, 30, 100, 300, 1000):
            found = wdist.nearest(drawn(rng, 10, 40, dim), drawn(rng, count, 40, dim), p=2, k=3, n_jobs=1)
            shares.setdefault(f"d = {dim}", []).append((count, float(found.solved.mean() / count)))
    return {"seconds": times, "solved": shares}


def draw_seconds(ax: Axes, times: dict[str, list[tuple[int, float, float]]]) -> None:
    """Both axes logarithmic: solid ours, dashed a loop over POT."""
    for (name, rows), color in zip(times.items(), (BLUE, GREEN, ORANGE), strict=True):
        count, ours, loop = np.transpose(rows)
        ax.plot(count, ours, color=color, linewidth=2.4, marker="o", markersize=4)
        ax.plot(count, loop, color=color, linewidth=1.8, linestyle="--")
        ax.annotate(name, (count[-1], ours[-1]), (6, 0), textcoords="offset points", color=color, va="center")
    ax.plot([], [], color=GREY, linewidth=2.4, marker="o", markersize=4, label="wdist.pairwise")
    ax.plot([], [], color=GREY, linewidth=1.8, linestyle="--", label="a loop over POT")
    ax.legend(frameon=False, loc="upper left")
    ax.set(title="all distances among many measures, one thread", xlabel="measures", ylabel="seconds")
    ax.set(xscale="log", yscale="log", xlim=(4.5, 1500))
    ax.set_xticks(COUNTS, map(str, COUNTS))
    ax.minorticks_off()


def draw_shares(ax: Axes, shares: dict[str, list[tuple[int, float]]]) -> None:
    """The rest was ruled out by bounds."""
    for (name, rows), color, up in zip(shares.items(), (BLUE, GREEN, ORANGE), (2, 10, 0), strict=True):
        count, share = np.transpose(rows)
        ax.plot(count, 100 * share, color=color, linewidth=2.4, marker="o", markersize=4)
        ax.annotate(name, (count[-1], 100 * share[-1]), (6, up), textcoords="offset points", color=color, va="center")
    ax.set(title="what the 3 nearest take", xlabel="candidates, clouds of 40 points", ylabel="of them solved, %")
    ax.set(xscale="log", ylim=(0, 100), xlim=(9, 3000))
    ax.set_xticks([10, 30, 100, 300, 1000], ["10", "30", "100", "300", "1,000"])
    ax.minorticks_off()


def figure() -> Figure:
    measured = json.loads(FIGURES.read_text(encoding="utf-8"))
    picture = Figure(figsize=(11, 4.1), dpi=130, layout="constrained")
    left, right = picture.subplots(1, 2, width_ratios=(1.25, 1))
    draw_seconds(left, measured["seconds"])
    draw_shares(right, measured["solved"])
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
    return picture


def keep_measured() -> None:
    FIGURES.write_text(json.dumps(measure()) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    command(__doc__, PICTURE, figure, arguments, measure=keep_measured)


if __name__ == "__main__":
    main()
