"""What is timed: kernels, with their sizes for about a second of native time, and how they are built.

Input:  C sources whose size is argv[1] and which print `check=HASH`.
Output: `Workload`s: a static x86-64 executable, and the same source as Wasm where clang can build it.
"""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).parent / "kernels"
BUILT: Final = Path(__file__).parents[1] / ".cache" / "bench"
NATIVE: Final = ("gcc", "-O2", "-static")
WASM: Final = (
    *("clang", "--target=wasm32-wasi", "-O2", "-msimd128", "-mbulk-memory", "--sysroot=/usr"),
    *("-I/usr/include/wasm32-wasi", "-L/usr/lib/wasm32-wasi"),
)  # fmt: skip
WASM_PACKAGES: Final = ("clang", "lld", "wasi-libc", "libclang-rt-14-dev-wasm32")
SIZES: Final = {
    "sieve": 600,
    "sha256": 5000,
    "mandel": 200,
    "nbody": 1200,
    "matmul": 400,
    "vecmem": 240_000,
    "libcmem": 20_000,
    "fib": 42,
    "vcall": 600,
    "bytecode": 35,
    "syscalls": 1000,
}
QUICK: Final = ("sieve", "sha256", "nbody", "fib", "bytecode")
NO_WASM: Final = {"libcmem", "syscalls"}  # another C library, and no system calls there
GOLDEN_RATIO: Final = (1 + math.sqrt(5)) / 2


@dataclass(frozen=True)
class Workload:
    """`arguments(size)` of `program`; the time of `size` is about a second natively.

    `growth`: the work of size n is n, or growth**n.  `even`: every runner gets the same sizes, because
    the work is not known well enough to compare different ones.
    """

    name: str
    program: Path
    arguments: Callable[[int], tuple[str, ...]]
    size: int
    wasm: Path | None = None
    growth: float = 0.0
    even: bool = False
    small: int = 0
    seconds: float = 1.0  # of native time, about, for the estimate

    def work(self, size: int) -> float:
        return self.growth**size if self.growth else float(size)

    def part(self, share: float) -> int:
        """The size of about that share of the work."""
        if self.growth:
            return max(round(self.size + math.log(share, self.growth)), 1)
        return max(round(self.size * share), 1)

    def sizes(self, share: float) -> tuple[int, int]:
        """Of a small and a large run, with a quarter of its work."""
        if self.small:
            return self.small, self.size
        large = max(self.part(share), 2)
        return min(self.part(share / 4), large - 1), large


def kernel(text: str, scale: float) -> Workload:
    """A kernel by name, or `FILE.c=SIZE` (work in proportion to the size), `FILE.c=SMALL,LARGE`."""
    path, given, sizes = text.partition("=")
    source = Path(path) if given else SOURCES / f"{path}.c"
    small, comma, large = sizes.rpartition(",")
    name = source.stem
    growth = GOLDEN_RATIO if not given and name == "fib" else 0.0
    full = Workload(
        name,
        build(source, NATIVE, ""),
        lambda size: (str(size),),
        int(large) if given else SIZES[name],
        wasm=build_wasm(source) if given or name not in NO_WASM else None,
        growth=growth,
        even=bool(comma),
        small=int(small) if comma else 0,
    )
    if scale == 1 or comma:
        return full
    return Workload(
        name, full.program, full.arguments, full.part(scale), full.wasm, growth, seconds=scale
    )


def build(source: Path, compiler: tuple[str, ...], suffix: str) -> Path:
    """The executable of a source, made when it or the header is newer."""
    target = BUILT / f"{source.stem}{suffix}"
    newest = max(source.stat().st_mtime, (SOURCES / "bench.h").stat().st_mtime)
    if not target.exists() or target.stat().st_mtime <= newest:
        BUILT.mkdir(parents=True, exist_ok=True)
        subprocess.run([*compiler, f"-I{SOURCES}", "-o", target, source, "-lm"], check=True)
    return target


def build_wasm(source: Path) -> Path | None:
    return build(source, WASM, ".wasm") if can_build_wasm() else None


def can_build_wasm() -> bool:
    """Are clang, wasm-ld and the C library of WASI there?"""
    return bool(
        shutil.which("clang")
        and shutil.which("wasm-ld")
        and Path("/usr/lib/wasm32-wasi/libc.a").exists()
    )
