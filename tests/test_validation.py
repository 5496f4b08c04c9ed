"""The checks of docs/validation.md, on fewer problems: the page cannot rot."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "docs" / "validation.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("validation", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


validation = _load()


@pytest.mark.parametrize("item", validation.CHECKS, ids=lambda item: f"{item.function}: {item.case}")
def test_wdist_agrees_with_the_reference(item):
    assert validation.largest_difference(item, instances=4) <= item.tolerance


def test_the_page_has_a_row_for_every_check_within_its_limit():
    rows = [line.split(" | ") for line in validation.PAGE.read_text(encoding="utf-8").splitlines()]
    rows = {(row[0].strip("| `"), row[1]): row for row in rows if row[0].startswith("| `")}
    assert set(rows) == {(item.function, item.case) for item in validation.CHECKS}
    for item in validation.CHECKS:
        assert float(rows[item.function, item.case][-1].strip("| ")) <= item.tolerance


def test_a_wrong_answer_is_seen():
    wrong = validation.CHECKS[0]._replace(problem=lambda rng: (1.0 + 1e-6, 1.0))
    assert validation.largest_difference(wrong, instances=1) == pytest.approx(1e-6, rel=1e-6)


def test_the_page_is_not_written_over_a_wrong_answer(monkeypatch):
    wrong = validation.CHECKS[0]._replace(problem=lambda rng: (float("nan"), 1.0))
    monkeypatch.setattr(validation, "CHECKS", [wrong])
    with pytest.raises(SystemExit, match="exceeds"):
        validation.page(instances=1)
