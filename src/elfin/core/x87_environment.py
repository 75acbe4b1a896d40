"""The x87 environment and the whole state in memory (SDM vol. 1, 8.1.10; vol. 2: FNSTENV ... FRSTOR).

An image has words of 16 or of 32 bits; FNSAVE's goes on with ST(0) to ST(7), ten bytes each.
Selectors are not kept: CS is what every 64-bit Linux program has, DS is 0.
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.core.guest import (
    guest_check,
    guest_load_u16,
    guest_load_u32,
    guest_load_u64,
    guest_store_u16,
    guest_store_u32,
    guest_store_u64,
)
from elfin.core.x87_number import SPECIAL
from elfin.core.x87_state import (
    FCW_AT,
    FTW_AT,
    STATE,
    cell,
    control,
    exponent_at,
    set_status,
    significand_at,
    status,
    summary_of,
)
from elfin.dialect import (
    core_function,
    load_u16,
    load_u64,
    store_u16,
    store_u64,
    u32,
    u64,
)

FOP_AT: Final = STATE + layout.FOP
FIP_AT: Final = STATE + layout.FIP
FDP_AT: Final = STATE + layout.FDP
CODE_SELECTOR: Final = 0x33
MASKS: Final = 0x3F
RESERVED_ONE: Final = 0x40
RESERVED_ZERO: Final = 0xE080
OPCODE: Final = 0x7FF
INITIAL: Final = 0x37F
REGISTERS: Final = 80  # bytes of ST(0) to ST(7)


@core_function()
def tag_word() -> u32:
    """0 a normal number, 1 zero, 2 anything else, 3 empty; by physical register."""
    tags = load_u16(u32(FTW_AT))
    for i in range(8):
        at = u32(STATE + layout.X87) + (u32(i) << 4)
        if (tags >> (u32(i) * 2)) & 3 != 3:
            tag = u32(0)
            if exponent_at(at) == 0 and significand_at(at) == 0:
                tag = u32(1)
            elif (
                exponent_at(at) == 0 or exponent_at(at) == SPECIAL or significand_at(at) >> 63 == 0
            ):
                tag = u32(2)
            tags = (tags & ~(u32(3) << (u32(i) * 2))) | tag << (u32(i) * 2)
    return tags


@core_function()
def image_size(narrow: u32, whole_state: u32) -> u32:
    return (u32(14) if narrow != 0 else u32(28)) + (u32(REGISTERS) if whole_state != 0 else u32(0))


@core_function()
def check_environment(address: u64, narrow: u32, whole_state: u32, write: bool) -> bool:
    """The processor tries the first word, then the last byte."""
    size = image_size(narrow, whole_state)
    if not guest_check(address, u32(2) if narrow != 0 else u32(4), write):
        return False
    if not guest_check(address + u64(size) - 1, u32(1), write):
        return False
    return guest_check(address, size, write)


@core_function()
def store_environment(address: u64, narrow: u32) -> None:
    instruction = load_u64(u32(FIP_AT))
    operand = u32(load_u64(u32(FDP_AT)))
    selector = u32(CODE_SELECTOR) if instruction != 0 else u32(0)
    if narrow != 0:
        guest_store_u16(address, control())
        guest_store_u16(address + 2, status())
        guest_store_u16(address + 4, tag_word())
        guest_store_u16(address + 6, u32(instruction))
        guest_store_u16(address + 8, selector)
        guest_store_u16(address + 10, operand)
        guest_store_u16(address + 12, u32(0))
    else:
        guest_store_u32(address, control() | 0xFFFF_0000)
        guest_store_u32(address + 4, status() | 0xFFFF_0000)
        guest_store_u32(address + 8, tag_word() | 0xFFFF_0000)
        guest_store_u32(address + 12, u32(instruction))
        guest_store_u32(address + 16, selector | load_u16(u32(FOP_AT)) << 16)
        guest_store_u32(address + 20, operand)
        guest_store_u32(address + 24, u32(0xFFFF_0000))


@core_function(may_fault=True, reads="x87", writes="x87 fault")
def x87_store_environment(address: u64, narrow: u32) -> u32:
    """FNSTENV: afterwards every exception is masked."""
    if not check_environment(address, narrow, u32(0), True):
        return u32(1)
    store_environment(address, narrow)
    store_u16(u32(FCW_AT), control() | MASKS)
    set_status(summary_of(status()))
    return u32(0)


@core_function(may_fault=True, reads="x87", writes="x87 fault")
def x87_save(address: u64, narrow: u32) -> u32:
    """FNSAVE: afterwards the unit is as FNINIT leaves it."""
    if not check_environment(address, narrow, u32(1), True):
        return u32(1)
    store_environment(address, narrow)
    at = address + u64(image_size(narrow, u32(0)))
    for i in range(8):
        guest_store_u64(at, significand_at(cell(u32(i))))
        guest_store_u16(at + 8, load_u16(cell(u32(i)) + 8))
        at += 10
    store_u16(u32(FCW_AT), u32(INITIAL))
    set_status(u32(0))
    store_u16(u32(FTW_AT), u32(0xFFFF))
    store_u16(u32(FOP_AT), u32(0))
    store_u64(u32(FIP_AT), u64(0))
    store_u64(u32(FDP_AT), u64(0))
    return u32(0)


@core_function()
def load_environment(address: u64, narrow: u32) -> None:
    wide = u64(2) if narrow != 0 else u64(4)
    store_u16(u32(FCW_AT), guest_load_u16(address) & ~u32(RESERVED_ZERO) | RESERVED_ONE)
    set_status(summary_of(guest_load_u16(address + wide)))
    tags = guest_load_u16(address + wide * 2)
    full = u32(0)
    for i in range(8):
        if (tags >> (u32(i) * 2)) & 3 == 3:
            full |= u32(3) << (u32(i) * 2)
    store_u16(u32(FTW_AT), full)
    if narrow != 0:
        store_u16(u32(FOP_AT), u32(0))
        store_u64(u32(FIP_AT), u64(guest_load_u16(address + 6)))
        store_u64(u32(FDP_AT), u64(guest_load_u16(address + 10)))
    else:
        store_u16(u32(FOP_AT), guest_load_u16(address + 18) & OPCODE)
        store_u64(u32(FIP_AT), u64(guest_load_u32(address + 12)))
        store_u64(u32(FDP_AT), u64(guest_load_u32(address + 20)))


@core_function(may_fault=True, reads="x87", writes="x87 fault")
def x87_load_environment(address: u64, narrow: u32) -> u32:
    """FLDENV."""
    if not check_environment(address, narrow, u32(0), False):
        return u32(1)
    load_environment(address, narrow)
    return u32(0)


@core_function(may_fault=True, reads="x87", writes="x87 fault")
def x87_restore(address: u64, narrow: u32) -> u32:
    """FRSTOR."""
    if not check_environment(address, narrow, u32(1), False):
        return u32(1)
    load_environment(address, narrow)
    at = address + u64(image_size(narrow, u32(0)))
    for i in range(8):
        store_u64(cell(u32(i)), guest_load_u64(at))
        store_u16(cell(u32(i)) + 8, guest_load_u16(at + 8))
        at += 10
    return u32(0)
