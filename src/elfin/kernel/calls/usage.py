"""What has been consumed: getrusage and times (man 2 getrusage, times)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.resource import RusageWho
from elfin.kernel.call import syscall
from elfin.kernel.kernel import TICK_NS
from elfin.kernel.process import Usage

if TYPE_CHECKING:
    from elfin.kernel.task import Task


def pack_rusage(usage: Usage) -> bytes:
    """struct rusage: two timevals and fourteen longs, of which Linux fills some."""
    times = []
    for ns in (usage.utime, usage.stime):
        times += [ns // 10**9, ns % 10**9 // 1000]
    return struct.pack(
        "<18q",
        *times,
        usage.max_rss >> 10,
        *(0, 0, 0),  # integral sizes: Linux never fills them
        usage.max_rss >> 12,  # minor faults: each page is touched once
        *(0, 0, 0, 0, 0, 0, 0),  # major faults, swaps, blocks, messages, signals
        usage.waits,
        usage.preemptions,
    )


@syscall(98, "getrusage", "who:int", "usage:ptr")
def getrusage(t: Task, who: int, usage: int) -> int:
    process = t.process
    match who:
        case RusageWho.RUSAGE_SELF:
            total = process.total_usage()
        case RusageWho.RUSAGE_CHILDREN:
            total = process.children_usage
        case RusageWho.RUSAGE_THREAD:
            total = Usage(t.utime, t.stime, process.address_space.peak)
        case _:
            raise LinuxError(Errno.EINVAL)
    t.write_memory(usage, pack_rusage(total))
    return 0


@syscall(100, "times", "buf:ptr")
def times(t: Task, buf: int) -> int:
    own, children = t.process.total_usage(), t.process.children_usage
    if buf:
        ticks = (x // TICK_NS for x in (own.utime, own.stime, children.utime, children.stime))
        t.write_struct(buf, "<4q", *ticks)
    return t.kernel.now_ns() // TICK_NS
