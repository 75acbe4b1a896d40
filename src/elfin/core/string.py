"""Repeated string instructions (SDM vol. 2: REP/REPE/REPNE with MOVS, STOS, LODS, CMPS, SCAS).

Input:  bytes of an element (1 2 4 8), the segment base of rSI, the mask of the address size, the ZF to go on
        with (CMPS, SCAS); registers and DF in the register file.
Output: status 0 done, 1 fault, 2 to be continued.  In each case rCX, rSI and rDI say how far it came, so that
        executing the instruction again goes on there.  Without any progress nothing changes, not even the upper
        halves of 32-bit registers.
Forward copies and fills go page by page, long ones through `memory.copy` and `memory.fill`.
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.core.guest import (
    guest_check,
    guest_load_u8,
    guest_load_u16,
    guest_load_u32,
    guest_load_u64,
    guest_store_u8,
    guest_store_u16,
    guest_store_u32,
    guest_store_u64,
)
from elfin.dialect import (
    core_function,
    load_u8,
    load_u16,
    load_u32,
    load_u64,
    load_v128,
    memory_copy,
    memory_fill,
    store_u8,
    store_u16,
    store_u32,
    store_u64,
    store_v128,
    u32,
    u64,
)
from elfin.layout import GUEST_BASE, PAGE

RAX_AT: Final = layout.STATE + layout.RAX
RCX_AT: Final = layout.STATE + layout.RCX
RSI_AT: Final = layout.STATE + layout.RSI
RDI_AT: Final = layout.STATE + layout.RDI
REST_AT: Final = layout.STATE + layout.FLAG_REST
DF: Final = 0x400
ALL_ONES: Final = 0xFFFF_FFFF_FFFF_FFFF

# What one call may do before other tasks get their turn: bytes in bulk, where an element by itself counts as ELEMENT.
WORK: Final = 1 << 16
ELEMENT: Final = 64
BULK: Final = 128  # fewer bytes than this are not worth a memory.copy
FEW: Final = 64  # elements that are mostly on one page
ONES: Final = 0x0101_0101_0101_0101

REGISTERS: Final = "rcx rsi rdi rest"


@core_function()
def _load(address: u64, size: u32) -> u64:
    if size == 1:
        return u64(guest_load_u8(address))
    if size == 2:
        return u64(guest_load_u16(address))
    if size == 4:
        return u64(guest_load_u32(address))
    return guest_load_u64(address)


@core_function()
def _store(address: u64, value: u64, size: u32) -> None:
    if size == 1:
        guest_store_u8(address, u32(value))
    elif size == 2:
        guest_store_u16(address, u32(value))
    elif size == 4:
        guest_store_u32(address, u32(value))
    else:
        guest_store_u64(address, value)


@core_function()
def _step(size: u32) -> u64:
    """By how much the pointers move."""
    if load_u64(u32(REST_AT)) & DF != 0:
        return ~u64(size) + 1
    return u64(size)


@core_function()
def _log(size: u32) -> u64:
    """Of the size of an element, to base 2."""
    return u64((size >> 1) - (size >> 3))


@core_function()
def _reach(address: u64, count: u64, size: u32, step: u64, mask: u64) -> u64:
    """How many of `count` elements from `address` upwards lie on its page; 1 where that is not so simple."""
    if step != u64(size) or mask != ALL_ONES:
        return u64(1)
    room = (PAGE - (address & (PAGE - 1))) >> _log(size)
    if room == 0:
        return u64(1)
    if room < count:
        return room
    return count


@core_function()
def _copy(to: u64, source: u64, n: u64) -> None:
    """n bytes, of which none is read after it was copied to."""
    at = u32(GUEST_BASE) + u32(to)
    other = u32(GUEST_BASE) + u32(source)
    left = u32(n)
    if left >= BULK:
        memory_copy(at, other, left)
        return
    while left >= 16:
        store_v128(at, load_v128(other))
        at += 16
        other += 16
        left -= 16
    if left & 8 != 0:
        store_u64(at, load_u64(other))
        at += 8
        other += 8
    if left & 4 != 0:
        store_u32(at, load_u32(other))
        at += 4
        other += 4
    if left & 2 != 0:
        store_u16(at, load_u16(other))
        at += 2
        other += 2
    if left & 1 != 0:
        store_u8(at, load_u8(other))


@core_function()
def _fill(to: u64, value: u64, n: u64, size: u32) -> None:
    """n bytes of elements `value`, at least one."""
    at = u32(GUEST_BASE) + u32(to)
    word = value
    if size == 1:
        word = value * ONES
    elif size == 2:
        word = value * 0x0001_0001_0001_0001
    elif size == 4:
        word = value << 32 | value
    end = u32(n)
    if end < BULK:
        while end >= 32:
            store_u64(at, word)
            store_u64(at + 8, word)
            store_u64(at + 16, word)
            store_u64(at + 24, word)
            at += 32
            end -= 32
        if end & 16 != 0:
            store_u64(at, word)
            store_u64(at + 8, word)
            at += 16
        if end & 8 != 0:
            store_u64(at, word)
            at += 8
        if end & 4 != 0:
            store_u32(at, u32(word))
            at += 4
        if end & 2 != 0:
            store_u16(at, u32(word))
            at += 2
        if end & 1 != 0:
            store_u8(at, u32(word))
        return
    if word == (word & 0xFF) * ONES:
        memory_fill(at, u32(word) & 0xFF, end)
        return
    store_u64(at, word)
    done = u32(8)
    while done < end:
        more = end - done
        if more > done:
            more = done
        memory_copy(at + done, at, more)
        done += more


@core_function()
def _repeat(to: u64, source: u64, elements: u64, size: u32) -> None:
    """One element after the other."""
    at = to
    other = source
    left = elements
    while left != 0:
        _store(at, _load(other, size), size)
        at += u64(size)
        other += u64(size)
        left -= 1


@core_function(may_fault=True, reads=REGISTERS, writes="rcx rsi rdi fault")
def repeat_movs(size: u32, segment: u64, mask: u64, go_on: u32) -> u32:
    start = load_u64(u32(RCX_AT)) & mask
    count = start
    rsi = load_u64(u32(RSI_AT)) & mask
    rdi = load_u64(u32(RDI_AT)) & mask
    step = _step(size)
    work = u64(WORK)
    status = u32(0)
    while count != 0 and status == 0:
        source = segment + rsi
        elements = _reach(rdi, _reach(source, count, size, step, mask), size, step, mask)
        n = elements << _log(size)
        distance = rdi - source
        again = distance != 0 and distance < n  # what is copied is read again: a pattern
        if again and distance >= BULK:
            elements = distance >> _log(size)
            n = elements << _log(size)
            again = False
        if not guest_check(source, u32(n), False) or not guest_check(rdi, u32(n), True):
            status = u32(1)
        else:
            if again:
                _repeat(rdi, source, elements, size)
            else:
                _copy(rdi, source, n)
            work -= n + ELEMENT
            count -= elements
            rsi = (rsi + elements * step) & mask
            rdi = (rdi + elements * step) & mask
            if work > WORK and count != 0:  # below zero
                status = u32(2)
    if count != start:
        store_u64(u32(RCX_AT), count)
        store_u64(u32(RSI_AT), rsi)
        store_u64(u32(RDI_AT), rdi)
    return status


@core_function(may_fault=True, reads=REGISTERS + " rax", writes="rcx rdi fault")
def repeat_stos(size: u32, segment: u64, mask: u64, go_on: u32) -> u32:
    start = load_u64(u32(RCX_AT)) & mask
    count = start
    rdi = load_u64(u32(RDI_AT)) & mask
    value = load_u64(u32(RAX_AT)) & (u64(ALL_ONES) >> (64 - 8 * u64(size)))
    step = _step(size)
    if count - 1 < FEW and mask == ALL_ONES and step == u64(size):
        length = u32(count) * size
        if (u32(rdi) & (PAGE - 1)) + length <= PAGE and guest_check(rdi, length, True):
            _fill(rdi, value, u64(length), size)
            store_u64(u32(RCX_AT), u64(0))
            store_u64(u32(RDI_AT), rdi + u64(length))
            return u32(0)
    work = u64(WORK)
    status = u32(0)
    while count != 0 and status == 0:
        elements = _reach(rdi, count, size, step, mask)
        n = elements << _log(size)
        if not guest_check(rdi, u32(n), True):
            status = u32(1)
        else:
            _fill(rdi, value, n, size)
            work -= n + ELEMENT
            count -= elements
            rdi = (rdi + elements * step) & mask
            if work > WORK and count != 0:
                status = u32(2)
    if count != start:
        store_u64(u32(RCX_AT), count)
        store_u64(u32(RDI_AT), rdi)
    return status


@core_function(may_fault=True, reads=REGISTERS + " rax", writes="rax rcx rsi fault")
def repeat_lods(size: u32, segment: u64, mask: u64, go_on: u32) -> u32:
    start = load_u64(u32(RCX_AT)) & mask
    count = start
    rsi = load_u64(u32(RSI_AT)) & mask
    kept = load_u64(u32(RAX_AT))
    step = _step(size)
    work = u64(WORK)
    status = u32(0)
    while count != 0 and status == 0:
        if not guest_check(segment + rsi, size, False):
            status = u32(1)
        else:
            value = _load(segment + rsi, size)
            if size < 4:  # a smaller register keeps the rest
                kept = (kept >> (8 * u64(size)) << (8 * u64(size))) | value
            else:
                kept = value
            count -= 1
            rsi = (rsi + step) & mask
            work -= ELEMENT
            if work > WORK and count != 0:
                status = u32(2)
    if count != start:
        store_u64(u32(RAX_AT), kept)
        store_u64(u32(RCX_AT), count)
        store_u64(u32(RSI_AT), rsi)
    return status


@core_function(writes="flags")
def _compare(a: u64, b: u64, size: u32) -> None:
    """Flags of a - b, as their slots hold them."""
    shift = 64 - 8 * u64(size)
    r = (a - b) << shift >> shift
    store_u64(u32(layout.STATE + layout.FLAG_C), u64(a < b))
    store_u64(u32(layout.STATE + layout.FLAG_P), r)
    store_u64(u32(layout.STATE + layout.FLAG_A), a ^ b ^ r)
    store_u64(u32(layout.STATE + layout.FLAG_Z), r)
    store_u64(u32(layout.STATE + layout.FLAG_S), r << shift)
    store_u64(u32(layout.STATE + layout.FLAG_O), ((a ^ b) & (a ^ r)) << shift)


@core_function()
def _check_both(source: u64, to: u64, n: u32, source_first: bool) -> bool:
    """May both be read?  REPE CMPSB alone finds the fault of the source first (on AMD processors)."""
    if source_first:
        return guest_check(source, n, False) and guest_check(to, n, False)
    return guest_check(to, n, False) and guest_check(source, n, False)


@core_function(may_fault=True, reads=REGISTERS, writes="rcx rsi rdi flags fault")
def repeat_cmps(size: u32, segment: u64, mask: u64, go_on: u32) -> u32:
    start = load_u64(u32(RCX_AT)) & mask
    count = start
    rsi = load_u64(u32(RSI_AT)) & mask
    rdi = load_u64(u32(RDI_AT)) & mask
    step = _step(size)
    a = u64(0)
    b = u64(0)
    work = u64(WORK)
    status = u32(0)
    going = True
    while count != 0 and status == 0 and going:
        elements = _reach(rdi, _reach(segment + rsi, count, size, step, mask), size, step, mask)
        n = u32(elements) * size
        if not _check_both(segment + rsi, rdi, n, size == 1 and go_on == 1):
            status = u32(1)
        else:
            work -= elements * ELEMENT
            while elements != 0 and going:
                a = _load(segment + rsi, size)
                b = _load(rdi, size)
                rsi = (rsi + step) & mask
                rdi = (rdi + step) & mask
                count -= 1
                elements -= 1
                going = u32(a == b) == go_on
            if work > WORK and count != 0 and going:
                status = u32(2)
    if count != start:
        store_u64(u32(RCX_AT), count)
        store_u64(u32(RSI_AT), rsi)
        store_u64(u32(RDI_AT), rdi)
        _compare(a, b, size)
    return status


@core_function(may_fault=True, reads=REGISTERS + " rax", writes="rcx rdi flags fault")
def repeat_scas(size: u32, segment: u64, mask: u64, go_on: u32) -> u32:
    start = load_u64(u32(RCX_AT)) & mask
    count = start
    rdi = load_u64(u32(RDI_AT)) & mask
    a = load_u64(u32(RAX_AT)) & (u64(ALL_ONES) >> (64 - 8 * u64(size)))
    b = u64(0)
    step = _step(size)
    work = u64(WORK)
    status = u32(0)
    going = True
    while count != 0 and status == 0 and going:
        elements = _reach(rdi, count, size, step, mask)
        if not guest_check(rdi, u32(elements) * size, False):
            status = u32(1)
        else:
            work -= elements * ELEMENT
            while elements != 0 and going:
                b = _load(rdi, size)
                rdi = (rdi + step) & mask
                count -= 1
                elements -= 1
                going = u32(a == b) == go_on
            if work > WORK and count != 0 and going:
                status = u32(2)
    if count != start:
        store_u64(u32(RCX_AT), count)
        store_u64(u32(RDI_AT), rdi)
        _compare(a, b, size)
    return status
