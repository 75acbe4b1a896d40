"""80-bit numbers and integers, binary and packed decimal (SDM vol. 2: FIST, FISTTP, FRNDINT, FBLD, FBSTP)."""

from __future__ import annotations

from typing import Final

from elfin.core.guest import (
    guest_check,
    guest_load_u8,
    guest_store_u8,
    guest_store_u16,
    guest_store_u32,
    guest_store_u64,
)
from elfin.core.x87_number import (
    BIAS,
    find_denormals,
    integer_operand,
    is_bad_operand,
    is_unsupported,
    lost_below,
    magnitude,
    magnitude_exponent,
    rounds_up,
    shifted_down,
    x87_is_infinite,
    x87_is_nan,
    x87_is_zero,
)
from elfin.core.x87_state import (
    BEFORE,
    C1,
    IE,
    PE,
    SF,
    B,
    R,
    cell,
    copy_cell,
    find,
    is_empty,
    pop,
    push_result,
    put_result,
    sign_at,
    underflow_stack,
    write_back,
    x87_begin_at,
    x87_settle,
)
from elfin.dialect import clz64, core_function, load_u16, store_u16, u32, u64

INDEFINITE: Final = 1 << 63  # answers of `whole` for what is no such integer
DECIMAL_LIMIT: Final = 999_999_999_999_999_999
BYTES: Final = 10  # of a packed decimal: nine of digits, one with the sign


@core_function()
def whole(at: u32, truncates: u32, limit: u64) -> u64:
    """The size of the number, rounded to an integer; more than `limit` is invalid (INDEFINITE, IE)."""
    if is_unsupported(at) or x87_is_nan(at) or x87_is_infinite(at):
        find(u32(IE))
        return u64(INDEFINITE)
    if x87_is_zero(at):
        return u64(0)
    exponent = magnitude_exponent(at) - BIAS
    if exponent > 63:
        find(u32(IE))
        return u64(INDEFINITE)
    count = u64(63 - exponent)
    size = shifted_down(magnitude(at), u64(0), count)
    rest = lost_below(magnitude(at), u64(0), count)
    up = truncates == 0 and rounds_up(sign_at(at), size & 1, rest)
    size += u64(up)
    if size > limit:
        find(u32(IE))
        return u64(INDEFINITE)
    if rest != 0:
        find(u32(PE | C1) if up else u32(PE))
    return size


@core_function(may_fault=True, reads="x87", writes="x87 fault")
def x87_store_integer(
    rip: u64, address: u64, offset: u64, bits: u32, truncates: u32, pops: u32
) -> u32:
    """ST(0) as a signed integer of so many bits."""
    if not guest_check(address, bits >> 3, True):
        return u32(1)
    x87_begin_at(rip, offset)
    least = u64(1) << u64(bits - 1)
    value = least
    if is_empty(u32(0)):
        find(u32(IE | SF))
    else:
        at = cell(u32(0))
        sign = sign_at(at)
        value = whole(at, truncates, least if sign != 0 else least - 1)
        if value == INDEFINITE:
            value = least
        elif sign != 0:
            value = ~value + 1
    if x87_settle(u32(BEFORE), u32(C1)):
        if bits == 16:
            guest_store_u16(address, u32(value))
        elif bits == 32:
            guest_store_u32(address, u32(value))
        else:
            guest_store_u64(address, value)
        if pops != 0:
            pop()
    return u32(0)


@core_function(reads="x87", writes="x87")
def x87_round_to_integer() -> None:
    """FRNDINT."""
    at = cell(u32(0))
    if is_empty(u32(0)):
        underflow_stack()
    elif not is_bad_operand(at, at):
        find_denormals(at, at)
        copy_cell(u32(R), at)
        if not x87_is_infinite(at) and magnitude_exponent(at) < BIAS + 63:
            size = whole(at, u32(0), u64(INDEFINITE))
            shift = clz64(size)
            exponent = u32(0) if size == 0 else u32(BIAS + 63) - u32(shift)
            put_result(sign_at(at), exponent, size << shift)
    if x87_settle(u32(BEFORE), u32(C1)):
        write_back(u32(0))


# -- packed decimal -------------------------------------------------------------------------
@core_function(may_fault=True, reads="x87", writes="x87 fault")
def x87_load_decimal(rip: u64, address: u64, offset: u64) -> u32:
    if not guest_check(address, u32(BYTES), False):
        return u32(1)
    x87_begin_at(rip, offset)
    value = u64(0)
    for i in range(9):
        byte = guest_load_u8(address + 8 - u64(i))
        value = value * 100 + u64((byte >> 4) * 10 + (byte & 15))
    integer_operand(value)
    sign = guest_load_u8(address + 9) >> 7
    store_u16(u32(B + 8), load_u16(u32(B + 8)) | sign << 15)
    copy_cell(u32(R), u32(B))
    push_result()
    return u32(0)


@core_function(may_fault=True, reads="x87", writes="x87 fault")
def x87_store_decimal(rip: u64, address: u64, offset: u64) -> u32:
    if not guest_check(address, u32(BYTES), True):
        return u32(1)
    x87_begin_at(rip, offset)
    value = u64(INDEFINITE)
    sign = u32(0)
    if is_empty(u32(0)):
        find(u32(IE | SF))
    else:
        sign = sign_at(cell(u32(0)))
        value = whole(cell(u32(0)), u32(0), u64(DECIMAL_LIMIT))
    if x87_settle(u32(BEFORE), u32(C1)):
        if value == INDEFINITE:
            guest_store_u64(address, u64(0xC000_0000_0000_0000))
            guest_store_u16(address + 8, u32(0xFFFF))
        else:
            for i in range(9):
                pair = u32(value % 100)
                value = value // 100
                guest_store_u8(address + u64(i), (pair // 10) << 4 | pair % 10)
            guest_store_u8(address + 9, sign << 7)
        pop()
    return u32(0)
