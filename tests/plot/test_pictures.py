"""Pictures show what they are given: the artists on the axes are read back and compared with independent numbers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from scipy import stats

pytest.importorskip("matplotlib")
import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

import wdist
from wdist import plot

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(12, 2)), RNG.normal(size=(9, 2)) + np.array([3.0, 0.0])
PLAN = wdist.transport(X, Y, p=2)
P2 = wdist.Gaussian([0.0, 0.0], [[2.0, 0.5], [0.5, 1.0]])
Q2 = wdist.Gaussian([4.0, 1.0], [[1.0, -0.6], [-0.6, 1.0]])


@pytest.fixture
def ax() -> Axes:
    return Figure().subplots()


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    from matplotlib import pyplot as plt

    plt.close("all")


def legend_texts(ax: Axes) -> list[str]:
    legend = ax.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


def test_draws_on_the_axes_given_and_returns_them(ax: Axes) -> None:
    assert plot.plan(X, Y, PLAN, ax=ax) is ax
    assert plot.quantiles([0.0, 1.0], [2.0, 3.0], ax=ax) is ax
    assert plot.cdfs([0.0, 1.0], [2.0, 3.0], ax=ax) is ax
    assert plot.gaussian(P2, ax=ax) is ax
    assert plot.geodesic(P2, Q2, ax=ax) is ax
    assert plot.comparison({"exact": PLAN}, ax=ax) is ax
    assert plot.bracket([PLAN], ax=ax) is ax


def test_makes_axes_of_its_own() -> None:
    with mpl.rc_context({"backend": "agg"}):
        assert isinstance(plot.gaussian(P2), Axes)


def test_axes_that_are_none_are_refused() -> None:
    with pytest.raises(TypeError, match="ax is a ndarray of several axes"):
        plot.gaussian(P2, ax=Figure().subplots(1, 2))  # type: ignore[arg-type]


def test_plan_has_an_arc_per_entry_as_wide_as_its_mass(ax: Axes) -> None:
    plot.plan(X, Y, PLAN, ax=ax)
    (arcs,) = (c for c in ax.collections if isinstance(c, LineCollection))
    assert PLAN.plan is not None
    np.testing.assert_array_equal(np.array(arcs.get_segments()), np.stack([X[PLAN.plan.row], Y[PLAN.plan.col]], axis=1))
    widths = np.asarray(arcs.get_linewidths())
    np.testing.assert_allclose(widths / widths.max(), PLAN.plan.data / PLAN.plan.data.max())
    assert "W2" in ax.get_title()
    assert "exact" in ax.get_title()


def test_plan_draws_the_arcs_that_carry_most(ax: Axes) -> None:
    plot.plan(X, Y, np.outer(np.arange(12.0), np.arange(9.0)), arcs=1, ax=ax)
    (arcs,) = (c for c in ax.collections if isinstance(c, LineCollection))
    np.testing.assert_array_equal(arcs.get_segments(), [[X[11], Y[8]]])


def test_plan_of_other_shape_dimension_or_sign_is_refused() -> None:
    with pytest.raises(wdist.InvalidMeasureError, match=r"coupling has shape \(9, 12\): expected \(12, 9\)"):
        plot.plan(X, Y, PLAN.plan.T)  # type: ignore[union-attr]
    with pytest.raises(wdist.InvalidMeasureError, match="x lives in dimension 3"):
        plot.plan(np.zeros((4, 3)), np.zeros((4, 3)), np.eye(4))
    with pytest.raises(wdist.InvalidMeasureError, match="coupling has a negative entry"):
        plot.plan(X, Y, -np.ones((12, 9)))
    with pytest.raises(wdist.InvalidMeasureError, match="method 'sliced' without a plan"):
        plot.plan(X, Y, wdist.sliced(X, Y, p=2, rng=0))


def test_quantile_curves_are_those_of_the_laws(ax: Axes) -> None:
    plot.quantiles(stats.norm(1, 2), wdist.Histogram([0.0, 1.0, 3.0], [1.0, 1.0]), ax=ax)
    p, q = ax.get_lines()
    t = np.asarray(p.get_xdata(), dtype=float)
    np.testing.assert_allclose(p.get_ydata(), stats.norm(1, 2).ppf(t), rtol=1e-12)
    np.testing.assert_allclose(q.get_ydata(), np.interp(t, [0.0, 0.5, 1.0], [0.0, 1.0, 3.0]), rtol=1e-12)


@pytest.mark.parametrize("draw", [plot.quantiles, plot.cdfs])
def test_area_is_labelled_with_w1(draw: object, ax: Axes) -> None:
    a, b = RNG.normal(size=30), RNG.exponential(size=40)
    draw(a, b, ax=ax)  # type: ignore[operator]
    assert f"area: W1 = {stats.wasserstein_distance(a, b):.4g}" in legend_texts(ax)


def test_cdf_of_samples_jumps_where_they_are(ax: Axes) -> None:
    plot.cdfs([0.0, 2.0], [1.0, 1.0], ax=ax)
    p = ax.get_lines()[0]
    x, t = np.asarray(p.get_xdata()), np.asarray(p.get_ydata())
    assert set(x) == {0.0, 2.0}
    assert t[x == 0.0].max() == pytest.approx(0.5, abs=1e-12)
    assert t[x == 2.0].min() == pytest.approx(0.5, abs=1e-12)


def test_sketches_and_functions_are_laws_too(ax: Axes) -> None:
    sketch = wdist.QuantileSketch(64)
    sketch.update(np.linspace(0.0, 1.0, 1000))
    plot.quantiles(sketch, wdist.CDF(stats.norm().cdf), ax=ax)
    plot.cdfs(wdist.Quantile(stats.norm().ppf), wdist.Gaussian([0.0], [[1.0]]), ax=ax)


def test_quantiles_of_clouds_are_refused() -> None:
    with pytest.raises(wdist.InvalidMeasureError, match="Q lives in dimension 2"):
        plot.quantiles([0.0, 1.0], Y)


@pytest.mark.parametrize("radius", [1.0, 2.5])
def test_ellipse_lies_at_its_mahalanobis_radius(radius: float, ax: Axes) -> None:
    plot.gaussian(P2, deviations=(radius,), ax=ax)
    outline = ax.patches[0].get_path().vertices - P2.mean
    squares = np.einsum("ki,ij,kj->k", outline, np.linalg.inv(P2.cov), outline)
    np.testing.assert_allclose(squares, radius**2, rtol=1e-9)


def test_geodesic_begins_and_ends_at_its_ends(ax: Axes) -> None:
    plot.geodesic(P2, Q2, times=5, ax=ax)
    centres = np.array([np.ravel(line.get_xydata()) for line in ax.get_lines()])
    np.testing.assert_allclose(centres, np.linspace(P2.mean, Q2.mean, 5), atol=1e-12)
    assert legend_texts(ax) == ["P", "Q"]


def test_gaussians_outside_the_plane_are_refused() -> None:
    with pytest.raises(wdist.InvalidMeasureError, match="law lives in dimension 3"):
        plot.gaussian(wdist.Gaussian(np.zeros(3), np.eye(3)))
    with pytest.raises(wdist.InvalidMeasureError, match="Q is a ndarray"):
        plot.geodesic(P2, np.eye(2))  # type: ignore[arg-type]
    with pytest.raises(wdist.InvalidMeasureError, match="a batch of shape"):
        plot.gaussian(wdist.Gaussian(np.zeros((3, 2)), np.eye(2)))
    with pytest.raises(ValueError, match="at least 2"):
        plot.geodesic(P2, Q2, times=1)


def test_comparison_has_a_row_per_number_with_its_bracket(ax: Axes) -> None:
    sliced = wdist.sliced(X, Y, p=2, rng=0)
    plot.comparison({"exact": PLAN, "sliced": sliced, "guess": 3.0}, truth=3.1, ax=ax)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["exact", "sliced", "guess"]
    assert legend_texts(ax) == ["exact", "estimate", "a number", "truth"]
    ends = [c.get_segments()[0][:, 0] for c in ax.collections if isinstance(c, LineCollection)]
    np.testing.assert_allclose(ends, [(r.lower, r.upper) for r in (PLAN, sliced)] + [(3.0, 3.0)])


def test_open_brackets_end_in_arrows(ax: Axes) -> None:
    half = wdist.Result(1.0, 1.0, 0.5, np.inf, "bound", "exact")
    plot.comparison({"half": half}, ax=ax)
    assert ">" in [line.get_marker() for line in ax.get_lines()]
    assert "<" not in [line.get_marker() for line in ax.get_lines()]


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match=r"numbers\['text'\] is a str"):
        plot.comparison({"text": "three"})
    with pytest.raises(ValueError, match="numbers is empty"):
        plot.comparison({})


def test_brackets_stand_at_their_seconds(ax: Axes) -> None:
    wide = wdist.Result(2.0, 1.0, 0.5, 2.0, "bound", "exact", stats={"seconds": 0.25})
    narrow = wdist.Result(1.5, 1.0, 1.5, 1.5, "exact", "exact", stats={"seconds": 4.0})
    plot.bracket([wide, narrow], truth=1.5, ax=ax)
    (bars,) = (c for c in ax.collections if isinstance(c, LineCollection))
    np.testing.assert_allclose(bars.get_segments(), [[[0.25, 0.5], [0.25, 2.0]], [[4.0, 1.5], [4.0, 1.5]]])
    with pytest.raises(ValueError, match=r"results\[0\] does not say how long it took"):
        plot.bracket([1.0])
    with pytest.raises(ValueError, match="give 1 positive numbers"):
        plot.bracket([wide], [0.0])


def test_pyplot_is_not_loaded_for_axes_that_are_given() -> None:
    code = (
        "import sys, wdist; from matplotlib.figure import Figure; "
        "wdist.plot.quantiles([0., 1.], [2., 3.], ax=Figure().subplots()); "
        "assert 'matplotlib.pyplot' not in sys.modules and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_discrete_laws_are_drawn_up_to_both_tails(ax: Axes) -> None:
    """Their quantiles answer for each half from its own end only."""
    law = stats.poisson(3)
    plot.quantiles(law, stats.poisson(5), ax=ax)
    t, x = (np.asarray(values, dtype=float) for values in ax.get_lines()[0].get_data())
    assert (t[0], t[-1]) == pytest.approx((1e-3, 1 - 1e-3))
    assert np.all(np.diff(t) >= 0)
    away = np.min(np.abs(t[:, None] - law.cdf(np.arange(20.0))), axis=1) > 1e-9  # a jump has two values
    np.testing.assert_array_equal(x[away], law.ppf(t[away]))


def test_a_diverging_area_is_said_once(ax: Axes) -> None:
    plot.cdfs(stats.cauchy(), stats.norm(), ax=ax)
    assert "area: W1 = inf" in legend_texts(ax)


def test_infinite_numbers_are_arrows_to_the_right(ax: Axes) -> None:
    plot.comparison({"diverges": wdist.wasserstein(stats.cauchy(), stats.norm(), p=1)}, truth=np.inf, ax=ax)
    assert [line.get_marker() for line in ax.get_lines()] == [">", ">", "s"]


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_rounding_does_not_set_the_scale(scale: float, ax: Axes) -> None:
    result = wdist.transport(scale * X, scale * Y, p=2)
    plot.comparison({"exact": result}, ax=ax)
    low, high = ax.get_xlim()
    assert low < 0.99 * float(result) < 1.01 * float(result) < high < 2 * float(result)


def test_one_point_is_no_blot_and_many_points_are_seen(ax: Axes) -> None:
    for n, least, most in ((1, 4.0, 400.0), (12, 4.0, 400.0), (1500, 4.0, 4.0)):
        x = np.random.default_rng(6).normal(size=(n, 2))
        ax.clear()
        plot.plan(x, x + 1.0, np.eye(n) / n, arcs=10, ax=ax)
        sizes = np.concatenate([c.get_sizes() for c in ax.collections if not isinstance(c, LineCollection)])
        assert least - 1e-9 < sizes.min() <= sizes.max() < most + 1e-9


def test_arcs_among_equal_masses_are_spread(ax: Axes) -> None:
    """Not the last ones, which a solver puts beside each other."""
    x = np.stack([np.arange(1000.0), np.zeros(1000)], axis=1)
    plot.plan(x, x, np.eye(1000), arcs=20, ax=ax)
    (arcs,) = (c for c in ax.collections if isinstance(c, LineCollection))
    starts = np.sort([segment[0, 0] for segment in arcs.get_segments()])
    assert np.max(np.diff(starts, prepend=0.0, append=1000.0)) < 150


def test_a_plan_without_mass_is_refused() -> None:
    with pytest.raises(wdist.InvalidMeasureError, match="moves no mass"):
        plot.plan(X, Y, np.zeros((12, 9)))
