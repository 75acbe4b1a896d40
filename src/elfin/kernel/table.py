"""The table of system calls: every family, by name."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from elfin.kernel.call import Call

NAMES: Final = """
    attributes children descriptors directory epoll event fcntl futex groups identity ioctl kill
    limits link memory mount poll process program read_write schedule signal stat sync system
    thread time timer transfer usage xattr
"""
FAMILIES: Final = tuple(import_module(f"elfin.kernel.calls.{name}") for name in NAMES.split())

CALLS = tuple(row for family in FAMILIES for row in vars(family).values() if isinstance(row, Call))
TABLE: dict[int, Call] = {row.number: row for row in CALLS}
