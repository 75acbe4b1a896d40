"""The kernels, their sizes, and how they are built.

Sizes are chosen so that a kernel takes some 50 ms of native CPU time: an interpreter then needs seconds.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).parent / "kernels"
BUILT: Final = Path(__file__).parents[1] / ".cache" / "bench"
SIZES: Final = {
    "sieve": 30,
    "sha256": 250,
    "mandel": 20,
    "nbody": 60,
    "matmul": 64,
    "vecmem": 10_000,
    "libcmem": 700,
    "fib": 34,
    "vcall": 20,
    "bytecode": 1,
    "syscalls": 40,
}
COMPILE: Final = ("gcc", "-O2", "-static")


def build(name: str) -> Path:
    """The static executable of a kernel, made when its source is newer."""
    source, target = SOURCES / f"{name}.c", BUILT / name
    newest = max(source.stat().st_mtime, (SOURCES / "bench.h").stat().st_mtime)
    if not target.exists() or target.stat().st_mtime < newest:
        BUILT.mkdir(parents=True, exist_ok=True)
        subprocess.run([*COMPILE, "-o", target, source, "-lm"], check=True)
    return target
