"""Guest memory for core functions: ask once with `guest_check`, then access.

Input:  guest addresses.
Output: `guest_check` says whether an access may happen; if not, the fault is in layout.FAULT_* and the caller
        returns status 1.  The accessors behind it are raw: nothing is asked again.  A function checks all
        that an instruction accesses before it stores anything.

A page whose W is cleared because decoded code lies on it (PAGE_WSAVED) may be written; the interpreter
then drops its decoded code after the instruction.  SDM vol. 3A, 4.7 (page-fault error codes), 3.3.7.1
(canonical addresses).
"""

from __future__ import annotations

from elfin.dialect import (
    core_function,
    i64,
    load_u8,
    load_u16,
    load_u32,
    load_u64,
    load_v128,
    store_u8,
    store_u16,
    store_u32,
    store_u64,
    store_v128,
    u32,
    u64,
    v128,
)
from elfin.isa.vectors import GP, PF, SS
from elfin.layout import (
    FAULT_ADDRESS,
    FAULT_ERROR,
    FAULT_VECTOR,
    GUEST_BASE,
    GUEST_LIMIT,
    PAGE_R,
    PAGE_W,
    PAGE_WSAVED,
    PAGE_X,
    PAGES,
    PENDING,
    STATE,
)

READABLE = PAGE_R | PAGE_W | PAGE_WSAVED | PAGE_X  # x86 without protection keys: mapped is readable
ERROR_WRITE_SHIFT = 1  # bit 1; bit 0 is "present"
ERROR_USER = 4
NEVER_MAPPED = (1 << 47) - 4096  # from here on Linux tells nothing: "present"


@core_function()
def guest_check(addr: u64, n: u32, write: bool) -> bool:
    """May `n` bytes at `addr` be read, or written?  If not, the fault is written."""
    return check_access(addr, n, write, u32(GP))


@core_function()
def guest_check_stack(addr: u64, n: u32, write: bool) -> bool:
    """The same for an address based on rSP or rBP: non-canonical ones are #SS."""
    return check_access(addr, n, write, u32(SS))


@core_function()
def check_access(addr: u64, n: u32, write: bool, vector: u32) -> bool:
    """`vector` is what a non-canonical address raises."""
    if n == 0:
        return True
    last = addr + u64(n) - 1
    at = addr
    while True:
        if at >= GUEST_LIMIT:
            refuse_beyond(at, last, write, vector)
            return False
        permission = load_u8(u32(at >> 12) + PAGES)
        if write:
            if (permission & PAGE_W) == 0:
                if (permission & PAGE_WSAVED) == 0:
                    refuse_page(at, write, permission != 0)
                    return False
                store_u32(u32(STATE + PENDING), u32(1))
        elif (permission & READABLE) == 0:
            refuse_page(at, write, permission != 0)
            return False
        at = (at | 0xFFF) + 1
        if at > last:
            return True


@core_function()
def refuse_beyond(at: u64, last: u64, write: bool, vector: u32) -> None:
    """The fault of an access up to `last` at an address that no guest page can have."""
    if u64(i64(at << 16) >> 16) != at or u64(i64(last << 16) >> 16) != last:
        store_u64(u32(STATE + FAULT_ADDRESS), u64(0))
        store_u32(u32(STATE + FAULT_VECTOR), vector)
        store_u32(u32(STATE + FAULT_ERROR), u32(0))
    else:
        refuse_page(at, write, at >= NEVER_MAPPED)


@core_function()
def refuse_page(at: u64, write: bool, present: bool) -> None:
    """A page fault at `at`, the first byte that may not be accessed."""
    error = u32(ERROR_USER) | (u32(write) << ERROR_WRITE_SHIFT) | u32(present)
    store_u64(u32(STATE + FAULT_ADDRESS), at)
    store_u32(u32(STATE + FAULT_VECTOR), u32(PF))
    store_u32(u32(STATE + FAULT_ERROR), error)


# -- raw accesses behind a check; the compiler makes one instruction of each ------------------
def guest_load_u8(addr: u64) -> u32:
    return load_u8(u32(addr) + GUEST_BASE)


def guest_load_u16(addr: u64) -> u32:
    return load_u16(u32(addr) + GUEST_BASE)


def guest_load_u32(addr: u64) -> u32:
    return load_u32(u32(addr) + GUEST_BASE)


def guest_load_u64(addr: u64) -> u64:
    return load_u64(u32(addr) + GUEST_BASE)


def guest_load_v128(addr: u64) -> v128:
    return load_v128(u32(addr) + GUEST_BASE)


def guest_store_u8(addr: u64, value: u32) -> None:
    store_u8(u32(addr) + GUEST_BASE, value)


def guest_store_u16(addr: u64, value: u32) -> None:
    store_u16(u32(addr) + GUEST_BASE, value)


def guest_store_u32(addr: u64, value: u32) -> None:
    store_u32(u32(addr) + GUEST_BASE, value)


def guest_store_u64(addr: u64, value: u64) -> None:
    store_u64(u32(addr) + GUEST_BASE, value)


def guest_store_v128(addr: u64, value: v128) -> None:
    store_v128(u32(addr) + GUEST_BASE, value)
