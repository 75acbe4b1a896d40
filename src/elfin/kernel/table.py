"""The table of system calls: every family, by name."""

from __future__ import annotations

from elfin.kernel.call import Call
from elfin.kernel.calls import (
    children,
    descriptors,
    futex,
    groups,
    identity,
    ioctl,
    kill,
    limits,
    link,
    memory,
    process,
    program,
    read_write,
    schedule,
    signal,
    stat,
    system,
    thread,
    time,
    timer,
    usage,
)

FAMILIES = (
    children,
    descriptors,
    futex,
    groups,
    identity,
    ioctl,
    kill,
    limits,
    link,
    memory,
    process,
    program,
    read_write,
    schedule,
    signal,
    stat,
    system,
    thread,
    time,
    timer,
    usage,
)

CALLS = tuple(row for family in FAMILIES for row in vars(family).values() if isinstance(row, Call))
TABLE: dict[int, Call] = {row.number: row for row in CALLS}
