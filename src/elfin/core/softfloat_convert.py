"""Conversions and comparisons in full (SDM vol. 1, 4.8.4, 4.9, 11.5.2 and appendix E).

Float operands are f64 patterns, an f32 one widened (see `softfloat`).
"""

from __future__ import annotations

from typing import Final

from elfin.core.mxcsr import DE, IE, PE, signal
from elfin.core.softfloat import (
    F32,
    F64,
    chosen_nan,
    exponent_of,
    increment,
    infinity,
    is_denormal,
    is_infinite,
    is_nan,
    is_signaling,
    is_zero,
    pattern,
    rounded,
    significand_of,
    without_denormal,
)
from elfin.dialect import clz64, core_function, i64, u32, u64

# How two numbers compare, as COMISD leaves it in EFLAGS (CF, PF, ZF).
GREATER: Final = 0
LESS: Final = 0x01
EQUAL: Final = 0x40
UNORDERED: Final = 0x45


@core_function()
def soft_narrow(a: u64) -> u64:
    """f64 to f32."""
    if is_nan(a):
        return chosen_nan(u32(F32), a, a)
    if is_denormal(u32(F64), a):
        x = without_denormal(u32(F64), a)
        if x == a:
            signal(u32(DE))
        a = x
    if is_infinite(a):
        return infinity(u32(F32), a >> 63)
    if is_zero(a):
        return pattern(u32(F32), a >> 63, u64(0))
    return rounded(u32(F32), a >> 63, exponent_of(a), significand_of(a))


@core_function()
def soft_widen(a: u64) -> u64:
    """f32 to f64; only NaNs and denormals are more than a change of format."""
    if is_nan(a):
        return chosen_nan(u32(F64), a, a)
    if is_denormal(u32(F32), a):
        x = without_denormal(u32(F32), a)
        if x == a:
            signal(u32(DE))
        return x
    return a


@core_function()
def soft_from_integer(precision: u32, x: u64) -> u64:
    """A signed 64-bit integer to a float."""
    if x == 0:
        return u64(0)
    sign = x >> 63
    magnitude = u64(0) - x if sign != 0 else x
    shift = clz64(magnitude)
    return rounded(precision, sign, i64(63) - i64(shift), magnitude << shift)


@core_function()
def soft_to_integer(precision: u32, bits: u32, truncates: u32, a: u64) -> u64:
    """A float to a signed integer of 32 or 64 bits, or the integer indefinite: the least one."""
    least = u64(1) << u64(bits - 1)
    if is_nan(a) or is_infinite(a):
        signal(u32(IE))
        return least
    a = without_denormal(precision, a)
    if is_zero(a):
        return u64(0)
    sign = a >> 63
    exponent = exponent_of(a)
    if exponent > 63:
        signal(u32(IE))
        return least
    # Two words: the integer, and behind the point 64 bits of which the last is sticky.
    magnitude = u64(0)
    rest = u64(1)
    if exponent >= 0:
        magnitude = significand_of(a) >> u64(63 - exponent)
        rest = u64(0) if exponent == 63 else significand_of(a) << u64(exponent + 1)
    elif exponent == -1:
        rest = significand_of(a)
    if truncates == 0:
        magnitude += increment(sign, magnitude & 1, rest, u64(1 << 63))
    if magnitude > least - 1 + sign:
        signal(u32(IE))
        return least
    if rest != 0:
        signal(u32(PE))
    return u64(0) - magnitude if sign != 0 else magnitude


@core_function()
def soft_relation(precision: u32, quiet_is_invalid: u32, a: u64, b: u64) -> u32:
    """GREATER, LESS, EQUAL or UNORDERED: how a compares to b."""
    if is_nan(a) or is_nan(b):
        if quiet_is_invalid != 0 or is_signaling(a) or is_signaling(b):
            signal(u32(IE))
        return u32(UNORDERED)
    x = without_denormal(precision, a)
    y = without_denormal(precision, b)
    if is_denormal(precision, x) or is_denormal(precision, y):
        signal(u32(DE))
    if x == y or (is_zero(x) and is_zero(y)):
        return u32(EQUAL)
    if (x >> 63) != (y >> 63):
        return u32(LESS) if x >> 63 != 0 else u32(GREATER)
    return u32(LESS) if (x < y) == (x >> 63 == 0) else u32(GREATER)


@core_function()
def holds(predicate: u32, relation: u32) -> bool:
    """Does a predicate of CMPPS (EQ LT LE UNORD, and their opposites) hold for this relation?"""
    kind = predicate & 3
    if kind == 0:
        result = relation == EQUAL
    elif kind == 1:
        result = relation == LESS
    elif kind == 2:
        result = relation != GREATER and relation != UNORDERED
    else:
        result = relation == UNORDERED
    return result == ((predicate & 4) == 0)


@core_function()
def quiet_is_invalid(predicate: u32) -> u32:
    """LT, LE and their opposites find a quiet NaN invalid; the others only a signalling one."""
    kind = predicate & 3
    return u32(1) if kind == 1 or kind == 2 else u32(0)
