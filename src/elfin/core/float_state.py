"""The 512-byte image of FXSAVE and FXRSTOR, and MASKMOVDQU (SDM vol. 1, 10.5; vol. 2 FXSAVE).

x87 registers lie in the image from ST(0) on, in the register file by their physical number.  Tags are
kept as empty or not; what a full one holds is worked out when FSTENV asks.
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
    guest_load_v128,
    guest_store_u16,
    guest_store_u32,
    guest_store_u64,
    guest_store_v128,
)
from elfin.core.mxcsr import PLAIN, RESERVED
from elfin.core.x87_state import status, summary_of
from elfin.dialect import (
    core_function,
    load_u16,
    load_u32,
    load_u64,
    load_v128,
    store_u16,
    store_u32,
    store_u64,
    store_v128,
    u32,
    u64,
    v128,
)
from elfin.dialect.lanes import i8x16_shr_s, v128_bitselect
from elfin.isa.vectors import GP

STATE: Final = layout.STATE
CONTROL: Final = 0xFFC0  # MXCSR but for its flags
MXCSR_MASK: Final = 0xFFFF  # which bits of MXCSR there are
# Offsets in the image.
FCW, FSW, TAGS, FOP, FIP, FDP, MXCSR, MASK, ST, XMM = 0, 2, 4, 6, 8, 16, 24, 28, 32, 160
PENDING: Final = 0x80  # ES in FSW
USED: Final = 416
SIZE: Final = 512


@core_function()
def top() -> u32:
    """Number of the register that is ST(0)."""
    return (load_u16(u32(STATE + layout.FSW)) >> 11) & 7


@core_function()
def x87_register(number: u32) -> u32:
    """Where ST(number) lies."""
    return u32(STATE + layout.X87) + (((top() + number) & 7) << 4)


@core_function()
def check_image(address: u64, write: bool) -> bool:
    """The processor tries the last byte first."""
    return guest_check(address + SIZE - 1, u32(1), write) and guest_check(address, u32(SIZE), write)


@core_function(may_fault=True, reads="mxcsr x87 xmm", writes="fault")
def save_float_state(address: u64, wide: u32) -> u32:
    """FXSAVE; `wide`: with 64-bit instruction and operand pointers."""
    if not check_image(address, True):
        return u32(1)
    tags = load_u16(u32(STATE + layout.FTW))
    valid = u32(0)
    for i in range(8):
        if (tags >> (u32(i) * 2)) & 3 != 3:
            valid |= u32(1) << u32(i)
    guest_store_u16(address + FCW, load_u16(u32(STATE + layout.FCW)))
    guest_store_u16(address + FSW, load_u16(u32(STATE + layout.FSW)))
    guest_store_u16(address + TAGS, valid)
    opcode = u32(0)
    instruction = u64(0)
    operand = u64(0)
    if status() & PENDING != 0:  # AMD's processors save the pointers only then
        opcode = load_u16(u32(STATE + layout.FOP))
        instruction = load_u64(u32(STATE + layout.FIP))
        operand = load_u64(u32(STATE + layout.FDP))
    guest_store_u16(address + FOP, opcode)
    if wide == 0:  # selectors behind 32-bit offsets; they are zero on all recent processors
        instruction = instruction & 0xFFFF_FFFF
        operand = operand & 0xFFFF_FFFF
    guest_store_u64(address + FIP, instruction)
    guest_store_u64(address + FDP, operand)
    guest_store_u32(address + MXCSR, load_u32(u32(STATE + layout.MXCSR)))
    guest_store_u32(address + MASK, u32(MXCSR_MASK))
    for i in range(8):
        at = address + ST + (u64(i) << 4)
        register = x87_register(u32(i))
        guest_store_u64(at, load_u64(register))
        guest_store_u64(at + 8, u64(load_u16(register + 8)))
    for i in range(16):
        value = load_v128(u32(STATE + layout.XMM) + (u32(i) << 4))
        guest_store_v128(address + XMM + (u64(i) << 4), value)
    return u32(0)


@core_function(may_fault=True, writes="mxcsr x87 xmm fault")
def restore_float_state(address: u64, wide: u32) -> u32:
    """FXRSTOR; #GP if MXCSR has a reserved bit."""
    if not check_image(address, False):
        return u32(1)
    mxcsr = guest_load_u32(address + MXCSR)
    if (mxcsr & RESERVED) != 0:
        store_u64(u32(STATE + layout.FAULT_ADDRESS), u64(0))
        store_u32(u32(STATE + layout.FAULT_VECTOR), u32(GP))
        store_u32(u32(STATE + layout.FAULT_ERROR), u32(0))
        return u32(1)
    old = load_u32(u32(STATE + layout.MXCSR))
    if (mxcsr & CONTROL) != PLAIN or (old & ~mxcsr) != 0:
        store_u32(u32(STATE + layout.FLOAT_WATCHED), u32(1))  # as LDMXCSR; not what only puts back
    store_u32(u32(STATE + layout.MXCSR), mxcsr)
    store_u16(u32(STATE + layout.FCW), guest_load_u16(address + FCW))
    store_u16(u32(STATE + layout.FSW), summary_of(guest_load_u16(address + FSW)))
    valid = guest_load_u8(address + TAGS)
    tags = u32(0)
    for i in range(8):
        if (valid >> u32(i)) & 1 == 0:
            tags |= u32(3) << (u32(i) * 2)
    store_u16(u32(STATE + layout.FTW), tags)
    store_u16(u32(STATE + layout.FOP), guest_load_u16(address + FOP))
    instruction = guest_load_u64(address + FIP)
    operand = guest_load_u64(address + FDP)
    if wide == 0:
        instruction = instruction & 0xFFFF_FFFF
        operand = operand & 0xFFFF_FFFF
    store_u64(u32(STATE + layout.FIP), instruction)
    store_u64(u32(STATE + layout.FDP), operand)
    for i in range(8):
        at = address + ST + (u64(i) << 4)
        register = x87_register(u32(i))
        store_u64(register, guest_load_u64(at))
        store_u16(register + 8, guest_load_u16(at + 8))
    for i in range(16):
        value = guest_load_v128(address + XMM + (u64(i) << 4))
        store_v128(u32(STATE + layout.XMM) + (u32(i) << 4), value)
    return u32(0)


@core_function(may_fault=True, writes="fault")
def store_masked(address: u64, value: v128, mask: v128) -> u32:
    """MASKMOVDQU: the bytes of `value` whose mask byte is negative.

    The manuals leave it open whether bytes that stay may fault; AMD's processors check all sixteen.
    """
    if not guest_check(address, u32(16), True):
        return u32(1)
    ones = i8x16_shr_s(mask, u32(7))
    guest_store_v128(address, v128_bitselect(value, guest_load_v128(address), ones))
    return u32(0)
