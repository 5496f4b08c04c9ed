"""Draw ``docs/images/definition.png``: W1, total variation and JS under a shift, and what a generator sees of them.

    python docs/theory/definition.py [--out FILE]
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from picture import command, side_by_side
from scipy import stats
from scipy.special import expit, log_expit

import wdist

PICTURE = Path(__file__).resolve().parents[1] / "images" / "definition.png"
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#5a5a5a"  # told apart by eyes of every kind
LOG2 = float(np.log(2))
GRID = np.linspace(-12.0, 30.0, 20_001)


def segments(ax: Axes) -> None:
    """[0, 1] against [theta, 1 + theta]: all four are known."""
    theta = np.linspace(0, 3, 61)
    w1 = [wdist.wasserstein_1d(stats.uniform(0, 1), stats.uniform(t, 1), p=1) for t in theta]
    ax.plot(theta, w1, color=BLUE, linewidth=2.4)
    ax.plot(theta, np.minimum(theta, 1), color=GREY, linewidth=1.8, linestyle="--")
    ax.plot(theta, LOG2 * np.minimum(theta, 1), color=ORANGE, linewidth=2.4)
    ax.text(2.0, 2.2, "W1", color=BLUE, ha="right")
    ax.text(3.0, 1.06, "total variation", color=GREY, ha="right")
    ax.text(3.0, LOG2 - 0.16, "Jensen–Shannon", color=ORANGE, ha="right")
    ax.text(0.05, 2.75, "KL is ∞ for every shift > 0", color=GREY)
    ax.set(title="two segments of length 1", xlabel="shift θ", xlim=(0, 3), ylim=(0, 3))


def js_slope(theta: np.ndarray) -> np.ndarray:
    """d/dtheta of JS between N(0, 1) and N(theta, 1): half of E D(y) theta over the fakes y."""
    shift = theta[:, None]
    density = stats.norm.pdf(GRID, shift, 1)
    return np.trapezoid(density * expit(shift**2 / 2 - shift * GRID) * shift, GRID, axis=1) / 2


def normals(ax: Axes) -> None:
    """N(0, 1) against N(theta, 1): the slope by theta of each, on a log scale."""
    theta = np.linspace(0.02, 12, 300)
    ax.semilogy(theta, np.ones_like(theta), color=BLUE, linewidth=2.4)
    ax.semilogy(theta, stats.norm.pdf(theta / 2), color=GREY, linewidth=1.8, linestyle="--")
    ax.semilogy(theta, js_slope(theta), color=ORANGE, linewidth=2.4)
    ax.semilogy(theta, theta, color=GREEN, linewidth=1.8, linestyle=":")
    ax.text(11.8, 0.3, "W1: always 1", color=BLUE, ha="right", va="center")
    ax.text(11.8, 25, "Kullback–Leibler: θ", color=GREEN, ha="right", va="center")
    ax.text(7.4, 2e-3, "total\nvariation", color=GREY, va="center")
    ax.text(6.4, 3e-6, "Jensen–\nShannon", color=ORANGE, ha="right", va="center")
    ax.set(title="two normal laws of deviation 1", xlabel="shift θ", ylabel="slope by θ", xlim=(0, 12))
    ax.set(ylim=(1e-8, 100), yticks=[1, 1e-2, 1e-4, 1e-6, 1e-8])
    ax.minorticks_off()


def lessons(ax: Axes) -> None:
    """What a generator sees: the critic from an exact plan's potentials, and the best discriminator."""
    t = (np.arange(200) + 0.5) / 200
    bump = stats.norm(0, 0.4)
    real = np.concatenate([bump.ppf((np.arange(n) + 0.5) / n) + m for n, m in ((140, -3), (60, 3))])
    fake = bump.ppf(t)
    z = np.linspace(-4.4, 4.4, 1201)
    f = np.min(np.abs(z[:, None] - fake) - wdist.transport(real, fake, p=1).potentials[1], axis=1)
    p, q = 0.7 * bump.pdf(z + 3) + 0.3 * bump.pdf(z - 3), bump.pdf(z)
    log_p = np.logaddexp(np.log(0.7) + bump.logpdf(z + 3), np.log(0.3) + bump.logpdf(z - 3))
    discriminator = np.exp(log_expit(log_p - bump.logpdf(z)))
    for density, colour in ((p, GREEN), (q, GREY)):
        ax.fill_between(z, -1.3, -1.3 + density, color=colour, alpha=0.45, linewidth=0)
    ax.plot(z, f - f.min(), color=BLUE, linewidth=2.4)
    ax.plot(z, discriminator, color=ORANGE, linewidth=2.4)
    ax.text(1.45, 2.15, "critic:\nslope ±1", color=BLUE, ha="right", va="center")
    ax.text(2.9, 0.6, "discri-\nminator", color=ORANGE, va="center")
    ax.text(-3.0, -1.7, "real", color=GREEN, ha="center")
    ax.text(3.0, -1.7, "real", color=GREEN, ha="center")
    ax.text(0.0, -1.7, "generated", color=GREY, ha="center")
    ax.set(title="what a generator climbs", xlim=(-4.4, 4.4), ylim=(-1.9, 3.6), yticks=[0, 1, 2, 3], xticks=[])


def figure() -> Figure:
    return side_by_side(segments, normals, lessons)


def main(arguments: Sequence[str] | None = None) -> None:
    command(__doc__, PICTURE, figure, arguments)


if __name__ == "__main__":
    main()
