"""Quick system calls that tell the time (man 2 clock_gettime, gettimeofday, time).

Input:  call arguments; the host's clock, and the mirror's MIRROR_CLOCK.
Output: the result, or UNANSWERED: a clock that only the kernel knows, a host without a clock, an address
        that cannot simply be written to.  What the clocks show is as in `kernel/calls/time.py`.
"""

from __future__ import annotations

from typing import Final

from elfin.core.guest import guest_store_u64
from elfin.dialect import core_function, load_u8, load_u32, load_u64, u32, u64
from elfin.layout import (
    GUEST_LIMIT,
    MIRROR_CLOCK,
    MIRROR_HAS_CLOCK,
    MIRROR_NOW,
    PAGE,
    PAGE_W,
    PAGES,
    UNANSWERED,
)

NO_CLOCK: Final = 58  # WASI's errno `notsup`
REALTIME: Final = 0  # clocks of WASI
MONOTONIC: Final = 1
NS: Final = 1_000_000_000
COARSE_NS: Final = 4_000_000  # CONFIG_HZ=250
# Clock numbers of Linux as sets.
WALL: Final = 1 << 0 | 1 << 5 | 1 << 8 | 1 << 11  # REALTIME, its COARSE and ALARM; TAI
STEADY: Final = (
    1 << 1 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 9
)  # MONOTONIC, RAW, COARSE; BOOTTIME, ALARM
COARSE: Final = 1 << 5 | 1 << 6


@core_function(imported=True)
def clock_time_get(clock: u32, precision: u64, at: u32) -> u32:
    """The host's: the time in ns goes to `at`; 0, or an error.  As in WASI preview 1."""
    return u32(NO_CLOCK)


@core_function(writes="memory")
def note_clock() -> u32:
    """MIRROR_NOW becomes the host's monotonic clock, from which the kernel's differs by MIRROR_CLOCK."""
    return clock_time_get(u32(MONOTONIC), u64(1), u32(MIRROR_NOW))


@core_function(writes="memory")
def steady() -> u64:
    """The kernel's monotonic clock, or UNANSWERED."""
    if load_u32(u32(MIRROR_HAS_CLOCK)) == 0 or note_clock() != 0:
        return u64(UNANSWERED)
    return load_u64(u32(MIRROR_NOW)) + load_u64(u32(MIRROR_CLOCK))


@core_function(writes="memory")
def now(clock: u32) -> u64:
    """What a clock of Linux shows, or UNANSWERED."""
    if clock > 11:
        return u64(UNANSWERED)
    known = u32(1) << clock
    if known & WALL != 0:
        if clock_time_get(u32(REALTIME), u64(1), u32(MIRROR_NOW)) != 0:
            return u64(UNANSWERED)
        ns = load_u64(u32(MIRROR_NOW))
    elif known & STEADY != 0:
        ns = steady()
    else:
        return u64(UNANSWERED)
    if known & COARSE != 0 and ns != UNANSWERED:
        ns -= ns % COARSE_NS
    return ns


@core_function()
def writable(at: u64, n: u32) -> bool:
    """Do `n` bytes lie on one page that may be written to, and that holds no decoded code?"""
    if at >= GUEST_LIMIT or (u32(at) & (PAGE - 1)) + n > PAGE:
        return False
    return load_u8(u32(at >> 12) + PAGES) & PAGE_W != 0


@core_function(writes="memory")
def quick_clock_gettime(clock: u64, at: u64) -> u64:
    if not writable(at, u32(16)):
        return u64(UNANSWERED)
    ns = now(u32(clock))
    if ns == UNANSWERED:
        return ns
    guest_store_u64(at, ns // NS)
    guest_store_u64(at + 8, ns % NS)
    return u64(0)


@core_function(writes="memory")
def quick_gettimeofday(at: u64, zone: u64) -> u64:
    if zone != 0 or not writable(at, u32(16)):
        return u64(UNANSWERED)
    ns = now(u32(0))
    if ns == UNANSWERED:
        return ns
    guest_store_u64(at, ns // NS)
    guest_store_u64(at + 8, ns % NS // 1000)
    return u64(0)


@core_function(writes="memory")
def quick_time(at: u64) -> u64:
    if at != 0 and not writable(at, u32(8)):
        return u64(UNANSWERED)
    ns = now(u32(0))
    if ns == UNANSWERED:
        return ns
    if at != 0:
        guest_store_u64(at, ns // NS)
    return ns // NS
