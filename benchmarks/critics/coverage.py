"""``--only dual-coverage``: short fits on samples of every size; how often does the bracket hold the truth?

A bracket of confidence c may miss W_1 in a share 1 - c of the fits. A one-sided binomial test at 1 % asks whether
misses are more than that.
"""

from __future__ import annotations

import json
import math
import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..problems import CRITICS
from ..process import ProcessError
from ..report import machine
from .cache import Cache
from .files import plain
from .instances import dimension
from .measure import Fit, Task, fit

__all__ = ["NAME", "run", "tasks"]

NAME = "dual-coverage"
CONFIDENCE = 0.95
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
    """Measure, print, write ``dual-coverage-SUITE.json``; whether the test passes and every fit gave an answer."""
    cache, fits, failures = Cache(out / f"{NAME}-{suite}.fits.jsonl"), list[Fit](), list[str]()
    for task in tasks(_FITS[suite]):
        try:
            measured = cache.get(task)
            if measured is None:
                measured = fit(task)
                cache.add(measured)
            fits.append(measured)
        except ProcessError as error:
            failures.append(f"{task.problem} {task.family} {task.points}: {error}")
            print(failures[-1], flush=True)
    print(report(fits))
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{NAME}-{suite}.json"
    record = {"machine": machine(), "p_value": p_value(fits), "fits": [plain(f) for f in fits], "failures": failures}
    path.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print(f"wrote {path}")
    return not failures and p_value(fits) >= _SIGNIFICANCE


def p_value(fits: Sequence[Fit]) -> float:
    """Of as few brackets that hold, were each to hold with probability `CONFIDENCE`."""
    from scipy.stats import binomtest

    held = sum(fit.holds for fit in fits)
    return float(binomtest(held, len(fits), CONFIDENCE, alternative="less").pvalue)


def report(fits: Sequence[Fit]) -> str:
    """The lines that are printed."""
    held, p = sum(fit.holds for fit in fits), p_value(fits)
    above = Counter(fit.lower > fit.w1 for fit in fits)[True]
    verdict = "rejected" if p < _SIGNIFICANCE else "not rejected"
    slowest = max(fit.seconds for fit in fits)
    lines = [
        f"the certified bracket holds W1 in {held} of {len(fits)} short fits (lower above it {above}, upper below it "
        f"{len(fits) - held - above})",
        f"{CONFIDENCE:.0%} is {verdict} at {_SIGNIFICANCE:.0%}: one-sided binomial p = {p:.3f}",
        f"CPU seconds a fit: median {statistics.median(fit.seconds for fit in fits):.1f}, largest {slowest:.1f}"
        + (f", MORE THAN {_CPU_SECONDS:g}" if slowest > _CPU_SECONDS else ""),
        "",
        f"{'d':>3} {'points':>7} {'fits':>5} {'hold':>5} {'width':>7}   (median, over W1)",
    ]
    groups: dict[tuple[int, int], list[Fit]] = {}
    for one in fits:
        groups.setdefault((dimension(one.task.problem), one.task.points or 0), []).append(one)
    for (d, points), group in sorted(groups.items()):
        lines.append(f"{d:>3} {points:>7} {len(group):>5} {sum(f.holds for f in group):>5} {_median_width(group):>7}")
    lines.append(f"all         {len(fits):>5} {held:>5} {_median_width(fits):>7}")
    return "\n".join(lines)


def _median_width(fits: Sequence[Fit]) -> str:
    width = statistics.median(fit.width for fit in fits)
    return "inf" if math.isinf(width) else f"{width:.2f}"
