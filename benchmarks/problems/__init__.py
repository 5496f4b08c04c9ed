"""Pairs of laws whose W_1 is known, with the map and the critic that attain it.

`PROBLEMS` are those of the estimators, `CRITICS` those of the critics: with the funnels, up to d = 128, each built when
it is asked for by `critic_problem`. `streams` draws what a critic gets to see of one.
"""

from .catalogue import BUDGET, CRITICS, FUNNELS, PROBLEMS, SEEDS, critic_problem, known_problem
from .problem import Problem
from .stream import BudgetError, Stream, streams

__all__ = [
    "BUDGET",
    "CRITICS",
    "FUNNELS",
    "PROBLEMS",
    "SEEDS",
    "BudgetError",
    "Problem",
    "Stream",
    "critic_problem",
    "known_problem",
    "streams",
]
