"""The x87 register stack, its status, and what an operation finds (SDM vol. 1, 8.1 and 8.5).

A number lies in a cell of 16 bytes: the significand, then sign and exponent in 16 bits.  Registers are
cells, and so are A, B and R, on which operations work: results go to R.  FTW says of each register only
whether it is empty (3) or not (0); what a full one holds is worked out where it is asked for.

Every instruction calls `x87_begin` when nothing can fault any more, collects what it finds in FOUND
(bits as in FSW), and ends with `x87_settle`.
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.core.guest import guest_load_u8
from elfin.dialect import (
    core_function,
    load_u16,
    load_u32,
    load_u64,
    store_u16,
    store_u32,
    store_u64,
    u32,
    u64,
)

STATE: Final = layout.STATE
FSW_AT: Final = STATE + layout.FSW
FCW_AT: Final = STATE + layout.FCW
FTW_AT: Final = STATE + layout.FTW
A: Final = layout.X87_WORK
B: Final = A + 16
R: Final = A + 32
FOUND_AT: Final = A + 48  # u32
NARROW_DENORMAL: Final = A + 52  # u32, not 0: B was a denormal in the format it came from
CELLS: Final = A + 64  # further cells

IE: Final = 0x01
DE: Final = 0x02
ZE: Final = 0x04
OE: Final = 0x08
UE: Final = 0x10
PE: Final = 0x20
SF: Final = 0x40
BEFORE: Final = IE | DE | ZE  # found before anything is computed
ALL: Final = 0x3F
SUMMARY: Final = 0x8080  # ES and B
C0: Final = 0x100
C1: Final = 0x200
C2: Final = 0x400
C3: Final = 0x4000
CODES: Final = C0 | C1 | C2 | C3
TOP: Final = 0x3800
TOP_ONE: Final = 0x800

NEAREST: Final = 0
DOWN: Final = 1
UP: Final = 2
ZERO: Final = 3

NAN_SIGNIFICAND: Final = 0xC000_0000_0000_0000
NAN_EXPONENT: Final = 0xFFFF


# -- the words --------------------------------------------------------------------------
@core_function()
def status() -> u32:
    return load_u16(u32(FSW_AT))


@core_function()
def set_status(value: u32) -> None:
    store_u16(u32(FSW_AT), value)


@core_function()
def control() -> u32:
    return load_u16(u32(FCW_AT))


@core_function()
def rounding_mode() -> u32:
    """NEAREST, DOWN, UP or ZERO."""
    return (control() >> 10) & 3


@core_function()
def precision_bits() -> u32:
    """The bits of significand that arithmetic rounds to."""
    field = (control() >> 8) & 3
    if field == 0:
        return u32(24)
    return u32(53) if field == 2 else u32(64)


@core_function()
def summary_of(word: u32) -> u32:
    """FSW with ES and B as its flags and the masks have them."""
    if (word & ~control() & ALL) != 0:
        return word | SUMMARY
    return word & ~u32(SUMMARY)


# -- an instruction begins and ends -------------------------------------------------------
@core_function(writes="x87")
def x87_begin(rip: u64) -> None:
    """The instruction at `rip` is executed: note where, and its opcode, past its prefixes."""
    store_u64(u32(STATE + layout.FIP), rip)
    opcode = guest_load_u8(rip)
    while (opcode & 0xF8) != 0xD8:
        rip += 1
        opcode = guest_load_u8(rip)
    store_u16(u32(STATE + layout.FOP), (opcode & 7) << 8 | guest_load_u8(rip + 1))
    store_u32(u32(FOUND_AT), u32(0))
    store_u32(u32(NARROW_DENORMAL), u32(0))


@core_function(writes="x87")
def x87_begin_at(rip: u64, address: u64) -> None:
    """The same for one with a memory operand."""
    x87_begin(rip)
    store_u64(u32(STATE + layout.FDP), address)


@core_function()
def find(what: u32) -> None:
    """Found these exceptions or conditions."""
    store_u32(u32(FOUND_AT), load_u32(u32(FOUND_AT)) | what)


@core_function()
def found() -> u32:
    return load_u32(u32(FOUND_AT))


@core_function()
def x87_is_masked(exception: u32) -> bool:
    return (control() & exception) != 0


@core_function()
def stops(exceptions: u32) -> bool:
    """Has one of these been found that is not masked?"""
    return (found() & ~control() & exceptions) != 0


@core_function()
def x87_settle(stopping: u32, codes: u32) -> bool:
    """What was found goes to FSW, and replaces the condition codes `codes`.

    Is the result to be written?  Not after one of the exceptions `stopping` that is not masked.
    """
    what = found()
    unmasked = what & ~control() & ALL
    if (unmasked & BEFORE) != 0:
        what = what & ~u32(OE | UE | PE)
        if (what & SF) == 0:  # nothing was rounded; with SF it tells an overflow of the stack
            what = what & ~u32(C1)
    word = (status() & ~codes) | what
    if unmasked != 0:
        word = word | SUMMARY
    set_status(word)
    return (unmasked & stopping) == 0


# -- registers ----------------------------------------------------------------------------
@core_function()
def physical(number: u32) -> u32:
    """Which register is ST(number)."""
    return ((status() >> 11) + number) & 7


@core_function()
def cell(number: u32) -> u32:
    """Where ST(number) lies."""
    return u32(STATE + layout.X87) + (physical(number) << 4)


@core_function()
def is_empty(number: u32) -> bool:
    return (load_u16(u32(FTW_AT)) >> (physical(number) << 1)) & 3 == 3


@core_function()
def set_empty(number: u32) -> None:
    store_u16(u32(FTW_AT), load_u16(u32(FTW_AT)) | u32(3) << (physical(number) << 1))


@core_function()
def set_full(number: u32) -> None:
    store_u16(u32(FTW_AT), load_u16(u32(FTW_AT)) & ~(u32(3) << (physical(number) << 1)))


@core_function()
def pop() -> None:
    set_empty(u32(0))
    move_top(u32(TOP_ONE))


@core_function()
def move_top(by: u32) -> None:
    """TOP goes up by `by` / TOP_ONE, modulo 8."""
    word = status()
    set_status((word & ~u32(TOP)) | ((word + by) & TOP))


@core_function()
def copy_cell(to: u32, source: u32) -> None:
    """By halves, as they are written: a processor waits where a load spans two stores."""
    store_u64(to, load_u64(source))
    store_u64(to + 8, load_u64(source + 8))


@core_function()
def put_cell(to: u32, sign: u32, exponent: u32, significand: u64) -> None:
    store_u64(to, significand)
    store_u64(to + 8, u64((sign << 15) | exponent))


@core_function()
def put_result(sign: u32, exponent: u32, significand: u64) -> None:
    put_cell(u32(R), sign, exponent, significand)


@core_function()
def put_default_nan() -> None:
    """R is what an x87_invalid operation gives."""
    put_result(u32(1), u32(0x7FFF), u64(NAN_SIGNIFICAND))


@core_function()
def underflow_stack() -> None:
    """A register that is needed is empty."""
    find(u32(IE | SF))
    put_default_nan()


@core_function()
def write_back(number: u32) -> None:
    """ST(number) becomes R."""
    copy_cell(cell(number), u32(R))
    set_full(number)


@core_function()
def push_result() -> None:
    """R is pushed; a NaN instead where no register is free."""
    if not is_empty(u32(7)) and (found() & SF) == 0:
        store_u32(u32(FOUND_AT), u32(IE | SF | C1))
        put_default_nan()
    if x87_settle(u32(IE), u32(C1)):  # a denormal is pushed even if that is a trap
        move_top(u32(TOP))  # down by one
        write_back(u32(0))


# -- classes of numbers -------------------------------------------------------------------
@core_function()
def significand_at(at: u32) -> u64:
    return load_u64(at)


@core_function()
def sign_at(at: u32) -> u32:
    return load_u16(at + 8) >> 15


@core_function()
def exponent_at(at: u32) -> u32:
    """The exponent field."""
    return load_u16(at + 8) & 0x7FFF
