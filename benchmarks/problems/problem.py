"""A problem: a base law Z, an optimal map T, and a critic that proves T optimal.

P is the law of T(Z), Q that of Z, and W_1(P, Q) = E |T(Z) - Z|, because a 1-Lipschitz f climbs from Z to T(Z) at full
slope: f(T(z)) - f(z) = |T(z) - z| for every z, so that E_P f - E_Q f = E |T(Z) - Z|, which no coupling undercuts. Where
T is the gradient of a convex function, it is optimal for squared distances as well (Brenier): W_2^2 = E |T(Z) - Z|^2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["Base", "Function", "Problem"]

Base = Callable[[np.random.Generator, int], np.ndarray]
Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Problem:
    """Two laws, the optimal map between them, their distance, and an optimal critic.

    Attributes
    ----------
    name : str
    dim : int
    w1 : float
        W_1(P, Q).
    base : callable
        ``(rng, n)`` to n points (n, d) of Q.
    transport : callable
        The optimal map of Q to P, points (n, d) to points (n, d).
    critic : callable
        An optimal f, points (n, d) to scores (n,): 1-Lipschitz, and E_P f - E_Q f = W_1.
    gradient : callable
        Its gradient, points (n, d) to unit vectors (n, d); at a kink any of its limits. Inside the segments from z to
        T(z) every optimal critic has this gradient.
    w1_error : float
        Relative standard error of ``w1`` where it is computed; 0 for a closed form.
    w2 : float or None
        W_2(P, Q) where the map is optimal for it too, that is the gradient of a convex function; else it is not known.
    """

    name: str
    dim: int
    w1: float
    base: Base
    transport: Function
    critic: Function
    gradient: Function
    w1_error: float = 0.0
    w2: float | None = None

    def independent(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """n points of P and, independent of them, n points of Q."""
        return self.transport(self.base(rng, n)), self.base(rng, n)

    def paired(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """n pairs drawn from the optimal plan, in the same order in both arrays."""
        y = self.base(rng, n)
        return self.transport(y), y
