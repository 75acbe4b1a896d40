"""Exponents and remainders of 80-bit numbers (SDM vol. 2: FSCALE, FXTRACT, FPREM, FPREM1)."""

from __future__ import annotations

from typing import Final

from elfin.core.x87_number import (
    ADJUST,
    BIAS,
    LEADING,
    SPECIAL,
    find_denormals,
    integer_operand,
    is_bad_operand,
    magnitude,
    magnitude_exponent,
    round_result,
    x87_invalid,
    x87_is_infinite,
    x87_is_zero,
)
from elfin.core.x87_state import (
    ALL,
    BEFORE,
    C0,
    C1,
    C2,
    C3,
    CODES,
    FOUND_AT,
    IE,
    OE,
    PE,
    SF,
    TOP,
    UE,
    ZE,
    B,
    R,
    cell,
    copy_cell,
    find,
    found,
    is_empty,
    move_top,
    put_cell,
    put_default_nan,
    put_result,
    set_full,
    sign_at,
    stops,
    underflow_stack,
    write_back,
    x87_is_masked,
    x87_settle,
)
from elfin.dialect import clz64, core_function, i64, store_u32, u32, u64

PARTIAL: Final = 32  # at least so many bits of the quotient are worked off at once
FAR: Final = 1 << 17  # scaling by more than this is beyond all exponents


@core_function(reads="x87", writes="x87")
def x87_scale() -> None:
    """FSCALE: ST(0) times 2 to the power ST(1), cut to an integer."""
    if is_empty(u32(0)) or is_empty(u32(1)):
        underflow_stack()
    else:
        scale(cell(u32(0)), cell(u32(1)))
    if x87_settle(u32(BEFORE), u32(C1)):
        write_back(u32(0))


@core_function()
def scale(a: u32, b: u32) -> None:
    if is_bad_operand(a, b):
        return
    sign = sign_at(a)
    if x87_is_infinite(b):
        shrinks = sign_at(b) != 0
        if (shrinks and x87_is_infinite(a)) or (not shrinks and x87_is_zero(a)):
            x87_invalid()
            return
        find_denormals(a, b)
        if shrinks:
            put_result(sign, u32(0), u64(0))
        else:
            put_result(sign, u32(SPECIAL), u64(LEADING))
        return
    find_denormals(a, b)
    if x87_is_zero(a) or x87_is_infinite(a):
        copy_cell(u32(R), a)
        return
    by = i64(0)
    if not x87_is_zero(b):
        exponent = magnitude_exponent(b) - BIAS
        if exponent > 16:
            by = i64(FAR)
        elif exponent >= 0:
            by = i64(magnitude(b) >> u64(63 - exponent))
        if sign_at(b) != 0:
            by = -by
    exponent = magnitude_exponent(a) + by
    # Where even the adjusted exponent does not fit, the answer is zero or infinity.
    if exponent + ADJUST < 1 and not x87_is_masked(u32(UE)):
        find(u32(UE | PE))
        put_result(sign, u32(0), u64(0))
    elif exponent - ADJUST >= SPECIAL and not x87_is_masked(u32(OE)):
        find(u32(OE | PE | C1))
        put_result(sign, u32(SPECIAL), u64(LEADING))
    else:
        round_result(sign, exponent, magnitude(a), u64(0), u32(64))


@core_function(reads="x87", writes="x87")
def x87_extract() -> None:
    """FXTRACT: ST(0) becomes its exponent, and its significand is pushed."""
    at = cell(u32(0))
    if is_empty(u32(0)):
        underflow_stack()
        copy_cell(u32(B), u32(R))
    elif not is_empty(u32(7)):
        store_u32(u32(FOUND_AT), u32(IE | SF | C1))
        put_default_nan()
        copy_cell(u32(B), u32(R))
    elif is_bad_operand(at, at):
        copy_cell(u32(B), u32(R))
    elif x87_is_zero(at):
        find(u32(ZE))
        copy_cell(u32(R), at)
        put_cell(u32(B), u32(1), u32(SPECIAL), u64(LEADING))
    elif x87_is_infinite(at):
        copy_cell(u32(R), at)
        put_cell(u32(B), u32(0), u32(SPECIAL), u64(LEADING))
    else:
        find_denormals(at, at)
        integer_operand(u64(magnitude_exponent(at) - BIAS))
        put_result(sign_at(at), u32(BIAS), magnitude(at))
    if x87_settle(u32(BEFORE), u32(C1)):
        copy_cell(cell(u32(0)), u32(B))
        set_full(u32(0))
        move_top(u32(TOP))
        write_back(u32(0))


@core_function(reads="x87", writes="x87")
def x87_remainder(nearest: u32) -> None:
    """FPREM (quotient cut) and FPREM1 (to nearest); C2: only a part of the way was gone."""
    if is_empty(u32(0)) or is_empty(u32(1)):
        underflow_stack()
        codes = u32(C1 | C2)
    else:
        codes = remainder(cell(u32(0)), cell(u32(1)), nearest)
    if stops(u32(BEFORE)):
        codes = u32(C1 | C2)
        store_u32(u32(FOUND_AT), found() & (ALL | SF))
    if x87_settle(u32(BEFORE), codes):
        write_back(u32(0))


@core_function()
def remainder(a: u32, b: u32, nearest: u32) -> u32:
    """R, and which condition codes are known then."""
    if is_bad_operand(a, b):
        return u32(C1 | C2)
    if x87_is_infinite(a) or x87_is_zero(b):
        x87_invalid()
        return u32(C1 | C2)
    find_denormals(a, b)
    if x87_is_zero(a):
        copy_cell(u32(R), a)
        return u32(CODES)
    sign = sign_at(a)
    exponent = magnitude_exponent(a)
    rest = magnitude(a)
    distance = exponent - magnitude_exponent(b)
    if x87_is_infinite(b) or distance < -1 or (distance < 0 and nearest == 0):
        round_result(sign, exponent, rest, u64(0), u32(64))
        return u32(CODES)
    divisor = magnitude(b)
    quotient = u64(0)
    if distance < 0:  # at most half of the divisor more than nothing
        if rest > divisor:
            rest = divisor - (rest - divisor)
            sign = sign ^ 1
            quotient = u64(1)
    else:
        steps = distance
        if distance > 63:
            steps = PARTIAL | distance & (PARTIAL - 1)
            find(u32(C2))
        exponent -= steps
        if rest >= divisor:
            rest -= divisor
            quotient = u64(1)
        for _ in range(u32(u64(steps))):
            carry = rest >> 63
            rest = rest << 1
            quotient = quotient << 1
            if carry != 0 or rest >= divisor:
                rest -= divisor
                quotient = quotient | 1
        if nearest != 0 and distance < 64:
            half = divisor - rest
            if rest > half or (rest == half and quotient & 1 != 0):
                rest = half
                sign = sign ^ 1
                quotient += 1
    if distance < 64:
        find_quotient(quotient)
    if rest == 0:
        put_result(sign_at(a), u32(0), u64(0))
    else:
        shift = clz64(rest)
        round_result(sign, exponent - i64(shift), rest << shift, u64(0), u32(64))
    return u32(CODES)


@core_function()
def find_quotient(quotient: u64) -> None:
    """The last three bits of the quotient are C0, C3, C1."""
    if quotient & 4 != 0:
        find(u32(C0))
    if quotient & 2 != 0:
        find(u32(C3))
    if quotient & 1 != 0:
        find(u32(C1))
