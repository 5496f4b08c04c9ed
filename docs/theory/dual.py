"""Draw ``docs/images/dual.png``: the overshoot of a penalised critic, and two extensions that cannot be too steep.

python docs/theory/dual.py [--out FILE]
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from torch import nn

from wdist import dual

PICTURE = Path(__file__).resolve().parents[1] / "images" / "dual.png"
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#5a5a5a"  # told apart by eyes of every kind


def draw_overshoot(ax: Axes) -> None:
    """A translation by 2 on the line, a linear critic, and six coefficients."""
    rng = np.random.default_rng(0)
    coefficients = np.array([0.5, 1.0, 2.0, 5.0, 10.0, 20.0])
    options = {"steps": 250, "batch_size": 64, "lr": 0.05, "patience": 250, "bounds": False, "rng": 0}
    fits = [
        dual.fit(
            lambda n: rng.standard_normal((n, 1)) + 2.0,
            lambda n: rng.standard_normal((n, 1)),
            penalty=c,
            critic=nn.Linear(1, 1),
            **options,
        )
        for c in coefficients
    ]
    fine = np.geomspace(0.4, 25.0, 200)
    ax.axhline(2.0, color=GREY, linewidth=1, linestyle="--")
    ax.text(24.0, 1.92, "W1 = 2", color=GREY, ha="right", va="top")
    ax.plot(fine, 2.0 * (1.0 + 1.0 / (fits[0].scale * fine)), color=ORANGE, linewidth=2)
    ax.plot(coefficients, [fit.value for fit in fits], "o", color=ORANGE)
    ax.plot(coefficients, [fit.corrected for fit in fits], "s", color=BLUE)
    ax.text(1.25, 3.9, "value, and the law W (1 + W / 2λ)", color=ORANGE)
    ax.text(0.45, 1.45, "corrected", color=BLUE)
    ax.set(xscale="log", xlabel="penalty", title="a penalty's overshoot", ylim=(1.0, 5.6))
    ax.set_xticks([0.5, 1, 2, 5, 10, 20], ["0.5", "1", "2", "5", "10", "20"])
    ax.minorticks_off()


def draw_extensions(ax: Axes) -> None:
    """Values that are too steep between the third and fourth anchor, and both extensions."""
    anchors, values = np.array([0.0, 1.0, 2.2, 3.0, 4.5]), np.array([0.2, 0.9, 0.4, 1.7, 1.2])
    z = np.linspace(-0.8, 5.3, 601)
    for side, colour, height in (("upper", GREEN, 2.45), ("lower", BLUE, -0.55)):
        ax.plot(z, dual.mcshane(values, anchors, side=side)(torch.from_numpy(z)[:, None]), color=colour, linewidth=2)
        ax.text(0.3, height, f"{side} extension", color=colour)
    ax.plot(anchors, values, "o", color=GREY, zorder=3)
    ax.annotate("slope 1.6", (2.6, 1.05), (0.9, 1.95), color=GREY, arrowprops={"arrowstyle": "-", "color": GREY})
    ax.plot(anchors[2:4], values[2:4], color=GREY, linewidth=1, linestyle="--")
    ax.set(xlabel="x", title="McShane's extensions never exceed slope 1", ylim=(-0.8, 2.8))


def draw() -> Figure:
    figure = Figure(figsize=(9.6, 3.7), layout="constrained")
    left, right = figure.subplots(1, 2)
    draw_overshoot(left)
    draw_extensions(right)
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
    return figure


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=PICTURE)
    out: Path = parser.parse_args(arguments).out
    with mpl.rc_context({"font.size": 9.5}):
        buffer = io.BytesIO()
        draw().savefig(buffer, dpi=130)
    Image.open(buffer).convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(out, optimize=True)
    print(f"wrote {out}")


if __name__ == "__main__":
    main()
