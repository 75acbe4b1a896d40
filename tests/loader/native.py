"""What the real kernel does with an ELF file."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Native:
    """How a native run ended: refused by execve, or a status (negative: a signal) and output."""

    refused: str | None
    status: int = 0
    output: bytes = b""


def _no_core() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run_native(elf: bytes, folder: Path, *arguments: str) -> Native:
    """Write the file, execute it, and report."""
    path = folder / "program"
    path.unlink(missing_ok=True)
    # A descriptor that another thread's fork inherited would make execve say ETXTBSY.
    path.write_bytes(elf)
    path.chmod(0o755)
    try:
        done = subprocess.run(
            [path, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={},
            timeout=10,
            check=False,
            preexec_fn=_no_core,
        )
    except OSError as error:
        return Native(errno.errorcode.get(error.errno or 0, os.strerror(error.errno or 0)))
    return Native(None, done.returncode, done.stdout)
