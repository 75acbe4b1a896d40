"""The error tree: what elfin raises for a person to read.

Guest events (faults, signals, failed calls) are values, never these.  Each message is one line that
says what is wrong and, where somebody can do something, what to do.
"""

from __future__ import annotations

import os
from typing import Final


class ElfinError(Exception):
    """Root of all errors that are not bugs of elfin."""


class ElfError(ElfinError):
    """The file is no program that elfin can run: execve answers ENOEXEC and the caller lives on."""


class LoadError(ElfError):
    """The file passes execve's first look but cannot be placed in memory.

    Linux finds that out after the old program is gone, and kills the process with SIGSEGV.
    """


class ImageError(ElfinError):
    """A packed image that cannot be read, or a tree that cannot be packed."""


LONGEST_NAME: Final = 80


def shown(name: bytes) -> str:
    """A name that came out of a file, for a message: printable, on one line, not endless."""
    text = os.fsdecode(name[: LONGEST_NAME + 1])
    safe = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return safe if len(name) <= LONGEST_NAME else f"{safe[:LONGEST_NAME]}..."
