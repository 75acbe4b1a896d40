"""Counters of a core module that counts: why and where translated code was left.

`LEAVES` begins with two u64: instructions that were executed in translated code, and ways out that found
no room in the table.  Rows follow: u32 address, u32 kind, u64 count.  `elfin run --stats` reads them.
"""

from __future__ import annotations

from elfin.dialect import core_function, load_u32, load_u64, store_u32, store_u64, u32, u64
from elfin.layout import LEAVES, LEAVES_BITS, LEAVES_ROWS, SPREAD

TRIES = 8  # rows that an address may be in


@core_function()
def count_nested(done: u32) -> None:
    """A nested run of the interpreter has executed so many instructions: not in the code that it is nested in."""
    store_u64(u32(LEAVES), load_u64(u32(LEAVES)) - u64(done))


@core_function()
def count_leave(pc: u64, done: u32, kind: u32) -> None:
    """Translated code was left to `pc` after `done` instructions."""
    store_u64(u32(LEAVES), load_u64(u32(LEAVES)) + u64(done))
    at = ((u32(pc) + kind) * SPREAD) >> (32 - LEAVES_BITS)
    for _ in range(TRIES):
        row = LEAVES_ROWS + (at << 4)
        count = load_u64(row + 8)
        if count == 0:
            store_u32(row, u32(pc))
            store_u32(row + 4, kind)
        if load_u32(row) == u32(pc) and load_u32(row + 4) == kind:
            store_u64(row + 8, count + 1)
            return
        at = (at + 1) & ((1 << LEAVES_BITS) - 1)
    store_u64(u32(LEAVES + 8), load_u64(u32(LEAVES + 8)) + 1)
