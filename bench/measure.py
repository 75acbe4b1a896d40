"""Runs commands and says what they cost: CPU time of the process and of its children, wall time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

SOURCE: Final = Path(__file__).parents[1] / "src"
INSTRUCTIONS: Final = re.compile(r"elfin: (\d+) instructions")
CHECK: Final = re.compile(r"check=(\w+)")


@dataclass(frozen=True)
class Run:
    """One run.  `check` is the kernel's own, `instructions` those of the guest (0: not counted)."""

    cpu: float
    wall: float
    check: str
    instructions: int


@dataclass(frozen=True)
class Runner:
    """A way to run a program: words before its path."""

    name: str
    words: tuple[str, ...]

    def run(self, program: Path, *arguments: str) -> Run:
        """Run to the end; a program that fails ends the benchmark."""
        command = [*self.words, str(program), *arguments]
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            start = time.monotonic()
            process = subprocess.Popen(command, stdout=out, stderr=err, env=environment)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            output, errors = (_text(f) for f in (out, err))
        if process.returncode:
            sys.exit(f"{' '.join(command)} ended with {process.returncode}\n{errors}")
        check, count = CHECK.search(output), INSTRUCTIONS.search(errors)
        return Run(
            usage.ru_utime + usage.ru_stime,
            wall,
            check[1] if check else "",
            int(count[1]) if count else 0,
        )


def runners(tiers: Sequence[str]) -> list[Runner]:
    """Native first, then each tier of elfin under its name, then whatever else is installed."""
    found = [Runner("native", ())]
    for tier in tiers:
        elfin = (sys.executable, "-m", "elfin", "run", "--tier", tier, "--stats")
        found.append(Runner(tier, elfin))
    if qemu := shutil.which("qemu-x86_64"):
        found.append(Runner("qemu", (qemu,)))
    return found


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
