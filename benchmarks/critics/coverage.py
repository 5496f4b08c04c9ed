"""``--only dual-coverage``: short fits on samples of every size; how often does the bracket hold the truth?

``lower`` and ``upper`` are each one-sided at confidence c, each may miss W_1 in a share 1 - c of the fits: both hold
with probability 2 c - 1 at least. Three one-sided binomial tests at 1 % ask whether misses are more than that.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ..problems import CRITICS
from ..process import ProcessError
from ..report import machine
from .cache import Cache
from .files import plain
from .instances import dimension
from .measure import Fit, Task

__all__ = ["NAME", "run", "tasks"]

NAME = "dual-coverage"
_CONFIDENCE = 0.95
# What holds, and with which probability at least.
_CLAIMS: dict[str, tuple[Callable[[Fit], bool], float]] = {
    "lower <= W1": (lambda fit: fit.lower <= fit.w1, _CONFIDENCE),
    "upper >= W1": (lambda fit: fit.upper >= fit.w1, _CONFIDENCE),
    "both": (lambda fit: fit.holds, 2.0 * _CONFIDENCE - 1.0),
}
_SIGNIFICANCE = 0.01
_FITS = {"smoke": 12, "full": 200}
_LARGEST_DIM = 16
_POINTS = (300, 1000, 3000)
_FAMILIES = ("one-sided", "gp", "groupsort")
_STEPS = 100
_FIRST_SEED = 1000  # none of the table's
_CPU_SECONDS = 20.0


def tasks(count: int) -> list[Task]:
    """Problem, points a side and family of every fit, drawn once for all."""
    problems = [name for name in CRITICS if dimension(name) <= _LARGEST_DIM]
    rng = np.random.default_rng(_FIRST_SEED)
    chosen = zip(*(rng.integers(len(values), size=count) for values in (problems, _POINTS, _FAMILIES)), strict=True)
    return [
        Task(problems[i], _FAMILIES[k], _FIRST_SEED + turn, {"steps": _STEPS}, _POINTS[j])
        for turn, (i, j, k) in enumerate(chosen)
    ]


def run(suite: str, out: Path) -> bool:
    """Measure, print, write ``dual-coverage-SUITE.json``; whether the tests pass and every fit gave an answer."""
    cache, fits, failures = Cache(out / f"{NAME}-{suite}.fits.jsonl"), list[Fit](), list[str]()
    for task in tasks(_FITS[suite]):
        try:
            fits.append(cache.measured(task))
        except ProcessError as error:
            failures.append(f"{task.problem} {task.family} {task.points}: {error}")
            print(failures[-1], flush=True)
    print(report(fits))
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{NAME}-{suite}.json"
    levels = p_values(fits)
    record = {"machine": machine(), "p_values": levels, "fits": [plain(f) for f in fits], "failures": failures}
    path.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print(f"wrote {path}")
    return not failures and min(levels.values()) >= _SIGNIFICANCE


def p_values(fits: Sequence[Fit]) -> dict[str, float]:
    """Of as few fits for which a claim holds, were each to hold with its probability."""
    from scipy.stats import binomtest

    return {
        claim: float(binomtest(sum(map(holds, fits)), len(fits), level, alternative="less").pvalue)
        for claim, (holds, level) in _CLAIMS.items()
    }


def report(fits: Sequence[Fit]) -> str:
    """The lines that are printed."""
    slowest, lines = max(fit.seconds for fit in fits), list[str]()
    for claim, p in p_values(fits).items():
        holds, level = _CLAIMS[claim]
        verdict = "REJECTED" if p < _SIGNIFICANCE else "not rejected"
        lines.append(
            f"{claim:<11} in {sum(map(holds, fits))} of {len(fits)} short fits; {level:.0%} is {verdict} at "
            f"{_SIGNIFICANCE:.0%} (one-sided binomial test, p = {p:.3f})"
        )
    lines += [
        f"CPU seconds a fit: median {statistics.median(fit.seconds for fit in fits):.1f}, largest {slowest:.1f}"
        + (f", MORE THAN {_CPU_SECONDS:g}" if slowest > _CPU_SECONDS else ""),
        "",
        f"{'d':>3} {'points':>7} {'fits':>5} {'both':>5} {'width':>7}   (median, over W1)",
    ]
    groups: dict[tuple[int, int], list[Fit]] = {}
    for one in fits:
        groups.setdefault((dimension(one.task.problem), one.task.points or 0), []).append(one)
    for (d, points), group in sorted(groups.items()):
        lines.append(f"{d:>3} {points:>7} {len(group):>5} {sum(f.holds for f in group):>5} {_median_width(group):>7}")
    lines.append(f"all         {len(fits):>5} {sum(f.holds for f in fits):>5} {_median_width(fits):>7}")
    return "\n".join(lines)


def _median_width(fits: Sequence[Fit]) -> str:
    width = statistics.median(fit.width for fit in fits)
    return "inf" if math.isinf(width) else f"{width:.2f}"
