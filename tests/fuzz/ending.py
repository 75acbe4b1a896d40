"""How a damaged program ends, and that nothing else happens.

Input:  the bytes of a file.  Output: the kind of its end.  An end is an exit status, a signal, a clear
refusal, or running on until the time is over; an exception that is none of these is a bug of elfin.
"""

from __future__ import annotations

import gc
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import elfin
from elfin.errors import ElfinError
from tests.programs.tiny import tiny

PATIENCE = 0.5  # seconds until a program is said to run on
SLACK = 5.0  # seconds that stopping it may take on a busy machine
MEMORY = 192 << 20
OUTPUT = 64 << 20  # bytes: nothing that runs for so short a time says more


def ending(data: bytes, folder: Path, words: Sequence[str] = ("word",)) -> str:
    """Run the file in `folder`, where it is the only one: `exit`, `signal`, `refused` or `runs on`."""
    path = folder / "program"
    path.write_bytes(data)
    path.chmod(0o755)
    since = time.monotonic()
    try:
        done = elfin.run(
            [path, *words], input=b"", capture_output=True, env={}, timeout=PATIENCE, memory=MEMORY,
        )  # fmt: skip
    except OSError as error:
        check_message(error.strerror)
        kind = "refused"
    except ElfinError as error:
        check_message(str(error))
        kind = "refused"
    except subprocess.TimeoutExpired:
        kind = "runs on"
    else:
        assert -64 <= done.returncode <= 255
        assert len(done.stdout) + len(done.stderr) < OUTPUT
        kind = "signal" if done.returncode < 0 else "exit"
    assert time.monotonic() - since < PATIENCE + SLACK, "it was not stopped in time"
    assert path.read_bytes() == data, "it changed its own file"
    assert os.listdir(folder) == ["program"], "it made files on the host"
    return kind


def warm_up() -> None:
    """Make what is cached, so that the first time is as the others."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "program"
        path.write_bytes(tiny())
        path.chmod(0o755)
        assert elfin.run([path], capture_output=True).returncode == 0


def check_message(message: str | None) -> None:
    """One line for a person."""
    assert message, "no reason is given"
    assert message.isprintable(), f"not one line: {message!r}"
    assert len(message) < 300, message


def resources() -> tuple[int, int]:
    """This process' descriptors, and bytes of resident memory, without what is garbage."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return len(os.listdir("/proc/self/fd")), pages * os.sysconf("SC_PAGE_SIZE")
