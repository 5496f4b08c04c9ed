"""Small problems and their optimal cost in rational arithmetic.

Every float is a rational number, and so are the cost of a cityblock or chebyshev distance to a whole power and that of
a Euclidean one to an even power. Scaled by their denominators, costs and masses are Python integers, and successive
shortest paths (Ahuja, Magnanti and Orlin, *Network Flows*, 1993, section 9.7) find the optimum without a rounding.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from .mixture import Problem

__all__ = ["RATIONAL", "best_permutation", "optimal_cost", "point_costs", "problem_of", "weighted_masses"]

# Exponents and metrics whose cost is rational.
RATIONAL = (
    (1, "cityblock"),
    (1, "chebyshev"),
    (2, "euclidean"),
    (4, "euclidean"),
    (2, "cityblock"),
    (3, "chebyshev"),
)
Matrix = Sequence[Sequence[Fraction]]


def problem_of(seed: int, integer_points: bool, masses: str) -> Problem:
    """At most 6 points a side, in at most 3 dimensions.

    ``masses`` are "equal", "dyadic" (integers of sum 64, so that dividing by it rounds nothing), "integer" or "float".
    """
    rng = np.random.default_rng(seed)
    (n, m), d = rng.integers(1, 7, 2).tolist(), int(rng.integers(1, 4))
    x, y = (rng.integers(-4, 5, (k, d)).astype(float) if integer_points else rng.random((k, d)) for k in (n, m))
    if seed % 5 == 0:
        y[rng.integers(m)] = x[rng.integers(n)]
    a, b = (_masses(rng, k, masses) for k in (n, m))
    p, metric = RATIONAL[seed % len(RATIONAL)]
    return Problem(f"problem_of({seed}, {integer_points}, {masses!r})", x, y, a, b, float(p), metric)


def point_costs(problem: Problem) -> list[list[Fraction]]:
    """d ** p of all pairs, of the floats as they are."""
    x, y = ([[Fraction(t) for t in row] for row in z.tolist()] for z in (problem.x, problem.y))
    return [[_cost([abs(s - t) for s, t in zip(u, v, strict=True)], problem) for v in y] for u in x]


def weighted_masses(weights: np.ndarray) -> list[Fraction]:
    """Weights over their sum."""
    exact = [Fraction(w) for w in weights.tolist()]
    return [w / sum(exact) for w in exact]


def optimal_cost(cost: Matrix, a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    """The optimum for masses of equal sums."""
    cost_unit, mass_unit = _denominator(itertools.chain(*cost)), _denominator([*a, *b])
    prices = [[int(c * cost_unit) for c in row] for row in cost]
    left, right = [int(t * mass_unit) for t in a], [int(t * mass_unit) for t in b]
    assert sum(left) == sum(right)
    flow = [[0] * len(b) for _ in a]
    while any(left):
        _send(prices, flow, left, right)
    total = sum(q * c for i, row in enumerate(flow) for q, c in zip(row, prices[i], strict=True))
    return Fraction(total, cost_unit * mass_unit)


def best_permutation(cost: Matrix) -> Fraction:
    """The optimum for equal masses on as many sources as targets, by trying every permutation."""
    n = len(cost)
    return min(sum((cost[i][j] for i, j in enumerate(s)), Fraction(0)) for s in itertools.permutations(range(n))) / n


def _masses(rng: np.random.Generator, k: int, kind: str) -> np.ndarray:
    if kind == "equal":
        return np.ones(k)
    if kind == "dyadic":
        return rng.multinomial(64, rng.dirichlet(np.ones(k))).astype(float)
    if kind == "float":
        return rng.random(k)
    w = rng.integers(0, 8, k).astype(float)
    w[rng.integers(k)] += 1
    return w


def _cost(lengths: list[Fraction], problem: Problem) -> Fraction:
    p = int(problem.p)
    if problem.metric == "euclidean":
        return Fraction(sum(t * t for t in lengths)) ** (p // 2)
    return Fraction(sum(lengths) if problem.metric == "cityblock" else max(lengths)) ** p


def _denominator(numbers: Iterable[Fraction]) -> int:
    return math.lcm(*(t.denominator for t in numbers))


def _send(prices: list[list[int]], flow: list[list[int]], left: list[int], right: list[int]) -> None:
    """Send what one path can carry along the cheapest one from a source with mass to a target with room.

    Bellman and Ford: arcs forward always, backward where there is flow to take back.
    """
    n, m = len(left), len(right)
    far = math.inf
    distance: list[float] = [0 if mass else far for mass in left] + [far] * m
    previous = [-1] * (n + m)
    changed = True
    while changed:
        changed = False
        for i, j in itertools.product(range(n), range(m)):
            if distance[i] + prices[i][j] < distance[n + j]:
                distance[n + j], previous[n + j], changed = distance[i] + prices[i][j], i, True
            if flow[i][j] and distance[n + j] - prices[i][j] < distance[i]:
                distance[i], previous[i], changed = distance[n + j] - prices[i][j], n + j, True
    end = min((j for j in range(m) if right[j]), key=lambda j: distance[n + j])
    path, node = [], n + end
    while previous[node] >= 0:
        path.append((previous[node], node))
        node = previous[node]
    amount = min([left[node], right[end], *(flow[v][u - n] for u, v in path if u >= n)])
    for u, v in path:
        if u < n:
            flow[u][v - n] += amount
        else:
            flow[v][u - n] -= amount
    left[node] -= amount
    right[end] -= amount
