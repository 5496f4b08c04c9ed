"""Trees of plans in whole numbers, and what holds of any of them."""

from __future__ import annotations

import numpy as np

from wdist.exact.greedy import greedy
from wdist.exact.pivots import Arcs
from wdist.exact.tree import Forest, Tree


def integers(rng: np.random.Generator, size: int, total: int) -> np.ndarray:
    """Positive integers of this sum."""
    cuts = np.sort(rng.choice(np.arange(1, total), size - 1, replace=False))
    return np.diff(cuts, prepend=0, append=total).astype(np.int64)


def all_arcs(cost: np.ndarray) -> Arcs:
    """Of every source to every target."""
    n, m = cost.shape
    return Arcs(np.arange(0, n * m + 1, m), np.tile(np.arange(m, dtype=np.int32), n), cost.ravel())


def some_forest(seed: int, n: int, m: int, arcs: Arcs | None = None) -> tuple[Forest, np.ndarray, np.ndarray]:
    """A greedy one, with its masses, many of them equal."""
    rng = np.random.default_rng(seed)
    a, b = integers(rng, n, 60), integers(rng, m, 60)
    arcs = arcs or all_arcs(rng.integers(0, 9, (n, m)).astype(float))
    return greedy(arcs, np.zeros(n), np.zeros(m), a, b), a, b


def check_plan(forest: Forest, a: np.ndarray, b: np.ndarray) -> None:
    """Positive flow, the right marginals, and no cycle."""
    assert np.all(forest.flow > 0)
    assert np.array_equal(np.bincount(forest.i, forest.flow, len(a)), a)
    assert np.array_equal(np.bincount(forest.j, forest.flow, len(b)), b)
    group = list(range(len(a) + len(b)))

    def leader(node: int) -> int:
        while group[node] != node:
            node = group[node]
        return node

    for i, j in zip(forest.i.tolist(), (len(a) + forest.j).tolist(), strict=True):
        one, other = leader(i), leader(j)
        assert one != other
        group[one] = other


def path_up(tree: Tree, node: int) -> list[int]:
    """The node and all above it."""
    path = []
    while node >= 0:
        path.append(node)
        node = int(tree.parent[node])
    return path
