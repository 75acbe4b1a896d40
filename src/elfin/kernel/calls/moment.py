"""Reading and writing times in guest structures; no calls of its own.

All results are nanoseconds.  Source: linux/time.h.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError

if TYPE_CHECKING:
    from elfin.kernel.task import Task

NS = 1_000_000_000
# ktime_t is a signed 64-bit number of ns; Linux takes what does not fit for "for ever".
MAX_NS = (1 << 63) - 1


def read_timespec(t: Task, at: int) -> int:
    """A time span; EINVAL if it is negative or not normal."""
    seconds, ns = t.read_struct(at, "<qq")
    if seconds < 0 or not 0 <= ns < NS:
        raise LinuxError(Errno.EINVAL)
    return min(int(seconds) * NS + int(ns), MAX_NS)


def write_timespec(t: Task, at: int, ns: int) -> None:
    t.write_struct(at, "<qq", *divmod(ns, NS))


def read_timeval(t: Task, at: int) -> int:
    seconds, us = t.read_struct(at, "<qq")
    if seconds < 0 or not 0 <= us < 1_000_000:
        raise LinuxError(Errno.EINVAL)
    return min(int(seconds) * NS + int(us) * 1000, MAX_NS)


def write_timeval(t: Task, at: int, ns: int) -> None:
    seconds, rest = divmod(ns, NS)
    t.write_struct(at, "<qq", seconds, rest // 1000)
