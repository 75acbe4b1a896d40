"""Runs commands and says what they cost: CPU time of the process and of its children, wall time."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from suite import BUILT, Workload

HERE: Final = Path(__file__).parent
SOURCE: Final = HERE.parent / "src"
BYTECODE: Final = BUILT / "pycache"  # "bytecode" is a kernel
CHECK: Final = re.compile(r"check=(\w+)")
LIMIT: Final = 180.0  # seconds after which a run is given up
# How much of a workload a runner gets, and how slow it is thought to be: for the estimate only.
SHARES: Final = {"qemu": 1 / 8, "interp": 1 / 24}
SLOWNESS: Final = {
    "native": 1.0,
    "jit": 2.5,
    "wasm": 1.2,
    "v8": 1.2,
    "page": 4.0,
    "page-wasm": 2.0,
    "qemu": 9.0,
    "interp": 33.0,
}
START: Final = {
    "native": 0.0,
    "jit": 0.6,
    "interp": 0.4,
    "wasm": 0.3,
    "v8": 0.1,
    "page": 3.0,
    "page-wasm": 0.3,
    "qemu": 0.02,
}


class RunError(Exception):
    """A run that failed: the command and what it said."""


@dataclass(frozen=True)
class Run:
    """One run.  `check`: what it printed, as far as it has to be the same everywhere."""

    cpu: float
    wall: float
    check: str
    errors: str


@dataclass(frozen=True)
class Runner:
    """A way to run a program: words before its path."""

    name: str
    words: tuple[str, ...]
    takes_wasm: bool = False

    def sizes(self, workload: Workload) -> tuple[int, int]:
        """A small and a large run, of which the difference counts."""
        return workload.sizes(self.share(workload))

    def share(self, workload: Workload) -> float:
        """How much of the work this runner is given: slow ones get less, of little work more."""
        return 1.0 if workload.even else min(SHARES.get(self.name, 1.0) / workload.seconds, 1.0)

    def seconds(self, workload: Workload) -> float:
        """About the time of a small and a large run."""
        steady = workload.seconds * self.share(workload) * 1.25 * SLOWNESS.get(self.name, 3.0)
        return steady + 2 * START.get(self.name, 0.5)

    def can_run(self, workload: Workload) -> bool:
        return not self.takes_wasm or workload.wasm is not None

    def run(self, workload: Workload, size: int, *, kept: bool = False) -> Run:
        """`kept`: with the translations that an earlier run kept."""
        program = workload.wasm if self.takes_wasm else workload.program
        return execute([*self.words, str(program), *workload.arguments(size)], kept=kept)


def environment(*, kept: bool = False) -> dict[str, str]:
    """Python finds the package as if it were installed, with its bytecode, which some environments switch off.
    Translations are made anew, unless they are to be kept."""
    rest = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    size = {} if kept else {"ELFIN_CACHE_SIZE": "0"}
    return {**rest, **size, "PYTHONPATH": str(SOURCE), "PYTHONPYCACHEPREFIX": str(BYTECODE)}


def execute(command: Sequence[str], *, kept: bool = False) -> Run:
    """Run to the end.  Raises RunError if it fails or takes longer than LIMIT."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.monotonic()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment(kept=kept)
        )
        guard = threading.Timer(LIMIT, os.kill, (process.pid, signal.SIGKILL))
        guard.start()
        _, status, usage = os.wait4(process.pid, 0)
        guard.cancel()
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output, errors = _bytes(out), _bytes(err).decode(errors="replace")
    if process.returncode:
        end = errors.strip()[-300:]
        raise RunError(f"`{' '.join(command)}` ended with {process.returncode} {end}")
    found = CHECK.search(output[:4096].decode(errors="replace"))
    check = found[1] if found else hashlib.sha256(output).hexdigest()[:16]
    return Run(usage.ru_utime + usage.ru_stime, wall, check, errors)


def elfin(tier: str, *options: str) -> tuple[str, ...]:
    """The command of a tier; the guest sees the inputs where the host has them."""
    return (sys.executable, "-m", "elfin", "run", "--tier", tier, *options)


def runners(tiers: Sequence[str], mounts: Sequence[Path]) -> list[Runner]:
    """Native first, then each tier of elfin under its name, then whatever else is installed."""
    shown = [word for path in mounts for word in ("--mount", f"{path}:{path}")]
    found = [Runner("native", ()), *(Runner(tier, elfin(tier, *shown)) for tier in tiers)]
    if qemu := shutil.which("qemu-x86_64"):
        found.append(Runner("qemu", (qemu,)))
    found.append(Runner("wasm", (sys.executable, str(HERE / "wasi.py")), takes_wasm=True))
    if node := shutil.which("node"):
        words = (node, "--no-warnings", "--no-liftoff", str(HERE / "wasi.mjs"))
        found.append(Runner("v8", words, takes_wasm=True))
    return found


def _bytes(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()
