"""``python -m benchmarks --only dual``: its rows end to end, what is kept of an interrupted run, and its coverage."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.critics import cache, coverage, measure
from benchmarks.critics.cache import Cache
from benchmarks.critics.families import FAMILIES
from benchmarks.critics.instances import SCORED, Effort, Instance, select
from benchmarks.critics.measure import Fit, Task
from benchmarks.critics.row import MET, MISSED, Row, target
from benchmarks.critics.table import head, line, summary
from benchmarks.problems import CRITICS, FUNNELS, SEEDS, critic_problem
from benchmarks.process import ProcessError

PNG = b"\x89PNG\r\n\x1a\n"


def made_up(value: float, *, seed: int = 0, lower: float = 0.9, upper: float = 1.2, seconds: float = 9.0) -> Fit:
    """A fit where W_1 = 1."""
    task = Task("funnels4-8d", SCORED, seed, {})
    return Fit(task, 1.0, 1.1 * value, 0.01, value, lower, upper, 0.97, seconds, 1000)


def row(problem: str, *fits: Fit) -> Row:
    return Row(Instance(problem, SCORED, SEEDS, Effort()), fits)


def test_a_row_end_to_end_and_not_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["--only", "dual", "funnels4-2d", "one-sided", "clip", "--out", str(tmp_path)]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    ends = ("csv", "fits.jsonl", "json", "md", "png")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"dual-smoke.{end}" for end in ends]
    assert (tmp_path / "dual-smoke.png").read_bytes().startswith(PNG)
    record = json.loads((tmp_path / "dual-smoke.json").read_text())
    with (tmp_path / "dual-smoke.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [(r["problem"], r["family"]) for r in record["rows"]] == [
        ("funnels4-2d", "one-sided"),
        ("funnels4-2d", "clip"),
    ]
    truth = critic_problem("funnels4-2d").w1
    for summarised, in_file in zip(record["rows"], table, strict=True):
        assert in_file.keys() <= summarised.keys()
        for name, text in in_file.items():
            if isinstance(summarised[name], float):
                assert float(text) == pytest.approx(summarised[name], rel=1e-3)
            else:
                assert text == ("" if summarised[name] is None else str(summarised[name]))
        (fit,) = summarised["fits"]
        assert fit["w1"] == truth
        assert 0.0 <= fit["lower"] <= truth
        assert fit["upper"] is None or fit["upper"] >= truth
        assert -1.0 <= fit["cosine"] <= 1.0
        assert fit["seconds"] > 0.0
    assert "\nfunnels4-2d       0.5340 one-sided" in printed
    assert "the bracket holds W1 in 2 of 2 fits" in printed
    first, rule, line_of_problem = (tmp_path / "dual-smoke.md").read_text().splitlines()
    assert first == "| | one-sided | clip |"
    assert first.count("|") == rule.count("|") == line_of_problem.count("|")
    penalised_cell, clipped_cell = line_of_problem.removeprefix("| funnels4-2d | ").removesuffix(" |").split(" | ")
    in_percent, cosine, _ = penalised_cell.split(", ")
    assert float(in_percent.rstrip("%")) == pytest.approx(100 * float(table[0]["error"]), abs=0.06)
    assert float(cosine) == pytest.approx(float(table[0]["cosine"]), abs=0.006)
    assert clipped_cell.startswith("—, ")  # unknown units
    penalised = record["rows"][0]["fits"][0]
    assert penalised["corrected"] == pytest.approx(truth, rel=0.4)  # after few steps
    assert penalised["cosine"] > 0.5

    monkeypatch.setattr(cache, "fit", lambda task: pytest.fail("measured again"))
    assert main(arguments) == 0
    assert json.loads((tmp_path / "dual-smoke.json").read_text())["rows"] == record["rows"]


def test_the_optimal_critic_has_cosine_one() -> None:
    torch = pytest.importorskip("torch")
    problem = critic_problem("shear-8d")
    down = torch.as_tensor(problem.gradient(np.zeros((1, 8)))[0])
    assert measure._cosine(lambda z: 3.0 * z @ down, problem) == pytest.approx(1.0)
    assert measure._cosine(lambda z: -z @ down, problem) == pytest.approx(-1.0)
    assert measure._cosine(lambda z: 0.0 * z.sum(1), problem) == 0.0


def test_a_cut_line_is_measured_again_and_others_are_kept(tmp_path: Path) -> None:
    path, fits = tmp_path / "fits.jsonl", [made_up(1.0, seed=seed, upper=np.inf) for seed in range(3)]
    for fit in fits[:2]:
        Cache(path).add(fit)
    path.write_text(path.read_text()[:-20])
    cache = Cache(path)
    assert cache.get(fits[0].task) == fits[0]
    assert cache.get(fits[1].task) is None
    cache.add(fits[2])
    assert Cache(path).get(fits[2].task) == fits[2]
    assert Cache(path).get(replace(fits[2].task, arguments={"steps": 1})) is None


def test_medians_worst_and_verdict() -> None:
    good = [made_up(v, seed=s, lower=low) for s, (v, low) in enumerate([(1.01, 0.9), (0.97, 0.8), (1.04, 0.88)])]
    bad = [made_up(0.8, seed=3, lower=0.87), made_up(1.03, seed=4, lower=1.01)]
    full = row("funnels4-8d", *good, *bad)
    assert full.error == pytest.approx(0.03)
    assert full.worst_error == pytest.approx(-0.2)
    assert (full.shortfall, full.worst_shortfall) == (pytest.approx(0.12), pytest.approx(0.2))
    assert full.outside == 1
    assert full.verdict == MET
    assert row("funnels4-8d", *good).verdict == MISSED  # seeds are missing
    assert row("funnels4-8d", *good, bad[0], made_up(1.06, seed=4, seconds=181.0)).verdict == MISSED
    assert row("funnels4-8d", *(made_up(1.0, seed=s, lower=0.84) for s in SEEDS)).verdict == MISSED
    assert row("funnels4-64d", *(made_up(1.09, seed=s, lower=0.76) for s in SEEDS)).verdict == MET
    assert row("funnels4-32d", *(made_up(1.06, seed=s, lower=0.76) for s in SEEDS)).verdict == MISSED
    text = line(full)
    assert text.split()[:5] == ["funnels4-8d", "1.0000", "one-sided", "(5)", "+3.0%"]
    assert text.endswith("5%, 15%  yes  1 outside")
    assert summary([full]) == "1 of 1 targets met\nthe bracket holds W1 in 4 of 5 fits"
    assert len(head().splitlines()[-1]) >= len(text.removesuffix("  1 outside"))


def test_every_funnel_row_is_scored_and_nothing_else() -> None:
    scored = [row for row in select("full") if target(row)]
    assert [row.problem for row in scored] == list(FUNNELS)
    assert {row.seeds for row in scored} == {SEEDS}
    assert {(row.problem, row.family) for row in select("full")} == {(p, f) for p in CRITICS for f in FAMILIES}
    assert not any(target(row) for row in select("smoke"))


def test_a_failed_fit_fails_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(task: Task) -> Fit:
        if task.family == "gp":
            raise ProcessError("stopped after 900 s")
        return replace(made_up(1.0), task=task)

    monkeypatch.setattr(cache, "fit", fit)
    assert main(["--only", "dual", "funnels16-8d", "gp", "clip", "--out", str(tmp_path)]) == 1
    assert "funnels16-8d gp: seed 0: stopped after 900 s" in capsys.readouterr().out
    assert json.loads((tmp_path / "dual-smoke.json").read_text())["rows"][0]["error"] is None


@pytest.mark.parametrize("names", [["sinkhorn"], ["shear-128d"]])
def test_names_that_select_nothing_are_refused(names: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--only", "dual", *names])
    assert stopped.value.code == 2
    message = capsys.readouterr().err
    assert names[0] in message
    assert ("one-sided" if names[0] == "sinkhorn" else "try --suite full") in message


def test_coverage_is_varied_and_fixed() -> None:
    drawn = coverage.tasks(200)
    assert drawn == coverage.tasks(200)
    assert {task.points for task in drawn} == {300, 1000, 3000}
    assert {task.family for task in drawn} == {"one-sided", "gp", "groupsort"}
    assert {task.problem for task in drawn} == {n for n in CRITICS if n.endswith(("-2d", "-8d", "-16d"))}
    assert len({task.seed for task in drawn}) == 200
    assert not {task.seed for task in drawn} & set(SEEDS)


@pytest.mark.parametrize(("bound", "status"), [(17, 0), (19, 1)])
@pytest.mark.parametrize("side", ["lower", "upper"])
def test_coverage_is_tested_against_its_levels(
    bound: int,
    status: int,
    side: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 200 bounds at 95 % ten miss on average, and more than 17 with probability 1 %."""

    def fit(task: Task) -> Fit:
        missed = {"lower": {"lower": 1.1}, "upper": {"upper": 0.95}}[side] if task.seed < 1000 + bound else {}
        return replace(made_up(1.0, **missed), task=task)

    monkeypatch.setattr(cache, "fit", fit)
    assert main(["--only", "dual-coverage", "--suite", "full", "--out", str(tmp_path)]) == status
    printed = capsys.readouterr().out
    verdict = "REJECTED" if status else "not rejected"
    assert f"in {200 - bound} of 200 short fits; 95% is {verdict} at 1%" in printed
    assert f"both        in {200 - bound} of 200 short fits; 90% is not rejected at 1%" in printed
    record = json.loads((tmp_path / "dual-coverage-full.json").read_text())
    assert (min(record["p_values"].values()) < 0.01) == bool(status)
    assert len(record["fits"]) == 200
