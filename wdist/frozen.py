"""Frozen ``scipy.stats`` laws, and those of torch, as laws with quantiles.

scipy.stats is not imported here: a frozen law can only come from a program that has.
"""

from __future__ import annotations

import math
import sys
from functools import partial
from typing import Any

import numpy as np

from .binned import Histogram
from .callables import CDF, Quantile, quiet
from .errors import InvalidMeasureError
from .laws import Function, Law, inside
from .samples import Samples
from .sketch import QuantileSketch
from .torch_laws import torch_law

__all__ = ["frozen_law"]

_MOST_ATOMS = 100_000
_SEEN = 1e-6  # of a mass above it, 1 - cdf has digits


def frozen_law(x: Any, name: str) -> Any | None:
    """Read a measure on the line that is not an array; None if ``x`` is none."""
    if isinstance(x, Histogram | Quantile | CDF | QuantileSketch):
        return x
    if (law := torch_law(x, name)) is not None:
        return law
    module = type(x).__module__
    if not module.startswith("scipy.stats") or "scipy.stats" not in sys.modules:
        return None
    if hasattr(x, "icdf") and hasattr(x, "iccdf"):  # the laws of scipy.stats.make_distribution and their kin
        return _checked(Law(quiet(x.icdf), quiet(x.iccdf), quiet(x.cdf), sf=quiet(x.ccdf)), name)
    if not hasattr(x, "dist") or not hasattr(x, "ppf"):
        hint = "freeze it, as in scipy.stats.norm(0, 1)" if hasattr(x, "ppf") else "use wdist.Gaussian or samples of it"
        raise InvalidMeasureError(f"{name} is {type(x).__name__} of scipy.stats, no frozen law on the line: {hint}")
    shapes, loc, scale = x.dist._parse_args(*x.args, **x.kwds)
    if any(np.ndim(parameter) > 0 for parameter in (*shapes, loc, scale)):
        raise InvalidMeasureError(f"{name} is a frozen law with array parameters: give one law at a time")
    if not scale > 0:
        raise InvalidMeasureError(f"{name} is a frozen law with scale {scale}: SciPy's scales are positive")
    dist, discrete = x.dist, hasattr(x, "pmf")
    if hasattr(dist, "xk"):  # given by its points, which need not be integers
        return Samples(np.ravel(dist.xk) + float(loc), np.ravel(dist.pk))
    ppf, isf, cdf, sf = (quiet(partial(_with_shapes, f, shapes)) for f in (dist.ppf, dist.isf, dist.cdf, dist.sf))
    family = (type(dist).__name__, dist.name, *map(float, shapes)) if not hasattr(dist, "_histogram") else None
    coarse = (False, not discrete and _from_below(ppf, isf))
    law = _checked(Law(ppf, isf, cdf, family, float(loc), float(scale), coarse=coarse, sf=sf), name)
    return _with_atoms(law, dist, shapes) if discrete else law


def _with_shapes(f: Any, shapes: tuple[Any, ...], t: np.ndarray) -> Any:
    return f(t, *shapes)


def _checked(law: Law, name: str) -> Law:
    if not np.all(np.isfinite(law.quantile(np.array([0.25, 0.5, 0.75])))):
        raise InvalidMeasureError(f"{name} is a frozen law with no finite quartiles: check its parameters")
    return law


def _from_below(ppf: Function, isf: Function) -> bool:
    """Whether the quantile at 1 - s is looked up there, where s has lost most of its digits."""
    s = 2.0 ** -np.arange(40.0, 50.0) / 3
    far = isf(s)
    return bool(np.all(np.abs(far - ppf(1 - s)) <= 1e-12 * np.abs(far)) and np.ptp(far) > 1e-9 * np.max(np.abs(far)))


def _with_atoms(law: Law, dist: Any, shapes: tuple[Any, ...]) -> Law:
    """The same law on the integers by tables of its tail probabilities, outwards from the median.

    SciPy's own ``isf`` of a discrete law inverts 1 - s, which is 1 long before the tail ends, and its heavy-tailed
    laws sum their series anew for every quantile. Past the end of a table the quantile is nan: not known.
    """
    middle = float(law.ppf(np.array(0.5)))
    low, high = dist.support(*shapes)
    t_atoms, t = _tail_table(dist, shapes, middle, -1.0, float(low))
    s_atoms, s = _tail_table(dist, shapes, middle, 1.0, float(high))

    def ppf(q: np.ndarray) -> np.ndarray:  # smallest atom k with P(Z <= k) >= q
        k = np.searchsorted(t, q)
        return np.where(q > 0, np.where(k < len(t), t_atoms[k.clip(0, len(t) - 1)], np.nan), low)

    def isf(q: np.ndarray) -> np.ndarray:  # smallest atom k with P(Z > k) <= q
        k = np.searchsorted(s, q, side="right") - 1
        return np.where(q > 0, np.where(k >= 0, s_atoms[k.clip(0)], np.nan), high)

    return Law(ppf, isf, law.cdf, law.family, law.loc, law.scale, inside(t), inside(s))


def _tail_table(
    dist: Any, shapes: tuple[Any, ...], middle: float, step: float, end: float
) -> tuple[np.ndarray, np.ndarray]:
    """Atoms from the median outwards and the mass at or below (beyond, for step = 1) each, ascending in mass."""
    size = 256
    while True:
        atoms = middle + step * np.arange(size)
        atoms = atoms[step * atoms <= step * end]
        done = len(atoms) < size
        mass = np.asarray(dist.pmf(atoms, *shapes), dtype=np.float64)
        beyond = 0.0
        if not done and (mass[-1] < 1e-290 or size >= _MOST_ATOMS):
            beyond = float(dist.sf(atoms[-1], *shapes) if step > 0 else dist.cdf(atoms[-1] - 1, *shapes))
        if done or size >= _MOST_ATOMS or (mass[-1] < 1e-290 and beyond < _SEEN):
            break
        size *= 4
    if beyond < _SEEN:  # 1 - cdf has few digits there, or none: read the rest off the decay of the masses
        beyond = 0.0
        if not done and mass[-1] > 0:
            half = size // 2
            power = max(math.log2(mass[-half - 1] / mass[-1]) / math.log2(size / half), 1.01)
            beyond = float(mass[-1]) * size / (power - 1)
    outwards = mass[:0:-1] if step > 0 else mass[::-1]
    tail = beyond + np.cumsum(outwards)
    return atoms[::-1], np.append(beyond, tail) if step > 0 else tail
