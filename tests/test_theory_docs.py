"""The theory pages: their code prints what they say, and their pictures can be drawn."""

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
    """A page names files of the library: they are where it says, or somewhere in the packages it explains."""
    root = page.parents[2]
    for name in re.findall(r"`([\w/]+\.py)`", page.read_text(encoding="utf-8")):
        assert (root / name).is_file() or any((root / "wdist").rglob(name)), name


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.with_suffix(".py").is_file()], ids=lambda page: page.stem
)
def test_picture(page: Path, tmp_path: Path) -> None:
    """The script beside a page draws a picture that the page shows."""
    pytest.importorskip("matplotlib")
    script = page.with_suffix(".py")
    spec = importlib.util.spec_from_file_location(f"theory_{page.stem}", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    out = tmp_path / "drawn.png"
    module.main(["--out", str(out)])
    assert out.read_bytes().startswith(b"\x89PNG")
    assert 10_000 < out.stat().st_size < 300_000
    assert f"](../images/{module.PICTURE.name})" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_output_stands_alone(page: Path) -> None:
    """An output block without code before it would never be compared."""
    text = page.read_text(encoding="utf-8")
    assert text.count("```text") == sum(bool(printed) for _, printed in BLOCK.findall(text))
