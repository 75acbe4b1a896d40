"""Who a guest's first process is: the caller, or `UID[:GID]` as a person writes it."""

from __future__ import annotations

import importlib
import os
import sys

from elfin.errors import ElfinError
from elfin.kernel.credentials import Credentials


def caller() -> Credentials:
    """The identity of this very process."""
    return Credentials.of_user(os.getuid(), os.getgid(), tuple(os.getgroups()))


def parse_user(text: str) -> Credentials:
    """`UID` (the group has the same number) or `UID:GID`."""
    uid, colon, gid = text.partition(":")
    if not uid.isdecimal() or (colon and not gid.isdecimal()):
        raise ElfinError(f"user {text!r}: write UID or UID:GID, in numbers")
    return Credentials.of_user(int(uid), int(gid) if colon else int(uid))


def name_of(uid: int) -> bytes:
    """What the host calls a user; a guest's /etc/passwd gets the name."""
    if sys.platform == "emscripten":  # no users there, and no module
        return b"user"
    try:
        name: str = importlib.import_module("pwd").getpwuid(uid).pw_name
        return name.encode()
    except KeyError:
        return b"user"


def current_umask() -> int:
    """The caller's umask; looking must not change it, as other threads may create files."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as lines:
            return next(int(line.split()[1], 8) for line in lines if line.startswith("Umask:"))
    except (OSError, StopIteration):
        return 0o022
