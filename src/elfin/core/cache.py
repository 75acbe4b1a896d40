"""The decode cache: decode entries in runs, found by guest address through a hash table.

A run is the entries of instructions in line, from where control came in to the first one that
never goes on in line, and ends with a `goto` entry.  Runs are made when first needed and are all
dropped together: when the cache is full, or when something wrote to a page with PAGE_CODE.
SDM vol. 3, 12.6 (self-modifying code).
"""

from __future__ import annotations

from elfin.decode.entry import decode_entry
from elfin.decode.variant import GOTO
from elfin.dialect import (
    core_function,
    load_u8,
    load_u16,
    load_u32,
    load_u64,
    memory_copy,
    memory_fill,
    store_u8,
    store_u16,
    store_u32,
    store_u64,
    u32,
    u64,
)
from elfin.layout import (
    CACHE,
    CACHE_LIMIT,
    CACHE_TOP,
    CODE_HIGH,
    CODE_LOW,
    DROPS,
    ENDS,
    ENTRY_DISP,
    ENTRY_HANDLER,
    ENTRY_IMM,
    ENTRY_LENGTH,
    ENTRY_LINK,
    ENTRY_PC,
    ENTRY_SIZE,
    HASH,
    HASH_BITS,
    PAGES,
    PENDING,
    PROFILE,
    PROFILE_BITS,
    SPREAD,
    STATE,
)

assert PROFILE == HASH + (4 << HASH_BITS)  # cleared together
RUN_LIMIT = 32  # instructions in a run
RUN_BYTES = (RUN_LIMIT + 1) * ENTRY_SIZE
FEW = 4096  # entries whose places in the hash table are cleared one by one
CODE_MARKS = 0x1818181818181818  # PAGE_CODE | PAGE_WSAVED in each byte
SAVED_MARKS = 0x1010101010101010  # PAGE_WSAVED in each byte


@core_function()
def drop_code() -> None:
    """Forget every decoded instruction; pages that held code may be written to again."""
    _clear_hash()
    store_u32(u32(STATE + CACHE_TOP), u32(CACHE))
    store_u32(u32(STATE + PENDING), u32(0))
    store_u32(u32(STATE + DROPS), load_u32(u32(STATE + DROPS)) + 1)
    at = load_u32(u32(STATE + CODE_LOW)) & ~u32(7)
    if at < PAGES:  # nothing has been dropped before
        at = u32(PAGES)
    end = load_u32(u32(STATE + CODE_HIGH))
    while at < end:
        word = load_u64(at)
        if (word & CODE_MARKS) != 0:
            writable = (word & SAVED_MARKS) >> 3
            store_u64(at, (word & ~u64(CODE_MARKS)) | writable)
        at += 8
    store_u32(u32(STATE + CODE_LOW), u32(0xFFFF_FFFF))
    store_u32(u32(STATE + CODE_HIGH), u32(0))


@core_function()
def _clear_hash() -> None:
    """Empty the hash table and the profile: what is in them, or all where that is quicker."""
    used = load_u32(u32(STATE + CACHE_TOP)) - CACHE
    if used > FEW * ENTRY_SIZE:  # also in a new memory, where CACHE_TOP is 0
        memory_fill(u32(HASH), u32(0), u32((4 << HASH_BITS) + (2 << PROFILE_BITS)))
        return
    memory_fill(u32(PROFILE), u32(0), u32(2 << PROFILE_BITS))
    at = u32(CACHE)
    end = at + used
    while at < end:
        store_u32(_slot(u64(load_u32(at + ENTRY_PC))), u32(0))
        at += ENTRY_SIZE


@core_function()
def _slot(pc: u64) -> u32:
    """Address of the hash table's word for a guest address."""
    return u32(HASH) + (((u32(pc) * SPREAD) >> (32 - HASH_BITS)) << 2)


@core_function()
def find_entry(pc: u64) -> u32:
    """The entry to go on with at a guest address; 0: it cannot be fetched, the fault is written."""
    if (pc >> 32) == 0:
        known = load_u32(_slot(pc))
        if known != 0 and load_u32(known + ENTRY_PC) == u32(pc):
            return known
    found = _decode_run(pc)
    if found != 0:
        store_u32(_slot(pc), found)
    return found


@core_function()
def link_entry(entry: u32) -> u32:
    """`find_entry` for the branch target of an entry, remembered there."""
    top = load_u32(u32(STATE + CACHE_TOP))
    found = find_entry(load_u64(entry + ENTRY_DISP))
    if load_u32(u32(STATE + CACHE_TOP)) >= top:  # else all was dropped, and `entry` is another's
        store_u32(entry + ENTRY_LINK, found)
    return found


@core_function()
def _decode_run(pc: u64) -> u32:
    """Decode a run from `pc` on; its first entry, or 0 where not even that can be fetched."""
    first = load_u32(u32(STATE + CACHE_TOP))
    if first + RUN_BYTES > CACHE_LIMIT:
        drop_code()
        first = u32(CACHE)
    top = first
    count = u32(0)
    going = True
    while going:
        if decode_entry(pc, top) != 0:
            if count == 0:
                return u32(0)
            going = False
        else:
            pc += u64(load_u8(top + ENTRY_LENGTH))
            handler = u32(load_u16(top + ENTRY_HANDLER))
            top += ENTRY_SIZE
            count += 1
            going = count < RUN_LIMIT and load_u8(u32(ENDS) + handler) == 0
    _end_run(top, pc)
    store_u32(u32(STATE + CACHE_TOP), top + ENTRY_SIZE)
    return first


@core_function()
def _end_run(entry: u32, pc: u64) -> None:
    """Make an entry that goes on at `pc`."""
    store_u16(entry + ENTRY_HANDLER, u32(GOTO))
    store_u8(entry + ENTRY_LENGTH, u32(0))
    store_u32(entry + ENTRY_PC, u32(pc))
    store_u64(entry + ENTRY_DISP, pc)
    store_u32(entry + ENTRY_LINK, u32(0))


@core_function()
def install(pc: u64, index: u32, handler: u32) -> u32:
    """Make the entry at `pc` enter translated code: handler `handler`, table index `index`.

    The instruction's own entry moves to a run of its own, which LINK names.  0: no entry at `pc`.
    """
    entry = find_entry(pc)
    if entry == 0:
        return u32(0)
    if u32(load_u16(entry + ENTRY_HANDLER)) != handler:
        copy = load_u32(u32(STATE + CACHE_TOP))
        if copy + 2 * ENTRY_SIZE > CACHE_LIMIT:
            return u32(0)
        memory_copy(copy, entry, u32(ENTRY_SIZE))
        _end_run(copy + ENTRY_SIZE, pc + u64(load_u8(entry + ENTRY_LENGTH)))
        store_u32(u32(STATE + CACHE_TOP), copy + 2 * ENTRY_SIZE)
        store_u16(entry + ENTRY_HANDLER, handler)
        store_u32(entry + ENTRY_LINK, copy)
    store_u32(entry + ENTRY_IMM, index)
    return entry


@core_function()
def plain_entry(entry: u32, handler: u32) -> u32:
    """The entry of the instruction itself, where `entry` enters translated code."""
    if u32(load_u16(entry + ENTRY_HANDLER)) == handler:
        return load_u32(entry + ENTRY_LINK)
    return entry


@core_function()
def translated_index(pc: u64, handler: u32) -> u32:
    """1 + the table index of the translation at `pc`, or 0."""
    if (pc >> 32) != 0:
        return u32(0)
    known = load_u32(_slot(pc))
    if known == 0 or load_u32(known + ENTRY_PC) != u32(pc):
        return u32(0)
    if u32(load_u16(known + ENTRY_HANDLER)) != handler:
        return u32(0)
    return load_u32(known + ENTRY_IMM) + 1
