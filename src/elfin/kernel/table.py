"""The table of system calls: every family, by name."""

from __future__ import annotations

from elfin.kernel.call import Call
from elfin.kernel.calls import (
    children,
    descriptors,
    ioctl,
    link,
    memory,
    process,
    program,
    read_write,
    stat,
    usage,
)

FAMILIES = (
    children,
    descriptors,
    ioctl,
    link,
    memory,
    process,
    program,
    read_write,
    stat,
    usage,
)

CALLS = tuple(row for family in FAMILIES for row in vars(family).values() if isinstance(row, Call))
TABLE: dict[int, Call] = {row.number: row for row in CALLS}
