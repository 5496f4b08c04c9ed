"""The problems by name, and what a critic may see of one: fixed before any critic was tuned on them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from .funnels import funnels
from .known import balls, exponentials, homothety, line, shear, subspace, touching_funnels, translation
from .problem import Problem

__all__ = ["BUDGET", "CRITICS", "FUNNELS", "PROBLEMS", "SEEDS", "critic_problem", "known_problem"]

BUDGET = 1_000_000  # points a side that a fit may draw, to train, to validate and to be judged together
SEEDS = (0, 1, 2, 3, 4)  # of the samples and of the fit

PROBLEMS = {
    problem.name: problem
    for problem in (
        line(0.5, 2.0),
        exponentials(2.0),
        *(translation(d, 2.0) for d in (2, 8, 32)),
        *(touching_funnels(d, 0.3) for d in (2, 8, 32)),
        *(balls(d, 2.0) for d in (3, 8, 32)),
        *(homothety(d, 2.0, 1.5) for d in (2, 8, 32)),
    )
}

_DIMS = (2, 8, 32, 128)
# Built when asked for: the distance of a funnel pair takes a moment.
_FUNNELS = {f"funnels{n}-{d}d": partial(funnels, n, d) for n in (4, 16) for d in (2, 8, 16, 32, 64, 128)}
FUNNELS = tuple(_FUNNELS)
CRITICS: dict[str, Callable[[], Problem]] = {
    **_FUNNELS,
    **{f"subspace-{d}d": partial(subspace, d, 0.3) for d in _DIMS},
    **{f"homothety-{d}d": partial(homothety, d, 2.0, 1.5) for d in _DIMS},
    **{f"shear-{d}d": partial(shear, d, 2.0) for d in _DIMS},
    **{f"balls-{d}d": partial(balls, d, 2.0) for d in _DIMS},
    **{f"translation-{d}d": partial(translation, d, 2.0) for d in _DIMS},
}


@cache
def critic_problem(name: str) -> Problem:
    """The problem of `CRITICS` of that name."""
    return CRITICS[name]()


def known_problem(name: str) -> Problem:
    """The problem of that name, of either catalogue."""
    return PROBLEMS[name] if name in PROBLEMS else critic_problem(name)
