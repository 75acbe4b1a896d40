"""Segments as Linux shows them to a 64-bit program (SDM vol. 3A, 3.4.5; arch/x86/include/asm/segment.h).

Descriptors a program can see, by selector: 20h code of 32 bits, 28h data, 30h code of 64 bits, 78h the
processor's number as a limit.  The two low bits of a selector, the requested level, do not matter but for SS and CS.
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.core.fault import raise_fault
from elfin.dialect import core_function, store_u16, store_u64, u32, u64
from elfin.isa.vectors import GP

CODE32: Final = 0x20
DATA: Final = 0x28
CODE64: Final = 0x30
NUMBER: Final = 0x78
USER: Final = 3  # requested level
# Access rights as LAR gives them, limits as LSL does, with bit 63 for "there is one".
FOUND: Final = 1 << 63
RIGHTS_CODE32: Final = FOUND | 0xCFFB00
RIGHTS_DATA: Final = FOUND | 0xCFF300
RIGHTS_CODE64: Final = FOUND | 0xAFFB00
RIGHTS_NUMBER: Final = FOUND | 0x40F500
LIMIT_FLAT: Final = FOUND | 0xFFFFFFFF
LIMIT_NUMBER: Final = FOUND  # node 0, processor 0

SS_SLOT: Final = layout.SEGMENT + 4
FS_SLOT: Final = layout.SEGMENT + 8
GS_SLOT: Final = layout.SEGMENT + 10


@core_function()
def segment_rights(selector: u32) -> u64:
    """Access rights with bit 63 set, or 0 for a selector that names nothing visible."""
    index = selector & 0xFFFC
    if index == CODE32:
        return u64(RIGHTS_CODE32)
    if index == DATA:
        return u64(RIGHTS_DATA)
    if index == CODE64:
        return u64(RIGHTS_CODE64)
    if index == NUMBER:
        return u64(RIGHTS_NUMBER)
    return u64(0)


@core_function()
def segment_limit(selector: u32) -> u64:
    """Limit in bytes with bit 63 set, or 0."""
    if segment_rights(selector) == 0:
        return u64(0)
    if selector & 0xFFFC == NUMBER:
        return u64(LIMIT_NUMBER)
    return u64(LIMIT_FLAT)


@core_function(may_fault=True, writes="segment fs_base gs_base fault")
def load_segment(slot: u32, selector: u32) -> u32:
    """A segment register (by its slot) becomes `selector`; every visible segment's base is 0."""
    known = selector & 0xFFFC == 0 or segment_rights(selector) != 0
    if slot == SS_SLOT:
        known = selector == DATA | USER
    if not known:
        return raise_fault(u32(GP), selector & 0xFFFC)
    store_u16(u32(layout.STATE) + slot, selector)
    if slot == FS_SLOT:
        store_u64(u32(layout.STATE + layout.FS_BASE), u64(0))
    elif slot == GS_SLOT:
        store_u64(u32(layout.STATE + layout.GS_BASE), u64(0))
    return u32(0)


@core_function(may_fault=True, writes="fault")
def check_code_segment(selector: u32) -> u32:
    """#GP unless `selector` is that of 64-bit user code."""
    if selector == CODE64 | USER:
        return u32(0)
    return raise_fault(u32(GP), selector & 0xFFFC)
