"""The tree of pivots in pieces, within which all potentials have moved by one number since they were last known.

The arcs that have left since the last refresh cut the tree of then into pieces; those that have entered join them to a
tree of pieces. Piece 0 is that of the root, hooked on itself without a gap, and never moves; every other one has its
node nearest to the root, the *top*, hanging on a node of another piece, the *hook*, and a *gap*: by how much its
potentials have moved against those of that piece. Which piece a node belongs to stands at its place in the preorder of
the refresh, where a subtree is a run: to cut a piece is to relabel a run. Functions for kernels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compilation import index

__all__ = ["cut", "lift", "since", "turn_pieces"]


def since(r: Any, x: Any, y: Any, label: Any, begin: Any, hook: Any, gap: Any) -> Any:
    """What has become of a reduced cost from x to y since the refresh."""
    i, j = label[begin[x]], label[begin[y]]
    while i != j:  # what both have above them changes nothing
        r += gap[j] - gap[i]
        i, j = label[hook[i]], label[hook[j]]
    return r


def cut(
    i: Any, leaving: Any, beyond: Any, pieces: int, label: Any, top: Any, hook: Any, gap: Any, begin: Any, end: Any,
    order: Any,
) -> Any:  # fmt: skip
    """Piece i, of these two nodes, is cut in two between them; the one that ``leaving`` is in then."""
    lower, new = max(begin[leaving], begin[beyond]), np.uint16(pieces)  # the lower end in the tree of the refresh
    top[pieces], hook[pieces], gap[pieces] = top[i], hook[i], gap[i]
    for k in range(index(lower), index(end[order[lower]])):
        label[k] = new if label[k] == i else label[k]
    return new if lower == begin[leaving] else i


def turn_pieces(
    i: Any, last: Any, node: Any, above: Any, jump: Any, label: Any, top: Any, hook: Any, gap: Any, begin: Any,
    order: Any,
) -> None:
    """Turn the path of pieces from i up to ``last`` over, and hang it by ``node`` on the node ``above``."""
    while True:
        old_top, old_hook, old_gap = top[i], hook[i], gap[i]
        top[i], hook[i], gap[i] = node, begin[above], jump
        if i == last:
            return
        i, node, above, jump = label[old_hook], index(order[old_hook]), index(old_top), -old_gap


def lift(pieces: Any, label: Any, hook: Any, gap: Any, rise: Any, order: Any, potential: Any) -> None:
    """Potentials of now: those of every piece rise by the gaps from it to the root, which are 0 then."""
    rise[0] = 0.0
    for i in range(1, pieces):
        rise[i], above = gap[i], label[hook[i]]
        while above != 0:
            rise[i] += gap[above]
            above = label[hook[above]]
    gap[:pieces] = 0.0
    for k in range(label.shape[0]):
        potential[order[k]] += rise[label[k]]
