"""Draw ``docs/images/sliced.png``: the error of a sliced distance by its directions, and max-sliced by its search.

    python docs/theory/sliced.py [--out FILE]      # from the committed measurements
    python docs/theory/sliced.py --measure         # measures again, some minutes, and writes docs/theory/sliced.json
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from picture import command

import wdist

PICTURE = Path(__file__).resolve().parents[1] / "images" / "sliced.png"
FIGURES = Path(__file__).with_suffix(".json")
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#5a5a5a"  # told apart by eyes of every kind
COUNTS = (32, 64, 128, 256, 512)
_REPEATS = 40
Directions = Callable[[np.random.Generator, int, int], np.ndarray | None]


def independent(rng: np.random.Generator, count: int, dim: int) -> np.ndarray:
    return rng.standard_normal((count, dim))


def sobol(rng: np.random.Generator, count: int, dim: int) -> np.ndarray:
    """Sixteen scrambled Sobol sequences, mapped to normal laws, then to the sphere."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    points = [qmc.Sobol(dim, rng=rng).random(count // 16) for _ in range(16)]
    return ndtri(np.clip(np.concatenate(points), 1e-12, 1 - 1e-12))


def clouds(rng: np.random.Generator, dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Normal points, and others of another shape and place."""
    return rng.normal(size=(100, dim)), rng.normal(size=(100, dim)) * np.linspace(0.3, 2, dim) + np.eye(dim)[0]


def measure() -> dict[str, Any]:
    """Relative root mean square errors of SW_2 by kind of directions, dimension and count; max-sliced by solver."""
    rng = np.random.default_rng(0)
    kinds: dict[str, Directions] = {"independent": independent, "Sobol": sobol, "wdist": lambda *_: None}
    errors: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for dim in (2, 3, 10):
        x, y = clouds(rng, dim)
        truth = float(wdist.sliced(x, y, p=2, n_projections=60_000, rng=0))
        for kind, draw in kinds.items():
            for count in COUNTS:
                found = [
                    float(wdist.sliced(x, y, p=2, n_projections=count, directions=draw(rng, count, dim), rng=k))
                    for k in range(_REPEATS)
                ]
                error = float(np.sqrt(np.mean((np.array(found) / truth - 1) ** 2)))
                errors.setdefault(f"d = {dim}", {}).setdefault(kind, []).append((count, error))
    return {"errors": errors, "maxima": maxima(rng)}


def maxima(rng: np.random.Generator) -> dict[str, list[tuple[int, float]]]:
    """Max-sliced over its truth 5 for a translation by 5 of one cloud, by climbing and by random directions."""
    found: dict[str, list[tuple[int, float]]] = {}
    for dim in (2, 3, 5, 10, 20, 50, 100):
        x = rng.normal(size=(500, dim)) * np.linspace(0.3, 2, dim)
        step = rng.normal(size=dim)
        y = x + 5 * step / np.linalg.norm(step)
        for name, solve in {
            "wdist, climbing": lambda: wdist.max_sliced(x, y, p=2, rng=0),  # noqa: B023
            "the best of 50 random directions": lambda: random_search(x, y, 50),  # noqa: B023
            "the best of 1,000": lambda: random_search(x, y, 1000),  # noqa: B023
        }.items():
            found.setdefault(name, []).append((dim, float(solve()) / 5))
    return found


def random_search(x: np.ndarray, y: np.ndarray, count: int) -> float:
    import ot

    return float(ot.max_sliced_wasserstein_distance(x, y, n_projections=count, p=2, seed=0))


def draw_errors(ax: Axes, errors: dict[str, dict[str, list[tuple[int, float]]]], dim: str) -> None:
    """Against the number of directions, both logarithmic."""
    for (kind, rows), color, style in zip(errors[dim].items(), (ORANGE, GREEN, BLUE), ("--", ":", "-"), strict=True):
        count, error = np.transpose(rows)
        ax.plot(count, 100 * error, color=color, linestyle=style, linewidth=2.4, label=kind)
    ax.set(title=f"error of SW$_2$, {dim}", xlabel="directions", xscale="log", yscale="log", ylim=(0.002, 20))
    ax.set_xticks(COUNTS, map(str, COUNTS))
    ax.set_yticks([0.01, 0.1, 1, 10], ["0.01 %", "0.1 %", "1 %", "10 %"])
    ax.minorticks_off()


def draw_maxima(ax: Axes, found: dict[str, list[tuple[int, float]]]) -> None:
    """Against the dimension; the truth is 100 %."""
    for (name, rows), color, style in zip(found.items(), (BLUE, ORANGE, GREY), ("-", "--", ":"), strict=True):
        dim, value = np.transpose(rows)
        ax.plot(dim, 100 * value, color=color, linestyle=style, linewidth=2.4, label=name)
    ax.set(title="max-sliced, of its truth", xlabel="dimension", xscale="log", ylim=(0, 108))
    ax.set_xticks([2, 5, 10, 20, 50, 100], ["2", "5", "10", "20", "50", "100"])
    ax.set_yticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100 %"])
    ax.minorticks_off()
    ax.legend(frameon=False, loc="lower left", fontsize=9)


def figure() -> Figure:
    measured = json.loads(FIGURES.read_text(encoding="utf-8"))
    picture = Figure(figsize=(13, 3.7), dpi=120, layout="constrained")
    axes = picture.subplots(1, 4)
    for ax, dim in zip(axes, measured["errors"], strict=False):
        draw_errors(ax, measured["errors"], dim)
    axes[2].legend(frameon=False, loc="lower left")
    draw_maxima(axes[3], measured["maxima"])
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
    return picture


def keep_measured() -> None:
    FIGURES.write_text(json.dumps(measure()) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    command(__doc__, PICTURE, figure, arguments, font=10, measure=keep_measured)


if __name__ == "__main__":
    main()
