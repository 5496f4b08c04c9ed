"""The checks of docs/validation.md, on fewer problems: the page cannot rot."""

from __future__ import annotations

import pytest

from benchmarks.validation import __main__ as written
from benchmarks.validation.check import CHECKS, largest_difference


@pytest.mark.parametrize("item", CHECKS, ids=lambda item: f"{item.function}: {item.case}")
def test_wdist_agrees_with_the_reference(item):
    assert largest_difference(item, instances=4) <= item.tolerance


def test_the_page_has_a_row_for_every_check_within_its_limit():
    rows = [line.split(" | ") for line in written.PAGE.read_text(encoding="utf-8").splitlines()]
    rows = {(row[0].strip("| `"), row[1]): row for row in rows if row[0].startswith("| `")}
    assert set(rows) == {(item.function, item.case) for item in CHECKS}
    for item in CHECKS:
        assert float(rows[item.function, item.case][-1].strip("| ")) <= item.tolerance


def test_a_wrong_answer_is_seen():
    wrong = CHECKS[0]._replace(problem=lambda rng: (1.0 + 1e-6, 1.0))
    assert largest_difference(wrong, instances=1) == pytest.approx(1e-6, rel=1e-6)


def test_the_page_is_not_written_over_a_wrong_answer(monkeypatch):
    wrong = CHECKS[0]._replace(problem=lambda rng: (float("nan"), 1.0))
    monkeypatch.setattr(written, "CHECKS", [wrong])
    with pytest.raises(SystemExit, match="exceeds"):
        written.page(instances=1)
