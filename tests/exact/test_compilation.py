"""numba stays away until a solve, and a cache that cannot be used costs time, never the answer."""

from __future__ import annotations

import ast
import gc
import importlib
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from wdist.compilation import Kernel

ROOT = Path(__file__).resolve().parents[2]
SOLVE = "import numpy, wdist; x = numpy.arange(400.0); print(wdist.transport(x, x + 3, p=1).distance)"


def run(code: str, **environment: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_exact_does_not_import_numba() -> None:
    assert run("import sys, wdist.exact; print('numba' in sys.modules)") == "False"


def test_no_writable_cache_anywhere() -> None:
    """numba raises where it has no place for its files; root can write everywhere, so its places are taken away."""
    nowhere = "import numba.core.caching as c; c.CacheImpl._locator_classes = []; c._CacheImpl = c.CacheImpl; "
    refused = "\nimport numba\ntry: numba.njit(cache=True)(wdist.transport)\nexcept RuntimeError: print('refused')"
    assert run(nowhere + SOLVE + refused).split() == ["3.0", "refused"]


def test_numba_switched_off() -> None:
    assert run(SOLVE, NUMBA_DISABLE_JIT="1") == "3.0"


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_garbage_waits_for_the_end_of_a_compilation(before: bool, fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def compiled(kernel: Kernel, arguments: tuple[int]) -> Callable[[int], int]:
        assert not gc.isenabled()
        if fails:
            raise KeyboardInterrupt
        return abs

    monkeypatch.setattr("wdist.compilation._compile", compiled)
    monkeypatch.setattr(Kernel, "all", [])
    was = gc.isenabled()
    try:
        (gc.enable if before else gc.disable)()
        with pytest.raises(KeyboardInterrupt) if fails else nullcontext():
            assert Kernel(abs, (), (), owns=False)(-3) == 3
        assert gc.isenabled() == before
    finally:
        (gc.enable if was else gc.disable)()


def one_kernel(folder: Path) -> str:
    """Makes a package whose only kernel adds a constant of another file, ``limits.py``, which is left to the caller.
    Returns code that prints that of 1, and how often the kernel was found in the cache.
    """
    (folder / "package").mkdir()
    (folder / "package" / "__init__.py").touch()
    (folder / "package" / "loop.py").write_text(
        "from wdist.compilation import kernel\nfrom .limits import STEP\n"
        "@kernel()\ndef stepped(x):\n    return x + STEP\n"
    )
    return (
        f"import sys; sys.path.insert(0, {str(folder)!r}); from package.loop import stepped; "
        "print(stepped(1), sum(stepped.compiled.stats.cache_hits.values()))"
    )


def truncated(cache: Path) -> Iterator[str]:
    """Cuts the files of one kind after the other."""
    for suffix in ("nbc", "nbi"):
        files = list(cache.rglob(f"*.{suffix}"))
        assert files, "nothing was cached"
        for path in files:
            path.write_bytes(path.read_bytes()[:20])
        yield suffix


def test_truncated_cache(tmp_path: Path) -> None:
    code, cache = one_kernel(tmp_path), tmp_path / "cache"
    (tmp_path / "package" / "limits.py").write_text("STEP = 2\n")
    assert [run(code, NUMBA_CACHE_DIR=str(cache)) for _ in range(2)] == ["3 0", "3 1"]
    for suffix in truncated(cache):
        assert (suffix, run(code, NUMBA_CACHE_DIR=str(cache))) == (suffix, "3 0")


@pytest.mark.slow
def test_truncated_cache_of_the_whole_solver(tmp_path: Path) -> None:
    assert run(SOLVE, NUMBA_CACHE_DIR=str(tmp_path)) == "3.0"
    for suffix in truncated(tmp_path):
        assert (suffix, run(SOLVE, NUMBA_CACHE_DIR=str(tmp_path))) == (suffix, "3.0")


def test_a_cache_is_used_while_its_sources_are_what_they_were(tmp_path: Path) -> None:
    """numba itself would not notice that a constant has changed in another file than the kernel's."""
    code = one_kernel(tmp_path)
    for step, hits in ((1, 0), (1, 1), (20, 0)):
        (tmp_path / "package" / "limits.py").write_text(f"STEP = {step}\n") if not hits else None
        assert run(code, NUMBA_CACHE_DIR=str(tmp_path / "cache")) == f"{1 + step} {hits}"


def test_kernels_that_make_arrays_say_so() -> None:
    """The others are compiled without what it takes, and would have to be compiled again by every process."""
    for path in sorted((ROOT / "wdist").rglob("*.py")):
        if "@kernel(" in path.read_text():
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    kernels = [k for k in Kernel.all if k.function.__module__.startswith("wdist.")]
    assert len(kernels) > 25
    for k in kernels:
        source = "".join(inspect.getsource(part) for part in (k.function, *k.helpers, *k.apart))
        makes = re.search(r"np\.(empty|zeros|full|ones|arange|argsort|concatenate)\(", source)
        assert k.owns == (makes is not None), k.function


def test_one_compilation_serves_every_layout() -> None:
    """Read-only, Fortran-ordered and strided points, weights, costs and potentials are the same to a kernel."""
    code = """
import numpy as np, wdist
from wdist.compilation import Kernel
rng = np.random.default_rng(0)
x, y, a = rng.random((400, 2)), rng.random((500, 2)), rng.random(400)
a[:100] = 0
expected = wdist.transport(x, y, p=2, x_weights=a)
wdist.certify(expected.plan, expected.potentials, x, y, p=2, x_weights=a)
c = rng.random((400, 500))
wdist.transport_lp(c, a)
wdist.transport(x, y, p=1, x_weights=a)
wdist.transport(rng.random((400, 12)), rng.random((500, 12)), p=2, x_weights=a)
wdist.transport(x, y, p=3, x_weights=a, metric="cityblock", rtol=0.1)
for made in (np.asfortranarray, lambda z: np.repeat(z, 2, axis=0)[::2], lambda z: np.broadcast_to(z, (1, *z.shape))[0]):
    u, v, w, d = made(x), made(y), made(a), made(c)
    u.flags.writeable = w.flags.writeable = d.flags.writeable = False
    r = wdist.transport(u, v, p=2, x_weights=w)
    wdist.certify(r.plan, [made(f) for f in r.potentials], u, v, p=2, x_weights=w)
    wdist.transport_lp(d, w)
    wdist.transport_lp(d.T, None, w)
    assert r.distance == expected.distance
done = [(k.function, len(k.compiled.signatures)) for k in Kernel.all if k.compiled]
print({f"{of.__module__}.{of.__qualname__}": count for of, count in done})
"""
    counts = ast.literal_eval(run(code).splitlines()[-1])
    assert len(counts) > 15
    assert counts == dict.fromkeys(counts, 1)
