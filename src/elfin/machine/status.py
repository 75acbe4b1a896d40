"""A wait status, as wait4 gives it, in the terms of subprocess and of a shell."""

from __future__ import annotations


def return_code(status: int) -> int:
    """subprocess's returncode: the exit status, or minus the signal."""
    signal = status & 0x7F
    return -signal if signal else status >> 8 & 0xFF
