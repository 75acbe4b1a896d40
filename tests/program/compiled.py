"""C programs built for the program oracle, kept between runs.

A variant is a compiler with its options; an executable is made again when its sources or options change.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).parent / "c"
BUILT: Final = Path(__file__).parents[2] / ".cache" / "programs"


@dataclass(frozen=True)
class Variant:
    """A compiler and how it is called."""

    name: str
    command: tuple[str, ...]

    @property
    def installed(self) -> bool:
        return shutil.which(self.command[0]) is not None


VARIANTS: Final = (
    *(Variant(f"gcc O{n}", ("gcc", f"-O{n}", "-static", "-no-pie")) for n in range(4)),
    Variant("gcc pie", ("gcc", "-O2", "-static-pie")),
    Variant("musl", ("musl-gcc", "-O2", "-static")),
)


def build(source: str, variant: Variant) -> Path:
    """The executable of `c/SOURCE.c`."""
    command = [*variant.command, "-w", str(SOURCES / f"{source}.c"), "-lm"]
    key = hashlib.sha256(" ".join(command).encode())
    for path in (SOURCES / f"{source}.c", SOURCES / "check.h"):
        key.update(path.read_bytes())
    target = BUILT / f"{source}-{key.hexdigest()[:16]}"
    if not target.exists():
        BUILT.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(f".{os.getpid()}")  # others may be at it
        subprocess.run([*command, "-o", part], check=True)
        part.rename(target)
    return target
