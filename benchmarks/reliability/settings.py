"""Rows of the matrix: exponents, counts, numbers, probabilities, names and seeds, beside good points."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import wdist

from . import truths
from .pictures import axes
from .row import SIZES, WEIGHTS, Function, Kind, line, plane

__all__ = ["SETTINGS"]

X, Y, _ = plane()
U, V, _ = line()
_LAWS = wdist.Gaussian(np.zeros(2), np.eye(2)), wdist.Gaussian(np.ones(2), np.eye(2))
_INF = ("= inf", "= 10**400")
_NONE, _ZERO = ("= None",), ("= 0",)
_JOBS, _ARCS, _TRUTHS = ("= -1", "= None"), ("= 0", "= None"), ("= None", "= 0", "= -1")
_PLAN = np.outer(np.full(SIZES[0], 1 / SIZES[0]), np.full(SIZES[1], 1 / SIZES[1]))
_SQUARES = truths.distances(X, Y) ** 2


def _row(
    function: str,
    setting: str,
    call: Callable[[Any], Any],
    kind: Kind,
    good: Any,
    truth: float | None = None,
    welcome: tuple[str, ...] = (),
) -> Function:
    """Of one setting; ``truth`` is the number that is due if other code knows it."""
    return Function(
        f"{function}, {setting}",
        lambda x, y, w: call(x),
        lambda: (good, None, None),
        None if truth is None else lambda x, y, w: truth,
        names=(setting, ""),
        power=None,
        shifts=False,
        takes=(kind,),
        welcome=welcome,
    )


def _certified(**settings: Any) -> float:
    zero = np.zeros(SIZES[0]), np.zeros(SIZES[1])
    return wdist.certify(_PLAN, zero, X, Y, **{"p": 2, **settings}).primal


def _coupled(p: Any) -> float:
    plan: Any = wdist.transport_map_1d(U, V, p=p)
    return float(np.sqrt(np.sum(plan.data * (U[plan.row] - V[plan.col]) ** 2)))


def _sketch(k: Any = 64) -> wdist.QuantileSketch:
    sketch = wdist.QuantileSketch(k)
    sketch.update(U)
    return sketch


def _along(axis: Any) -> float:
    return float(wdist.wasserstein_1d(X, X[::-1] + 1, p=1, axis=axis).sum())


def _tested(**settings: Any) -> wdist.SignificanceResult:
    return wdist.two_sample_test(X, Y, **{"p": 1, "n_resamples": 9, "rng": 0, **settings})


def _paired(**settings: Any) -> float:
    return float(wdist.pairwise([X, Y], p=2, n_jobs=1, **settings)[0, 1])


def _fitted(**settings: Any) -> float:
    quick = {"steps": 2, "batch_size": 8, "bounds": False, "rng": 0}
    return wdist.dual.fit(X, Y, **{**quick, **settings}).value


def _built(kind: Any = "mlp", dim: Any = 2, **settings: Any) -> float:
    network = wdist.dual.critic(kind, dim, **{"rng": 0, "width": 4, "depth": 1, **settings})
    return float(sum(part.detach().double().abs().sum() for part in network.parameters()))


def _stepped(**settings: Any) -> float:
    import torch

    network = wdist.dual.critic("mlp", 2, rng=0, dtype=torch.float64)
    optimizer = torch.optim.SGD(network.parameters(), 1e-3)
    x, y = torch.as_tensor(X[: len(Y)]), torch.as_tensor(Y)
    wdist.dual.critic_step(network, optimizer, x, y, generator=torch.Generator().manual_seed(0), **settings)
    return float(sum(part.detach().abs().sum() for part in network.parameters()))


def _clipped(c: Any) -> float:
    network = wdist.dual.critic("mlp", 2, rng=0)
    wdist.dual.clip_weights_(network, c)
    return float(max(part.detach().abs().max() for part in network.parameters()))


def _extended(side: Any) -> float:
    import torch

    return float(wdist.dual.mcshane(WEIGHTS, X, side=side)(torch.as_tensor(Y)).sum())


def _layer(side: Any) -> float:
    import torch

    return float(wdist.dual.McShane(torch.as_tensor(WEIGHTS), torch.as_tensor(X), side)(torch.as_tensor(Y)).sum())


def _through(module: Callable[[Any], Any]) -> Callable[[Any], float]:
    def number(setting: Any) -> float:
        import torch

        return float(module(setting)(torch.as_tensor(X[:, :2])).double().square().sum())

    return number


def _drawn(picture: Callable[[Any], Any]) -> Callable[[Any], float]:
    """How many things are drawn, and where the lines begin."""

    def number(setting: Any) -> float:
        ax = picture(setting)
        ax.figure.canvas.draw()
        return float(len(ax.patches) + len(ax.collections) + sum(np.sum(drawn.get_xydata()) for drawn in ax.lines))

    return number


_W2 = truths.by_highs(truths.distances(X, Y) ** 2, np.ones(len(X))) ** 0.5
_ON_LINE = truths.on_line(U, V, None, 2)
_MEAN_SQUARE = float(np.mean(truths.distances(X, Y) ** 2))
_exponent = partial(_row, setting="p", kind="exponent", good=2)
_count = partial(_row, kind="count", good=2)
_number = partial(_row, kind="number", good=0.5)
_share = partial(_row, setting="confidence_level", kind="share", good=0.5)
_name = partial(_row, kind="name")
_seed = partial(_row, setting="rng", kind="seed", good=0)

SETTINGS: dict[str, list[Function]] = {
    "Exponents": [
        _exponent("wasserstein", call=lambda p: wdist.wasserstein(X, Y, p=p).distance, truth=_W2),
        _exponent(
            "wasserstein, line", call=lambda p: wdist.wasserstein(U, V, p=p).distance, truth=_ON_LINE, welcome=_INF
        ),
        _exponent("wasserstein_1d", call=lambda p: wdist.wasserstein_1d(U, V, p=p), truth=_ON_LINE, welcome=_INF),
        _exponent("transport_map_1d", call=_coupled, truth=_ON_LINE, welcome=_INF),
        _exponent("QuantileSketch.error", call=lambda p: _sketch(16).error(p), welcome=_INF),
        _exponent("transport", call=lambda p: wdist.transport(X, Y, p=p).distance, truth=_W2),
        _exponent("transport_lp", call=lambda p: wdist.transport_lp(_SQUARES, p=p).distance, truth=_W2),
        _exponent("certify", call=lambda p: _certified(p=p), truth=_MEAN_SQUARE),
        _exponent("bounds", call=lambda p: wdist.bounds(X, Y, p=p, rng=0)[0]),
        _exponent("sliced", call=lambda p: wdist.sliced(X, Y, p=p, rng=0).distance),
        _exponent("max_sliced", call=lambda p: wdist.max_sliced(X, Y, p=p, rng=0).distance),
        _exponent("estimate", call=lambda p: wdist.estimate(X, Y, p=p, rng=0).distance),
        _exponent("two_sample_test", call=lambda p: _tested(p=p).statistic),
        _exponent("pairwise", call=lambda p: wdist.pairwise([X, Y], p=p, n_jobs=1)[0, 1], truth=_W2),
        _exponent("nearest", call=lambda p: wdist.nearest([X], [Y], p=p).distances[0, 0], truth=_W2),
    ],
    "Counts": [
        _count("wasserstein_1d", "axis", _along, good=1, welcome=("= 0", "= -1")),
        _count("QuantileSketch", "k", lambda k: _sketch(k).atoms()[0].sum(), good=16),
        _count("sliced", "n_projections", lambda k: wdist.sliced(X, Y, p=2, n_projections=k, rng=0).distance),
        _count("max_sliced", "n_projections", lambda k: wdist.max_sliced(X, Y, p=2, n_projections=k, rng=0).distance),
        _count(
            "max_sliced", "n_starts", lambda k: wdist.max_sliced(X, Y, p=2, n_starts=k, rng=0).distance, welcome=_ZERO
        ),
        _count("two_sample_test", "n_resamples", lambda k: _tested(n_resamples=k).pvalue),
        _count("two_sample_test", "n_projections", lambda k: _tested(n_projections=k).statistic),
        _count("two_sample_test", "n_jobs", lambda k: _tested(method="exact", n_jobs=k).statistic, welcome=_JOBS),
        _count("pairwise", "n_jobs", lambda k: wdist.pairwise([X, Y], p=2, n_jobs=k)[0, 1], truth=_W2, welcome=_JOBS),
        _count(
            "nearest", "n_jobs", lambda k: wdist.nearest([X], [Y], p=2, n_jobs=k)[1][0, 0], truth=_W2, welcome=_JOBS
        ),
        _count("nearest", "k", lambda k: wdist.nearest([X], [X, Y], p=2, k=k).distances[0, 1], truth=_W2),
        _count("dual.critic", "dim", lambda k: _built(dim=k)),
        _count("dual.critic", "width", lambda k: _built(width=k)),
        _count("dual.critic", "depth", lambda k: _built(depth=k)),
        _count("dual.fit", "steps", lambda k: _fitted(steps=k)),
        _count("dual.fit", "batch_size", lambda k: _fitted(batch_size=k)),
        _count("dual.fit", "patience", lambda k: _fitted(patience=k)),
        _count("dual.GroupSort", "size", _through(wdist.dual.GroupSort), truth=float(np.sum(X**2)), welcome=_NONE),
        _count("dual.Bjorck", "iterations", _through(wdist.dual.Bjorck), welcome=_ZERO),
        _count("plot.geodesic", "times", _drawn(lambda k: wdist.plot.geodesic(*_LAWS, times=k, ax=axes()))),
        _count("plot.plan", "arcs", _drawn(lambda k: wdist.plot.plan(X, Y, _PLAN, arcs=k, ax=axes())), welcome=_ARCS),
    ],
    "Numbers": [
        _number("wasserstein", "rtol", lambda t: wdist.wasserstein(X, Y, p=2, rtol=t).lower, welcome=_ZERO),
        _number("wasserstein, line", "rtol", lambda t: wdist.wasserstein(U, V, p=2, rtol=t).distance, welcome=_ZERO),
        _number("wasserstein, laws", "rtol", lambda t: wdist.wasserstein(*_LAWS, p=2, rtol=t).distance, welcome=_ZERO),
        _number("transport", "rtol", lambda t: wdist.transport(X, Y, p=2, rtol=t).lower, welcome=_ZERO),
        _number(
            "wasserstein_1d",
            "period",
            lambda t: wdist.wasserstein_1d(U, V + 0.25, p=1, period=t),
            truth=0.25,
            welcome=_NONE,
        ),
        _number("dual.critic_step", "penalty", lambda t: _stepped(penalty=t), welcome=_ZERO),
        _number("dual.critic_step", "clip", lambda t: _stepped(constraint="clip", clip=t)),
        _number("dual.clip_weights_", "c", _clipped, good=0.0625, truth=0.0625, welcome=_INF),
        _number("dual.fit", "penalty", lambda t: _fitted(penalty=t)),
        _number("dual.fit", "clip", lambda t: _fitted(clip=t, constraint="clip", critic="mlp")),
        _number("dual.fit", "lr", lambda t: _fitted(lr=t), good=2.0**-10),
        _number(
            "plot.bracket",
            "truth",
            _drawn(lambda t: wdist.plot.bracket([3.0, 2.0], [1.0, 2.0], truth=t, ax=axes())),
            welcome=_TRUTHS,
        ),
        _number(
            "plot.comparison",
            "truth",
            _drawn(lambda t: wdist.plot.comparison({"a": 3.0}, truth=t, ax=axes())),
            welcome=(*_TRUTHS, *_INF, "= -inf"),
        ),
    ],
    "Probabilities": [
        _share("estimate", call=lambda a: wdist.estimate(X, Y, p=2, confidence_level=a, rng=0).high),
        _share("dual.fit", call=lambda a: _fitted(confidence_level=a)),
    ],
    "Names": [
        _name(
            "wasserstein", "method", lambda s: wdist.wasserstein(X, Y, p=2, method=s).distance, good="exact", truth=_W2
        ),
        _name("two_sample_test", "method", lambda s: _tested(method=s).statistic, good="exact"),
        _name("pairwise", "method", lambda s: _paired(method=s), good="exact", truth=_W2),
        _name("pairwise", "metric", lambda s: _paired(metric=s), good="euclidean", truth=_W2),
        _name(
            "transport", "metric", lambda s: wdist.transport(X, Y, p=2, metric=s).distance, good="euclidean", truth=_W2
        ),
        _name("certify", "metric", lambda s: _certified(metric=s), good="euclidean", truth=_MEAN_SQUARE),
        _name("estimate", "bias", lambda s: wdist.estimate(X, Y, p=2, bias=s, rng=0).distance, good="kept"),
        _name("dual.critic", "kind", lambda s: _built(kind=s), good="mlp"),
        _name("dual.critic_step", "constraint", lambda s: _stepped(constraint=s), good="gp"),
        _name("dual.fit", "constraint", lambda s: _fitted(constraint=s), good="gp"),
        _name("dual.fit", "critic", lambda s: _fitted(critic=s), good="mlp", welcome=_NONE),
        _name("dual.mcshane", "side", _extended, good="upper"),
        _name("dual.McShane", "side", _layer, good="upper"),
    ],
    "Seeds": [
        _seed("bounds", call=lambda r: wdist.bounds(X, Y, p=2, rng=r)[0]),
        _seed("sliced", call=lambda r: wdist.sliced(X, Y, p=2, rng=r).distance),
        _seed("max_sliced", call=lambda r: wdist.max_sliced(X, Y, p=2, rng=r).distance),
        _seed("estimate", call=lambda r: wdist.estimate(X, Y, p=2, rng=r).distance),
        _seed("two_sample_test", call=lambda r: _tested(rng=r).pvalue),
        _seed("dual.critic", call=lambda r: _built(rng=r)),
        _seed("dual.fit", call=lambda r: _fitted(rng=r)),
    ],
}
