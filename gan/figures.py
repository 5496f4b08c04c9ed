"""The curves of a run, drawn again from its records whenever asked for.

What the critic reports is not the distance. With a penalty λ its slope overshoots 1: along an optimal
direction it maximises a W - λ (a - 1)² over the slope a, so a = 1 + W / (2λ) and the gap that it reports is E
= W (1 + W / (2λ)). :func:`truth` sets the raw gap E beside E divided by the measured slope, beside the
inverse of that law, W = λ (√(1 + 2E/λ) - 1), and beside the exact W1 between held-out images and generated
ones.

matplotlib is imported when a picture is drawn, through its object interface: no backend is chosen for the
caller.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .atomic import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["corrected", "distance", "quality", "scores", "truth"]

Records = Sequence[dict[str, Any]]

_REAL, _FAKE, _EXACT, _NEUTRAL, _LAW = "#1b6ca8", "#d1495b", "#222222", "#8d99ae", "#f2c14e"
_DECAY = 0.99  # of the smoothed curves, per step


def corrected(gap: float, penalty: float) -> float:
    """The distance W that makes a critic under a gradient penalty report ``gap``: λ (√(1 + 2E/λ) - 1).

    A correction of a bias, not a bound; for gaps below -λ/2 the law has no solution, and the result is nan.
    """
    inside = 1.0 + 2.0 * gap / penalty
    return penalty * (math.sqrt(inside) - 1.0) if inside >= 0 else math.nan


def scores(records: Records, path: Path) -> None:
    """Draw the critic's mean score on training, held-out and generated images, as logged and smoothed."""
    figure = _figure(7.5, 4.2)
    axes = figure.subplots()
    _curve(axes, records, "real", "training images", _REAL)
    _curve(axes, records, "fake", "generated images", _FAKE)
    steps, held = _column(records, "held_out")
    axes.plot(steps, _smooth(steps, held), color=_EXACT, lw=1.2, ls="--", label="held-out images")
    _finish(axes, "Mean score of the critic (pale: as logged)", "score")
    _write(figure, path)


def distance(records: Records, path: Path, *, penalty: float | None) -> None:
    """Draw the critic's gap, and λ times its penalty; None: a clipped critic, which has no such term."""
    figure = _figure(7.5, 4.2)
    axes = figure.subplots()
    _curve(axes, [r | {"gap": r["real"] - r["fake"]} for r in records], "gap", "gap: real − fake", _REAL)
    if penalty is not None:
        _curve(axes, [r | {"cost": penalty * r["penalty"]} for r in records], "cost", "λ × penalty", _FAKE)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    cost = "" if penalty is None else ", and what its slope costs it"
    _finish(axes, f"What the critic gains{cost} (pale: as logged)", "mean over a batch")
    _write(figure, path)


def truth(records: Records, exact: Records, path: Path, *, penalty: float | None) -> None:
    """Draw the critic's raw and corrected numbers beside the exact W1 and the floor between real images.

    ``penalty`` is λ, or None for a clipped critic, whose slope nobody knows: its gap is shown alone, as what
    it is. A second panel tells by how much W1, W2 and SW1 exceed what they are between real images.
    """
    figure = _figure(10.5 if exact else 7.5, 4.6)
    panels = figure.subplots(1, 2, width_ratios=(3, 2)) if exact else [figure.subplots()]
    _estimates(panels[0], records, penalty)
    if exact:
        steps, w1 = _column(exact, "w1")
        _, floor = _column(exact, "floor_w1")
        n = exact[-1]["n"]
        panels[0].plot(steps, w1, "o-", lw=0.8, color=_EXACT, ms=5, label=f"exact W₁, {n} held-out : {n} generated")
        label = f"exact W₁, {n} held-out : {n} training images"
        panels[0].plot(steps, floor, color=_NEUTRAL, lw=1.5, ls="--", label=label)
        excess = w1 - floor
        panels[0].plot(steps, excess, "o-", lw=0.8, color=_EXACT, mfc="white", ms=5, label="their difference")
        _over_the_floor(panels[1], exact)
    panels[0].set_ylim(bottom=min(0.0, panels[0].get_ylim()[0]))
    _finish(panels[0], "The loss is not the distance", "distance, pixels in [−1, 1]", legend=False)
    # Curves that rise, fall and lie flat leave no corner free for six names.
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=3, frameon=False, fontsize=8.5)
    _write(figure, path)


def quality(exact: Records, path: Path) -> None:
    """Draw the quality of the samples over steps: in a classifier's features where there is one, and in pixels."""
    judged = [record for record in exact if record.get("ratio") is not None]
    figure = _figure(10.5 if judged else 5.5, 4.2)
    panels = figure.subplots(1, 2) if judged else [figure.subplots()]
    if judged:
        for key, label, colour in (("ratio", "generated", _FAKE), ("floor_ratio", "training images", _REAL)):
            panels[0].plot(*_column(judged, key), "o-", color=colour, lw=1.6, ms=5, label=label)
        panels[0].axhline(1.0, color=_NEUTRAL, lw=1.3, ls="--", label="real images, blurred 3×3")
        panels[0].set_yscale("log")
        n = judged[-1]["n_features"]
        panels[0].yaxis.set_major_formatter("{x:g}")
        _finish(panels[0], f"Fréchet distance in features, {n:,} images", "÷ the one of blurred images")
    _over_the_floor(panels[-1], exact)
    _write(figure, path)


def _estimates(axes: Axes, records: Records, penalty: float | None) -> None:
    steps, gap = _column([r | {"gap": r["real"] - r["fake"]} for r in records], "gap")
    gap = _smooth(steps, gap)
    # Late in a run the three are one curve: broad and pale, narrow, dotted, each is seen under the next.
    width, alpha = (4.5, 0.45) if penalty is not None else (1.8, 1.0)
    axes.plot(steps, gap, color=_FAKE, lw=width, alpha=alpha, label="critic's gap, as reported")
    if penalty is not None:
        slope = _smooth(*_column(records, "slope"))
        axes.plot(steps, gap / slope, color=_REAL, lw=2, label="gap ÷ measured slope")
        law = [corrected(value, penalty) for value in gap]
        axes.plot(steps, law, color=_LAW, lw=1.4, ls=":", label="gap, overshoot of the penalty undone")


def _over_the_floor(axes: Axes, exact: Records) -> None:
    """Each distance to generated images over the same distance to other real ones."""
    from matplotlib.ticker import LogLocator, NullLocator

    styles = (("w1", "exact W₁", _EXACT, "o-"), ("w2", "exact W₂", _REAL, "s--"), ("sw1", "sliced SW₁", _FAKE, "^:"))
    for key, label, colour, style in styles:
        steps, values = _column(exact, key)
        _, floor = _column(exact, f"floor_{key}")
        axes.plot(steps, values / floor, style, color=colour, lw=1.4, ms=5, label=label)
    axes.axhline(1.0, color=_NEUTRAL, lw=1.3, ls="--", label="real images")
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.2, 1.5, 2, 3, 5, 7)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
    _finish(axes, "Generated ÷ real, both against held-out", "distance ÷ its floor")


def _write(figure: Figure, path: Path) -> None:
    with replacing(path) as draft:
        figure.savefig(draft)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=110, layout="constrained", facecolor="white")


def _curve(axes: Axes, records: Records, key: str, label: str, colour: str) -> None:
    steps, values = _column(records, key)
    axes.plot(steps, values, color=colour, lw=0.8, alpha=0.3)
    axes.plot(steps, _smooth(steps, values), color=colour, lw=1.8, label=label)


def _column(records: Records, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Steps and values of one quantity; what was not measured is nan."""
    steps = np.array([record["step"] for record in records], dtype=float)
    values = np.array([record[key] for record in records], dtype=float)
    return steps, values


def _smooth(steps: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Exponential moving average over steps, with the bias towards its start removed."""
    smoothed, weight, total, last = np.empty_like(values), 0.0, 0.0, 0.0
    for k, (step, value) in enumerate(zip(steps, values, strict=True)):
        keep = _DECAY ** (step - last)
        weight, total, last = keep * weight + (1 - keep), keep * total + (1 - keep) * value, step
        smoothed[k] = total / weight
    return smoothed


def _finish(axes: Axes, title: str, label: str, *, legend: bool = True) -> None:
    for line in axes.get_lines():
        if np.size(line.get_xdata()) == 1 and line.get_marker() == "None":
            line.set_marker(".")  # one value is no line yet
    axes.set_title(title, fontsize=11, loc="left")
    axes.set_xlabel("generator updates")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.locator_params(axis="x", nbins=5, integer=True, min_n_ticks=1)
    axes.set_ylabel(label)
    axes.grid(color="#e6e6e6", lw=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if legend:
        axes.legend(facecolor="white", edgecolor="none", framealpha=1.0, fontsize=8.5)
