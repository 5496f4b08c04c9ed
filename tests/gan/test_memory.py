"""Memory that was freed is used again, and not fetched from the kernel each time."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = """
import resource, sys
import numpy as np
from gan.memory import keep_freed
if sys.argv[1] == "kept":
    keep_freed()
a, b = np.ones(1 << 20), np.ones(1 << 19)
del a, b
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    a, b = np.ones(1 << 20), np.ones(1 << 19)
    del a, b
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator is asked")
def test_freed_memory_is_used_again() -> None:
    root = Path(__file__).resolve().parents[2]
    faults = [
        int(subprocess.run([sys.executable, "-c", PROBE, how], cwd=root, capture_output=True, check=True).stdout)
        for how in ("kept", "given back")
    ]
    assert 5 * faults[0] < faults[1], faults
