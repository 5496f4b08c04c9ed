"""The pages: their code prints what they say, their links lead somewhere, and Sphinx builds them without a warning."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "theory").glob("*.md"))]
DRAWN = [page for page in PAGES if page.with_suffix(".py").is_file()]
BLOCK = re.compile(r"^```python\n(.*?)^```$(?:\n+^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
TARGET = re.compile(r"\]\((?!https?:)([^)#]+)")


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
    """To a file of the checkout, or to a page that the gallery writes."""
    for target in TARGET.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).is_file() or target.startswith("gallery/"), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_named_modules_exist(page: Path) -> None:
    """A page names files of the library: they are where it says, or somewhere in the packages it explains."""
    for name in re.findall(r"`([\w/]+\.py)`", page.read_text(encoding="utf-8")):
        somewhere = (folder.rglob(name) for folder in (ROOT / "wdist", ROOT / "gan"))
        assert (ROOT / name).is_file() or any(any(found) for found in somewhere), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_output_stands_alone(page: Path) -> None:
    """An output block without code before it would never be compared."""
    text = page.read_text(encoding="utf-8")
    assert text.count("```text") == sum(bool(printed) for _, printed in BLOCK.findall(text))


@pytest.mark.parametrize("page", DRAWN, ids=lambda page: page.stem)
def test_picture(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script beside a page draws a picture that the page shows. (Validation's writes the page.)"""
    pytest.importorskip("matplotlib")
    script = page.with_suffix(".py")
    monkeypatch.syspath_prepend(script.parent)  # as it is for a script
    spec = importlib.util.spec_from_file_location(f"picture_of_{page.stem}", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    out = tmp_path / "drawn.png"
    module.main(["--out", str(out)])
    assert out.read_bytes().startswith(b"\x89PNG")
    assert 10_000 < out.stat().st_size < 300_000
    assert re.search(rf"\]\([./]*images/{re.escape(module.PICTURE.name)}\)", page.read_text(encoding="utf-8"))


def test_every_page_is_in_the_contents() -> None:
    contents = (ROOT / "docs" / "index.md").read_text(encoding="utf-8").split()
    pages = {p.relative_to(ROOT / "docs").with_suffix("").as_posix() for p in PAGES if ROOT / "docs" in p.parents}
    assert pages - {"index"} <= set(contents)


def test_every_public_name_is_in_the_reference() -> None:
    import wdist

    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8").split()
    public = {*wdist.__all__, *wdist.dual.__all__, *wdist.plot.__all__} - {"__version__", "dual", "plot"}
    assert public <= set(text), public - set(text)


def test_sphinx_builds_it_all(tmp_path: Path) -> None:
    """Warnings are errors; the examples of the gallery run, the largest with 10^5 points."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "docs", str(tmp_path / "html")]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert built.returncode == 0, built.stderr[-4000:]
    assert (tmp_path / "html" / "gallery" / "1_colour_transfer.html").is_file()
