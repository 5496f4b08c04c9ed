"""What --only selects, and how it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import suites
from benchmarks.__main__ import main
from benchmarks.commands import COMMANDS, chosen
from benchmarks.estimators import ESTIMATORS
from benchmarks.process import ProcessError
from benchmarks.runner import IMPORT_LIMIT, SUITES, cells, left_out

SMOKE = SUITES["smoke"]


def routes(*only: str, suite: str = "smoke") -> dict[str, list[str]]:
    found = {id(command): rows for command, rows in chosen(suite, only)}
    return {name: found[id(command)] for name, command in COMMANDS.items() if id(command) in found}


def names(*only: str) -> list[tuple[str, str]]:
    return [(problem.name, estimator.name) for problem, estimator in cells(SMOKE, only)]


def test_names_without_a_command_are_rows_of_the_problems() -> None:
    assert routes() == {"problems": []}
    assert list(routes(suite="full")) == ["problems", "exact", "line", "gaussians", "gan", "sliced", "many"]
    assert routes("funnel-2d", "lp", "import") == {"problems": ["funnel-2d", "lp", "import"]}
    assert routes("unknown", "line") == {"problems": ["unknown"], "line": []}


def test_names_beside_a_command_with_rows_are_its_rows() -> None:
    assert routes("exact", "1k-2d", "line") == {"exact": ["1k-2d"], "line": []}
    assert routes("dual", "funnels4-2d", "gp") == {"dual": ["funnels4-2d", "gp"]}
    assert routes("comparison", "lp", "sliced") == {"comparison": ["lp", "sliced"]}


def test_sliced_is_a_table_and_an_estimator() -> None:
    assert routes("sliced") == {"problems": ["sliced"], "sliced": []}
    assert "sliced" in ESTIMATORS
    assert set(COMMANDS) & set(ESTIMATORS) == {"sliced"}


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    printed = "".join(capsys.readouterr().out.split())  # lines break at hyphens too
    assert all(name in printed for name in COMMANDS)


def test_a_peer_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = replace(ESTIMATORS["pot"], package="no_such_package")
    monkeypatch.setitem(ESTIMATORS, "pot", absent)
    assert left_out() == ["POT emd2: no_such_package is not installed here, so it is left out"]
    assert "pot" not in {estimator for _, estimator in names()}


def test_a_cell_that_fails_is_said_and_the_others_stand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise ProcessError("stopped after 60 s")

    monkeypatch.setattr(suites.runner, "measured", failing)
    assert main(["--only", "funnel-2d", "lp", "--out", str(tmp_path)]) == 1
    assert "exact LP           funnel-2d: stopped after 60 s" in capsys.readouterr().out


def test_everything_that_applies_is_selected_without_names() -> None:
    dims = {problem: int(problem.rstrip("d").rpartition("-")[2]) for problem in SMOKE.problems}
    quick = [e for e in ESTIMATORS if e not in SMOKE.without]
    expected = [(p, e) for p in SMOKE.problems for e in quick if dims[p] == 1 or e not in ("1d", "pot-1d")]
    assert names() == expected


def test_a_problem_selects_its_row_and_an_estimator_its_column() -> None:
    assert {problem for problem, _ in names("funnel-2d")} == {"funnel-2d"}
    assert names("one-sided") == [(problem, "one-sided") for problem in SMOKE.problems]
    assert names("gp", "funnel-2d") == [("funnel-2d", "gp")]


def test_what_takes_too_long_for_the_suite_is_selected_by_name_alone() -> None:
    assert {"pot-sinkhorn", "geomloss"} <= set(SMOKE.without)
    assert names("geomloss", "funnel-2d") == [("funnel-2d", "geomloss")]
    assert set(SUITES["full"].without) == set()


def test_line_estimators_run_on_the_line_only() -> None:
    assert names("1d") == [("gaussians-1d", "1d")]
    with pytest.raises(ValueError, match="applies in dimension 1 only"):
        names("1d", "funnel-2d")


def test_unknown_names_are_refused_with_the_valid_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--only", "sinkhorn", "gp"])
    assert stopped.value.code == 2
    message = capsys.readouterr().err
    for name in ("'sinkhorn'", "smoke", *SMOKE.problems, *ESTIMATORS, "import"):
        assert name in message


def test_problems_of_the_full_suite_are_refused_in_the_smoke_suite() -> None:
    with pytest.raises(ValueError, match="'balls-32d', unknown in the suite 'smoke'"):
        names("balls-32d")
    assert cells(SUITES["full"], ["balls-32d", "gp"])


def test_import_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "import", "--out", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "smoke.json").read_text())
    assert 0.0 <= record["import"]["cpu_seconds"] <= IMPORT_LIMIT
    assert record["rows"] == []
    assert "import wdist" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["smoke.json"]
