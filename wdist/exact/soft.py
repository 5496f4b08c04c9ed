r"""Potentials made better on a short list of arcs, by soft c-transforms.

Iterating :math:`u_i = \varepsilon (\log a_i - \log \sum_j e^{(v_j - c_{ij}) / \varepsilon})`, and the same for v, is
Sinkhorn's algorithm (Cuturi, 2013, arXiv:1306.0895) in its stable form, here over the arcs of the list only and for a
few decreasing :math:`\varepsilon`. Nothing of it reaches the result: it is where the simplex starts.
"""

from __future__ import annotations

import numpy as np

from .pivots import Arcs

__all__ = ["soft_potentials"]

_STEPS = 20  # of each epsilon
_SHARE = (0.2, 0.05, 0.02)  # epsilon, of the spread of the list


def soft_potentials(
    arcs: Arcs, v: np.ndarray, a: np.ndarray, b: np.ndarray, spread: float, steps: int = _STEPS
) -> np.ndarray:
    """Potentials of the targets from those given; every source and every target has an arc."""
    if not spread * _SHARE[-1] > 2.0**-40 * float(np.max(np.abs(arcs.cost))):
        return v  # costs are as good as equal on the lists, and exponentials would overflow
    degree = np.diff(arcs.start)
    source = np.repeat(np.arange(len(a)), degree)
    order = np.argsort(arcs.target, kind="stable")
    back_source, back_cost, back_degree = source[order], arcs.cost[order], np.bincount(arcs.target, minlength=len(b))
    log_a, log_b = np.log(a / a.sum()), np.log(b / b.sum())
    for share in _SHARE:
        epsilon = share * spread
        for _ in range(steps):
            u = epsilon * (log_a - _log_sums((v[arcs.target] - arcs.cost) / epsilon, degree))
            v = epsilon * (log_b - _log_sums((u[back_source] - back_cost) / epsilon, back_degree))
    return v


def _log_sums(exponents: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Logarithms of the sums of exponentials over consecutive runs."""
    first = np.cumsum(lengths) - lengths
    largest = np.maximum.reduceat(exponents, first)
    return np.asarray(largest + np.log(np.add.reduceat(np.exp(exponents - np.repeat(largest, lengths)), first)))
