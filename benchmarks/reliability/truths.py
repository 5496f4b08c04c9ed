"""The numbers of the good arguments by other means: HiGHS, SciPy's matrix roots, staircases, sums written out."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import sqrtm
from scipy.optimize import linprog

__all__ = [
    "around",
    "barycenter",
    "by_highs",
    "directions",
    "distances",
    "halfway",
    "histogram_to_points",
    "map_between",
    "mixtures",
    "moments",
    "on_line",
    "sliced",
    "steepest",
    "w2",
]


def by_highs(cost: np.ndarray, a: Any = None, b: Any = None) -> float:
    """The least cost of a coupling, by the dual simplex of HiGHS."""
    n, m = cost.shape
    a, b = (np.full(k, 1.0 / k) if w is None else np.asarray(w) / np.sum(w) for w, k in ((a, n), (b, m)))
    k = np.arange(n * m)
    ends = np.concatenate([k // m, n + k % m])
    sums = sparse.csr_array((np.ones(2 * n * m), (ends, np.concatenate([k, k]))), shape=(n + m, n * m))
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    equal = {"A_eq": sums[:-1], "b_eq": np.concatenate([a, b])[:-1]}  # the last sum follows from the others
    return float(linprog(cost.ravel(), **equal, method="highs-ds", options=tight).fun)


def distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Euclidean, of all pairs."""
    return np.sqrt(np.sum((x[:, None] - y) ** 2, axis=-1))


def on_line(x: np.ndarray, y: np.ndarray, w: Any, p: float) -> float:
    """W_p on the line, by walking both cumulative weights, x weighted and y not."""
    i, j = np.argsort(x, kind="stable"), np.argsort(y, kind="stable")
    a = np.full(len(x), 1.0 / len(x)) if w is None else np.asarray(w) / np.sum(w)
    ends = np.unique(np.concatenate([np.cumsum(a[i]), np.cumsum(np.full(len(y), 1.0 / len(y)))]).round(13))
    middles, mass = ends - np.diff(ends, prepend=0.0) / 2, np.diff(ends, prepend=0.0)
    k = np.searchsorted(np.cumsum(a[i]), middles).clip(max=len(x) - 1)
    ways = np.abs(x[i][k] - y[j][(middles * len(y)).astype(int)])
    return float(ways.max()) if np.isinf(p) else float(np.sum(mass * ways**p) ** (1 / p))


def around(x: np.ndarray, y: np.ndarray, w: Any, period: float) -> float:
    """W_1 on the circle, by HiGHS."""
    cost = np.abs(x[:, None] - y) % period
    return by_highs(np.minimum(cost, period - cost), w)


def moments(x: np.ndarray, w: Any) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of weighted points."""
    a = np.ones(len(x)) if w is None else w
    return np.average(x, axis=0, weights=a), np.cov(x.T, aweights=a, ddof=0)


def _root(cov: np.ndarray) -> np.ndarray:
    return np.real(sqrtm(cov))


def w2(m: np.ndarray, cov: np.ndarray, n: np.ndarray, other: np.ndarray) -> float:
    """W2 of two Gaussians by the trace formula."""
    root = _root(cov)
    trace = np.trace(cov + other - 2 * _root(root @ other @ root))
    return float(np.sqrt(np.sum((m - n) ** 2) + max(trace, 0.0)))


def map_between(cov: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The matrix of the optimal map."""
    root = _root(cov)
    back = np.linalg.inv(root)
    return np.asarray(back @ _root(root @ other @ root) @ back)


def halfway(cov: np.ndarray, other: np.ndarray) -> float:
    """Trace of the covariance at time 1/2."""
    T = (np.eye(len(cov)) + map_between(cov, other)) / 2
    return float(np.trace(T @ cov @ T))


def barycenter(covs: list[np.ndarray], w: np.ndarray) -> float:
    """Trace of the covariance of the barycenter, by the fixed point of Alvarez-Esteban and others."""
    w = np.asarray(w) / np.sum(w)
    S = np.sum([a * cov for a, cov in zip(w, covs, strict=True)], axis=0)
    for _ in range(200):
        root = _root(S)
        back = np.linalg.inv(root)
        inner = np.sum([a * _root(root @ cov @ root) for a, cov in zip(w, covs, strict=True)], axis=0)
        S = back @ inner @ inner @ back
    return float(np.trace(S))


def mixtures(
    means: np.ndarray, covs: np.ndarray, w: Any, means2: np.ndarray, covs2: np.ndarray
) -> float:
    """MW2, the other mixture of equal weights."""
    cost = [[w2(m, c, n, d) ** 2 for n, d in zip(means2, covs2, strict=True)] for m, c in zip(means, covs, strict=True)]
    return float(np.sqrt(by_highs(np.array(cost), w)))


def histogram_to_points(edges: np.ndarray, masses: Any, y: np.ndarray) -> float:
    """W_1 of a histogram to points, by the area between their distribution functions, which are linear in pieces."""
    share = np.asarray(masses) / np.sum(masses)
    grid = np.unique(np.concatenate([edges, y]))
    F = np.interp(grid, edges, np.concatenate([[0.0], np.cumsum(share)]))
    G = np.searchsorted(np.sort(y), grid, side="right") / len(y)
    low, high = F[:-1] - G[:-1], F[1:] - G[:-1]
    crossing = low * high < 0
    trapezia, triangles = (np.abs(low) + np.abs(high)) / 2, (low**2 + high**2) / np.where(crossing, high - low, 1) / 2
    return float(np.sum(np.diff(grid) * np.where(crossing, np.abs(triangles), trapezia)))


def directions() -> np.ndarray:
    """Some in the plane."""
    angle = np.arange(16) * np.pi / 16
    return np.column_stack([np.cos(angle), np.sin(angle)])


def sliced(x: np.ndarray, y: np.ndarray, w: Any, along: np.ndarray) -> float:
    """SW_2 along the directions, one by one."""
    return float(np.sqrt(np.mean([on_line(x @ u, y @ u, w, 2) ** 2 for u in along])))


def steepest(x: np.ndarray, y: np.ndarray, w: Any) -> float:
    """The largest W_2 of all shadows in the plane, by trying directions, ever closer to the best."""
    best, width = 0.0, np.pi / 2
    for _ in range(6):
        angles = best + np.linspace(-width, width, 101)
        found = [on_line(x @ u, y @ u, w, 2) for u in np.column_stack([np.cos(angles), np.sin(angles)])]
        best, width = angles[int(np.argmax(found))], width / 25
    return float(np.max(found))
