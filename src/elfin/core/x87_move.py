"""Loads, stores, exchange, sign and constants on the x87 stack (SDM vol. 2: FLD, FST, FXCH, FABS ...)."""

from __future__ import annotations

from typing import Final

from elfin.core.guest import (
    guest_check,
    guest_load_u16,
    guest_load_u64,
    guest_store_u16,
    guest_store_u32,
    guest_store_u64,
)
from elfin.core.x87_narrow import narrowed
from elfin.core.x87_number import (
    find_denormals,
    integer_operand,
    widen_double,
    widen_single,
    x87_is_signaling,
    x87_quieted,
)
from elfin.core.x87_state import (
    ALL,
    BEFORE,
    C1,
    IE,
    NEAREST,
    PE,
    SF,
    TOP,
    TOP_ONE,
    UP,
    B,
    R,
    cell,
    copy_cell,
    exponent_at,
    find,
    found,
    is_empty,
    move_top,
    pop,
    push_result,
    put_default_nan,
    put_result,
    rounding_mode,
    set_empty,
    set_status,
    sign_at,
    significand_at,
    status,
    underflow_stack,
    write_back,
    x87_begin_at,
    x87_settle,
)
from elfin.dialect import core_function, load_u16, u32, u64

SINGLE: Final = 24  # formats by their precision
DOUBLE: Final = 53


# -- loads --------------------------------------------------------------------------------
@core_function()
def load_operand() -> None:
    """Push B; a signaling NaN becomes quiet."""
    find_denormals(u32(B), u32(B))
    if x87_is_signaling(u32(B)):
        find(u32(IE))
        x87_quieted(u32(B))
    else:
        copy_cell(u32(R), u32(B))
    push_result()


@core_function(reads="x87", writes="x87")
def x87_load_single(x87_pattern: u32) -> None:
    widen_single(x87_pattern)
    load_operand()


@core_function(reads="x87", writes="x87")
def x87_load_double(x87_pattern: u64) -> None:
    widen_double(x87_pattern)
    load_operand()


@core_function(reads="x87", writes="x87")
def x87_load_integer(value: u64) -> None:
    integer_operand(value)
    copy_cell(u32(R), u32(B))
    push_result()


@core_function(reads="x87", writes="x87")
def x87_push(significand: u64, high: u32) -> None:
    """Push a number as it is: significand, and sign with exponent."""
    put_result(high >> 15, high & 0x7FFF, significand)
    push_result()


@core_function(reads="x87", writes="x87")
def x87_push_rounded(significand: u64, high: u32, nearest: u32) -> None:
    """Push a positive constant that is no 80-bit number: rounded down, with what nearest adds."""
    mode = rounding_mode()
    if mode == UP:
        significand += 1
    elif mode == NEAREST:
        significand += u64(nearest)
    x87_push(significand, high)


@core_function(may_fault=True, reads="x87", writes="x87 fault")
def x87_load_extended(rip: u64, address: u64, offset: u64) -> u32:
    if not guest_check(address, u32(10), False):
        return u32(1)
    x87_begin_at(rip, offset)
    x87_push(guest_load_u64(address), guest_load_u16(address + 8))
    return u32(0)


@core_function(reads="x87", writes="x87")
def x87_load_register(number: u32) -> None:
    """Push a copy of ST(number)."""
    if is_empty(number):
        underflow_stack()
    else:
        copy_cell(u32(R), cell(number))
    push_result()


# -- stores -------------------------------------------------------------------------------
@core_function(may_fault=True, reads="x87", writes="x87 fault")
def x87_store_float(rip: u64, address: u64, offset: u64, bits: u32, pops: u32) -> u32:
    """ST(0) as f32 or f64."""
    if not guest_check(address, u32(4) if bits == SINGLE else u32(8), True):
        return u32(1)
    x87_begin_at(rip, offset)
    if is_empty(u32(0)):
        underflow_stack()
        copy_cell(u32(B), u32(R))
        value = narrowed(u32(B), bits)
    else:
        value = narrowed(cell(u32(0)), bits)
    if x87_settle(u32(ALL & ~PE), u32(C1)):
        if bits == SINGLE:
            guest_store_u32(address, u32(value))
        else:
            guest_store_u64(address, value)
        if pops != 0:
            pop()
    return u32(0)


@core_function(may_fault=True, reads="x87", writes="x87 fault")
def x87_store_extended(rip: u64, address: u64, offset: u64) -> u32:
    """FSTP of all 80 bits."""
    if not guest_check(address, u32(10), True):
        return u32(1)
    x87_begin_at(rip, offset)
    if is_empty(u32(0)):
        underflow_stack()
    else:
        copy_cell(u32(R), cell(u32(0)))
    if x87_settle(u32(BEFORE), u32(C1)):
        guest_store_u64(address, significand_at(u32(R)))
        guest_store_u16(address + 8, load_u16(u32(R + 8)))
        pop()
    return u32(0)


@core_function(reads="x87", writes="x87")
def x87_store_register(number: u32, pops: u32) -> None:
    """ST(number) becomes ST(0)."""
    if is_empty(u32(0)):
        underflow_stack()
    else:
        copy_cell(u32(R), cell(u32(0)))
    if x87_settle(u32(BEFORE), u32(C1)):
        write_back(number)
        if pops != 0:
            pop()


@core_function(reads="x87", writes="x87")
def x87_store_quietly(number: u32) -> None:
    """FSTPNCE: an empty ST(0) is no exception; nothing is stored then, but popped."""
    if is_empty(u32(0)):
        set_status(status() & ~u32(C1))
        pop()
    else:
        x87_store_register(number, u32(1))


# -- registers ----------------------------------------------------------------------------
@core_function(reads="x87", writes="x87")
def x87_exchange(number: u32) -> None:
    """Empty registers are taken as NaNs."""
    put_default_nan()
    if is_empty(u32(0)) or is_empty(number):
        find(u32(IE | SF))
    if x87_settle(u32(BEFORE), u32(C1)):
        copy_cell(u32(B), u32(R) if is_empty(u32(0)) else cell(u32(0)))
        if not is_empty(number):
            copy_cell(u32(R), cell(number))
        write_back(u32(0))
        copy_cell(u32(R), u32(B))
        write_back(number)


@core_function(reads="x87", writes="x87")
def x87_move_if(number: u32, condition: u32) -> None:
    """ST(0) becomes ST(number) under a condition; C1 is cleared if one is empty."""
    if is_empty(u32(0)) or is_empty(number):
        underflow_stack()
    elif condition != 0:
        copy_cell(u32(R), cell(number))
    else:
        copy_cell(u32(R), cell(u32(0)))
    if x87_settle(u32(BEFORE), found() << 3 & C1):
        write_back(u32(0))


@core_function(reads="x87", writes="x87")
def x87_sign(keeps: u32, flips: u32) -> None:
    """The sign of ST(0) is masked by `keeps` and flipped by `flips`."""
    at = cell(u32(0))
    if is_empty(u32(0)):
        underflow_stack()
    else:
        put_result((sign_at(at) & keeps) ^ flips, exponent_at(at), significand_at(at))
    if x87_settle(u32(BEFORE), u32(C1)):
        write_back(u32(0))


@core_function(reads="x87", writes="x87")
def x87_free(number: u32, pops: u32) -> None:
    set_status(status() & ~u32(C1))
    set_empty(number)
    if pops != 0:
        pop()


@core_function(reads="x87", writes="x87")
def x87_rotate(up: u32) -> None:
    """FINCSTP, FDECSTP: only TOP changes."""
    set_status(status() & ~u32(C1))
    move_top(u32(TOP_ONE) if up != 0 else u32(TOP))
