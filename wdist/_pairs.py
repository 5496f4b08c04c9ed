r"""Matrices in twice the working precision: unevaluated sums hi + lo of two arrays, multiplied by plain products.

A matrix is cut into slices of few bits, A = A_1 + A_2 + A_3, so few that the products of the leading slices are sums of
integers below 2^53: no rounding happens in them, in whatever order the library adds (Ozaki, Ogita, Oishi and Rump,
2012, doi:10.1007/s11075-011-9478-1). Six products then give A B to about eps^2 |A| |B|, on every device with doubles.
"""

from __future__ import annotations

import math
from typing import Any

from ._arrays import Array, namespace

__all__ = ["Pair", "difference", "orthogonal", "product", "transpose", "two_sum"]

Pair = tuple[Array, Array]


def product(A: Pair, B: Pair) -> Pair:
    """A B for matrices (..., m, k) and (..., k, n), to about eps^2 of the norms of A's rows and B's columns."""
    xp = namespace(A[0])
    bits = (52 - math.ceil(math.log2(max(A[0].shape[-1], 1)))) // 2
    a1, a2, a3 = _slices(A[0], -1, bits, xp)
    b1, b2, b3 = _slices(B[0], -2, bits, xp)
    hi, first = two_sum(a1 @ b1, a1 @ b2)
    hi, second = two_sum(hi, a2 @ b1)
    rest = a1 @ b3 + a2 @ (b2 + b3) + a3 @ B[0]
    return _quick_sum(hi, first + second + rest + (A[0] @ B[1] + A[1] @ B[0]))


def two_sum(a: Array, b: Array) -> Pair:
    """a + b and its rounding error (Knuth)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def difference(A: Pair, B: Pair) -> Array:
    """A - B, rounded once: all digits that the pairs do not share."""
    s, e = two_sum(A[0], -B[0])
    return s + (e + (A[1] - B[1]))


def transpose(A: Pair) -> Pair:
    """The pair of transposes."""
    xp = namespace(A[0])
    return xp.matrix_transpose(A[0]), xp.matrix_transpose(A[1])


def orthogonal(U: Array) -> Pair:
    """The matrix nearest U with orthonormal columns, for a U that has them to rounding: U (3 - U^T U) / 2."""
    xp = namespace(U)
    alone = (U, 0.0 * U)
    hi, lo = product(transpose(alone), alone)
    excess = (hi - xp.eye(U.shape[-1], dtype=U.dtype, device=U.device)) + lo
    return U, U @ excess / -2


def _quick_sum(a: Array, b: Array) -> Pair:
    """a + b and its rounding error, for |a| >= |b|."""
    s = a + b
    return s, b - (s - a)


def _slices(A: Array, axis: int, bits: int, xp: Any) -> tuple[Array, Array, Array]:
    """A as three summands, the first two with ``bits`` bits below the largest entry of their row or column."""
    slices = []
    for _ in range(2):
        # Adding a number this large rounds the bits off; taking it away again is exact.
        cut = 1.5 * 2.0 ** (53 - bits) * xp.max(xp.abs(A), axis=axis, keepdims=True)
        head = (A + cut) - cut
        slices.append(head)
        A = A - head
    return slices[0], slices[1], A
