"""Quick system calls: those that need nothing but what the mirror holds of the kernel's state.

Input:  the registers of a call, the mirror (`layout.MIRROR`) that the kernel keeps up to date.
Output: the call's result, or UNANSWERED and nothing has changed: the kernel answers.
An answer here is the answer that the call's own function gives (`tests/kernel/test_quick.py`).
"""

from __future__ import annotations

from typing import Final

from elfin.core.quick_clock import quick_clock_gettime, quick_gettimeofday, quick_time
from elfin.dialect import core_function, load_u8, load_u32, load_u64, memory_fill, u32, u64
from elfin.layout import (
    DESCRIPTORS,
    DESCRIPTORS_LIMIT,
    FD_EMPTY,
    FD_OPEN,
    FD_SINK,
    FD_ZEROS,
    GUEST_BASE,
    GUEST_LIMIT,
    MIRROR,
    MIRROR_END,
    PAGE_R,
    PAGE_W,
    PAGES,
    QUICK,
    QUICK_CALLS,
    QUICK_ROWS,
    QUICK_WORDS,
    UNANSWERED,
)

WORDS: Final = len(QUICK_WORDS)
CLOSED: Final = QUICK.index("closed")
READ: Final = QUICK.index("read")
WRITE: Final = QUICK.index("write")
CLOCK_GETTIME: Final = QUICK.index("clock_gettime")
GETTIMEOFDAY: Final = QUICK.index("gettimeofday")
TIME: Final = QUICK.index("time")
EBADF: Final = 9
TABLE_SIZE: Final = DESCRIPTORS_LIMIT - DESCRIPTORS
BULK: Final = 1 << 16  # bytes of a read or write that are worth no turn of their own


@core_function(writes="memory")
def quick_syscall(number: u64, a: u64, b: u64, c: u64) -> u64:
    """The result of a call with these first three arguments, or UNANSWERED."""
    call = u32(number)
    if call >= QUICK_CALLS:
        return u64(UNANSWERED)
    kind = load_u8(call + QUICK_ROWS)
    if kind <= WORDS:
        if kind == 0:
            return u64(UNANSWERED)
        return load_u64((kind << 3) + (MIRROR - 8))
    if kind >= CLOCK_GETTIME:
        if kind == CLOCK_GETTIME:
            return quick_clock_gettime(a, b)
        if kind == GETTIMEOFDAY:
            return quick_gettimeofday(a, b)
        return quick_time(a)
    mark = _mark(u32(a))
    if mark == 0:
        return ~u64(EBADF) + 1
    if kind == WRITE and mark & FD_SINK != 0 and _allowed(b, c, u32(PAGE_R)):
        return c
    if kind == READ:
        if mark & FD_EMPTY != 0:
            return u64(0)
        if mark & FD_ZEROS != 0 and _allowed(b, c, u32(PAGE_W)):
            memory_fill(u32(b) + GUEST_BASE, u32(0), u32(c))
            return c
    return u64(UNANSWERED)


@core_function()
def _mark(fd: u32) -> u32:
    """What is known of a descriptor; 0: it is closed."""
    if fd >= load_u32(u32(MIRROR_END)):
        return u32(0)
    if fd >= TABLE_SIZE:
        return u32(FD_OPEN)  # or not: the kernel knows
    return load_u8(fd + DESCRIPTORS)


@core_function()
def _allowed(at: u64, n: u64, permission: u32) -> bool:
    """May these bytes be accessed without further ado, and are they few?"""
    if n > BULK or at >= GUEST_LIMIT or at + n > GUEST_LIMIT:
        return False
    page = u32(at >> 12)
    end = u32((at + n + 4095) >> 12)
    while page < end:
        if load_u8(page + PAGES) & permission == 0:
            return False
        page += 1
    return True
