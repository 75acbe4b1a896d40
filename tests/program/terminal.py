"""A session at a pseudo-terminal: what is typed, and what the screen is sent after each piece of typing.

Each piece waits until the screen has got as much as it did natively and the program waits for input: one
that finds its next input early redraws less, or has not set the terminal's modes yet.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

WINDOW: Final = struct.pack("<HHHH", 24, 80, 0, 0)
QUIET: Final = 0.2  # seconds without output after which a native program has finished its step
PATIENCE: Final = 20.0
IDLE_PATIENCE: Final = 3.0


def session(
    command: Sequence[str],
    typed: Sequence[bytes],
    *,
    folder: Path,
    environment: Mapping[str, str],
    lengths: Sequence[int] | None = None,
) -> tuple[int, list[bytes]]:
    """Exit status, and the output before the first piece and after each.

    `lengths`: how much output to wait for at each step; None: until it is quiet.
    """
    child, master = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, WINDOW)
        os.chdir(folder)
        os.execve(command[0], list(command), dict(environment))
    screens = []
    try:
        for step in range(len(typed) + 1):
            if step:
                os.write(master, typed[step - 1])
            screens.append(_read(master, lengths[step] if lengths else None))
            if lengths:
                if len(screens[-1]) < lengths[step]:
                    break  # it will not come any more
                _wait_until_idle(child)
        return _status(child), screens
    finally:
        os.close(master)


def _wait_until_idle(child: int) -> None:
    """Until the process has slept for a while without using the processor."""
    before, since = "", time.monotonic()
    end = since + IDLE_PATIENCE
    while since + QUIET > time.monotonic() < end:
        try:
            words = Path(f"/proc/{child}/stat").read_text().rpartition(") ")[2].split()
        except FileNotFoundError:
            return
        now = f"{words[0]} {words[11]} {words[12]}"  # state, utime, stime
        if words[0] == "Z":
            return
        if now != before or words[0] != "S":
            before, since = now, time.monotonic()
        time.sleep(0.02)


def _status(child: int) -> int:
    """How the program ends; it is killed if it does not."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise TimeoutError("the program does not end")


def _read(master: int, length: int | None) -> bytes:
    """Output up to `length` bytes, or until nothing more comes."""
    data = b""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and (length is None or len(data) < length):
        ready, _, _ = select.select([master], [], [], QUIET)
        if not ready and length is None:
            break
        if ready:
            try:
                data += os.read(master, 1 << 16)
            except OSError:  # EIO: the program has gone
                break
    return data
