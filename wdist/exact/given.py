r"""The transport problem on given arcs, which may not connect everything: a sparse cost matrix.

There may be no plan at all, so the tree starts as a star: every mass goes to the root, or comes from it, along an
artificial arc. These arcs are made dear, and if flow stays on them they are made the only ones that cost anything: what
they then carry has no other way. Artificial arcs never enter again, and those left without flow all point to the root,
where they stop nothing: the plan is then improved with the true costs alone.
"""

from __future__ import annotations

import numpy as np

from ..search.ground import MatrixCosts
from .generation import Solved, Watch
from .pivots import Arcs, optimise
from .tree import Tree, hang

__all__ = ["on_given_arcs"]


def on_given_arcs(costs: MatrixCosts, masses: tuple[np.ndarray, np.ndarray], watch: Watch) -> Solved:
    """Solve for positive int64 masses of equal sums; ValueError where the arcs carry no plan."""
    n, m = costs.shape
    matrix = costs.matrix.tocsr()
    arcs = Arcs(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float64))
    tree = _star(*masses)
    dear = 4.0 * float(np.max(np.abs(arcs.cost), initial=0.0)) + 1.0
    for factor, artificial in ((1.0, dear), (0.0, 1.0)):
        child = np.flatnonzero(tree.parent[:-1] < n + m)
        tree.price[:n], tree.price[n:] = artificial, 0.0
        tree.price[child] = np.where(child < n, factor, -factor) * costs.pairs(*tree.ends(child, n))
        _run(tree, arcs._replace(cost=factor * arcs.cost), watch)
        stranded = tree.flow[:n][tree.parent[:n] == n + m].sum()
        if stranded == 0:
            break
    else:
        raise ValueError(
            f"cost leaves {stranded / masses[0].sum():.6g} of the mass without a way: its stored arcs do not reach "
            "from the sources that have it to the targets that need it. Add arcs, with a high cost where they should "
            "be a last resort"
        )
    forest = tree.forest(n)
    tree = hang(forest, costs.pairs(forest.i, forest.j), np.zeros(n), m)
    _run(tree, arcs, watch)
    return Solved(tree, tree.potential[:n].copy(), -tree.potential[n:-1], arcs)


def _run(tree: Tree, arcs: Arcs, watch: Watch) -> None:
    for pivots in optimise(tree, arcs):
        watch.count(pivots)


def _star(a: np.ndarray, b: np.ndarray) -> Tree:
    """Every node on the root, with all its mass on the arc."""
    nodes = len(a) + len(b) + 1
    tree = Tree(
        np.full(nodes, nodes - 1, dtype=np.int32),
        np.ones(nodes, dtype=np.int32),
        np.concatenate([a, b, [0]]),
        np.zeros(nodes),
        np.zeros(nodes),
    )
    tree.parent[-1], tree.size[-1] = -1, nodes
    return tree
