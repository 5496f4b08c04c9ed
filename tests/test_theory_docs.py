"""The page on the exact engine: its code prints what the page says, and its picture can be drawn."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import sys
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).resolve().parents[1] / "docs" / "theory").glob("*.md"))
BLOCK = re.compile(r"^```python\n(.*?)^```$(?:\n+^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_prints_what_the_page_says(page: Path) -> None:
    """Blocks of a page share their names, and each that prints is followed by what it printed."""
    text = page.read_text(encoding="utf-8")
    blocks = BLOCK.findall(text)
    assert len(blocks) == text.count("```python")
    names: dict[str, object] = {}
    for code, printed in blocks:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, str(page), "exec"), names)
        assert out.getvalue() == printed, code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).is_file(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_named_modules_exist(page: Path) -> None:
    """The page names files of the engine: they are where it says, or somewhere in the packages it explains."""
    root = page.parents[2]
    for name in re.findall(r"`([\w/]+\.py)`", page.read_text(encoding="utf-8")):
        assert (root / name).is_file() or any((root / "wdist").rglob(name)), name


def test_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    script = PAGES[0].with_name("transport.py")
    spec = importlib.util.spec_from_file_location("theory_transport", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    out = tmp_path / "plan.png"
    module.main(["--out", str(out)])
    assert out.read_bytes().startswith(b"\x89PNG")
    assert 10_000 < out.stat().st_size < 300_000
