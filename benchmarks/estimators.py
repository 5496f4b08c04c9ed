"""What is measured: wdist's ways to W_1 and W_2, and those of POT and geomloss beside them.

Each estimator takes two samples and answers with a number, what it is a number *of*, and what kind of number it is.
Solvers are exact for the two samples: their distance from the laws' W_1 is sampling error, and large in high
dimension. Critics aim at the laws. Sliced distances are another quantity, equal to W_1 on the line only. The closed
form of Gaussians fitted to the samples is W_2 of the laws if these are Gaussian, else no more than a lower bound of it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

import wdist

from .critics.families import FAMILIES, Family
from .problems import Problem

__all__ = ["ESTIMATORS", "Answer", "Effort", "Estimator"]

_SEED = 0
# Entropic epsilons of Sinkhorn divergences at p = 1, of the spread of x: smaller ones took minutes at 1000 points.
_EPSILON, _BLUR = 0.05, 0.01
_POT_ITERATIONS = 10_000_000  # its default of 100,000 does not suffice for 2000 points


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work an estimator may do: ``steps`` updates of a critic, ``projections`` of a sliced distance."""

    steps: int
    projections: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A number and its meaning.

    Attributes
    ----------
    value : float
        The estimate.
    kind : str
        ``"exact"`` for the samples, ``"estimate"``, ``"bound"`` (the upper end of the bracket), or ``"lower bound"``
        (of the samples' distance; a critic's is of the laws', with confidence 95 %).
    lower, upper : float or None
        A bracket of the quantity, None where the estimator gives none.
    raw : float or None
        Before any correction: for critics ``E f(x) - E f(y)``, for populations the samples' own distance.
    """

    value: float
    kind: str
    lower: float | None = None
    upper: float | None = None
    raw: float | None = None


Measure = Callable[[np.ndarray, np.ndarray, Effort], Answer]


@dataclass(frozen=True, slots=True)
class Estimator:
    """A way to compute a distance of two samples (n, d).

    Attributes
    ----------
    name, label : str
        For the command line and for tables.
    measure : callable
        ``(x, y, effort)`` to an `Answer`.
    quantity : str
        What it computes: ``"W1"``, ``"W2"`` or ``"SW1"``.
    line_only : bool
        Applies in dimension 1 only.
    paired : bool
        Takes pairs from an optimal plan; the truth is then the pairs' own mean distance.
    package : str or None
        What has to be installed beside wdist, by the name that it is imported under.
    trains : bool
        Goes by the steps of the effort.
    """

    name: str
    label: str
    measure: Measure
    quantity: str = "W1"
    line_only: bool = False
    paired: bool = False
    package: str | None = None
    trains: bool = False

    @property
    def missing(self) -> bool:
        """Whether its package is not on this machine."""
        return self.package is not None and find_spec(self.package) is None

    def applies_to(self, dim: int) -> bool:
        return dim == 1 or not self.line_only

    def truth(self, problem: Problem) -> float | None:
        """What it is to come to, or None where that is not known: the sliced W_1 is W_1 on the line only."""
        if self.quantity == "W2":
            return problem.w2
        return problem.w1 if self.quantity == "W1" or problem.dim == 1 else None


def _lp(p: int) -> Measure:
    return lambda x, y, effort: _of_result(wdist.transport(x, y, p=p))


def _gaussian(x: np.ndarray, y: np.ndarray, effort: Effort) -> Answer:
    value = float(wdist.gaussian_w2(wdist.Gaussian.fit(x), wdist.Gaussian.fit(y)))
    return Answer(value, "lower bound", lower=value)  # Gelbrich's, whatever the samples are


def _sliced(x: np.ndarray, y: np.ndarray, effort: Effort) -> Answer:
    return _of_result(wdist.sliced(x, y, p=1, n_projections=effort.projections, rng=_SEED))


def _line(x: np.ndarray, y: np.ndarray, effort: Effort) -> Answer:
    return Answer(float(wdist.wasserstein_1d(x[:, 0], y[:, 0], p=1)), "exact")


def _critic(family: Family) -> Measure:
    def measure(x: np.ndarray, y: np.ndarray, effort: Effort) -> Answer:
        fitted = wdist.dual.fit(x, y, **family.arguments, steps=effort.steps, batch_size=128, rng=_SEED)
        bracket = {"lower": fitted.lower, "upper": fitted.upper}
        if not family.in_units:  # clipped: raw is in unknown units, so what is proved beside it is the answer
            return Answer(fitted.lower, "lower bound", raw=fitted.value, **bracket)
        if fitted.corrected is None:  # 1-Lipschitz by construction: too small on average, never too large
            return Answer(fitted.value, "estimate", **bracket)
        return Answer(fitted.corrected, "estimate", raw=fitted.value, **bracket)

    return measure


def _pot(x: np.ndarray, y: np.ndarray, effort: Effort) -> Answer:
    import ot

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # stopped before the optimum, it warns and returns what is not exact
        value = ot.emd2([], [], ot.dist(x, y, metric="euclidean"), numItermax=_POT_ITERATIONS)
    return Answer(float(value), "exact")


def _pot_line(x: np.ndarray, y: np.ndarray, effort: Effort) -> Answer:
    import ot

    return Answer(float(ot.emd2_1d(x[:, 0], y[:, 0], metric="euclidean")), "exact")


def _pot_sinkhorn(x: np.ndarray, y: np.ndarray, effort: Effort) -> Answer:
    """Transport costs of entropic plans, less half of those of each sample with itself; in the log domain."""
    import ot

    def cost(z: np.ndarray, w: np.ndarray) -> float:
        matrix = ot.dist(z, w, metric="euclidean")
        options = {"method": "sinkhorn_log", "numItermax": 3000, "stopThr": 1e-3}
        return float(np.sum(ot.sinkhorn([], [], matrix, _EPSILON * _spread(x), **options) * matrix))

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it warns where it has not converged
        return Answer(cost(x, y) - (cost(x, x) + cost(y, y)) / 2.0, "estimate")


def _geomloss(x: np.ndarray, y: np.ndarray, effort: Effort) -> Answer:
    import torch
    from geomloss import SamplesLoss

    loss = SamplesLoss("sinkhorn", p=1, blur=_BLUR * _spread(x), scaling=0.9, backend="tensorized")
    return Answer(float(loss(torch.as_tensor(x), torch.as_tensor(y))), "estimate")


def _spread(x: np.ndarray) -> float:
    return float(np.sqrt(np.var(x, axis=0).sum()))


def _max_sliced(x: np.ndarray, y: np.ndarray, effort: Effort) -> Answer:
    result = wdist.max_sliced(x, y, p=1, rng=_SEED)
    return Answer(result.lower, "lower bound", lower=result.lower)


def _bounds(p: int) -> Measure:
    def measure(x: np.ndarray, y: np.ndarray, effort: Effort) -> Answer:
        lower, upper = wdist.bounds(x, y, p=p, rng=_SEED)
        return Answer(upper, "bound", lower=lower, upper=upper)

    return measure


def _estimate(p: int) -> Measure:
    def measure(x: np.ndarray, y: np.ndarray, effort: Effort) -> Answer:
        found = wdist.estimate(x, y, p=p, rng=_SEED)
        return Answer(found.distance, "estimate", lower=found.low, upper=found.high, raw=found.stats["plug_in"])

    return measure


def _of_result(result: wdist.Result) -> Answer:
    return Answer(float(result), result.kind, lower=result.lower, upper=result.upper)


_ALL = [
    Estimator("lp", "exact LP", _lp(1)),
    Estimator("lp-paired", "exact LP, paired", _lp(1), paired=True),
    Estimator("pot", "POT emd2", _pot, package="ot"),
    Estimator("1d", "1-D", _line, line_only=True),
    Estimator("pot-1d", "POT emd2_1d", _pot_line, line_only=True, package="ot"),
    Estimator("sliced", "sliced", _sliced, quantity="SW1"),
    Estimator("max-sliced", "max-sliced", _max_sliced),
    Estimator("bounds", "bounds", _bounds(1)),
    Estimator("estimate", "estimate", _estimate(1)),
    Estimator("pot-sinkhorn", "POT Sinkhorn div.", _pot_sinkhorn, package="ot"),
    Estimator("geomloss", "geomloss Sinkhorn", _geomloss, package="geomloss"),
    *(Estimator(name, f"critic, {name}", _critic(family), trains=True) for name, family in FAMILIES.items()),
    Estimator("lp-w2", "exact LP", _lp(2), quantity="W2"),
    Estimator("bounds-w2", "bounds", _bounds(2), quantity="W2"),
    Estimator("estimate-w2", "estimate", _estimate(2), quantity="W2"),
    Estimator("gaussian", "Gaussian fit", _gaussian, quantity="W2"),
]
ESTIMATORS = {estimator.name: estimator for estimator in _ALL}
