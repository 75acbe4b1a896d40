"""`elfin` as its own process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
BUSYBOX = "/bin/busybox"


def elfin_command(*words: str | os.PathLike[str]) -> list[str]:
    """The command line that runs `elfin WORDS`."""
    return [sys.executable, "-m", "elfin", *map(os.fspath, words)]


def environment() -> dict[str, str]:
    """The caller's variables, and where elfin is."""
    return {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}


def elfin(*words: str | os.PathLike[str], **options) -> subprocess.CompletedProcess[bytes]:
    """Run `elfin WORDS` to its end."""
    options.setdefault("env", environment())
    return subprocess.run(
        elfin_command(*words), check=False, capture_output=True, timeout=100, **options
    )


def run_shell(script: str, *options: str, **others) -> subprocess.CompletedProcess[bytes]:
    """`elfin run OPTIONS busybox sh -c SCRIPT`."""
    return elfin("run", *options, BUSYBOX, "sh", "-c", script, **others)
