"""The decoder: bytes of one instruction to a raw record (64-bit mode; SDM vol. 2 chapter 2).

Input:  a window of code in Wasm memory, zeros behind its end; the tables of `decode/tables.py`.
Output: a status, and the record of `decode/record.py` at RECORD where the status is OK.
Dialect code: compiled into core.wasm, and called as ordinary Python.  It knows encodings only; which bytes
mean what, the tables say.
"""

from __future__ import annotations

from elfin.decode.operands import decode_immediate, decode_memory, memory_length
from elfin.decode.record import (
    C_A32,
    C_L,
    C_MOD3,
    C_REG,
    C_REX_B,
    C_RM,
    C_SIZE,
    C_W,
    CANDIDATE_SIZE,
    CONTROL_REGISTERS,
    D_64,
    D_FORCE_64,
    DIRECTORY,
    F_DEFAULT,
    F_FLAGS,
    F_IMM,
    FF_CONTROL,
    FF_DEBUG,
    FF_DISTINCT,
    FF_LOCK,
    FF_NOT_CS,
    FF_REGISTER,
    FF_SEGMENT,
    FF_VSIB,
    FF_WIDE_RM,
    INVALID,
    L_COUNT,
    L_GROUPED,
    L_MODRM,
    LONGEST,
    MAP_3DNOW,
    MAP_EVEX,
    MAP_LEGACY,
    MAP_VEX,
    MAP_XOP,
    MORE,
    NO_REGISTER,
    OK,
    P_66,
    P_67,
    P_LOCK,
    P_REP,
    P_REPNE,
    P_REX,
    PREFIX_REX,
    PREFIX_SEGMENT,
    PREFIXES,
    R_FIELDS,
    R_FORM,
    R_INDEX,
    R_LENGTH,
    R_MOD,
    R_PREFIX,
    R_REG,
    R_RM,
    R_SEGMENT,
    R_SIZE,
    RECORD,
    TOO_LONG,
    X_B,
    X_BROADCAST,
    X_L,
    X_MASK,
    X_R,
    X_R2,
    X_VVVV,
    X_W,
    X_X,
    X_Z,
)
from elfin.decode.vector import distinct_registers, vector_allows, vector_fields
from elfin.dialect import core_function, load_u8, load_u32, store_u32, u32


@core_function()
def decode_raw(window: u32, available: u32) -> u32:
    """Decode the instruction at `window`, of which `available` (at most 15) bytes can be fetched."""
    at = window
    prefix = u32(0)
    segment = u32(0)
    rex = u32(0)
    byte = load_u8(at)
    kind = load_u8(byte + PREFIXES)
    while kind != 0 and at < window + LONGEST:
        if kind == PREFIX_REX:
            rex = byte
        else:
            rex = u32(0)  # only the byte right before the opcode is a REX prefix
            if kind & PREFIX_SEGMENT != 0:
                if kind & 4 != 0:
                    segment = kind & 7
            elif kind & (P_REP | P_REPNE) != 0:
                prefix = prefix & (P_LOCK | P_66 | P_67) | kind
            else:
                prefix = prefix | kind
        at += 1
        byte = load_u8(at)
        kind = load_u8(byte + PREFIXES)
    at += 1
    if byte == 0xC5 or byte == 0xC4 or byte == 0x62:
        return decode_vector(window, available, at, byte, prefix, segment, rex)
    if byte == 0x8F and load_u8(at) & 0x1F >= 8:
        return decode_vector(window, available, at, byte, prefix, segment, rex)
    where = u32(MAP_LEGACY)
    if byte == 0x0F:
        where = u32(MAP_LEGACY + 1)
        byte = load_u8(at)
        at += 1
        if byte == 0x38:
            where = u32(MAP_LEGACY + 2)
            byte = load_u8(at)
            at += 1
        elif byte == 0x3A:
            where = u32(MAP_LEGACY + 3)
            byte = load_u8(at)
            at += 1
        elif byte == 0x0F:
            where = u32(MAP_3DNOW)  # the opcode comes last, where others have an immediate
            byte = load_u8(at + memory_length(at))
    if rex != 0:
        prefix = prefix | P_REX
    context = u32(0)
    if prefix & P_REPNE != 0:
        context = u32(3)
    elif prefix & P_REP != 0:
        context = u32(2)
    elif prefix & P_66 != 0:
        context = u32(1)
    return decode_opcode(window, available, at, where, byte, context, prefix, segment, rex & 15)


@core_function()
def decode_vector(
    window: u32, available: u32, at: u32, byte: u32, prefix: u32, segment: u32, rex: u32
) -> u32:
    """The rest behind C4, C5, 62 or 8F, which `byte` is."""
    first = load_u8(at)
    second = load_u8(at + 1)
    third = load_u8(at + 2)
    if rex != 0 or prefix & (P_LOCK | P_REP | P_REPNE | P_66) != 0:
        return refuse(window, available, at)
    where = u32(MAP_VEX)
    if byte == 0xC5:
        at += 1
        where = u32(MAP_VEX + 1)
        fields = vector_fields(first & 0x80 | 0x60, first & 0x7F)
        pp = first & 3
    elif byte == 0x62:
        at += 3
        if first & 8 != 0 or second & 4 == 0:
            return refuse(window, available, at)
        where = (first & 7) + MAP_EVEX
        fields = vector_fields(first, second & 0xF8)
        fields = fields | (third >> 5 & 3) << X_L | (third & 7) << X_MASK
        if first & 0x10 == 0:
            fields = fields | X_R2
        if third & 8 == 0:
            fields = fields | 0x10 << X_VVVV
        if third & 0x80 != 0:
            fields = fields | X_Z
        if third & 0x10 != 0:
            fields = fields | X_BROADCAST
        pp = second & 3
    else:
        at += 2
        where = first & 0x1F
        if byte == 0x8F:
            if where > 10:
                return refuse(window, available, at)
            where += MAP_XOP
        else:
            if where > 7:
                return refuse(window, available, at)
            where += MAP_VEX
        fields = vector_fields(first, second)
        pp = second & 3
    opcode = load_u8(at)
    return decode_opcode(window, available, at + 1, where, opcode, pp, prefix, segment, fields)


@core_function()
def decode_opcode(
    window: u32,
    available: u32,
    at: u32,
    where: u32,
    opcode: u32,
    context: u32,
    prefix: u32,
    segment: u32,
    fields: u32,
) -> u32:
    """Find the form and decode what follows the opcode.

    `at` is behind the opcode, `where` the map, `context` the prefix that selects (C_PP), `fields` X_... bits.
    """
    entry = load_u32(load_u32(DIRECTORY + (where << 2)) + (opcode << 2))
    if entry == 0:
        return refuse(window, available, at)
    head = load_u32(entry)
    modrm = u32(0xC0)
    reg = opcode & 7 | (fields & X_B) << 3
    rm = u32(0)
    if head & L_MODRM != 0:
        modrm = load_u8(at)
        at += 1
        reg = modrm >> 3 & 7
        rm = modrm & 7
        context = context | reg << C_REG | rm << C_RM
        if modrm >= 0xC0:
            context = context | 1 << C_MOD3
        if head & L_GROUPED != 0:
            group = reg
            if modrm >= 0xC0:
                group += 8
            entry = load_u32(entry + 4 + (group << 2))
            head = load_u32(entry)
        reg = reg | (fields & X_R) << 1 | fields & X_R2
        rm = rm | (fields & X_B) << 3
    vector = fields >> X_L & 3
    if fields & X_BROADCAST != 0 and modrm >= 0xC0:
        vector = u32(2)  # L holds the rounding mode, and the vector is as long as can be
    context = context | vector << C_L
    size = u32(32)
    if fields & X_W != 0:
        size = u32(64)
        context = context | 1 << C_W | 2 << C_SIZE
    elif prefix & P_66 != 0:
        size = u32(16)
    else:
        context = context | 1 << C_SIZE
    if prefix & P_67 != 0:
        context = context | 1 << C_A32
    if fields & X_B != 0:
        context = context | 1 << C_REX_B
    left = head & L_COUNT
    entry += 4
    while left != 0 and (load_u32(entry + 4) ^ context) & load_u32(entry) != 0:
        entry += CANDIDATE_SIZE
        left -= 1
    if left == 0:
        return refuse(window, available, at)
    form = load_u32(entry + 8)
    flags = load_u32(form + F_FLAGS)
    default = load_u8(form + F_DEFAULT)
    if default == D_FORCE_64 or (default == D_64 and size == 32):
        size = u32(64)
    if flags & FF_REGISTER != 0:
        modrm = modrm | 0xC0

    if prefix & P_LOCK != 0 and (flags & FF_LOCK == 0 or modrm >= 0xC0):
        return refuse(window, available, at)
    if flags & FF_SEGMENT != 0:
        reg = reg & 7
    if flags & (FF_SEGMENT | FF_CONTROL | FF_DEBUG) != 0 and not system_register(flags, reg):
        return refuse(window, available, at)
    if where >= MAP_VEX and not vector_allows(flags, fields, modrm, reg, rm):
        return refuse(window, available, at)
    if where >= MAP_EVEX and modrm >= 0xC0 and flags & FF_WIDE_RM != 0:
        rm = rm | (fields & X_X) << 3
    store_u32(u32(RECORD + R_FORM), form)
    store_u32(u32(RECORD + R_SIZE), size)
    store_u32(u32(RECORD + R_PREFIX), prefix)
    store_u32(u32(RECORD + R_SEGMENT), segment)
    store_u32(u32(RECORD + R_MOD), modrm >> 6)
    store_u32(u32(RECORD + R_REG), reg)
    store_u32(u32(RECORD + R_RM), rm)
    store_u32(u32(RECORD + R_FIELDS), fields)
    if modrm < 0xC0:
        at = decode_memory(at, modrm, fields, form)
        if at == 0:
            return refuse(window, available, window)
        rm = load_u32(u32(RECORD + R_INDEX)) if flags & FF_VSIB != 0 else u32(NO_REGISTER)
    if flags & FF_DISTINCT != 0 and not distinct_registers(flags, fields, reg, rm):
        return refuse(window, available, at)
    kind = load_u8(form + F_IMM)
    if kind != 0:
        at = decode_immediate(at, kind, size, prefix)
    length = at - window
    if length > available:
        return refuse(window, available, at)
    store_u32(u32(RECORD + R_LENGTH), length)
    return u32(OK)


@core_function()
def system_register(flags: u32, reg: u32) -> bool:
    """Does segment, control or debug register `reg` exist, and may it be used so?"""
    if flags & FF_SEGMENT != 0:
        return reg < 6 and not (flags & FF_NOT_CS != 0 and reg == 1)
    if flags & FF_DEBUG != 0:
        return reg < 8
    return CONTROL_REGISTERS >> reg & 1 != 0


@core_function()
def refuse(window: u32, available: u32, at: u32) -> u32:
    """No instruction, known by the bytes before `at`."""
    if at - window <= available:
        return u32(INVALID)
    if available < LONGEST:
        return u32(MORE)
    return u32(TOO_LONG)
