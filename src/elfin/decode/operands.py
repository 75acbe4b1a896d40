"""Memory operands and immediates of the decoder (SDM vol. 2, 2.1.3-2.1.5, 2.2.1, 2.7.5).

Input:  the address behind the ModRM byte, and what was decoded before it.
Output: the fields R_BASE to R_SCALE, R_DISP and R_IMM of the raw record; the address behind the operand.
Dialect code; nothing here knows what an instruction means.
"""

from __future__ import annotations

from elfin.decode.record import (
    F_ELEMENT,
    F_FLAGS,
    F_TUPLE,
    FF_SIB,
    FF_VSIB,
    IMM_B,
    IMM_D,
    IMM_OFFSET,
    IMM_V,
    IMM_WB,
    LAST_IMM_BS,
    LAST_IMM_W,
    NO_BASE,
    NO_INDEX,
    P_67,
    R_BASE,
    R_DISP,
    R_IMM,
    R_INDEX,
    R_SCALE,
    RECORD,
    RIP_BASE,
    T_L,
    T_W,
    X_B,
    X_BROADCAST,
    X_L,
    X_VVVV,
    X_W,
    X_X,
)
from elfin.dialect import (
    core_function,
    i32,
    load_u8,
    load_u16,
    load_u32,
    load_u64,
    store_u32,
    store_u64,
    u32,
    u64,
)


@core_function()
def memory_length(at: u32) -> u32:
    """Bytes of the ModRM operand at `at`: ModRM, SIB and displacement."""
    modrm = load_u8(at)
    length = u32(1)
    rm = modrm & 7
    if modrm >= 0xC0:
        return length
    if rm == 4:
        length += 1
        rm = load_u8(at + 1) & 7
    if modrm >= 0x80 or (modrm < 0x40 and rm == 5):
        length += 4
    elif modrm >= 0x40:
        length += 1
    return length


@core_function()
def displacement_shift(form: u32, fields: u32) -> u32:
    """By how much EVEX scales an 8-bit displacement (SDM vol. 2, 2.7.5)."""
    if fields & X_BROADCAST != 0:
        return load_u8(form + F_ELEMENT)
    code = load_u8(form + F_TUPLE)
    shift = code & 15
    if code & T_L != 0:
        shift += fields >> X_L & 3
    if code & T_W != 0 and fields & X_W != 0:
        shift += 1
    return shift


@core_function()
def decode_memory(at: u32, modrm: u32, fields: u32, form: u32) -> u32:
    """The memory operand behind a ModRM byte; 0 where the form has no such operand."""
    base = modrm & 7
    index = u32(NO_INDEX)
    wide = modrm & 0xC0  # 0x40: 8-bit, 0x80: 32-bit displacement
    flags = load_u32(form + F_FLAGS)
    if base == 4:
        sib = load_u8(at)
        at += 1
        base = sib & 7
        index = sib >> 3 & 7 | (fields & X_X) << 2
        if flags & FF_VSIB != 0:
            index = index | fields >> X_VVVV & 0x10
        elif index == 4:
            index = u32(NO_INDEX)
        store_u32(u32(RECORD + R_SCALE), sib >> 6)
        if base == 5 and wide == 0:
            base = u32(NO_BASE)
            wide = u32(0x80)
        else:
            base = base | (fields & X_B) << 3
    else:
        if flags & (FF_VSIB | FF_SIB) != 0:
            return u32(0)
        store_u32(u32(RECORD + R_SCALE), u32(0))
        if base == 5 and wide == 0:
            base = u32(RIP_BASE)
            wide = u32(0x80)
        else:
            base = base | (fields & X_B) << 3
    store_u32(u32(RECORD + R_BASE), base)
    store_u32(u32(RECORD + R_INDEX), index)
    if wide == 0x40:
        small = u64(i32((load_u8(at) ^ 0x80) - 0x80))
        at += 1
        if load_u8(form + F_TUPLE) != 0:
            small = small << u64(displacement_shift(form, fields))
        store_u64(u32(RECORD + R_DISP), small)
    elif wide == 0x80:
        store_u64(u32(RECORD + R_DISP), u64(i32(load_u32(at))))
        at += 4
    else:
        store_u64(u32(RECORD + R_DISP), u64(0))
    return at


@core_function()
def decode_immediate(at: u32, kind: u32, size: u32, prefix: u32) -> u32:
    """The immediate at `at`; IMM_... says which."""
    if kind == IMM_OFFSET:
        store_u32(u32(RECORD + R_BASE), u32(NO_BASE))
        store_u32(u32(RECORD + R_INDEX), u32(NO_INDEX))
        store_u32(u32(RECORD + R_SCALE), u32(0))
        if prefix & P_67 != 0:
            store_u64(u32(RECORD + R_DISP), u64(load_u32(at)))
            return at + 4
        store_u64(u32(RECORD + R_DISP), load_u64(at))
        return at + 8
    value = u64(0)
    length = u32(1)
    if kind == IMM_B:
        value = u64(load_u8(at))
    elif kind <= LAST_IMM_BS:
        value = u64(i32((load_u8(at) ^ 0x80) - 0x80))
    elif kind <= LAST_IMM_W:
        value = u64(load_u16(at))
        length = u32(2)
    elif kind == IMM_WB:
        value = u64(load_u16(at) | load_u8(at + 2) << 16)
        length = u32(3)
    elif kind == IMM_D:
        value = u64(load_u32(at))
        length = u32(4)
    elif kind == IMM_V and size == 64:
        value = load_u64(at)
        length = u32(8)
    elif size == 16:  # IMM_V, IMM_Z, IMM_JZ
        value = u64(i32((load_u16(at) ^ 0x8000) - 0x8000))
        length = u32(2)
    else:
        value = u64(i32(load_u32(at)))
        length = u32(4)
    store_u64(u32(RECORD + R_IMM), value)
    return at + length
