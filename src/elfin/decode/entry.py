"""Decode entries: what the interpreter executes (`layout.ENTRY_...`), made from the raw record.

Input:  a guest address; guest memory and its page permissions, in the same Wasm memory.
Output: one complete entry, and the page bytes: the pages on which the instruction lies are marked as code, so
        that a write to them is seen.
Dialect code.  It knows which handler belongs to a form only as a number from the tables.
"""

from __future__ import annotations

from elfin.decode.decoder import decode_raw
from elfin.decode.record import (
    CLASS_BYTE,
    CLASS_NONE,
    CLASS_SEGMENT,
    CLASS_STACK,
    CLASS_XMM,
    F_BRANCH,
    F_CLASS_B,
    F_CLASS_R,
    F_CLASS_V,
    F_FLAGS,
    F_HANDLER,
    F_IMM,
    F_KIND,
    F_KINDS,
    F_REPS,
    F_SIZES,
    F_STRING,
    FETCH,
    FETCH_SIZE,
    FF_NO_SEGMENT,
    IMM_OFFSET,
    INVALID,
    LONGEST,
    MORE,
    NO_BASE,
    NO_INDEX,
    OK,
    P_67,
    P_REP,
    P_REPNE,
    P_REX,
    R_BASE,
    R_DISP,
    R_FIELDS,
    R_FORM,
    R_IMM,
    R_INDEX,
    R_LENGTH,
    R_MOD,
    R_PREFIX,
    R_REG,
    R_RM,
    R_SCALE,
    R_SEGMENT,
    R_SIZE,
    RECORD,
    RIP_BASE,
    TOO_LONG,
    X_VVVV,
)
from elfin.decode.variant import SCALE_A32, UNDEFINED
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
from elfin.isa.vectors import GP, PF
from elfin.layout import (
    CODE_HIGH,
    CODE_LOW,
    ENTRY_B,
    ENTRY_DISP,
    ENTRY_HANDLER,
    ENTRY_IMM,
    ENTRY_LENGTH,
    ENTRY_PC,
    ENTRY_R,
    ENTRY_SCALE,
    ENTRY_SIZE,
    ENTRY_V,
    ENTRY_X,
    FAULT_ADDRESS,
    FAULT_ERROR,
    FAULT_VECTOR,
    FS_BASE,
    GPR,
    GS_BASE,
    GUEST_BASE,
    GUEST_LIMIT,
    PAGE,
    PAGE_CODE,
    PAGE_W,
    PAGE_WSAVED,
    PAGE_X,
    PAGES,
    SEGMENT,
    STATE,
    XMM,
    ZERO,
)

FETCH_ERROR = 0x14  # page-fault error code: an instruction fetch (bit 4) in user mode (bit 2)


@core_function()
def decode_entry(pc: u64, entry: u32) -> u32:
    """Decode the instruction at guest address `pc` into the 32 bytes at `entry`.

    0: done; undecodable bytes get the handler UNDEFINED.  1: the fetch faults, FAULT_... say how.
    """
    if not fetchable(pc):
        return u32(1)
    at = u32(pc)
    here = PAGE - (at & (PAGE - 1))  # bytes on this page
    available = u32(LONGEST)
    if here < LONGEST:
        available = here
    memory_fill(u32(FETCH), u32(0), u32(FETCH_SIZE))
    memory_copy(u32(FETCH), at + GUEST_BASE, available)
    status = decode_raw(u32(FETCH), available)
    if status == MORE:
        if not fetchable(pc + u64(here)):
            return u32(1)
        memory_copy(u32(FETCH), at + GUEST_BASE, u32(LONGEST))
        status = decode_raw(u32(FETCH), u32(LONGEST))
    if status == TOO_LONG:
        return fetch_fault(u64(0), u32(GP), u32(0))
    memory_fill(entry, u32(0), u32(ENTRY_SIZE))
    store_u32(entry + ENTRY_PC, at)
    length = u32(1)
    if status == INVALID:
        store_u16(entry + ENTRY_HANDLER, u32(UNDEFINED))
    else:
        length = load_u32(u32(RECORD + R_LENGTH))
        fill_entry(pc + u64(length), entry)
    store_u8(entry + ENTRY_LENGTH, length)
    mark_code(at)
    mark_code(at + length - 1)
    return u32(OK)


@core_function()
def fetchable(pc: u64) -> bool:
    """May an instruction byte be fetched at `pc`?  If not, FAULT_... are set."""
    if pc >= GUEST_LIMIT:
        if pc + 0x8000_0000_0000 >= 0x1_0000_0000_0000:  # not canonical
            fetch_fault(u64(0), u32(GP), u32(0))
        else:
            fetch_fault(pc, u32(PF), u32(FETCH_ERROR))
        return False
    page = load_u8(u32(pc) // PAGE + PAGES)
    if page & PAGE_X == 0:
        present = u32(0)
        if page != 0:
            present = u32(1)
        fetch_fault(pc, u32(PF), present | FETCH_ERROR)
        return False
    return True


@core_function()
def fetch_fault(address: u64, vector: u32, error: u32) -> u32:
    """Say why nothing was decoded."""
    store_u64(u32(STATE + FAULT_ADDRESS), address)
    store_u32(u32(STATE + FAULT_VECTOR), vector)
    store_u32(u32(STATE + FAULT_ERROR), error)
    return u32(1)


@core_function()
def mark_code(at: u32) -> None:
    """Decoded code lies on the page of guest address `at`: take its W bit away, and remember it."""
    where = at // PAGE + PAGES
    page = load_u8(where)
    if page & PAGE_CODE == 0:
        saved = u32(0)
        if page & PAGE_W != 0:
            saved = u32(PAGE_WSAVED)
        store_u8(where, page & ~u32(PAGE_W) | PAGE_CODE | saved)
        if where < load_u32(u32(STATE + CODE_LOW)):
            store_u32(u32(STATE + CODE_LOW), where)
        if where >= load_u32(u32(STATE + CODE_HIGH)):
            store_u32(u32(STATE + CODE_HIGH), where + 1)


@core_function()
def fill_entry(next_pc: u64, entry: u32) -> None:
    """The entry of what lies in the raw record; `next_pc` is the address behind the instruction."""
    form = load_u32(u32(RECORD + R_FORM))
    first = load_u16(form + F_HANDLER)
    if first == 0:
        store_u16(entry + ENTRY_HANDLER, u32(UNDEFINED))
        return
    prefix = load_u32(u32(RECORD + R_PREFIX))
    reg = load_u32(u32(RECORD + R_REG))
    kind = u32(0)
    codes = load_u8(form + F_KIND)
    scale = u32(0)
    segment = u32(ZERO)
    if load_u32(u32(RECORD + R_SEGMENT)) == 4:
        segment = u32(FS_BASE)
    elif load_u32(u32(RECORD + R_SEGMENT)) == 5:
        segment = u32(GS_BASE)
    if load_u32(form + F_FLAGS) & FF_NO_SEGMENT != 0:
        segment = u32(ZERO)
    immediate = load_u8(form + F_IMM)
    if load_u32(u32(RECORD + R_MOD)) < 3 or immediate == IMM_OFFSET:
        index = load_u32(u32(RECORD + R_INDEX))
        scale = load_u32(u32(RECORD + R_SCALE))
        base = load_u32(u32(RECORD + R_BASE))
        displacement = load_u64(u32(RECORD + R_DISP))
        if base == RIP_BASE:
            displacement += next_pc
        store_u64(entry + ENTRY_DISP, displacement)
        if base >= NO_BASE:
            store_u16(entry + ENTRY_B, u32(ZERO))
        else:
            store_u16(entry + ENTRY_B, GPR + (base << 3))
        if index == NO_INDEX:
            store_u16(entry + ENTRY_X, u32(ZERO))
            kind = codes >> 2 & 3
        else:
            store_u16(entry + ENTRY_X, GPR + (index << 3))
            kind = codes >> 4 & 3
        if segment != ZERO or prefix & P_67 != 0:
            kind = codes >> 6
            if prefix & P_67 != 0:
                scale = scale | SCALE_A32
        store_u16(entry + ENTRY_V, segment)
    elif load_u8(form + F_STRING) != 0:
        rm = load_u32(u32(RECORD + R_RM))  # MASKMOVDQU has a register there
        store_u16(entry + ENTRY_B, register_slot(load_u8(form + F_CLASS_B), rm, prefix))
        store_u16(entry + ENTRY_V, segment)
        if prefix & P_67 != 0:
            kind = u32(2)
        elif segment != ZERO:
            kind = u32(1)
    else:
        kind = codes & 3
        rm = load_u32(u32(RECORD + R_RM))
        store_u16(entry + ENTRY_B, register_slot(load_u8(form + F_CLASS_B), rm, prefix))
        fields = load_u32(u32(RECORD + R_FIELDS))
        vvvv = fields >> X_VVVV & 15
        store_u16(entry + ENTRY_V, register_slot(load_u8(form + F_CLASS_V), vvvv, prefix))
    store_u16(entry + ENTRY_R, register_slot(load_u8(form + F_CLASS_R), reg, prefix))
    store_u8(entry + ENTRY_SCALE, scale)
    if load_u8(form + F_BRANCH) != 0:
        store_u64(entry + ENTRY_DISP, next_pc + load_u64(u32(RECORD + R_IMM)))
    elif immediate != 0 and immediate != IMM_OFFSET:
        store_u64(entry + ENTRY_IMM, load_u64(u32(RECORD + R_IMM)))

    # handler = first + (size * kinds + kind) * reps + rep, see decode/variant.py
    size = load_u32(u32(RECORD + R_SIZE)) >> 5  # 0, 1, 2
    chosen = load_u8(form + F_SIZES) >> (size << 1) & 3
    reps = load_u8(form + F_REPS)
    rep = u32(0)
    if prefix & P_REP != 0 and reps > 1:
        rep = u32(1)
    elif prefix & P_REPNE != 0 and reps > 1:
        rep = reps - 1
    handler = first + (chosen * load_u8(form + F_KINDS) + kind) * reps + rep
    store_u16(entry + ENTRY_HANDLER, handler)


@core_function()
def register_slot(kind: u32, number: u32, prefix: u32) -> u32:
    """The register's offset in the register file (`layout`); an x87 register's place on the stack."""
    if kind == CLASS_NONE:
        return u32(ZERO)
    if kind == CLASS_XMM:
        return XMM + (number << 4)
    if kind == CLASS_SEGMENT:
        return SEGMENT + (number << 1)
    if kind == CLASS_STACK:
        return number & 7
    if kind == CLASS_BYTE and number >= 4 and number < 8 and prefix & P_REX == 0:
        return GPR + (number - 4 << 3) + 1
    return GPR + (number << 3)
