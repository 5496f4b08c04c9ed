"""The optimal cost by solvers of other make: POT's network simplex and the dual simplex of HiGHS.

Both have absolute tolerances, so costs are divided by the largest one first.
"""

from __future__ import annotations

import numpy as np
import ot
from scipy import sparse
from scipy.optimize import linprog

__all__ = ["highs", "pot"]


def pot(cost: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """By POT, for masses of sum 1."""
    unit = float(cost.max()) or 1.0
    return unit * float(ot.emd2(a, b, cost / unit, numItermax=10**9))


def highs(cost: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """By HiGHS; one equation, which follows from the others, is left out, lest rounding make it contradict them."""
    n, m = cost.shape
    unit = float(cost.max()) or 1.0
    k = np.arange(n * m)
    ends = np.r_[k // m, n + k % m]
    incidence = sparse.csr_array((np.ones(2 * n * m), (ends, np.r_[k, k])), shape=(n + m, n * m))[:-1]
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    solved = linprog(cost.ravel() / unit, A_eq=incidence, b_eq=np.r_[a, b][:-1], method="highs-ds", options=tight)
    assert solved.status == 0, solved.message
    return unit * float(solved.fun)
