"""Draw ``docs/images/choose.png``: from what you have to what you call.

    python docs/choose.py [--out FILE]
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from theory.picture import command

PICTURE = Path(__file__).resolve().parent / "images" / "choose.png"
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#5a5a5a"  # told apart by eyes of every kind

# question, and what to call for yes: (call, what its number is)
EXACT, BOUND = ("exact", BLUE), ("bound", GREEN)
QUESTIONS = (
    ("Of the populations,\nnot of these samples?", "estimate\ndual.fit (p = 1, d large)", ("interval", ORANGE)),
    ("Two Gaussians, p = 2?", "gaussian_w2", EXACT),
    ("On the line, or a circle?", "wasserstein_1d", EXACT),
    ("More than 10⁶ points,\nor an answer at once?", "bounds", BOUND),
    ("Many pairs, and any\nmetric on laws will do?", "sliced", ("estimate of\nanother distance", ORANGE)),
    ("Only a matrix of costs?", "transport_lp", EXACT),
)
LAST = ("transport", EXACT)


def box(ax: Axes, x: float, y: float, text: str, colour: str, *, call: bool) -> None:
    style = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": colour, "linewidth": 1.6}
    family = "monospace" if call else "sans-serif"
    ax.text(x, y, text, ha="center", va="center", bbox=style, family=family, fontsize=10.5, color="black")


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], word: str) -> None:
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 1.4})
    middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    ax.text(middle[0] + 0.02, middle[1] + 0.12, word, color=GREY, fontsize=10, ha="left" if word == "no" else "center")


def figure() -> Figure:
    picture = Figure(figsize=(8.2, 7.2), dpi=130, layout="constrained")
    ax = picture.subplots()
    for k, (question, call, (kind, colour)) in enumerate(QUESTIONS):
        y = -float(k)
        box(ax, 0.0, y, question, GREY, call=False)
        arrow(ax, (0.62, y), (1.25, y), "yes")
        box(ax, 1.9, y, call, colour, call=True)
        ax.text(2.7, y, kind, color=colour, fontsize=11, va="center")
        arrow(ax, (0.0, y - 0.28), (0.0, y - 0.74), "no")
    y = -float(len(QUESTIONS))
    box(ax, 0.0, y, LAST[0], LAST[1][1], call=True)
    ax.text(0.45, y, LAST[1][0], color=LAST[1][1], fontsize=11, va="center")
    ax.set(xlim=(-0.75, 3.35), ylim=(y - 0.4, 0.45))
    ax.axis("off")
    return picture


def main(arguments: Sequence[str] | None = None) -> None:
    command(__doc__, PICTURE, figure, arguments)


if __name__ == "__main__":
    main()
