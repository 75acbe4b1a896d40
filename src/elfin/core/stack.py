"""ENTER (SDM vol. 2A), and checks before several stores of one instruction."""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.core.guest import (
    guest_check,
    guest_load_u16,
    guest_load_u64,
    guest_store_u16,
    guest_store_u64,
)
from elfin.dialect import core_function, load_u64, store_u16, store_u64, u32, u64

RSP_AT: Final = layout.STATE + layout.RSP
RBP_AT: Final = layout.STATE + layout.RBP


@core_function(may_fault=True, writes="fault")
def check_write(address: u64, n: u32) -> u32:
    """A page fault unless `n` bytes may be written."""
    return u32(not guest_check(address, n, True))


@core_function(may_fault=True, reads="rsp rbp", writes="rsp rbp fault")
def enter(size: u32, allocated: u32, level: u32) -> u32:
    """Push rBP, copy level - 1 frame pointers of the outer procedures, push the new one, make room.

    `size` is the bytes of an element, 8 or 2; the level counts modulo 32.  As on processors a fault in the
    middle leaves RSP and rBP alone, and in memory what was pushed before.
    """
    level &= 31
    width = u64(size)
    frame = load_u64(u32(RBP_AT))
    top = load_u64(u32(RSP_AT)) - width  # where rBP goes: the new frame pointer
    below = top - u64(level) * width - u64(allocated)
    at = top
    if not _push(at, frame, size):
        return u32(1)
    source = frame
    left = level
    while left > 1:
        source -= width
        if not guest_check(source, size, False):
            return u32(1)
        at -= width
        if not _push(at, _load(source, size), size):
            return u32(1)
        left -= 1
    if level != 0 and not _push(at - width, top, size):
        return u32(1)
    if not guest_check(below, size, True):  # asked last, after the pushes
        return u32(1)
    store_u64(u32(RSP_AT), below)
    if size == 8:
        store_u64(u32(RBP_AT), top)
    else:
        store_u16(u32(RBP_AT), u32(top))
    return u32(0)


@core_function()
def _load(at: u64, size: u32) -> u64:
    if size == 8:
        return guest_load_u64(at)
    return u64(guest_load_u16(at))


@core_function()
def _push(at: u64, value: u64, size: u32) -> bool:
    """Store an element; False: it may not be, the fault is written."""
    if not guest_check(at, size, True):
        return False
    if size == 8:
        guest_store_u64(at, value)
    else:
        guest_store_u16(at, u32(value))
    return True
